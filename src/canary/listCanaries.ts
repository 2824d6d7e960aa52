import type { Client } from "../client";
import { readLimits, type CanaryLimits } from "./limits";
import type { Registry } from "../registry/connect";
import { textOf } from "../registry/words";
import { canaryStatus, readCanary, type CanaryStatus } from "./status";

/** A canary with what was tightened of it. */
export type CanaryReport = CanaryStatus & { limits: CanaryLimits };

/** The canary of one module, or one clear error where there is none. */
export async function reportCanary(client: Client, registry: Registry, module: string): Promise<CanaryReport> {
  const status = await canaryStatus(client, registry, module);
  return { ...status, limits: await readLimits(client, registry, module) };
}

/** The routers that stand in front of registered modules now. */
export async function listCanaries(client: Client, registry: Registry): Promise<CanaryReport[]> {
  const names = (await registry.contract.getFunction("moduleNames")()) as string[];
  const found: CanaryReport[] = [];
  for (const name of names) {
    const canary = await readCanary(client, registry, textOf(name));
    if (canary !== undefined) found.push({ ...canary, limits: await readLimits(client, registry, textOf(name)) });
  }
  return found;
}
