import type { Client } from "../client";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";
import { seatOf } from "./seatOf";

/** States that the signer's own systems are ready. */
export async function ready(
  client: Client,
  registry: Registry,
  params: { proposalId: string } & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  const seat = await seatOf(client, registry, { proposalId, verb: "ready" });
  return perform(client, registry, {
    ...params,
    verb: "ready",
    to: registry.address,
    data: registry.iface.encodeFunctionData("signalReady", [proposalId, seat]),
    isDone: () => registry.contract.getFunction("isReady")(proposalId, seat),
  });
}
