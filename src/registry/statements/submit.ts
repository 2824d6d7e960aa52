import { concat, Signature } from "ethers";
import type { Client } from "../../client";
import { ATTESTATIONS } from "../attest";
import type { Registry } from "../connect";
import { perform, type Performed, type SendOptions } from "../perform";
import { placeOf, seatMissing } from "../seatOf";
import { CHOICES, requireListed } from "../vote";
import { namedSignature, readSigned, type ReadStatement } from "./readSigned";
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

/** Submits collected statements of electors, keys and wallets alike: one transaction for all that do not count yet. */
export async function submitBallots(
  client: Client,
  registry: Registry,
  params: { statement: SeatStatement; files: string } & SendOptions,
): Promise<Performed> {
  const { statement } = params;
  const { proposalId } = statement;
  const read = await readSigned(client, registry, params.files, statement);
  const { seated, unlisted } = await placed(client, registry, read, statement);
  const view = registry.contract.getFunction(COUNTED[statement.verb]);
  const unlistedView = registry.contract.getFunction("hasVotedUnlisted");
  const send = async (name: string, group: readonly Seated[], isCounted: (entry: Seated) => Promise<boolean>) => {
    const open = await without(group, isCounted);
    return perform(client, registry, {
      ...params,
      verb: name,
      proposalId,
      to: registry.address,
      data: registry.iface.encodeFunctionData(...batchOf(statement, open, group === unlisted)),
      isDone: async () => (await without(open, isCounted)).length === 0,
    });
  };
  const name = `${statement.verb} by signature`;
  const about = statement.verb === "report" ? [proposalId, statement.stage] : [proposalId];
  const bySeat = (entry: Seated) => view(...about, entry.seat) as Promise<boolean>;
  const byAccount = (entry: Seated) => unlistedView(proposalId, entry.signer) as Promise<boolean>;
  if (unlisted.length === 0) return send(name, seated, bySeat);
  // Delegates without a seat are counted by another function: a second transaction where there are both.
  if (seated.length > 0) {
    const first = await send(name, seated, bySeat);
    if (first.status !== "already" && first.status !== "confirmed") return first;
  }
  return send(`${name} without seats`, unlisted, byAccount);
}

/** The call that counts these: where a wallet is among them, the one that takes signatures of any length. */
function batchOf(
  statement: SeatStatement,
  entries: readonly Seated[],
  isUnlisted: boolean,
): [name: string, args: unknown[]] {
  const { proposalId } = statement;
  const isAnyLength = entries.some(({ isWallet }) => isWallet);
  const ballots = entries.map((entry) => {
    const { seat, signer, signature, isWallet } = entry;
    if (!isAnyLength) {
      const { r, yParityAndS } = Signature.from(signature);
      return { seat, r, vs: yParityAndS };
    }
    const own = isWallet ? signature : Signature.from(signature).serialized;
    return { seat, signature: isUnlisted ? concat([signer, own]) : own };
  });
  const by = isAnyLength ? "ByWalletSig" : "BySig";
  switch (statement.verb) {
    case "vote":
      return [
        `${isUnlisted ? "castUnlistedVotes" : "castVotes"}${by}`,
        [proposalId, CHOICES.indexOf(statement.choice), ballots],
      ];
    case "ready":
      return [`signalReady${by}`, [proposalId, ballots]];
    case "advertise":
      return [`advertise${by}`, [proposalId, statement.version, statement.protocolVersion, ballots]];
    case "report":
      return [`reportSuccess${by}`, [proposalId, statement.stage, statement.outcome === "success", ballots]];
    case "override":
      return [`overrideSuccess${by}`, [proposalId, ballots]];
  }
}

/** Submits collected attestations that are not recorded yet. */
export async function submitAttestations(
  client: Client,
  registry: Registry,
  params: { statement: Of<"attest"> | Of<"rehearsal">; files: string } & SendOptions,
): Promise<Performed> {
  const { statement } = params;
  const { proposalId } = statement;
  const kind = statement.verb === "attest" ? statement.kind : "rehearsal";
  const number = ATTESTATIONS.indexOf(kind);
  const view = registry.contract.getFunction("hasAttested");
  const isCounted = ({ signer }: ReadStatement): Promise<boolean> =>
    view(proposalId, number, signer) as Promise<boolean>;
  const open = await without(await readSigned(client, registry, params.files, statement), isCounted);
  const signatures = open.map(namedSignature);
  return perform(client, registry, {
    ...params,
    verb: `attest ${kind} by signature`,
    proposalId,
    to: registry.address,
    data:
      statement.verb === "attest"
        ? registry.iface.encodeFunctionData("attestBySig", [proposalId, number, statement.reportHash, signatures])
        : registry.iface.encodeFunctionData("attestRehearsalBySig", [proposalId, statement.completedAt, signatures]),
    isDone: async () => (await without(open, isCounted)).length === 0,
  });
}

type Seated = ReadStatement & { seat: number };

/**
 * A signer who could not count is refused here; the contract would only skip it. A token's delegate without a seat votes
 * all the same: `seat` is then the first one of a larger account.
 */
async function placed(
  client: Client,
  registry: Registry,
  read: readonly ReadStatement[],
  { verb, proposalId }: SeatStatement,
): Promise<{ seated: Seated[]; unlisted: Seated[] }> {
  const seated: Seated[] = [];
  const unlisted: Seated[] = [];
  for (const entry of read) {
    const place = await placeOf(client, registry, { proposalId, verb: entry.file, account: entry.signer });
    if (place.seat !== undefined) {
      seated.push({ ...entry, seat: place.seat });
      continue;
    }
    if (verb !== "vote") throw seatMissing(place, entry.file);
    requireListed(place, proposalId, entry.file);
    unlisted.push({ ...entry, seat: place.next });
  }
  return { seated, unlisted };
}

async function without<T>(entries: readonly T[], isCounted: (entry: T) => Promise<boolean>): Promise<T[]> {
  const counted = await Promise.all(entries.map(isCounted));
  return entries.filter((_entry, index) => counted[index] !== true);
}
