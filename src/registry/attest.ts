import type { Client } from "../client";
import type { Registry } from "./connect";
import { readFacts } from "./facts";
import { perform, type Performed, type SendOptions } from "./perform";
import { signerAddress } from "./signerAddress";

/** Names of `AttestationKind`, in the contract's order. */
export const ATTESTATIONS = ["integrity", "simulation"] as const;
export type AttestationName = (typeof ATTESTATIONS)[number];

/** Attests a plan. The statement carries the plan's own evidence unless another report hash is given. */
export async function attest(
  client: Client,
  registry: Registry,
  params: { proposalId: string; kind: AttestationName; reportHash?: string } & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  const { reportHash } = await readFacts(registry, proposalId);
  const kind = ATTESTATIONS.indexOf(params.kind);
  const attester = await signerAddress(client, "attest");
  return perform(client, registry, {
    ...params,
    verb: `attest ${params.kind}`,
    to: registry.address,
    data: registry.iface.encodeFunctionData("attest", [proposalId, kind, params.reportHash ?? reportHash]),
    isDone: () => registry.contract.getFunction("hasAttested")(proposalId, kind, attester),
  });
}
