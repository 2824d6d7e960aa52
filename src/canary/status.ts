import { Interface, isError, type Result } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "../registry/connect";
import { routerPlace } from "./routerOf";

/** What the router in front of a module tells of itself; shares in basis points, value in the meters' unit. */
export interface CanaryStatus {
  module: string;
  /** The module's account: of a beacon not a proxy, and counts and budget are each proxy's own. */
  proxy: string;
  /** Where the router takes messages, if not at that account. */
  router?: string;
  stable: string;
  candidate: string;
  controller: string;
  guardian: string;
  policyId: string;
  isInstalled: boolean;
  isFrozen: boolean;
  share: number;
  epoch: number;
  errorBudget: number;
  breaks: number;
  stableCalls: bigint;
  candidateCalls: bigint;
  fallbacks: bigint;
  cap: bigint;
  /** Seconds; zero: no cap. */
  interval: number;
  usedPrevious: bigint;
  usedCurrent: bigint;
}

/** The router in front of a module's account; undefined where none serves. */
export async function readCanary(
  client: Client,
  registry: Registry,
  module: string,
): Promise<CanaryStatus | undefined> {
  const { account, router } = await routerPlace(client, registry, module);
  if (router === account) return readCanaryAt(client, { module, proxy: account });
  const found = await readCanaryAt(client, { module, proxy: router });
  return found === undefined ? undefined : { ...found, proxy: account, router };
}

/** The same for a proxy whose module is known; of a beacon's proxy what it spent and broke itself. */
export async function readCanaryAt(
  client: Client,
  params: { module: string; proxy: string },
): Promise<CanaryStatus | undefined> {
  const router = new Interface((await client.artifacts.read("ITrafficRouter")).abi);
  const control = new Interface((await client.artifacts.read("ITrafficControl")).abi);
  const ask = async (name: "status" | "routerMagic"): Promise<Result | undefined> => {
    const data = router.encodeFunctionData("traffic", [control.encodeFunctionData(name)]);
    const answer = await client.provider.call({ to: params.proxy, data }).catch((thrown: { code?: string }) => {
      // A proxy without a router refuses the selector, or passes it to a protocol that does.
      if (thrown.code === "CALL_EXCEPTION") return "0x";
      throw thrown;
    });
    if (answer === "0x") return undefined;
    try {
      const [result] = router.decodeFunctionResult("traffic", answer) as unknown as [string];
      return control.decodeFunctionResult(name, result);
    } catch (thrown) {
      // No router answers like that: one module's nonsense must not hide the state of all the others.
      if (isError(thrown, "BAD_DATA") || isError(thrown, "BUFFER_OVERRUN")) return undefined;
      throw thrown;
    }
  };
  if ((await ask("routerMagic")) === undefined) return undefined;
  const raw = (await ask("status"))?.[0] as Result | undefined;
  if (raw === undefined) return undefined;
  const facts = raw.toObject() as Record<string, unknown>;
  const small = ["share", "epoch", "errorBudget", "breaks", "interval"];
  const named = Object.entries(facts).map(([key, value]) => [key, small.includes(key) ? Number(value) : value]);
  return { ...params, ...(Object.fromEntries(named) as Omit<CanaryStatus, "module" | "proxy" | "router">) };
}

/** The router's status, or one clear error where there is none. */
export async function canaryStatus(client: Client, registry: Registry, module: string): Promise<CanaryStatus> {
  const status = await readCanary(client, registry, module);
  if (status === undefined) {
    throw new SlipwayError("CanaryMissing", {
      where: `module ${module}`,
      expected: "a traffic router as its implementation",
      found: "none",
    });
  }
  return status;
}
