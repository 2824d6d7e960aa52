import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import hre from "hardhat";
import { artifactsOf } from "../../tasks/support/artifacts";
import { WORK, writeBytecode } from "./bytecode";
import { REGISTRY_CAMPAIGN, ROUTER_CAMPAIGN, runForge, type Campaign, type FuzzRun } from "./run";
import { sabotage } from "./sabotage";

/*
 * Stateful invariants over the whole registry, and over a router, with Forge: random calls of everybody who may act, and of some who
 * may not, checked against independent models (test/invariant).
 *
 *   npm run fuzz                        the registry, then the router: twice 1,000 runs of 1,000 steps each
 *   npm run fuzz -- --campaign router   one of them
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
      campaign: { type: "string" },
    },
  });
  const campaigns = [REGISTRY_CAMPAIGN, ROUTER_CAMPAIGN].filter(
    ({ name }) => values.campaign === undefined || values.campaign === name,
  );
  if (campaigns.length === 0) throw new Error("--campaign is registry or router");
  await hre.run("compile", { quiet: true });
  if (values.sabotage) {
    for (const { name } of campaigns) {
      if (!(await sabotage(artifactsOf(hre), log, name, values.only))) process.exitCode = 1;
    }
    return;
  }

  const seed = values.seed ?? `0x${randomBytes(8).toString("hex")}`;
  log(`seed ${seed}`);
  for (const campaign of campaigns) {
    if (!(await fuzz(campaign, seed, values.runs, values.depth))) process.exitCode = 1;
  }
}

async function fuzz(campaign: Campaign<string>, seed: string, runs: string, depth: string): Promise<boolean> {
  const bytecode = join(WORK, `${campaign.name}.json`);
  await writeBytecode(artifactsOf(hre), bytecode);
  const run = await runForge({ campaign, bytecode, seed, runs: Number(runs), depth: Number(depth) });
  log(`${tallyOf(campaign, run)}; ${run.seconds.toFixed(0)} s`);
  if (run.isGreen) log(`${campaign.name}: every property held`);
  else log(describeFailure(run, commandOf(campaign, seed, runs, depth)));
  return run.isGreen;
}

export function tallyOf<Name extends string>({ counted }: Campaign<Name>, { tally }: FuzzRun<Name>): string {
  return counted.map((name) => `${name} ${tally[name]}`).join(", ");
}

/** Runs a campaign again. */
export function commandOf(
  campaign: Campaign<string>,
  seed: string,
  runs: number | string,
  depth: number | string,
): string {
  return `npm run fuzz -- --campaign ${campaign.name} --seed ${seed} --runs ${runs} --depth ${depth}`;
}

/** What broke, the calls that break it, and the command that does it again. */
export function describeFailure(run: FuzzRun, command: string): string {
  return [run.failure ?? "", ...run.sequence.map((call) => `  ${call}`), `again: ${command}`].join("\n");
}

if (require.main === module) void main();
