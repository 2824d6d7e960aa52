import { getAddress, ZeroAddress, ZeroHash, keccak256, type Interface } from "ethers";
import { beaconImplementation } from "../chain/beacon";
import { inspectProxy } from "../chain/inspectProxy";
import type { Client } from "../client";
import { deployedSide, type CodeSide } from "../diff/codeSide";
import { lastUpgrade } from "../plan/pointerAfter";
import { readCalldata } from "../plan/readCalldata";
import { ModuleKind, type Call } from "../plan/types";
import type { ModuleState } from "../simulate/types";
import { cutsIn, routesOf } from "./diamondCuts";

/** A proxy that calls are about, as it is before they run. */
export interface FoundProxy {
  account: string;
  /** Undefined where it only holds an implementation. */
  kind?: ModuleKind;
  implementation: string;
}

/** New code behind a proxy, because a call says so. */
export interface CodeMove {
  account: string;
  kind?: ModuleKind;
  from: string;
  to: string;
  /** What the builds at hand know of either. */
  before?: CodeSide;
  after?: CodeSide;
}

/** Proxies among the accounts that calls go to or pass on. */
export async function proxiesIn(
  client: Client,
  calls: readonly Call[],
  abis: readonly Interface[],
): Promise<FoundProxy[]> {
  const named = new Set(
    calls.flatMap(({ target, data }) => [
      getAddress(target),
      ...readCalldata(data, abis, "").addresses.map(({ address }) => address),
    ]),
  );
  const found = await Promise.all([...named].map((account) => proxyAt(client, account)));
  return found.filter((one): one is FoundProxy => one !== undefined);
}

async function proxyAt(client: Client, account: string): Promise<FoundProxy | undefined> {
  const { provider } = client;
  if ((await provider.getCode(account)) === "0x") return undefined;
  const { kind, implementation, beacon } = await inspectProxy(provider, account);
  if (implementation !== ZeroAddress) return { account, kind, implementation };
  if (beacon !== ZeroAddress) {
    return { account, kind, implementation: (await beaconImplementation(provider, beacon)) ?? ZeroAddress };
  }
  if (kind === ModuleKind.Diamond) return { account, kind, implementation: ZeroAddress };
  const behind = await beaconImplementation(provider, account);
  return behind === undefined || behind === ZeroAddress || (await provider.getCode(behind)) === "0x"
    ? undefined
    : { account, kind: ModuleKind.Beacon, implementation: behind };
}

/** Which of them get new code, by the calls. */
export async function codeMoves(
  client: Client,
  proxies: readonly FoundProxy[],
  calls: readonly Call[],
): Promise<CodeMove[]> {
  const found: Omit<CodeMove, "before" | "after">[] = [];
  for (const { account, kind, implementation } of proxies) {
    const to = lastUpgrade(calls, account);
    if (to !== undefined) found.push({ account, kind, from: implementation, to });
    if (kind === ModuleKind.Diamond) found.push(...(await facetMoves(client, account, calls)));
  }
  return Promise.all(
    found.map(async (move) => ({
      ...move,
      before: await sideOf(client, move.from),
      after: await sideOf(client, move.to),
    })),
  );
}

/** Each new facet, and what runs with the cut, in the place of what served its functions, if anything did. */
async function facetMoves(
  { provider }: Client,
  account: string,
  calls: readonly Call[],
): Promise<Omit<CodeMove, "before" | "after">[]> {
  const routes = await routesOf(provider, account);
  const moves = new Map<string, string>();
  for (const { target, facet, selectors, init } of cutsIn(calls)) {
    if (target !== account) continue;
    const from = selectors.map((selector) => routes?.get(selector)).find((served) => served !== undefined);
    if (facet !== ZeroAddress && from !== facet) moves.set(facet, moves.get(facet) ?? from ?? ZeroAddress);
    if (init !== ZeroAddress && !moves.has(init)) moves.set(init, ZeroAddress);
  }
  return [...moves].map(([to, from]) => ({ account, kind: ModuleKind.Diamond, from, to }));
}

/** What is known of the code of an account. */
export async function sideOf(client: Client, account: string): Promise<CodeSide | undefined> {
  if (account === ZeroAddress || (await client.provider.getCode(account)) === "0x") return undefined;
  return deployedSide(client, account);
}

/** ABIs of the code that calls reach, where a build at hand gives that code. */
export async function abisAt(
  client: Client,
  calls: readonly Call[],
  proxies: readonly FoundProxy[],
): Promise<Interface[]> {
  const behind = new Map(proxies.map(({ account, implementation }) => [account, implementation]));
  const accounts = new Set(calls.map(({ target }) => behind.get(getAddress(target)) ?? getAddress(target)));
  const sides = await Promise.all([...accounts].map((account) => sideOf(client, account)));
  return sides.flatMap((side) => side?.abi ?? []);
}

/** Pointers and code of the proxies, as they are now. */
export function statesOf(client: Client, proxies: readonly FoundProxy[]): Promise<ModuleState[]> {
  return Promise.all(
    proxies.map(async ({ account, kind }) => {
      const { implementation, admin, beacon } = await inspectProxy(client.provider, account);
      const isBeacon = kind === ModuleKind.Beacon && implementation === ZeroAddress && beacon === ZeroAddress;
      return {
        module: account,
        account,
        slots: {
          implementation: isBeacon
            ? ((await beaconImplementation(client.provider, account)) ?? ZeroAddress)
            : implementation,
          admin,
          beacon,
        },
        codeHash: keccak256(await client.provider.getCode(account)),
        version: 0,
        lockedBy: ZeroHash,
      };
    }),
  );
}
