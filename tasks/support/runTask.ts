import { basename, join } from "node:path";
import { VoidSigner } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import type { Client } from "../../src/client";
import { Exit, SlipwayError, type ExitCode } from "../../src/errors";
import { toJson } from "../../src/report/toJson";
import { artifactsOf } from "./artifacts";
import { providerOf, signerFor } from "./provider";

export interface CommonArgs {
  json?: boolean;
  as?: string;
  out?: string;
  sign?: string;
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
  /** What stdout gets is a file of its own (a transaction, a batch): nothing is added to it, in either form. */
  isFile?: boolean;
  /** All of it was printed on the way. */
  isPrinted?: boolean;
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
  const provider = providerOf(hre);
  const onNetwork = (command: string) => withNetwork(hre, command);
  try {
    const outcome = await action(await clientFor(hre, args, provider));
    if (outcome.isPrinted !== true) print(outcome, args, onNetwork);
    process.exitCode = outcome.exit ?? Exit.pass;
  } catch (thrown) {
    const error = asSlipwayError(thrown);
    if (args.json === true) process.stdout.write(`${onNetwork(toJson(error))}\n`);
    else process.stderr.write(`${onNetwork(error.toString())}\n`);
    if (hre.hardhatArguments.showStackTraces) process.stderr.write(`${String((thrown as Error).stack)}\n`);
    process.exitCode = error.exit;
  } finally {
    provider.destroy();
  }
}

function print(
  { report, text, next, isFile }: Outcome,
  args: CommonArgs,
  onNetwork: (command: string) => string,
): void {
  const isJson = args.json === true || isFile === true;
  const isObject = typeof report === "object" && report !== null && !Array.isArray(report);
  const isInside = isJson && isFile !== true && isObject;
  if (!isJson) process.stdout.write(`${onNetwork(text)}\n`);
  else process.stdout.write(`${onNetwork(toJson(isInside && next !== undefined ? { ...report, next } : report))}\n`);
  if (next === undefined || isInside) return;
  (isJson ? process.stderr : process.stdout).write(`next: ${onNetwork(next)}\n`);
}

/** The client of this network. Tasks that only read have no signer where the network has no accounts. */
export async function clientFor(
  hre: HardhatRuntimeEnvironment,
  args: CommonArgs = {},
  provider = providerOf(hre),
): Promise<Client> {
  // What is written out for another signer, or signed elsewhere, needs no key here.
  const isKeyless = args.as !== undefined && ((args.out ?? "send") !== "send" || args.sign !== undefined);
  const found = await signerFor(provider, args.as, isKeyless);
  return {
    provider,
    signer: found ?? (args.as === undefined ? undefined : new VoidSigner(args.as, provider)),
    artifacts: artifactsOf(hre),
    clock: { now: () => Math.floor(Date.now() / 1000) },
    log: (line) => process.stderr.write(`${line}\n`),
    deploymentsDir: deploymentsDirOf(hre),
  };
}

/** `deployments/<network>`; SLIPWAY_DEPLOYMENTS moves the folder of all networks. */
export function deploymentsDirOf(hre: HardhatRuntimeEnvironment): string {
  const base = process.env["SLIPWAY_DEPLOYMENTS"] ?? join(hre.config.paths.root, "deployments");
  return join(base, basename(hre.network.name));
}

/** Commands are ready to paste: they name the network they were asked on. */
function withNetwork(hre: HardhatRuntimeEnvironment, text: string): string {
  const isDefault = hre.network.name === hre.config.defaultNetwork;
  return isDefault ? text : text.replaceAll("npx hardhat ", `npx hardhat --network ${hre.network.name} `);
}

function asSlipwayError(thrown: unknown): SlipwayError {
  if (thrown instanceof SlipwayError) return thrown;
  const found = messageOf(thrown).split("\n")[0];
  const isUnreachable = /ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|Cannot connect to the network/.test(`${thrown}`);
  return new SlipwayError(isUnreachable ? "NodeUnreachable" : "ToolFailure", { found, cause: thrown });
}

/** What a node said, without what ethers wraps around what it does not know. */
function messageOf(thrown: unknown): string {
  const inner = (thrown as { error?: { message?: unknown } } | null)?.error?.message;
  if (typeof inner === "string") return inner;
  return thrown instanceof Error ? thrown.message : String(thrown);
}
