import { codeAt } from "../chain/codeAt";
import { delegateTargets } from "../chain/delegateTargets";
import type { Client } from "../client";
import type { Deployment } from "./deployments";
import type { Ground } from "./findGround";
import type { LoadedPlanFile } from "./readPlanFile";
import type { Pin } from "./types";

/**
 * The accounts whose code the plan relies on: proxy, admin, everything that may run in the proxy's storage, the targets of
 * calls. The way back relies on less: a tampered candidate or router must not block it.
 */
export async function pinnedAccounts(
  client: Client,
  { module, proxy, route }: Ground,
  deployments: readonly Deployment[],
  { plan: file, where }: LoadedPlanFile,
): Promise<{ stage: Pin[]; rollback: Pin[] }> {
  const statedTargets =
    typeof file.rollback === "object"
      ? file.rollback.calls.map((entry, i) => ({ account: entry.target, at: where("rollback", "calls", i, "target") }))
      : [];
  const wayBack = [
    { account: module.account, at: "the proxy" },
    ...(route.proxyAdmin === undefined ? [] : [{ account: route.proxyAdmin, at: "the ProxyAdmin" }]),
    { account: proxy.implementation, at: "the stable implementation" },
    ...statedTargets,
  ];
  const stableCode = await client.provider.getCode(proxy.implementation);
  wayBack.push(...(await delegates(client, stableCode, "code that stable delegates to")));
  const forward = [
    ...wayBack,
    ...(await delegates(client, deployments[0]!.code, "code that the candidate delegates to")),
    ...(file.pins ?? []).map((account, i) => ({ account, at: where("pins", i) })),
  ];
  const pinAll = async (entries: { account: string; at: string }[]) => {
    const pins = new Map<string, Pin>();
    for (const { account, at } of entries) {
      if (pins.has(account)) continue;
      pins.set(account, { account, codeHash: (await codeAt(client.provider, account, at)).codeHash });
    }
    return pins;
  };
  const stage = await pinAll(forward);
  for (const { address, codeHash } of deployments) stage.set(address, { account: address, codeHash });
  return { stage: [...stage.values()], rollback: [...(await pinAll(wayBack)).values()] };
}

/** Constants of delegating code that hold code themselves. */
async function delegates(client: Client, code: string, at: string): Promise<{ account: string; at: string }[]> {
  const found: { account: string; at: string }[] = [];
  for (const account of delegateTargets(code)) {
    if ((await client.provider.getCode(account)) !== "0x") found.push({ account, at });
  }
  return found;
}
