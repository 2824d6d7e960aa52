import { getAddress, id, Interface } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "./connect";
import { CHUNK } from "./electorateDraft";
import { readFacts } from "./facts";
import { perform, type Performed, type SendOptions } from "./perform";
import { readHeader } from "./readElectorate";
import { logsOf } from "./registryLogs";

const VOTES = new Interface(["function getPastVotes(address account, uint256 timepoint) view returns (uint256)"]);
const DELEGATE_VOTES_CHANGED = id("DelegateVotesChanged(address,uint256,uint256)");

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
  const accounts = (await isDone()) ? [] : await listOf(client, registry, { ...params, ...header.token });
  return perform(client, registry, {
    ...params,
    verb: "snapshot",
    to: registry.address,
    data: registry.iface.encodeFunctionData("snapshotDelegates", [proposalId, accounts]),
    isDone,
  });
}

/** Accounts with power at the proposal's timepoint, as many as a list takes, in the order that it asks for. */
async function listOf(
  client: Client,
  registry: Registry,
  params: { proposalId: string; delegates?: readonly string[]; token: string; tokenUnit: bigint },
): Promise<string[]> {
  const { proposalId, token, tokenUnit } = params;
  const timepoint = (await registry.contract.getFunction("timepointOf")(proposalId)) as bigint;
  const known = [...new Set((params.delegates ?? (await delegatesOf(client, token))).map(getAddress))];
  const powers: { account: string; power: bigint }[] = [];
  for (let first = 0; first < known.length; first += ASKED_AT_ONCE) {
    const some = known.slice(first, first + ASKED_AT_ONCE).map(async (account) => {
      const data = VOTES.encodeFunctionData("getPastVotes", [account, timepoint]);
      const [votes] = VOTES.decodeFunctionResult("getPastVotes", await client.provider.call({ to: token, data }));
      return { account, power: (votes as bigint) / tokenUnit };
    });
    powers.push(...(await Promise.all(some)));
  }
  return powers
    .filter(({ power }) => power > 0n)
    .sort((a, b) => (a.power === b.power ? 0 : a.power > b.power ? -1 : 1))
    .slice(0, CHUNK)
    .map(({ account }) => account)
    .sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

/** Every account that ever had votes of a token, from its events. */
async function delegatesOf(client: Client, token: string): Promise<string[]> {
  const filter = { address: token, topics: [DELEGATE_VOTES_CHANGED] };
  const logs = await logsOf(client, filter, 0, await client.provider.getBlockNumber());
  return logs.flatMap(({ topics: [, delegate] }) => (delegate === undefined ? [] : [`0x${delegate.slice(26)}`]));
}
