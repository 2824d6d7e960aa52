import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import hre from "hardhat";
import { table } from "../src/report/table";
import type { GasRow } from "./gasRow";
import { lifecycleRows } from "./lifecycle";
import { trafficRows } from "./traffic/measure";

const SNAPSHOT = join(__dirname, "snapshots", "gas.json");
const USAGE = `npm run bench [-- --json | --check | --write]

  --json   print the rows as JSON, and nothing else
  --check  compare with bench/snapshots/gas.json; exit code 2 where a row moved
  --write  replace the snapshot`;

async function main(): Promise<void> {
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({ options: { json: flag, check: flag, write: flag, help: flag } });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  await hre.run("compile", { quiet: true });
  const rows: GasRow[] = [...(await lifecycleRows()), ...(await uupsRows())];
  if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else process.stdout.write(`${render(rows).join("\n")}\n`);
  const found = Object.fromEntries(rows.map(({ name, gas }) => [name, gas]));
  if (values.write) writeFileSync(SNAPSHOT, `${JSON.stringify(found, null, 2)}\n`);
  if (!values.check) return;
  const moved = differences(JSON.parse(readFileSync(SNAPSHOT, "utf8")) as Record<string, number>, found);
  for (const line of moved) process.stderr.write(`${line}\n`);
  if (moved.length > 0) {
    process.stderr.write("gas moved: say why in the commit, and run npm run bench -- --write\n");
    process.exitCode = 2;
  }
}

/** `npm run bench:traffic` has the rest. */
async function uupsRows(): Promise<GasRow[]> {
  const rows = await trafficRows(hre, ["uups"]);
  return rows.map(({ name, gas, cold }) => ({
    name: name === "plain proxy" ? "plain UUPS proxy" : `router, ${name}`,
    gas,
    overPlain: cold,
  }));
}

function render(rows: readonly GasRow[]): string[] {
  const cells = rows.map(({ name, gas, overPlain }) => [
    name,
    thousands(gas),
    overPlain === undefined || overPlain === 0 ? "" : `+${thousands(overPlain)}`,
  ]);
  return table([["", "gas", "over a plain call"], ...cells]);
}

/** A row that appeared, disappeared or changed. */
function differences(expected: Record<string, number>, found: Record<string, number>): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(found)])]
    .filter((name) => expected[name] !== found[name])
    .map((name) => `${name}: ${expected[name] ?? "no row"} in the snapshot, ${found[name] ?? "no row"} now`);
}

function thousands(gas: number): string {
  return gas.toLocaleString("en-US");
}

main().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
  process.exitCode = 1;
});
