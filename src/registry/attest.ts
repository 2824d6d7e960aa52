import { ZeroHash } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "./connect";
import { readCited, readFacts } from "./facts";
import { perform, type Performed, type SendOptions } from "./perform";
import { signerAddress } from "./signerAddress";

/** Names of `AttestationKind`, in the contract's order. */
export const ATTESTATIONS = ["integrity", "simulation", "artifact", "audit", "rehearsal"] as const;
export type AttestationName = (typeof ATTESTATIONS)[number];

/** What one attests with a hash; a rehearsal is attested with a time. */
export type ReportName = Exclude<AttestationName, "rehearsal">;

/**
 * The hash that a statement carries unless another is given: the plan's own evidence, or its artifact's. An auditor's report is
 * nobody's but his.
 */
export async function reportToAttest(registry: Registry, proposalId: string, kind: ReportName): Promise<string> {
  if (kind === "artifact") return (await readCited(registry, proposalId)).artifactHash;
  const hash = kind === "audit" ? ZeroHash : (await readFacts(registry, proposalId)).reportHash;
  if (hash !== ZeroHash) return hash;
  throw new SlipwayError("OptionInvalid", {
    where: "--report",
    expected: `the hash of the report that the ${kind} attestation is about`,
    found: "none",
  });
}

/** Attests a plan. */
export async function attest(
  client: Client,
  registry: Registry,
  params: { proposalId: string; kind: ReportName; reportHash?: string } & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  const reportHash = params.reportHash ?? (await reportToAttest(registry, proposalId, params.kind));
  const kind = ATTESTATIONS.indexOf(params.kind);
  const attester = await signerAddress(client, "attest");
  return perform(client, registry, {
    ...params,
    verb: `attest ${params.kind}`,
    to: registry.address,
    data: registry.iface.encodeFunctionData("attest", [proposalId, kind, reportHash]),
    isDone: () => registry.contract.getFunction("hasAttested")(proposalId, kind, attester),
  });
}

/** Vouches that the plan's rehearsal on another network ended at `completedAt` (seconds since the epoch). */
export async function attestRehearsal(
  client: Client,
  registry: Registry,
  params: { proposalId: string; completedAt: number } & SendOptions,
): Promise<Performed> {
  const { proposalId, completedAt } = params;
  const attester = await signerAddress(client, "attest");
  return perform(client, registry, {
    ...params,
    verb: "attest rehearsal",
    to: registry.address,
    data: registry.iface.encodeFunctionData("attestRehearsal", [proposalId, completedAt]),
    isDone: () => registry.contract.getFunction("hasAttested")(proposalId, ATTESTATIONS.indexOf("rehearsal"), attester),
  });
}
