import { Signature } from "ethers";
import type { Client } from "../../client";
import { ATTESTATIONS } from "../attest";
import type { Registry } from "../connect";
import { perform, type Performed, type SendOptions } from "../perform";
import { seatOf } from "../seatOf";
import { CHOICES } from "../vote";
import { readSigned, type ReadStatement } from "./readSigned";
import type { Statement } from "./statement";

type Of<V extends Statement["verb"]> = Extract<Statement, { verb: V }>;

type SeatStatement = Of<"vote" | "ready" | "advertise" | "report" | "override">;

/** The view that tells whether a seat's statement counts, by verb. */
const COUNTED: Record<SeatStatement["verb"], string> = {
  vote: "hasVoted",
  ready: "isReady",
  advertise: "hasAdvertised",
  report: "hasReported",
  override: "hasOverridden",
};

/** Submits collected statements of electors: one transaction for all that do not count yet. */
export async function submitBallots(
  client: Client,
  registry: Registry,
  params: { statement: SeatStatement; files: string } & SendOptions,
): Promise<Performed> {
  const { statement } = params;
  const { proposalId } = statement;
  const view = registry.contract.getFunction(COUNTED[statement.verb]);
  const isCounted = ({ seat }: Seated): Promise<boolean> => view(proposalId, seat) as Promise<boolean>;
  const open = await without(
    await seated(client, registry, readSigned(registry, params.files, statement), proposalId),
    isCounted,
  );
  const ballots = open.map(({ seat, signature }) => {
    const { r, yParityAndS } = Signature.from(signature);
    return { seat, r, vs: yParityAndS };
  });
  return perform(client, registry, {
    ...params,
    verb: `${statement.verb} by signature`,
    proposalId,
    to: registry.address,
    data: registry.iface.encodeFunctionData(...batchOf(statement, ballots)),
    isDone: async () => (await without(open, isCounted)).length === 0,
  });
}

function batchOf(statement: SeatStatement, ballots: unknown[]): [name: string, args: unknown[]] {
  const { proposalId } = statement;
  switch (statement.verb) {
    case "vote":
      return ["castVotesBySig", [proposalId, CHOICES.indexOf(statement.choice), ballots]];
    case "ready":
      return ["signalReadyBySig", [proposalId, ballots]];
    case "advertise":
      return ["advertiseBySig", [proposalId, statement.version, statement.protocolVersion, ballots]];
    case "report":
      return ["reportSuccessBySig", [proposalId, statement.outcome === "success", ballots]];
    case "override":
      return ["overrideSuccessBySig", [proposalId, ballots]];
  }
}

/** Submits collected attestations that are not recorded yet. */
export async function submitAttestations(
  client: Client,
  registry: Registry,
  params: { statement: Of<"attest">; files: string } & SendOptions,
): Promise<Performed> {
  const { proposalId, kind, reportHash } = params.statement;
  const number = ATTESTATIONS.indexOf(kind);
  const view = registry.contract.getFunction("hasAttested");
  const isCounted = ({ signer }: ReadStatement): Promise<boolean> =>
    view(proposalId, number, signer) as Promise<boolean>;
  const open = await without(readSigned(registry, params.files, params.statement), isCounted);
  const signatures = open.map(({ signature }) => signature);
  return perform(client, registry, {
    ...params,
    verb: `attest ${kind} by signature`,
    proposalId,
    to: registry.address,
    data: registry.iface.encodeFunctionData("attestBySig", [proposalId, number, reportHash, signatures]),
    isDone: async () => (await without(open, isCounted)).length === 0,
  });
}

type Seated = ReadStatement & { seat: number };

/** A signer without a seat is refused here; the contract would only skip it. */
async function seated(
  client: Client,
  registry: Registry,
  read: readonly ReadStatement[],
  proposalId: string,
): Promise<Seated[]> {
  const found: Seated[] = [];
  for (const entry of read) {
    const seat = await seatOf(client, registry, { proposalId, verb: entry.file, account: entry.signer });
    found.push({ ...entry, seat });
  }
  return found;
}

async function without<T>(entries: readonly T[], isCounted: (entry: T) => Promise<boolean>): Promise<T[]> {
  const counted = await Promise.all(entries.map(isCounted));
  return entries.filter((_entry, index) => counted[index] !== true);
}
