import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { zeroPadBytes } from "ethers";
import type { ArtifactSource } from "../../src/client";
import { selectorsOf } from "../../src/registry/deployRegistry";
import { FACETS } from "../../src/registry/registryAbi";

export const ROOT = resolve(__dirname, "../..");
export const WORK = join(ROOT, "cache/forge");

/** What the invariant tests deploy beside the facets. */
const CONTRACTS = [
  "UpgradeRegistry",
  "VaultV1",
  "VaultV2",
  "ERC1967Proxy",
  "HookToken__MockForRouter",
  "TrafficRouter",
];

/** Creation code by contract, in place of what was compiled. */
export type Replacements = Readonly<Record<string, string>>;

/**
 * Writes the code that the invariant tests deploy: each facet that `deployRegistry` deploys, in its order and with its selectors,
 * as Hardhat compiled it.
 */
export async function writeBytecode(artifacts: ArtifactSource, file: string, replaced: Replacements = {}) {
  const codeOf = async (name: string) => replaced[name] ?? (await artifacts.read(name)).bytecode;
  const facets = [];
  for (const name of FACETS) {
    const selectors = (await selectorsOf(artifacts, name)).map((selector) => zeroPadBytes(selector, 32));
    facets.push({ name, selectors, code: await codeOf(name) });
  }
  const contracts: Record<string, string> = {};
  for (const name of CONTRACTS) contracts[name] = await codeOf(name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ facetCount: facets.length, facets, contracts }));
}
