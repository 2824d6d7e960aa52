import { existsSync } from "node:fs";
import { getAddress, isAddress, isHexString, toBeHex, ZeroAddress } from "ethers";
import { beaconImplementation } from "../chain/beacon";
import { readAddressBook } from "../chain/addressBook";
import { readSlots } from "../chain/erc1967";
import type { Client } from "../client";
import { deployedSide } from "../diff/codeSide";
import { SlipwayError } from "../errors";
import { readStoredPlan } from "../journal/storedPlan";
import type { Namespaces } from "../layout/readNamespaces";
import { encodeCall, looseFunction } from "../plan/abi";
import { modulesOf } from "../plan/moduleOf";
import { lastUpgrade } from "../plan/pointerAfter";
import type { Plan } from "../plan/types";
import type { Registry } from "../registry/connect";
import { readPlan } from "../registry/readPlan";
import { registryLogs } from "../registry/registryLogs";
import { resolveProposal } from "../registry/resolveProposal";
import { knownSlots } from "./knownSlots";
import { blockAt } from "./takeSnapshot";
import type { StateRequest } from "./types";

/** What a person names. */
export interface StateQuery {
  /** Addresses, or names of the address book. */
  accounts?: readonly string[];
  /** A plan in JSON, or a proposal: its modules, their code, what it pins, and the probes of its invariants. */
  plan?: string;
  /** "account:slot". */
  slots?: readonly string[];
  /** "account function(types) argument argument". */
  calls?: readonly string[];
  block?: number;
  hasRoot?: boolean;
}

/** Turns what was named into accounts, slots and calls. */
export async function stateRequest(
  client: Client,
  registry: () => Promise<Registry>,
  query: StateQuery,
): Promise<StateRequest> {
  const book = readAddressBook(client.deploymentsDir).addresses;
  const account = (text: string, where: string): string => {
    const found = book[text] ?? text;
    if (isAddress(found)) return getAddress(found);
    throw new SlipwayError("OptionInvalid", {
      where,
      expected: "an address, or a name of addresses.json",
      found: text,
    });
  };
  const { number: block } = await blockAt(client, query.block);
  const accounts = new Set((query.accounts ?? []).map((text) => account(text, "--accounts")));
  const calls = (query.calls ?? []).map((text) => {
    const [, at = "", call = "", rest = ""] = /^(\S+)\s+([^\s(]+\(.*?\)(?:\(.*?\))?)\s*(.*)$/.exec(text) ?? [];
    const fragment = looseFunction(call, "--calls");
    const args = rest.split(/\s+/).filter((arg) => arg !== "");
    return {
      account: account(at, "--calls"),
      call: fragment.format("sighash"),
      data: encodeCall(fragment, args, "--calls"),
    };
  });
  const slots: StateRequest["slots"][number][] = (query.slots ?? []).map((text) => {
    const [at = "", slot = ""] = text.split(":");
    const isSlot = /^\d+$/.test(slot) || (isHexString(slot) && slot.length > 2 && slot.length <= 66);
    if (isSlot) return { account: account(at, "--slots"), slot: toBeHex(slot, 32) };
    throw new SlipwayError("OptionInvalid", {
      where: "--slots",
      expected: "account:slot, separated by commas",
      found: text,
    });
  });
  /** Code that will run in an account's storage besides the one that does now. */
  const candidates = new Map<string, string>();
  if (query.plan !== undefined) {
    const of = await ofPlan(client, await registry(), query.plan);
    for (const one of of.accounts) accounts.add(one);
    for (const [proxy, code] of of.candidates) candidates.set(proxy, code);
    calls.push(...of.calls);
  }
  for (const { account: at } of [...slots, ...calls]) accounts.add(at);
  const unread: Record<string, string[]> = {};
  for (const at of accounts) {
    const layouts = await layoutsOf(client, at, candidates.get(at));
    const known = await knownSlots(client.provider, at, { layouts, block });
    slots.push(...known.slots.map((entry) => ({ account: at, ...entry })));
    if (known.unread.length > 0) unread[at] = known.unread;
  }
  return { accounts: [...accounts], slots, calls, unread, hasRoot: query.hasRoot };
}

/** Layouts of the code that runs in an account's storage: its own, its implementation's, and the candidate's. */
async function layoutsOf(client: Client, account: string, candidate: string | undefined): Promise<Namespaces[]> {
  const { implementation, beacon } = await readSlots(client.provider, account);
  const behind = beacon === ZeroAddress ? implementation : await beaconImplementation(client.provider, beacon);
  const codes = [account, behind, candidate].filter(
    (code): code is string => code !== undefined && code !== ZeroAddress,
  );
  const layouts: Namespaces[] = [];
  for (const code of new Set(codes)) {
    if ((await client.provider.getCode(code)) === "0x") continue;
    const { contract } = await deployedSide(client, code);
    const layout = contract === undefined ? undefined : await client.artifacts.layout?.(contract);
    if (layout !== undefined) layouts.push(layout);
  }
  return layouts;
}

async function ofPlan(client: Client, registry: Registry, name: string) {
  const isFile = name.endsWith(".json") && existsSync(name);
  const plan = isFile
    ? readStoredPlan(name).plan
    : await readPlan(client, registry, await resolveProposal(client, registry, name));
  const named = new Set(plan.targets.map(({ module }) => module));
  const modules = (await modulesOf(registry)).filter(({ word }) => named.has(word));
  const batches = [...plan.stages, ...plan.rollbacks, ...plan.containments];
  const accounts = new Set([
    ...modules.flatMap(({ account, authority }) => [account, authority]),
    ...batches.flatMap(({ pins }) => pins.map(({ account }) => account)),
  ]);
  const stages = plan.stages.flatMap((stage) => stage.calls);
  const candidates = new Map<string, string>();
  for (const { account } of modules) {
    const candidate = lastUpgrade(stages, account);
    if (candidate !== undefined) candidates.set(account, candidate);
  }
  return { accounts, candidates, calls: await probesOf(client, registry, plan) };
}

/** What the plan's invariants ask. */
async function probesOf(client: Client, registry: Registry, plan: Plan): Promise<StateRequest["calls"][number][]> {
  const cited = new Set([...plan.stages, ...plan.rollbacks].flatMap(({ invariants }) => invariants));
  if (cited.size === 0) return [];
  const defined = await registryLogs(client, registry, "InvariantDefined");
  const probes = defined
    .filter(({ args }) => cited.has(args["id"] as string))
    .flatMap(({ args }) => {
      const { left, right } = args["invariant"].condition as Record<"left" | "right", { target: string; data: string }>;
      const call = `probe of ${args["name"] as string}`;
      return [left, right]
        .filter(({ target }) => target !== ZeroAddress)
        .map(({ target, data }) => ({ account: target, call, data }));
    });
  return [...new Map(probes.map((probe) => [`${probe.account} ${probe.data}`, probe])).values()];
}
