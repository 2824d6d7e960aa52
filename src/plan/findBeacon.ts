import { ZeroAddress } from "ethers";
import { BEACON_ABI, beaconImplementation } from "../chain/beacon";
import { codeAt } from "../chain/codeAt";
import { readSlots } from "../chain/erc1967";
import { kindText, type ProxyInspection } from "../chain/inspectProxy";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { RegisteredModule } from "./moduleOf";
import { readProbe } from "./probe";
import type { LoadedPlanFile } from "./readPlanFile";
import { ModuleKind } from "./types";

/** A beacon as it is, and proxies of it on which the checks are made. */
export interface BeaconGround {
  proxy: ProxyInspection;
  proxies: string[];
}

/** The account that a plan file's target is registered as: of a beacon's proxy, its beacon. */
export async function registeredAccount(
  client: Client,
  target: NonNullable<LoadedPlanFile["plan"]["target"]>,
): Promise<string> {
  if (target.kind !== "beacon") return target.proxy;
  const { beacon } = await readSlots(client.provider, target.proxy);
  return beacon === ZeroAddress ? target.proxy : beacon;
}

/**
 * A beacon that the timelock owns, and at least one of its proxies: layout, initialisers and what really runs can be seen on a
 * proxy alone, and no contract lists them.
 */
export async function findBeacon(
  client: Client,
  module: RegisteredModule,
  timelock: string,
  { plan: file, where }: LoadedPlanFile,
): Promise<BeaconGround> {
  const { provider } = client;
  const { account } = module;
  const key = file.target === undefined ? where("module") : where("target", "proxy");
  if (file.target !== undefined && file.target.kind !== "beacon") {
    throw new SlipwayError("ProxyKindMismatch", {
      where: key,
      expected: `${file.target.kind} (target.kind)`,
      found: `${kindText(module.kind)} at ${account}`,
    });
  }
  const implementation = await beaconImplementation(provider, account);
  if (implementation === undefined) {
    throw new SlipwayError("ProxyKindMismatch", {
      where: key,
      expected: "beacon (registered)",
      found: `no implementation() at ${account}`,
    });
  }
  await codeAt(provider, implementation, key);
  const owner = await readProbe(provider, {
    target: account,
    data: BEACON_ABI.encodeFunctionData("owner"),
    gas: 100_000n,
  });
  if (owner !== BigInt(timelock)) {
    throw new SlipwayError("AuthorityMismatch", {
      where: key,
      expected: `beacon ${account} owned by the timelock ${timelock}`,
      found: owner === undefined ? "no owner()" : `owner 0x${owner.toString(16).padStart(40, "0")}`,
    });
  }
  if (file.upgrade.init !== undefined) {
    throw new SlipwayError("PlanFileInvalid", {
      where: where("upgrade", "init"),
      expected: "no init for a beacon",
      found: file.upgrade.init.function,
      meaning: "a stage would initialise one proxy, and all the others would have the candidate without it",
      next: "let the candidate read what stable wrote; what each proxy needs once, it does when it is next called",
    });
  }
  return {
    proxy: { implementation, admin: ZeroAddress, beacon: account, kind: ModuleKind.Beacon },
    proxies: await knownProxies(client, account, { plan: file, where }),
  };
}

async function knownProxies(
  client: Client,
  beacon: string,
  { plan: file, where }: Pick<LoadedPlanFile, "plan" | "where">,
): Promise<string[]> {
  const named = (file.proxies ?? []).map((proxy, i) => ({ proxy, at: where("proxies", i) }));
  if (file.target !== undefined && file.target.proxy !== beacon) {
    named.unshift({ proxy: file.target.proxy, at: where("target", "proxy") });
  }
  if (named.length === 0) {
    throw new SlipwayError("PlanFileInvalid", {
      where: where("proxies"),
      expected: "at least one proxy of the beacon",
      found: "none",
      meaning: "whether the candidate fits what is stored, and leaves no initialiser open, is seen on a proxy",
      next: 'add proxies: ["0x…"]',
    });
  }
  for (const { proxy, at } of named) {
    await codeAt(client.provider, proxy, at);
    const slots = await readSlots(client.provider, proxy);
    if (slots.beacon !== beacon) {
      throw new SlipwayError("ProxyKindMismatch", {
        where: at,
        expected: `a proxy of the beacon ${beacon}`,
        found: slots.beacon === ZeroAddress ? `no beacon in the slot of ${proxy}` : `beacon ${slots.beacon}`,
      });
    }
  }
  return [...new Set(named.map(({ proxy }) => proxy))];
}
