import { dirname, join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import { Exit, SlipwayError, type ExitCode } from "../../src/errors";
import type { Client } from "../../src/client";
import type { RequestCounts } from "../../src/chain/rpcCache";
import { readExpectFile } from "../../src/foreign/readExpectFile";
import { simulateForeign } from "../../src/foreign/simulateForeign";
import type { ForeignRequest } from "../../src/foreign/types";
import type { ExpectFile } from "../../src/plan/schema";
import { readPlanFile, type LoadedPlanFile } from "../../src/plan/readPlanFile";
import { EXPECTED, parseDuration } from "../../src/plan/units";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { renderQuick } from "../../src/report/renderQuick";
import { countedForks } from "../../src/simulate/countedForks";
import { openAnvilFork } from "../../src/simulate/openFork";
import { terminalOf } from "../../src/report/rehearsal/terminal";
import { quick } from "../../src/simulate/quick";
import { judgeRun, readRunFacts, writeRunFacts, type RunFindings, type RunPolicy } from "../../src/simulate/runFacts";
import { simulate } from "../../src/simulate/simulate";
import type { RehearsalReport, Verdict } from "../../src/simulate/types";
import { writeReport } from "../../src/simulate/writeReport";
import { version } from "../../package.json";
import { remoteUrl } from "../support/remoteUrl";
import { openHardhatFork } from "../support/openHardhatFork";
import { accountsOf, choiceOf, type OutputArgs } from "../support/options";
import { runTask, type Outcome } from "../support/runTask";

interface SimulateArgs extends OutputArgs {
  file?: string;
  governor?: string;
  proposal?: string;
  timelock?: string;
  operation?: string;
  safe?: string;
  calls?: string;
  from?: string;
  nonce?: string;
  multisend?: string;
  expect?: string;
  as?: string;
  block?: string;
  engine: string;
  delegates?: string;
  replay?: string;
  fuzz: string;
  seed?: string;
  earlier?: string;
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
    const { root } = hre.config.paths;
    const policy = { isStrict: args.strict || process.env["CI"] === "true", maxAge: ageOf(args.maxAge) };
    const started = client.clock.now();
    const forks = countedForks(ENGINES[engine], join(hre.config.paths.cache, "rpc"));
    const run = { hre, args, client, policy, started, requests: () => forks.requests() };
    const shared = {
      root,
      block: args.block === undefined ? undefined : numberOf("--block", args.block),
      tool: `slipway ${version}`,
      openFork: forks.openFork,
      isTwice: args.twice,
    };
    if (args.file === undefined) {
      const url = remoteUrl(hre, "upgrade simulate FILE");
      return finish(
        run,
        await simulateForeign(client, foreignRequest(args), { ...shared, url, ...expectOf(client, args) }),
      );
    }
    refuseForeign(args);
    const registry = await connectRegistry(client);
    const loaded = readPlanFile(args.file, readAddressBook(client.deploymentsDir));
    if (args.quick) return firstLook(client, registry, loaded, root);
    const report = await simulate(client, registry, loaded, {
      ...shared,
      invariantsDir: join(root, "invariants"),
      url: remoteUrl(hre, "upgrade simulate FILE"),
      delegates: accountsOf(args.delegates),
      replay: args.replay !== undefined && /^\d+$/.test(args.replay) ? Number(args.replay) : args.replay,
      fuzz: numberOf("--fuzz", args.fuzz),
      seed: args.seed,
      earlier: args.earlier?.split(",").map((file) => readPlanFile(file, readAddressBook(client.deploymentsDir))),
    });
    return finish(run, report);
  });

interface Run {
  hre: HardhatRuntimeEnvironment;
  args: SimulateArgs;
  client: Client;
  policy: RunPolicy;
  started: number;
  requests(): RequestCounts;
}

/** Writes the report and what there is to say of its run. */
function finish({ hre, args, client, policy, started, requests }: Run, report: RehearsalReport): Outcome {
  const { root } = hre.config.paths;
  const what = args.file === undefined ? "" : ` ${args.file}`;
  const command = `npx hardhat upgrade simulate${what} --network ${hre.network.name} --block ${report.provenance.block}${optionsText(args)}`;
  const written = writeReport(client.deploymentsDir, report, command);
  const facts = readRunFacts(root, report, {
    started,
    now: client.clock.now(),
    requests: requests(),
  });
  const found = judgeRun(facts, policy);
  const run = writeRunFacts(dirname(written.json), { ...facts, ...found });
  for (const line of found.failures) client.log(`not as it should be: ${line}`);
  for (const line of found.warnings) client.log(`warning: ${line}`);
  const exit = exitOf(report.verdict, { ...found, isStrict: args.strict });
  const isGood = exit === Exit.pass && args.file !== undefined;
  return {
    report: { ...report, ...written, run },
    text: [terminalOf(report), `report ${written.markdown}, hash ${written.reportHash}`].join("\n"),
    exit,
    next: isGood ? `npx hardhat upgrade propose ${args.file} --report ${written.reportHash}` : undefined,
  };
}

/** Options that say what another governance is to run. */
const FOREIGN = [
  "governor",
  "proposal",
  "timelock",
  "operation",
  "safe",
  "calls",
  "from",
  "nonce",
  "multisend",
  "expect",
] as const;

function foreignRequest(args: SimulateArgs): ForeignRequest {
  const { governor, proposal, timelock, operation, safe, calls, from, multisend, delegates, nonce } = args;
  const without = (["replay", "seed"] as const).find((name) => args[name] !== undefined);
  if (without !== undefined || args.quick) {
    throw new SlipwayError("OptionInvalid", {
      where: `--${without ?? "quick"}`,
      expected: "a plan file: there is nothing else that it could be asked of",
      found: "none",
    });
  }
  return {
    governor,
    proposal,
    timelock,
    operation,
    safe,
    calls,
    from,
    multiSend: multisend,
    voters: accountsOf(delegates),
    nonce: nonce === undefined ? undefined : BigInt(numberOf("--nonce", nonce)),
  };
}

function refuseForeign(args: SimulateArgs): void {
  const found = FOREIGN.find((name) => args[name] !== undefined);
  if (found === undefined) return;
  throw new SlipwayError("OptionInvalid", {
    where: `--${found}`,
    expected: "either a plan file, or what another governance is to run",
    found: `both: ${args.file}`,
  });
}

function expectOf(client: Client, { expect: file }: SimulateArgs): { expect?: ExpectFile } {
  if (file === undefined) return {};
  return { expect: readExpectFile(file, readAddressBook(client.deploymentsDir)) };
}

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

function numberOf(where: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new SlipwayError("OptionInvalid", { where, expected: "a number", found: text });
}

/** What else changes the report. */
function optionsText(args: SimulateArgs): string {
  const { replay, fuzz, seed, earlier, delegates } = args;
  const ofPlan = args.file === undefined ? {} : { replay, fuzz, seed, earlier };
  const ofOthers = args.file === undefined ? Object.fromEntries(FOREIGN.map((name) => [name, args[name]])) : {};
  const stated = Object.entries({ ...ofOthers, ...ofPlan, ...(args.file === undefined ? { delegates } : {}) }).filter(
    ([, value]) => value !== undefined,
  );
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
