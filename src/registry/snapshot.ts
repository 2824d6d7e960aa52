import { getAddress, id, Interface } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "./connect";
import { CHUNK } from "./electorateDraft";
import { readFacts } from "./facts";
import { perform, type Performed, type SendOptions } from "./perform";
import { readHeader } from "./readElectorate";
import { logsOf } from "./registryLogs";

const VOTES = new Interface([
  "function getPastVotes(address account, uint256 timepoint) view returns (uint256)",
  "function getPastTotalSupply(uint256 timepoint) view returns (uint256)",
]);
const DELEGATE_VOTES_CHANGED = id("DelegateVotesChanged(address,uint256,uint256)");
const TRANSFER = id("Transfer(address,address,uint256)");

/** How many accounts are asked for at once. */
const ASKED_AT_ONCE = 50;

/**
 * Lists the delegates of a proposal's token, so that they vote by seat: those named, or the strongest of all that the
 * token's events tell of.
 */
export async function snapshot(
  client: Client,
  registry: Registry,
  params: { proposalId: string; delegates?: readonly string[] } & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  const header = await readHeader(registry, (await readFacts(registry, proposalId)).electorate);
  if (header.token === undefined)
    throw new SlipwayError("NotTokenElectorate", { where: "snapshot", found: proposalId });
  const isDone = async () => {
    const { token } = await readHeader(registry, (await readFacts(registry, proposalId)).electorate);
    return token !== undefined && token.timepoint !== 0;
  };
  const strongest = (await isDone()) ? [] : (await strongestDelegates(client, registry, params)).delegates;
  const accounts = strongest.map(({ account }) => account).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  return perform(client, registry, {
    ...params,
    verb: "snapshot",
    to: registry.address,
    data: registry.iface.encodeFunctionData("snapshotDelegates", [proposalId, accounts]),
    isDone,
  });
}

/** Delegates of a proposal's token, and the supply that a quorum is of; in units of power. */
export interface Delegates {
  token: string;
  /** Strongest first, as many as a list takes. */
  delegates: { account: string; power: bigint }[];
  supply: bigint;
}

/** Accounts with power at the proposal's timepoint: those named, or all that the token's events tell of. */
export async function strongestDelegates(
  client: Client,
  registry: Registry,
  { proposalId, delegates }: { proposalId: string; delegates?: readonly string[] },
): Promise<Delegates> {
  const header = await readHeader(registry, (await readFacts(registry, proposalId)).electorate);
  if (header.token === undefined)
    throw new SlipwayError("NotTokenElectorate", { where: "snapshot", found: proposalId });
  const { token, tokenUnit } = header.token;
  const timepoint = (await registry.contract.getFunction("timepointOf")(proposalId)) as bigint;
  const ask = async (name: string, args: unknown[]): Promise<bigint> => {
    const answer = await client.provider.call({ to: token, data: VOTES.encodeFunctionData(name, args) });
    return VOTES.decodeFunctionResult(name, answer)[0] as bigint;
  };
  const powersOf = async (accounts: readonly string[]) => {
    const known = [...new Set(accounts.map((account) => getAddress(account)))];
    const powers: Delegates["delegates"] = [];
    for (let first = 0; first < known.length; first += ASKED_AT_ONCE) {
      const some = known
        .slice(first, first + ASKED_AT_ONCE)
        .map(async (account) => ({ account, power: (await ask("getPastVotes", [account, timepoint])) / tokenUnit }));
      powers.push(...(await Promise.all(some)));
    }
    return powers.filter(({ power }) => power > 0n);
  };
  let powers = await powersOf(delegates ?? (await accountsIn(client, token, DELEGATE_VOTES_CHANGED, 1)));
  // A token may keep no such events, or have none since its code moved: then those it was transferred to.
  if (powers.length === 0 && delegates === undefined) {
    powers = await powersOf(await accountsIn(client, token, TRANSFER, 2));
  }
  return {
    token,
    delegates: powers.sort((a, b) => (a.power === b.power ? 0 : a.power > b.power ? -1 : 1)).slice(0, CHUNK),
    // Rounded up, as the registry does.
    supply: ((await ask("getPastTotalSupply", [timepoint])) + tokenUnit - 1n) / tokenUnit,
  };
}

/** Every account that stands in a topic of a token's events. */
async function accountsIn(client: Client, token: string, event: string, place: 1 | 2): Promise<string[]> {
  const logs = await logsOf(client, { address: token, topics: [event] }, 0, await client.provider.getBlockNumber());
  return [
    ...new Set(
      logs.flatMap(({ topics }) => {
        const topic = topics[place];
        return topic === undefined ? [] : [`0x${topic.slice(26)}`];
      }),
    ),
  ];
}
