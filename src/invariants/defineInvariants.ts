import type { Client } from "../client";
import type { Registry } from "../registry/connect";
import { perform, type Performed, type SendOptions } from "../registry/perform";
import { catalogueTimes } from "./catalogueTimes";
import type { LoadedInvariant } from "./loadInvariants";

/** Adds rows to the registry's catalogue; those that are there already are left alone. The signer holds the risk role. */
export async function defineInvariants(
  client: Client,
  registry: Registry,
  invariants: readonly LoadedInvariant[],
  options: SendOptions = {},
): Promise<Performed[]> {
  const done: Performed[] = [];
  for (const { name, invariant, id } of invariants) {
    done.push(
      await perform(client, registry, {
        ...options,
        verb: `define ${name}`,
        to: registry.address,
        data: registry.iface.encodeFunctionData("defineInvariant", [invariant]),
        isDone: async () => (await catalogueTimes(registry, id)) !== undefined,
      }),
    );
  }
  return done;
}
