import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import hre from "hardhat";
import { table } from "../../src/report/table";
import { aimResults, summaryOf } from "./aims";
import { FLOOR, trafficRows, type TrafficRow } from "./measure";
import { SNAPSHOT, snapshotOf } from "./snapshot";

const USAGE = `npm run bench:traffic [-- --json | --write]

  --json   print the rows as JSON, and nothing else
  --write  replace bench/snapshots/traffic.json`;

async function main(): Promise<void> {
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({ options: { json: flag, write: flag, help: flag } });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  await hre.run("compile", { quiet: true });
  const rows = await trafficRows(hre);
  const aims = aimResults(rows);
  const summary = summaryOf(rows);
  if (values.json) process.stdout.write(`${JSON.stringify({ floor: FLOOR, rows, aims, summary }, null, 2)}\n`);
  else process.stdout.write(`${render(rows).join("\n")}\n\n${summary}\n`);
  if (values.write) writeFileSync(SNAPSHOT, `${JSON.stringify(snapshotOf(rows), null, 2)}\n`);
}

function render(rows: readonly TrafficRow[]): string[] {
  const aims = aimResults(rows);
  const aimText = ({ kind, name }: TrafficRow) =>
    aims
      .filter((aim) => aim.kind === kind && aim.name === name)
      .map(({ heat, most, isMet }) => `${heat} ${most.toLocaleString("en-US")}${isMet ? "" : ", missed"}`)
      .join("; ");
  const over = (gas: number) => (gas === 0 ? "" : `+${gas.toLocaleString("en-US")}`);
  return table([
    ["proxy", "call", "gas", "cold", "warm", "aim"],
    ["", "floor", "", over(FLOOR.cold), over(FLOOR.warm), ""],
    ...rows.map((row) => [
      row.kind,
      row.name,
      row.gas.toLocaleString("en-US"),
      over(row.cold),
      over(row.warm),
      aimText(row),
    ]),
  ]);
}

main().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
  process.exitCode = 1;
});
