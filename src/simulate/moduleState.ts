import { decodeBytes32String, keccak256, ZeroAddress } from "ethers";
import { beaconImplementation } from "../chain/beacon";
import { readSlots } from "../chain/erc1967";
import type { Client } from "../client";
import { ModuleKind, type Plan } from "../plan/types";
import type { Registry } from "../registry/connect";
import type { ModuleState } from "./types";

/** Pointers, code and book-keeping of every module of a plan, as they are now. */
export function readModuleStates(client: Client, registry: Registry, plan: Plan): Promise<ModuleState[]> {
  return Promise.all(
    plan.targets.map(async ({ module }) => {
      const entry = await registry.contract.getFunction("moduleOf")(module);
      const account = entry.account as string;
      return {
        module: decodeBytes32String(module),
        account,
        slots:
          Number(entry.kind) === ModuleKind.Beacon
            ? await beaconSlots(client, account)
            : await readSlots(client.provider, account),
        codeHash: keccak256(await client.provider.getCode(account)),
        version: Number(entry.version),
        lockedBy: entry.lockedBy as string,
      };
    }),
  );
}

/** A beacon has one pointer, and tells it. */
async function beaconSlots(client: Client, beacon: string): Promise<ModuleState["slots"]> {
  const implementation = (await beaconImplementation(client.provider, beacon)) ?? ZeroAddress;
  return { implementation, admin: ZeroAddress, beacon: ZeroAddress };
}

/** Whether pointers and code are the same; versions count endings, so they are not compared. */
export function isSameCode(a: readonly ModuleState[], b: readonly ModuleState[]): boolean {
  const key = (states: readonly ModuleState[]) =>
    JSON.stringify(states.map(({ account, slots, codeHash }) => [account, slots, codeHash]));
  return key(a) === key(b);
}
