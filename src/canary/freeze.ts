import { encodeBytes32String } from "ethers";
import type { Client } from "../client";
import type { Registry } from "../registry/connect";
import { perform, type Performed, type SendOptions } from "../registry/perform";
import { canaryStatus } from "./status";

/** Sends all of a module's traffic to stable, for the rest of the plan. */
export async function freeze(
  client: Client,
  registry: Registry,
  params: { module: string } & SendOptions,
): Promise<Performed> {
  const { module } = params;
  await canaryStatus(client, registry, module);
  return perform(client, registry, {
    ...params,
    verb: `freeze ${module}`,
    to: registry.address,
    data: registry.iface.encodeFunctionData("freeze", [encodeBytes32String(module)]),
    isDone: async () => (await canaryStatus(client, registry, module)).isFrozen,
  });
}
