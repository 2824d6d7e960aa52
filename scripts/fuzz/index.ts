import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import hre from "hardhat";
import { artifactsOf } from "../../tasks/support/artifacts";
import { WORK, writeBytecode } from "./bytecode";
import { COUNTED, runForge, type FuzzRun } from "./run";
import { sabotage } from "./sabotage";

/*
 * Stateful invariants over the whole registry, with Forge: random calls of everybody who may act, and of some who may not, checked
 * against an independent model (test/invariant).
 *
 *   npm run fuzz                        two campaigns of 1,000 runs of 1,000 steps: about an hour
 *   npm run fuzz -- --runs 10 --seed 7  shorter, and the same every time
 *   npm run fuzz -- --sabotage          breaks the contracts in one place at a time, and shows which property notices
 */

const log = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      runs: { type: "string", default: "1000" },
      depth: { type: "string", default: "1000" },
      sabotage: { type: "boolean", default: false },
      only: { type: "string" },
    },
  });
  await hre.run("compile", { quiet: true });
  if (values.sabotage) {
    if (!(await sabotage(artifactsOf(hre), log, values.only))) process.exitCode = 1;
    return;
  }

  const seed = values.seed ?? `0x${randomBytes(8).toString("hex")}`;
  const { runs, depth } = values;
  const bytecode = join(WORK, "bytecode.json");
  await writeBytecode(artifactsOf(hre), bytecode);
  log(`seed ${seed}`);
  const run = await runForge({ bytecode, seed, runs: Number(runs), depth: Number(depth) });
  log(`${COUNTED.map((name) => `${name} ${run.tally[name]}`).join(", ")}; ${run.seconds.toFixed(0)} s`);
  if (run.isGreen) {
    log("every property held");
    return;
  }
  log(describeFailure(run, `npm run fuzz -- --seed ${seed} --runs ${runs} --depth ${depth}`));
  process.exitCode = 1;
}

/** What broke, the calls that break it, and the command that does it again. */
export function describeFailure(run: FuzzRun, command: string): string {
  return [run.failure ?? "", ...run.sequence.map((call) => `  ${call}`), `again: ${command}`].join("\n");
}

if (require.main === module) void main();
