import { delegateChain, delegatesOfCode, type ChainRoot, type DelegateChain } from "../chain/delegateChain";
import { codeAt } from "../chain/codeAt";
import { checkRunsImplementation, findHiddenDelegates } from "../chain/hiddenDelegates";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { OffchainPointer } from "../chain/delegateChain";
import { looseFunction } from "./abi";
import type { Candidate } from "./findCandidate";
import type { Deployment } from "./deployments";
import type { Diamond } from "./diamond/readDiamond";
import type { Ground } from "./findGround";
import type { LoadedPlanFile } from "./readPlanFile";
import { ModuleKind, type Gate, type Pin } from "./types";

export interface PinnedAccounts {
  stage: Pin[];
  rollback: Pin[];
  /** By containment: what each calls. */
  containments: Pin[][];
  /** What each of the file's further calls relies on: code, and pointers that the registry can read. */
  calls: { pins: Pin[]; gates: Gate[] }[];
  /** Pointers of the chain that the registry can read. */
  gates: Gate[];
  /** Pointers of the chain that it cannot read. */
  pointers: OffchainPointer[];
  /** What leads to an account, by account. */
  roles: Record<string, string>;
}

/**
 * The accounts whose code the plan relies on: proxy, admin, the targets of calls, and whatever any of them delegates to, to the
 * end. The way back relies on less: a tampered candidate or router must not block it.
 */
export async function pinnedAccounts(
  client: Client,
  ground: Ground,
  candidate: Candidate,
  deployments: readonly Deployment[],
  loaded: LoadedPlanFile,
): Promise<PinnedAccounts> {
  const { module, proxy, route, diamond } = ground;
  const { plan: file, where } = loaded;
  const { account } = module;
  const named: ChainRoot[] = (file.pins ?? []).map((pinned, i) => {
    const at = where("pins", i);
    return { account: pinned, role: "named by the plan file", at };
  });
  // A diamond has no one implementation to forward to: its loupe names each facet.
  const hidden = diamond === undefined ? await checkForwarding(client, ground, candidate, loaded) : [];
  const name = module.kind === ModuleKind.Beacon ? "the beacon" : "the proxy";
  const wayBack: ChainRoot[] = [
    { account, role: name, at: name, isMoved: true },
    ...(route.proxyAdmin === undefined
      ? []
      : [{ account: route.proxyAdmin, role: "the ProxyAdmin", at: "the ProxyAdmin" }]),
    ...(diamond === undefined ? [proxy.implementation] : stableFacets(diamond, deployments)).map(
      (stable): ChainRoot => {
        const role = diamond === undefined ? "the stable implementation" : "a facet that serves";
        return { account: stable, role, at: role, proxy: account };
      },
    ),
    ...rollbackTargets(loaded, account),
  ];
  const { provider } = client;
  const back = await delegateChain(provider, wayBack);
  const forward = await delegateChain(provider, named);
  const aheads = await Promise.all(
    deployments
      .filter(({ role }) => role === "candidate")
      .map((own) => delegatesOfCode(provider, own.address, own.code, "the candidate")),
  );

  const calls = await callChains(client, loaded, account);
  const stage = new Map<string, Pin>();
  const roles: Record<string, string> = {};
  for (const { links } of [back, ...aheads, forward]) {
    for (const link of links) {
      stage.set(link.account, { account: link.account, codeHash: link.codeHash });
      roles[link.account] ??= link.role;
    }
  }
  // Of a beacon's proxies no more than their code: where the beacon leads them the plan itself decides.
  for (const sample of ground.proxies) {
    const { codeHash } = await codeAt(provider, sample, "a proxy");
    stage.set(sample, { account: sample, codeHash });
    roles[sample] ??= "a proxy of the beacon";
  }
  for (const { address, codeHash } of deployments) stage.set(address, { account: address, codeHash });
  return {
    stage: [...stage.values()],
    rollback: [
      ...back.links.map(({ account: pinned, codeHash }) => ({ account: pinned, codeHash })),
      ...askedOnTheWayBack(ground, deployments, file),
    ],
    containments: await Promise.all(
      (file.containments ?? []).map((_, i) => containmentPins(client, loaded, i, account)),
    ),
    calls: calls.map(({ links, gates }) => ({ pins: pinsOf(links), gates })),
    gates: unique([back, ...aheads, forward].flatMap(({ gates }: DelegateChain) => gates)),
    pointers: [
      ...hidden,
      ...unique([back, ...aheads, forward, ...calls].flatMap(({ pointers }: DelegateChain) => pointers)),
    ],
    roles,
  };
}

/** A beacon's routers are asked whether a call of theirs still runs. Nothing can change their code: they delegate, but never on their own storage. */
function askedOnTheWayBack(
  { module }: Ground,
  deployments: readonly Deployment[],
  { rollback }: LoadedPlanFile["plan"],
): Pin[] {
  if (module.kind !== ModuleKind.Beacon || typeof rollback === "object") return [];
  return deployments
    .filter(({ role }) => role === "router")
    .map(({ address, codeHash }) => ({ account: address, codeHash }));
}

/** Every facet: one that the plan does not change runs beside those that it does. */
function stableFacets({ account, live }: Diamond, deployments: readonly Deployment[]): string[] {
  const own = new Set(deployments.map(({ address }) => address));
  return live.map(({ facetAddress }) => facetAddress).filter((facet) => facet !== account && !own.has(facet));
}

/** Targets of the file's own way back; of the upgraded module the plan moves the pointer itself. */
function rollbackTargets({ plan: file, where }: LoadedPlanFile, module: string): ChainRoot[] {
  if (typeof file.rollback !== "object") return [];
  return file.rollback.calls
    .map((entry, i): ChainRoot => {
      const at = where("rollback", "calls", i, "target");
      const isSigned = entry.function.includes("(");
      const selectors = isSigned ? [looseFunction(entry.function, at).selector] : undefined;
      return { account: entry.target, role: "called by the rollback", at, selectors };
    })
    .filter((root) => root.account !== module);
}

/** What one containment calls. Like the way back it relies on no more: a tampered candidate must not block it. */
async function containmentPins(client: Client, { plan: file, where }: LoadedPlanFile, index: number, module: string) {
  const calls = file.containments?.[index]?.calls ?? [];
  const at = (i: number) => where("containments", index, "calls", i, "target");
  const { links } = await targetChain(client, calls, { module, role: "called by a containment", at });
  return pinsOf(links);
}

function callChains(client: Client, { plan: file, where }: LoadedPlanFile, module: string): Promise<DelegateChain[]> {
  const of = (entry: { target?: string; function: string }, i: number) =>
    targetChain(client, [{ ...entry, target: entry.target ?? module }], {
      module,
      role: "called by a stage",
      at: () => where("calls", i, "target"),
    });
  return Promise.all((file.calls ?? []).map(of));
}

function pinsOf(links: DelegateChain["links"]): Pin[] {
  return links.map(({ account, codeHash }) => ({ account, codeHash }));
}

function targetChain(
  client: Client,
  calls: readonly { target: string; function: string }[],
  { module, role, at }: { module: string; role: string; at: (index: number) => string },
): Promise<DelegateChain> {
  const roots = calls.map((entry, i): ChainRoot => {
    // Of the upgraded module the plan moves the pointer itself: its proxy is what stays.
    const isMoved = entry.target === module;
    const selectors =
      entry.function.includes("(") && !isMoved ? [looseFunction(entry.function, at(i)).selector] : undefined;
    return { account: entry.target, role, at: at(i), selectors, isMoved };
  });
  return delegateChain(client.provider, roots);
}

/** That the proxy runs what its slot says, and that this code runs itself: else a pin of it would say nothing. */
async function checkForwarding(
  client: Client,
  { proxy: { implementation }, proxies }: Ground,
  { abi }: Candidate,
  loaded: LoadedPlanFile,
): Promise<OffchainPointer[]> {
  const found = await Promise.all(proxies.map((proxy) => forwardingOf(client, { proxy, implementation }, abi, loaded)));
  return found.flat();
}

async function forwardingOf(
  client: Client,
  ends: { proxy: string; implementation: string },
  abi: Candidate["abi"],
  { plan: file, where }: LoadedPlanFile,
): Promise<OffchainPointer[]> {
  const key = file.target === undefined ? where("module") : where("target", "proxy");
  await checkRunsImplementation(client, { ...ends, where: key });
  const hidden = await findHiddenDelegates(client, { ...ends, abi });
  return hidden.map(({ slot, account }) => {
    if (file.pins?.includes(account) === true) {
      return { account: ends.proxy, slot, name: "delegate", expected: account };
    }
    throw new SlipwayError("HiddenDelegate", {
      where: key,
      expected: `${ends.implementation} to do its work itself`,
      found: `calls go on to ${account}, by slot ${slot} of ${ends.proxy}`,
      next: `read that code; if it belongs there, name it in the plan file: pins: ["${account}"]`,
    });
  });
}

function unique<T>(entries: readonly T[]): T[] {
  const known = new Map<string, T>();
  for (const entry of entries) {
    known.set(
      JSON.stringify(entry, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)),
      entry,
    );
  }
  return [...known.values()];
}
