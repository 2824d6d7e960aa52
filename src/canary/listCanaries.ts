import type { Client } from "../client";
import type { Registry } from "../registry/connect";
import { textOf } from "../registry/words";
import { readCanary, type CanaryStatus } from "./status";

/** The routers that stand in front of registered modules now. */
export async function listCanaries(client: Client, registry: Registry): Promise<CanaryStatus[]> {
  const names = (await registry.contract.getFunction("moduleNames")()) as string[];
  const found: CanaryStatus[] = [];
  for (const name of names) {
    const canary = await readCanary(client, registry, textOf(name));
    if (canary !== undefined) found.push(canary);
  }
  return found;
}
