import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { COPY } from "./build";
import { runTests } from "./run";
import { NO_MUTANT } from "./switch";
import type { Answer, Order } from "./worker";

/** A process is replaced after so many runs, so that nothing that tests leave behind adds up. */
const RUNS_OF_A_PROCESS = 200;

/** Nor is one that holds so much kept, in bytes: each run leaves a chain behind. */
const MOST_MEMORY = 5 * 1024 ** 3;

/**
 * Runs one test file at a time, many in one process. A file that fails counts only if it passes without a mutant right after, in
 * the same process, at its first failure there and at every tenth (always, where only some of its tests ran); one that does not is run in processes of its own.
 */
export class Worker {
  private child?: ChildProcess;
  private runs = 0;
  private memory = 0;
  /** Failures of each file in the present process. */
  private readonly failures = new Map<string, number>();
  private readonly unfit = new Set<string>();

  constructor(private readonly timeout: number) {}

  /** Whether the file, or those of its tests, pass with the mutant on. */
  async run(file: string, mutant: number, titles?: string[]): Promise<Answer> {
    if (this.unfit.has(file)) return runTests(file, mutant, this.timeout);
    if (this.runs >= RUNS_OF_A_PROCESS || this.memory > MOST_MEMORY) this.stop();
    const order = { file, ...(titles === undefined ? {} : { titles }) };
    const answer = await this.send({ ...order, mutant });
    if (answer.isGreen) return answer;
    // The process ended, or was ended: whose fault that is shows in one of its own.
    if (this.child === undefined) return runTests(file, mutant, this.timeout);
    const failures = this.failures.get(file) ?? 0;
    this.failures.set(file, failures + 1);
    // Tests alone may miss what those before them did.
    const isTrusted = titles === undefined && failures % 10 !== 0;
    if (isTrusted || (await this.send({ ...order, mutant: NO_MUTANT })).isGreen) return answer;
    if (titles !== undefined) return this.run(file, mutant);
    this.unfit.add(file);
    this.stop();
    return runTests(file, mutant, this.timeout);
  }

  stop(): void {
    this.child?.kill("SIGKILL");
    delete this.child;
    this.failures.clear();
    this.runs = 0;
    this.memory = 0;
  }

  private async send(order: Order): Promise<Answer> {
    const child = (this.child ??= await start());
    ++this.runs;
    return new Promise((resolve) => {
      const finish = (answer: Answer) => {
        clearTimeout(timer);
        child.off("message", finish).off("exit", onExit);
        this.memory = answer.memory ?? 0;
        resolve(answer);
      };
      const onExit = () => {
        this.stop();
        finish({ isGreen: false, failed: `${order.file} ended the process` });
      };
      const timer = setTimeout(() => {
        child.off("exit", onExit);
        this.stop();
        finish({ isGreen: false, failed: `${order.file} did not end` });
      }, this.timeout);
      child.on("message", finish).on("exit", onExit);
      child.send(order);
    });
  }
}

function start(): Promise<ChildProcess> {
  const { SLIPWAY_MUTANT: _, ...env } = process.env;
  const child = fork(join(COPY, "scripts", "mutate", "worker.ts"), [], {
    cwd: COPY,
    env: { ...env, HARDHAT_CONFIG: "hardhat.mutate.config.ts", FORCE_COLOR: "0" },
    execArgv: ["-r", "hardhat/register"],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  return new Promise((resolve, reject) => {
    child.once("message", () => resolve(child));
    child.once("exit", (code) => reject(new Error(`a worker ended with ${code} before its first test`)));
  });
}
