import { dirname, join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import { Exit, SlipwayError, type ExitCode } from "../../src/errors";
import type { Client } from "../../src/client";
import { readPlanFile, type LoadedPlanFile } from "../../src/plan/readPlanFile";
import { EXPECTED, parseDuration } from "../../src/plan/units";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { renderQuick } from "../../src/report/renderQuick";
import { countedForks } from "../../src/simulate/countedForks";
import { openAnvilFork } from "../../src/simulate/openFork";
import { terminalOf } from "../../src/report/rehearsal/terminal";
import { quick } from "../../src/simulate/quick";
import { judgeRun, readRunFacts, writeRunFacts, type RunFindings } from "../../src/simulate/runFacts";
import { simulate } from "../../src/simulate/simulate";
import type { Verdict } from "../../src/simulate/types";
import { writeReport } from "../../src/simulate/writeReport";
import { version } from "../../package.json";
import { openHardhatFork } from "../support/openHardhatFork";
import { accountsOf, choiceOf, type OutputArgs } from "../support/options";
import { runTask, type Outcome } from "../support/runTask";

interface SimulateArgs extends OutputArgs {
  file: string;
  as?: string;
  block?: string;
  engine: string;
  delegates?: string;
  replay?: string;
  fuzz: string;
  seed?: string;
  twice: boolean;
  quick: boolean;
  strict: boolean;
  maxAge: string;
}

const ENGINES = { anvil: openAnvilFork, hardhat: openHardhatFork };
const EXITS: Record<Verdict, ExitCode> = {
  pass: Exit.pass,
  warn: Exit.pass,
  fail: Exit.checkFailed,
  inconclusive: Exit.waiting,
};

export const action = (args: SimulateArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const engine = choiceOf("engine", args.engine, ["anvil", "hardhat"] as const);
    const registry = await connectRegistry(client);
    const { root } = hre.config.paths;
    const loaded = readPlanFile(args.file, readAddressBook(client.deploymentsDir));
    const policy = { isStrict: args.strict || process.env["CI"] === "true", maxAge: ageOf(args.maxAge) };
    if (args.quick) return firstLook(client, registry, loaded, root);
    const started = client.clock.now();
    const forks = countedForks(ENGINES[engine], join(hre.config.paths.cache, "rpc"));
    const report = await simulate(client, registry, loaded, {
      root,
      invariantsDir: join(root, "invariants"),
      url: remoteUrl(hre),
      block: args.block === undefined ? undefined : numberOf("--block", args.block),
      tool: `slipway ${version}`,
      openFork: forks.openFork,
      delegates: accountsOf(args.delegates),
      replay: args.replay !== undefined && /^\d+$/.test(args.replay) ? Number(args.replay) : args.replay,
      fuzz: numberOf("--fuzz", args.fuzz),
      seed: args.seed,
      isTwice: args.twice,
    });
    const command = `npx hardhat upgrade simulate ${args.file} --network ${hre.network.name} --block ${report.provenance.block}${optionsText(args)}`;
    const written = writeReport(client.deploymentsDir, report, command);
    const facts = readRunFacts(root, report, {
      started,
      now: client.clock.now(),
      requests: forks.requests(),
    });
    const found = judgeRun(facts, policy);
    const run = writeRunFacts(dirname(written.json), { ...facts, ...found });
    for (const line of found.failures) client.log(`not as it should be: ${line}`);
    for (const line of found.warnings) client.log(`warning: ${line}`);
    const exit = exitOf(report.verdict, { ...found, isStrict: args.strict });
    const isGood = exit === Exit.pass;
    return {
      report: { ...report, ...written, run },
      text: [terminalOf(report), `report ${written.markdown}, hash ${written.reportHash}`].join("\n"),
      exit,
      next: isGood ? `npx hardhat upgrade propose ${args.file} --report ${written.reportHash}` : undefined,
    };
  });

/** A finding on the run moves a good exit; under `--strict` every warning does. */
function exitOf(verdict: Verdict, { failures, warnings, isStrict }: RunFindings & { isStrict: boolean }): ExitCode {
  const exit = EXITS[verdict];
  if (exit !== Exit.pass) return exit;
  const isRefused = failures.length > 0 || (isStrict && (warnings.length > 0 || verdict === "warn"));
  return isRefused ? Exit.checkFailed : exit;
}

function ageOf(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return Number(seconds);
  throw new SlipwayError("OptionInvalid", { where: "--max-age", expected: EXPECTED.duration, found: text });
}

/** A fork is made over RPC, by another process than this one. */
function remoteUrl(hre: HardhatRuntimeEnvironment): string {
  const { config, name } = hre.network;
  if ("url" in config && typeof config.url === "string") return config.url;
  throw new SlipwayError("OptionInvalid", {
    where: `--network ${name}`,
    expected: "a network with an RPC URL to fork from",
    found: "Hardhat's in-process network",
    next: "SLIPWAY_RPC_URL=… npx hardhat --network remote upgrade simulate FILE",
  });
}

function numberOf(where: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new SlipwayError("OptionInvalid", { where, expected: "a number", found: text });
}

/** What else changes the report. */
function optionsText({ replay, fuzz, seed }: SimulateArgs): string {
  const stated = Object.entries({ replay, fuzz, seed }).filter(([, value]) => value !== undefined);
  return stated.map(([name, value]) => ` --${name} ${value}`).join("");
}

async function firstLook(client: Client, registry: Registry, loaded: LoadedPlanFile, root: string): Promise<Outcome> {
  const report = await quick(client, registry, loaded, { root, invariantsDir: join(root, "invariants") });
  return {
    report,
    text: renderQuick(report),
    exit: EXITS[report.verdict],
    next: report.verdict === "pass" ? `npx hardhat upgrade simulate ${loaded.file}` : undefined,
  };
}
