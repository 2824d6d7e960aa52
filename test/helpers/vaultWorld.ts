import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import hre from "hardhat";
import { governModule, INVARIANTS, openChain, ROOT, type Chain } from "../../scripts/demo/openWorld";
import { readAddressBook } from "../../src/chain/addressBook";
import { ModuleKind } from "../../src/plan/types";
import { parsePlanText, type LoadedPlanFile } from "../../src/plan/readPlanFile";
import type { Registry } from "../../src/registry/connect";
import { simulate, type SimulateOptions } from "../../src/simulate/simulate";
import type { Check, RehearsalReport } from "../../src/simulate/types";
import { artifactsOf } from "../../tasks/support/artifacts";
import { VaultTraffic } from "./vaultTraffic";

const ONE = 10n ** 18n;
/** Users with books; the plan files of the tests name them by these numbers. */
const USERS = 8;

/** The example vault on a node that plays the remote chain, governed by a registry, and rehearsals of plans for it. */
export interface VaultWorld extends Chain {
  traffic: VaultTraffic;
  registry: Registry;
  deploymentsDir: string;
  /** Has money, and made deposits. */
  user(index: number): string;
  load(text: string): LoadedPlanFile;
  rehearse(text: string, options?: Partial<SimulateOptions>): Promise<RehearsalReport>;
}

export async function openVaultWorld(): Promise<VaultWorld> {
  const deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-vault-"));
  const chain = await openChain({ artifacts: artifactsOf(hre), deploymentsDir });
  const traffic = await VaultTraffic.open(chain, USERS);
  await traffic.run(20);
  await traffic.earn(500n * ONE);
  const registry = await governModule(chain, {
    name: "vault",
    kind: ModuleKind.Uups,
    account: traffic.vault,
    invariants: ["vault-solvent", "share-price-kept", "owner-unchanged"],
    addresses: { vault: traffic.vault, vaultAsset: traffic.asset },
    handOver: (timelock) => traffic.handOver(timelock),
  });
  const load = (text: string) => parsePlanText(text, "upgrades/vault.yaml", readAddressBook(deploymentsDir));
  return {
    ...chain,
    traffic,
    registry,
    deploymentsDir,
    user: (index) => chain.users[index]!,
    load,
    rehearse: (text, options = {}) =>
      simulate(chain.as(chain.people.release), registry, load(text), {
        root: ROOT,
        invariantsDir: INVARIANTS,
        url: chain.node.url,
        tool: "slipway test",
        ...options,
      }),
    close: async () => {
      await chain.close();
      rmSync(deploymentsDir, { recursive: true, force: true });
    },
  };
}

/** A plan file that gives the vault a candidate, all at once unless a canary is stated. */
export function vaultPlan(contract: string, more = "", limit = 1_000n): string {
  const { file, name } = /^(?<file>.*):(?<name>.*)$/.exec(contract)!.groups as { file: string; name: string };
  return [
    `title: Vault, rehearsed with ${name}`,
    "module: vault",
    "upgrade:",
    `  contract: ${file}:${name}`,
    "  replaces: contracts/examples/VaultV1.sol:VaultV1",
    `  init: { function: migrateV2(uint256), args: ["${limit}_000000000000000000"] }`,
    "invariants: [vault-solvent, share-price-kept, owner-unchanged]",
    "rollback: auto",
    more,
  ].join("\n");
}

export const CANDIDATES = {
  v2: "contracts/examples/VaultV2.sol:VaultV2",
  sweep: "contracts/mocks/Vaults__MockForRehearsal.sol:VaultSweep__MockForRehearsal",
  fee: "contracts/mocks/Vaults__MockForRehearsal.sol:VaultFee__MockForRehearsal",
} as const;

export function checkOf({ checks }: RehearsalReport, id: string): Check {
  const found = checks.find((check) => check.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return found;
}
