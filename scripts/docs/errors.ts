import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Interface } from "ethers";
import { ERRORS } from "../../src/errors";
import { FACETS } from "../../src/registry/registryAbi";

const ROOT = join(__dirname, "..", "..");

/** `docs/errors.md`, from the catalogue and the compiled contracts. `npm run docs:errors` writes it; a test compares it. */
export function errorsPage(readAbi: (name: string) => ConstructorParameters<typeof Interface>[0]): string {
  const rows = Object.entries(ERRORS)
    .sort(([, a], [, b]) => a.code.localeCompare(b.code))
    .map(([name, { code, exit, meaning }]) => `| ${code} | ${name} | ${exit} | ${meaning} |`);
  const contracts = [...FACETS, "UpgradeRegistry", "RecoveryProposer", "TrafficErrors", "UpgradeGuard"];
  const errors = new Map<string, { selector: string; where: Set<string> }>();
  for (const contract of contracts) {
    new Interface(readAbi(contract)).forEachError((fragment) => {
      const signature = fragment.format("sighash");
      const entry = errors.get(signature) ?? { selector: fragment.selector, where: new Set<string>() };
      entry.where.add(contract);
      errors.set(signature, entry);
    });
  }
  const custom = [...errors]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([signature, { selector, where }]) => `| \`${selector}\` | \`${signature}\` | ${[...where].join(", ")} |`);
  return [
    "# Errors",
    "",
    "Written by `npm run docs:errors` from `src/errors` and the compiled contracts.",
    "",
    "## What a task prints",
    "",
    "`error <Name> (SLIP-nnn)`, then where, expected, found, meaning and next. Exit codes: 0 pass, 1 tool error, 2 check failed,",
    "3 drift, 4 waiting or inconclusive, 5 contained or rolled back.",
    "",
    "| code | name | exit | meaning |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    "## What the contracts revert with",
    "",
    "The first four bytes of the revert data, for reading a raw trace. NatSpec beside each declaration says what it means.",
    "",
    "| selector | error | declared for |",
    "| --- | --- | --- |",
    ...custom,
    "",
  ].join("\n");
}

/** Finds an artifact of the compiled contracts by its name. */
export function compiledAbi(name: string): ConstructorParameters<typeof Interface>[0] {
  const files = JSON.parse(readFileSync(join(ROOT, "cache", "solidity-files-cache.json"), "utf8")) as {
    files: Record<string, { sourceName: string; artifacts: string[] }>;
  };
  const file = Object.values(files.files).find((entry) => entry.artifacts.includes(name));
  if (file === undefined) throw new Error(`${name} is not compiled: run npx hardhat compile`);
  const path = join(ROOT, "artifacts", file.sourceName, `${name}.json`);
  return (JSON.parse(readFileSync(path, "utf8")) as { abi: ConstructorParameters<typeof Interface>[0] }).abi;
}

if (require.main === module) writeFileSync(join(ROOT, "docs", "errors.md"), errorsPage(compiledAbi));
