import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import hre from "hardhat";
import { createProvider } from "hardhat/internal/core/providers/construction";
import type { HardhatRuntimeEnvironment, HttpNetworkConfig } from "hardhat/types";

/** What a task left behind, as a shell would see it. */
export interface TaskRun {
  stdout: string;
  stderr: string;
  exitCode: number;
}

type Args = Record<string, string | boolean | undefined>;

/** Runs a task in this process, on the in-process network or on the one of `remoteEnvironment`. */
export async function runTask(command: string, args: Args = {}, on: HardhatRuntimeEnvironment = hre): Promise<TaskRun> {
  const [scope, name] = command.split(" ") as [string, string];
  const task = hre.scopes[scope]?.tasks[name];
  if (task === undefined) throw new Error(`no task ${command}`);
  // Hardhat fills these in from the command line.
  const definitions = [...Object.values(task.paramDefinitions), ...task.positionalParamDefinitions];
  for (const known of Object.keys(args)) {
    if (!definitions.some((definition) => definition.name === known)) throw new Error(`${command} has no ${known}`);
  }
  const filled = Object.fromEntries(
    definitions.map(({ name: key, defaultValue, isFlag }) => [key, args[key] ?? (isFlag ? false : defaultValue)]),
  );
  const captured = capture();
  const before = process.exitCode;
  try {
    process.exitCode = undefined;
    await task.action(
      filled,
      on,
      Object.assign(() => Promise.resolve(), { isDefined: false }),
    );
    return { ...captured.texts(), exitCode: Number(process.exitCode) };
  } finally {
    captured.restore();
    process.exitCode = before;
  }
}

/** The same with `--json`: stdout must be JSON and nothing else. */
export async function runJson<T = Record<string, unknown>>(
  command: string,
  args: Args = {},
  on: HardhatRuntimeEnvironment = hre,
): Promise<TaskRun & { json: T }> {
  const run = await runTask(command, { ...args, json: true }, on);
  return { ...run, json: JSON.parse(run.stdout) as T };
}

/** This project's environment, connected to a node at `url` under the network name `remote`, by Hardhat's own provider. */
export async function remoteEnvironment(url: string): Promise<HardhatRuntimeEnvironment> {
  const settings = {
    accounts: "remote",
    gas: "auto",
    gasPrice: "auto",
    gasMultiplier: 1,
    httpHeaders: {},
    timeout: 40_000,
  };
  const remote = { ...settings, url } as HttpNetworkConfig;
  const config = { ...hre.config, networks: { ...hre.config.networks, remote } };
  const provider = await createProvider(config, "remote", hre.artifacts);
  const network = { name: "remote", config: remote, provider };
  return { ...hre, config, network } as unknown as HardhatRuntimeEnvironment;
}

/** A folder for `deployments/`, for the length of a test; returns its path and what removes it. */
export function temporaryDeployments(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "slipway-tasks-"));
  const before = process.env["SLIPWAY_DEPLOYMENTS"];
  process.env["SLIPWAY_DEPLOYMENTS"] = folder;
  return {
    folder,
    remove: () => {
      if (before === undefined) delete process.env["SLIPWAY_DEPLOYMENTS"];
      else process.env["SLIPWAY_DEPLOYMENTS"] = before;
      rmSync(folder, { recursive: true });
    },
  };
}

/** The same with the address book and the record of a registry in it, as `registry deploy` leaves them. */
export function booksOf(
  deployment: { registry: string; timelock: string; block: number; recovery?: string },
  more: Record<string, string> = {},
): { folder: string; remove: () => void } {
  const books = temporaryDeployments();
  const { registry, timelock, block } = deployment;
  const own = join(books.folder, "hardhat");
  mkdirSync(own);
  writeFileSync(join(own, "addresses.json"), JSON.stringify({ registry, timelock, ...more }));
  writeFileSync(join(own, "registry.json"), JSON.stringify({ registry, timelock, block }));
  return books;
}

function capture(): { texts: () => { stdout: string; stderr: string }; restore: () => void } {
  const texts = { stdout: "", stderr: "" };
  const own = { stdout: process.stdout.write.bind(process.stdout), stderr: process.stderr.write.bind(process.stderr) };
  for (const stream of ["stdout", "stderr"] as const) {
    process[stream].write = ((chunk: string | Uint8Array) => {
      texts[stream] += chunk.toString();
      return true;
    }) as typeof process.stdout.write;
  }
  return {
    texts: () => ({ ...texts }),
    restore: () => {
      process.stdout.write = own.stdout;
      process.stderr.write = own.stderr;
    },
  };
}
