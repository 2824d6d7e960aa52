import { codeAt } from "../chain/codeAt";
import { inspectProxy, kindText, type ProxyInspection } from "../chain/inspectProxy";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "../registry/connect";
import { readDiamond, type Diamond } from "./diamond/readDiamond";
import { findBeacon, registeredAccount } from "./findBeacon";
import { moduleOf, type RegisteredModule } from "./moduleOf";
import { readProbe } from "./probe";
import type { LoadedPlanFile } from "./readPlanFile";
import { ModuleKind } from "./types";
import { PROXY_ABI, upgradeInterfaceOf, type UpgradeRoute } from "./upgradeCalls";

/** What is known of the upgraded module before stages are built. */
export interface Ground {
  module: RegisteredModule;
  proxy: ProxyInspection;
  timelock: string;
  route: UpgradeRoute;
  /** Proxies that are seen in use: the module itself, or, of a beacon, those the plan file names. */
  proxies: string[];
  /** Where the module is one. Its slots name no implementation. */
  diamond?: Diamond;
}

/** The module, its proxy as it really is, and the one account that may upgrade it. */
export async function findGround(client: Client, registry: Registry, loaded: LoadedPlanFile): Promise<Ground> {
  const { plan: file, where } = loaded;
  const key = file.target === undefined ? where("module") : where("target", "proxy");
  if (file.target !== undefined) await codeAt(client.provider, file.target.proxy, key);
  const wanted =
    file.target === undefined ? { name: file.module! } : { account: await registeredAccount(client, file.target) };
  const module = await moduleOf(registry, wanted, key);
  if (module.isRetired) {
    throw new SlipwayError("ModuleRetired", {
      where: key,
      expected: "a module in use",
      found: `${module.name}, retired`,
    });
  }
  if (module.lockedBy !== undefined) {
    throw new SlipwayError("ModuleLocked", {
      where: key,
      expected: `${module.name} free`,
      found: `held by proposal ${module.lockedBy}`,
      next: `npx hardhat upgrade status ${module.lockedBy.slice(2, 10)}`,
    });
  }
  if (file.baseVersion !== undefined && file.baseVersion !== module.version) {
    throw new SlipwayError("StaleBase", {
      where: where("baseVersion"),
      expected: `${module.name} at version ${file.baseVersion}`,
      found: `version ${module.version}`,
      next: "read what changed, then write the plan anew with the present version",
    });
  }
  await codeAt(client.provider, module.account, key);
  const timelock = (await registry.contract.getFunction("timelock").staticCall()) as string;
  if (module.kind === ModuleKind.Beacon) {
    const found = await findBeacon(client, module, timelock, loaded);
    return { module, timelock, route: { kind: module.kind, proxy: module.account, verbs: "v4" }, ...found };
  }
  checkNoProxies(loaded);
  const proxy = await inspectProxy(client.provider, module.account);
  checkKind(module, proxy, file.target, key);

  await checkAuthority(client, module, proxy, timelock, file.target?.admin, key);
  if (module.kind === ModuleKind.Diamond) {
    const diamond = await readDiamond(client.provider, module.account, key);
    return {
      module,
      proxy,
      timelock,
      route: { kind: module.kind, proxy: module.account, verbs: "v5" },
      proxies: [module.account],
      diamond,
    };
  }
  const isTransparent = module.kind === ModuleKind.Transparent;
  const route: UpgradeRoute = {
    kind: module.kind,
    proxy: module.account,
    proxyAdmin: isTransparent && proxy.admin !== timelock ? proxy.admin : undefined,
    verbs: await upgradeInterfaceOf(client.provider, isTransparent ? proxy.admin : module.account),
  };
  return { module, proxy, timelock, route, proxies: [module.account] };
}

function checkNoProxies({ plan: file, where }: LoadedPlanFile): void {
  if (file.proxies === undefined) return;
  throw new SlipwayError("PlanFileInvalid", {
    where: where("proxies"),
    expected: "proxies for a beacon alone",
    found: "a module of another kind",
  });
}

function checkKind(
  module: RegisteredModule,
  proxy: ProxyInspection,
  target: LoadedPlanFile["plan"]["target"],
  where: string,
): void {
  const found = kindText(proxy.kind);
  if (target !== undefined && target.kind !== found) {
    throw new SlipwayError("ProxyKindMismatch", {
      where,
      expected: `${target.kind} (target.kind)`,
      found: `${found} at ${module.account}`,
    });
  }
  if (module.kind !== proxy.kind) {
    throw new SlipwayError("ProxyKindMismatch", {
      where,
      expected: `${kindText(module.kind)} (registered)`,
      found: `${found} at ${module.account}`,
    });
  }
  if (!ROUTED.includes(module.kind)) {
    throw new SlipwayError("KindUnsupported", { where, expected: ROUTED.map(kindText).join(", "), found });
  }
}

const ROUTED: readonly ModuleKind[] = [
  ModuleKind.Uups,
  ModuleKind.Transparent,
  ModuleKind.OwnAdmin,
  ModuleKind.Beacon,
  ModuleKind.Diamond,
];

/**
 * Under a transparent proxy three things must agree: the admin slot, the registered authority, and the admin's owner, unless the
 * admin is the timelock itself. A proxy of kind own-admin says in a slot of its own who may upgrade it.
 */
async function checkAuthority(
  client: Client,
  module: RegisteredModule,
  proxy: ProxyInspection,
  timelock: string,
  stated: string | undefined,
  where: string,
): Promise<void> {
  const fail = (expected: string, found: string) => new SlipwayError("AuthorityMismatch", { where, expected, found });
  if (module.kind === ModuleKind.OwnAdmin && proxy.ownAdmin!.authority !== timelock) {
    throw fail(`${module.account} upgraded by the timelock ${timelock}`, `by ${proxy.ownAdmin!.authority}`);
  }
  if (module.kind !== ModuleKind.Transparent) return;
  if (stated !== undefined && stated !== proxy.admin) {
    throw fail(`admin ${stated} (target.admin)`, `admin ${proxy.admin} in the proxy's slot`);
  }
  if (module.authority !== proxy.admin) {
    throw fail(`admin ${module.authority} (registered)`, `admin ${proxy.admin} in the proxy's slot`);
  }
  if (proxy.admin === timelock) return;
  await codeAt(client.provider, proxy.admin, where);
  const owner = await readProbe(client.provider, {
    target: proxy.admin,
    data: PROXY_ABI.encodeFunctionData("owner"),
    gas: 100_000n,
  });
  if (owner !== BigInt(timelock)) {
    const found = owner === undefined ? "no owner()" : `owner 0x${owner.toString(16).padStart(40, "0")}`;
    throw fail(`ProxyAdmin ${proxy.admin} owned by the timelock ${timelock}`, found);
  }
}
