import { encodeBytes32String } from "ethers";
import { beaconImplementation } from "../chain/beacon";
import type { Client } from "../client";
import { ModuleKind } from "../plan/types";
import type { Registry } from "../registry/connect";

/** Where the router in front of a module takes messages, if there is one. */
export interface RouterPlace {
  /** The module's account. */
  account: string;
  /** The account itself; of a beacon, which takes none, what it names. */
  router: string;
}

/** The same place that the registry asks before it freezes. */
export async function routerPlace(client: Client, registry: Registry, module: string): Promise<RouterPlace> {
  const entry = await registry.contract.getFunction("moduleOf")(encodeBytes32String(module));
  const account = entry.account as string;
  if (Number(entry.kind) !== ModuleKind.Beacon) return { account, router: account };
  return { account, router: (await beaconImplementation(client.provider, account)) ?? account };
}
