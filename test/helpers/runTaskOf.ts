import hre from "hardhat";

export interface TaskRun {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a task in this process as the command line would, with its output and exit code caught. */
export async function runTaskOf(scope: string, task: string, args: Record<string, unknown>): Promise<TaskRun> {
  const written = { stdout: "", stderr: "" };
  const streams = ["stdout", "stderr"] as const;
  const originals = streams.map((name) => process[name].write.bind(process[name]));
  const before = process.exitCode;
  try {
    for (const name of streams) {
      process[name].write = ((text: string | Uint8Array) => {
        written[name] += String(text);
        return true;
      }) as typeof process.stdout.write;
    }
    await hre.run({ scope, task }, args);
    return { exitCode: Number(process.exitCode ?? 0), ...written };
  } finally {
    streams.forEach((name, i) => (process[name].write = originals[i] as typeof process.stdout.write));
    process.exitCode = before;
  }
}
