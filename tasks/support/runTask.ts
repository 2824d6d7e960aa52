import { join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import type { Client } from "../../src/client";
import { Exit, SlipwayError, type ExitCode } from "../../src/errors";
import { toJson } from "../../src/report/toJson";
import { artifactsOf } from "./artifacts";
import { providerOf, signerFor } from "./provider";

export interface CommonArgs {
  json?: boolean;
  as?: string;
}

/** What an action gives back to its task. */
export interface Outcome {
  /** Printed by `--json`. */
  report: unknown;
  /** Printed otherwise. */
  text: string;
  exit?: ExitCode;
  /** The next thing to type. */
  next?: string;
}

/**
 * Runs one action for a task: builds the client, prints the outcome, sets the exit code. Nothing is thrown past it: a
 * thrown error would make Hardhat print a stack for a user's mistake.
 */
export async function runTask(
  hre: HardhatRuntimeEnvironment,
  args: CommonArgs,
  action: (client: Client) => Promise<Outcome>,
): Promise<void> {
  try {
    const client = await clientFor(hre, args);
    const outcome = await action(client);
    const next = outcome.next;
    if (args.json === true) {
      const report =
        next !== undefined && typeof outcome.report === "object" ? { ...outcome.report, next } : outcome.report;
      process.stdout.write(`${toJson(report)}\n`);
    } else {
      process.stdout.write(`${outcome.text}\n${next === undefined ? "" : `next: ${next}\n`}`);
    }
    process.exitCode = outcome.exit ?? Exit.pass;
  } catch (thrown) {
    const error = asSlipwayError(thrown);
    if (args.json === true) process.stdout.write(`${toJson(error)}\n`);
    else process.stderr.write(`${error.toString()}\n`);
    if (hre.hardhatArguments.showStackTraces) process.stderr.write(`${String((thrown as Error).stack)}\n`);
    process.exitCode = error.exit;
  }
}

export async function clientFor(hre: HardhatRuntimeEnvironment, args: CommonArgs): Promise<Client> {
  const provider = providerOf(hre);
  return {
    provider,
    signer: await signerFor(provider, args.as),
    artifacts: artifactsOf(hre),
    clock: { now: () => Math.floor(Date.now() / 1000) },
    log: (line) => process.stderr.write(`${line}\n`),
    deploymentsDir: join(hre.config.paths.root, "deployments", hre.network.name),
  };
}

function asSlipwayError(thrown: unknown): SlipwayError {
  if (thrown instanceof SlipwayError) return thrown;
  const found = thrown instanceof Error ? (thrown.message.split("\n")[0] ?? thrown.name) : String(thrown);
  return new SlipwayError("ToolFailure", { found, cause: thrown });
}
