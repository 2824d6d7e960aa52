import { dataSlice, getAddress, id, toBeHex } from "ethers";
import { addedFields } from "../../layout/addedFields";
import type { LayoutRow } from "../../layout/describeLayout";
import { PLAIN } from "../../layout/readLayout";
import type { Namespaces } from "../../layout/readNamespaces";
import { codesOf, contractAt, holdersOf, type ModuleCode } from "../moduleCode";
import { fail, pass, skip, starting, unknown, warn, type World } from "./types";

const UPGRADED = id("Upgraded(address)");
const BEACON_UPGRADED = id("BeaconUpgraded(address)");
/** Blocks before the rehearsal's in which logs are looked for where the endpoint refuses all. */
const WINDOW = 50_000;
/** Slots of one field that are read. */
const MOST_SLOTS = 64;

/**
 * What an earlier implementation left in the storage that the candidate takes over: fields that are new must read zero before the plan runs, and
 * who wrote there before should be known. Not required: code of others comes without its layout.
 */
export const planted = starting(
  {
    number: 45,
    id: "planted",
    name: "fields that the candidate adds are empty, and the code that wrote there before is known",
    isRequired: false,
  },
  async (world) => {
    const { built, loaded } = world;
    if (!built.deployments.some(({ role }) => role === "candidate")) return skip("the plan deploys nothing");
    const left = loaded.plan.expect?.left ?? [];
    const { before, after } = await codesOf(world);
    const holders = holdersOf(world);
    const blind = [...before, ...after].filter(({ layout }) => layout === undefined);
    const added =
      blind.length > 0 ? [] : addedFields([...layoutsIn(before), ...(await shared(world, holders))], layoutsIn(after));
    const found = (await Promise.all(holders.map((holder) => wordsOf(world, holder, added)))).flat();
    const isLeft = ({ row }: Found) => left.includes(fieldName(row));
    const open = found.filter((one) => !isLeft(one)).map(text);
    const accepted = found.filter(isLeft).map((one) => `${text(one)}; the plan file takes it over`);
    const idle = left.filter((name) => !found.some(({ row }) => fieldName(row) === name));
    const { unknown: strangers, lines, isKnown } = await historyOf(world, holders);
    const evidence = [
      ...open,
      ...accepted,
      ...idle.map((name) => `expect.left names ${name}, which is no new field, or is empty`),
      ...strangers,
      ...(blind.length > 0
        ? [`no layout is known of ${blind.map(({ account, contract }) => contract ?? account).join(", ")}`]
        : [`${added.length} fields are new, in ${holders.length} accounts' storage`]),
      ...lines,
    ];
    if (open.length > 0) {
      return fail(
        evidence,
        "find out who wrote it and what for; clear it in upgrade.init, or where it is meant to be taken over: expect.left",
      );
    }
    if (blind.length > 0 || !isKnown) {
      return unknown(evidence, "give the builds of both codes (upgrade.replaces), and an endpoint that keeps logs");
    }
    return accepted.length + idle.length + strangers.length > 0
      ? warn(evidence, "read the code that wrote this storage before, and what lies in mappings and arrays besides")
      : pass(...evidence);
  },
);

const layoutsIn = (codes: readonly ModuleCode[]): Namespaces[] =>
  codes.map(({ layout }) => layout).filter((layout) => layout !== undefined);

/** Namespaces of the holders' own code, a diamond's say: who names the same one means the same. What lies in plain slots they only share. */
async function shared({ layoutOf }: World, holders: readonly string[]): Promise<Namespaces[]> {
  const own = await Promise.all(holders.map((holder) => layoutOf(holder)));
  return own.map((layout) => Object.fromEntries(Object.entries(layout ?? {}).filter(([id]) => id !== PLAIN)));
}

interface Found {
  holder: string;
  row: LayoutRow;
  slot: bigint;
  word: string;
}

const fieldName = ({ space, name }: LayoutRow): string => `${space}.${name}`;

function text({ holder, row, slot, word }: Found): string {
  return `${fieldName(row)} (${row.type}) of ${holder} is new, and not empty: slot ${toBeHex(slot)}, word ${word}`;
}

/** New fields that hold something already. */
async function wordsOf({ session }: World, holder: string, added: readonly LayoutRow[]): Promise<Found[]> {
  const read = (slot: bigint) => session.client.provider.getStorage(holder, slot);
  const words = new Map<bigint, Promise<string>>();
  const wordAt = (slot: bigint) => {
    const word = words.get(slot) ?? read(slot);
    words.set(slot, word);
    return word;
  };
  const found: Found[] = [];
  for (const row of added) {
    const first = BigInt(row.slot);
    const count = Math.min(MOST_SLOTS, Math.ceil((row.offset + row.bytes) / 32));
    for (let i = 0; i < count; i++) {
      const slot = first + BigInt(i);
      const word = await wordAt(slot);
      if (partOf(BigInt(word), row, i) !== 0n) found.push({ holder, row, slot, word });
    }
  }
  return found;
}

/** The field's own bits of the `index`-th word that it lies in. */
function partOf(word: bigint, { offset, bytes }: LayoutRow, index: number): bigint {
  const shifted = index === 0 ? word >> BigInt(8 * offset) : word;
  const rest = bytes - (index === 0 ? 0 : 32 * index - offset);
  return rest >= 32 ? shifted : shifted & ((1n << BigInt(8 * rest)) - 1n);
}

interface History {
  lines: string[];
  /** Implementations of before that nothing at hand builds. */
  unknown: string[];
  isKnown: boolean;
}

/** Implementations by the logs of proxies, and of the beacons that they say they had. */
async function historyOf(world: World, holders: readonly string[]): Promise<History> {
  const { session, built, module } = world;
  const logs = await upgradesOf(world, [...new Set([module, ...holders])]);
  if (typeof logs === "string") return { lines: [logs], unknown: [], isKnown: false };
  const beacons = [...new Set(logs.found.filter(({ isBeacon }) => isBeacon).map(({ to }) => to))].filter(
    (beacon) => beacon !== module,
  );
  const further = beacons.length === 0 ? undefined : await upgradesOf(world, beacons);
  const all = [...logs.found, ...(typeof further === "object" ? further.found : [])];
  const served = [...new Set(all.filter(({ isBeacon }) => !isBeacon).map(({ to }) => to))];
  if (served.length === 0) {
    const line = "the endpoint has no log of an upgrade: which code wrote this storage before is not known";
    return { lines: [line], unknown: [], isKnown: built.explain.module.kind === "diamond" };
  }
  const lines: string[] = [];
  const strangers: string[] = [];
  for (const account of served) {
    if (account === built.explain.stable) continue;
    const contract = await contractAt(session.client, account);
    if (contract === undefined)
      strangers.push(`${account} served before: it wrote this storage, and its code is not known`);
    else lines.push(`${account} served before: ${contract}`);
  }
  const { since } = logs;
  const scope = since === 0 ? "by all logs" : `by the logs since block ${since}: the endpoint gives no more`;
  return { lines: [`${served.length} implementations, ${scope}`, ...lines], unknown: strangers, isKnown: true };
}

interface Upgrades {
  found: { to: string; isBeacon: boolean }[];
  /** First block that was asked for. */
  since: number;
}

async function upgradesOf({ remote, session }: World, address: string[]): Promise<Upgrades | string> {
  const { block } = session.fork;
  const ask = async (since: number): Promise<Upgrades> => {
    const topics = [[UPGRADED, BEACON_UPGRADED]];
    const logs = await remote.provider.getLogs({ address, topics, fromBlock: since, toBlock: block });
    // Older proxies do not index the address.
    const found = logs.map(({ topics: [topic, indexed], data }) => ({
      to: getAddress(dataSlice(indexed ?? data, 12, 32)),
      isBeacon: topic === BEACON_UPGRADED,
    }));
    return { found, since };
  };
  try {
    return await ask(0).catch(() => ask(Math.max(0, block - WINDOW)));
  } catch (thrown) {
    return `logs could not be read: ${String((thrown as Error).message).slice(0, 120)}`;
  }
}
