import type { Client } from "../client";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";
import { placeOf } from "./seatOf";
import { requireListed } from "./vote";

/** States that the signer's own systems are ready, from his seat; a token's delegate without one by call. */
export async function ready(
  client: Client,
  registry: Registry,
  params: { proposalId: string } & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  const place = await placeOf(client, registry, { proposalId, verb: "ready" });
  const work = { ...params, verb: "ready", to: registry.address };
  const { account, seat, next } = place;
  if (seat !== undefined) {
    return perform(client, registry, {
      ...work,
      data: registry.iface.encodeFunctionData("signalReady", [proposalId, seat]),
      isDone: () => registry.contract.getFunction("isReady")(proposalId, seat),
    });
  }
  requireListed(place, proposalId, "ready");
  return perform(client, registry, {
    ...work,
    data: registry.iface.encodeFunctionData("signalReadyUnlisted", [proposalId, next]),
    isDone: () => registry.contract.getFunction("isReadyUnlisted")(proposalId, account),
  });
}
