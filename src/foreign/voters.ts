import { getAddress, id, type Provider } from "ethers";
import { logsOf } from "../registry/registryLogs";

/** `DelegateVotesChanged(delegate, before, after)`, of every votes token since COMP. */
const DELEGATE_VOTES_CHANGED = id("DelegateVotesChanged(address,uint256,uint256)");
/** Asked at once, and at most: the strongest come first, so that more change nothing. */
const ASKED = 64;
const MOST = 512;

export interface Voter {
  account: string;
  votes: bigint;
}

/** Who holds votes at a moment, strongest first: those named, or whoever the token's events tell of. */
export async function votersOf(
  provider: Provider,
  { token, named, powerOf }: { token?: string; named?: readonly string[]; powerOf(account: string): Promise<bigint> },
): Promise<Voter[]> {
  const accounts = named?.map((account) => getAddress(account)) ?? (await delegatesIn(provider, token));
  const found: Voter[] = [];
  for (let first = 0; first < accounts.length; first += ASKED) {
    const some = accounts.slice(first, first + ASKED);
    found.push(...(await Promise.all(some.map(async (account) => ({ account, votes: await powerOf(account) })))));
  }
  return found.filter(({ votes }) => votes > 0n).sort(byVotes);
}

/** By the last event of each delegate. */
async function delegatesIn(provider: Provider, token: string | undefined): Promise<string[]> {
  if (token === undefined) return [];
  const filter = { address: token, topics: [DELEGATE_VOTES_CHANGED] };
  const logs = await logsOf({ provider } as Parameters<typeof logsOf>[0], filter, 0, await provider.getBlockNumber());
  const last = new Map<string, bigint>();
  for (const { topics, data } of logs) {
    if (topics[1] === undefined || data.length !== 130) continue;
    last.set(getAddress(`0x${topics[1].slice(26)}`), BigInt(`0x${data.slice(66)}`));
  }
  return [...last]
    .map(([account, votes]) => ({ account, votes }))
    .filter(({ votes }) => votes > 0n)
    .sort(byVotes)
    .slice(0, MOST)
    .map(({ account }) => account);
}

function byVotes(a: Voter, b: Voter): number {
  if (a.votes !== b.votes) return a.votes > b.votes ? -1 : 1;
  return a.account < b.account ? -1 : 1;
}
