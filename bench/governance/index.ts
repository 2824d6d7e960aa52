import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import hre from "hardhat";
import { aimsOf, summaryOf } from "./aims";
import {
  ballotRow,
  delegatesRow,
  snapshotRow,
  type BallotRow,
  type DelegatesRow,
  type SnapshotRow,
} from "./electorates";
import { MODES, type JobResult } from "./job";
import { openZeppelinJob } from "./openzeppelin";
import { document, tables } from "./render";
import { slipwayJob } from "./slipway";
import { uniswapJob } from "./uniswap";

const DOCUMENT = join(__dirname, "..", "..", "docs", "benchmarks.md");
const USAGE = `npm run bench:governance [-- --json | --write] [--voters 4,10,100,1000]

  --json    print the rows as JSON, and nothing else
  --write   write docs/benchmarks.md
  --voters  sizes to measure, instead of 4, 10, 100 and 1000`;

const SIZES = [4, 10, 100, 1_000];
const ELECTORATES = [10, 512, 1_000, 100_000];
/** A token's list is one chunk. */
const LISTS = [4, 100, 512];

async function main(): Promise<void> {
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({ options: { json: flag, write: flag, help: flag, voters: { type: "string" } } });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  await hre.run("compile", { quiet: true });
  const sizes = values.voters === undefined ? SIZES : values.voters.split(",").map(Number);

  const jobs: JobResult[] = [];
  for (const size of sizes) {
    for (const mode of MODES) {
      jobs.push(await slipwayJob(size, mode));
      jobs.push(await openZeppelinJob("Governor__MockForBench", size, mode));
      jobs.push(await openZeppelinJob("GovernorStorage__MockForBench", size, mode));
      jobs.push(await uniswapJob(size, mode));
    }
    jobs.push(await slipwayJob(size, "signature", { isFull: true }));
  }
  const ballots: BallotRow[] = [];
  for (const seats of ELECTORATES) {
    for (const layout of ["contiguous", "random"] as const) ballots.push(await ballotRow(seats, layout));
  }
  const snapshots: SnapshotRow[] = [];
  for (const seats of [4, ...ELECTORATES]) snapshots.push(await snapshotRow(seats));
  const delegates: DelegatesRow[] = [];
  for (const seats of LISTS) delegates.push(await delegatesRow(seats));

  const aims = aimsOf({ jobs, ballots });
  const summary = summaryOf({ jobs });
  const results = { jobs, ballots, snapshots, delegates, aims, summary };
  if (values.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  else process.stdout.write(`${tables(results).join("\n")}\n`);
  if (values.write) writeFileSync(DOCUMENT, await document(results, readFileSync(DOCUMENT, "utf8")));
}

main().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
  process.exitCode = 1;
});
