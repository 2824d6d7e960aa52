import type { Client } from "../client";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";
import { readStatus } from "./state";

/** Withdraws a proposal that is still voted on. The signer must be its proposer. */
export function cancel(
  client: Client,
  registry: Registry,
  params: { proposalId: string } & SendOptions,
): Promise<Performed> {
  return perform(client, registry, {
    ...params,
    verb: "cancel",
    to: registry.address,
    data: registry.iface.encodeFunctionData("cancel", [params.proposalId]),
    isDone: async () => (await readStatus(registry, params.proposalId)).state === "Cancelled",
  });
}
