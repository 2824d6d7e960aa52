import { join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import { Exit, SlipwayError, type ExitCode } from "../../src/errors";
import { readPlanFile } from "../../src/plan/readPlanFile";
import { connectRegistry } from "../../src/registry/connect";
import { openAnvilFork } from "../../src/simulate/openFork";
import { terminalOf } from "../../src/report/rehearsal/terminal";
import { simulate } from "../../src/simulate/simulate";
import type { Verdict } from "../../src/simulate/types";
import { writeReport } from "../../src/simulate/writeReport";
import { version } from "../../package.json";
import { openHardhatFork } from "../support/openHardhatFork";
import { accountsOf, choiceOf, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface SimulateArgs extends OutputArgs {
  file: string;
  as?: string;
  block?: string;
  engine: string;
  delegates?: string;
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
    const report = await simulate(client, registry, readPlanFile(args.file, readAddressBook(client.deploymentsDir)), {
      root,
      invariantsDir: join(root, "invariants"),
      url: remoteUrl(hre),
      block: blockOf(args.block),
      tool: `slipway ${version}`,
      openFork: ENGINES[engine],
      delegates: accountsOf(args.delegates),
    });
    const command = `npx hardhat upgrade simulate ${args.file} --network ${hre.network.name} --block ${report.provenance.block}`;
    const written = writeReport(client.deploymentsDir, report, command);
    const isGood = EXITS[report.verdict] === Exit.pass;
    return {
      report: { ...report, ...written },
      text: [terminalOf(report), `report ${written.markdown}, hash ${written.reportHash}`].join("\n"),
      exit: EXITS[report.verdict],
      next: isGood ? `npx hardhat upgrade propose ${args.file} --report ${written.reportHash}` : undefined,
    };
  });

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

function blockOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new SlipwayError("OptionInvalid", { where: "--block", expected: "a block number", found: text });
}
