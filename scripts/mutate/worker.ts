import { reset } from "@nomicfoundation/hardhat-network-helpers";
import hre from "hardhat";
import Mocha from "mocha";
import { coinbaseOf } from "./switch";

/*
 * Runs test files over the mutated contracts again and again in one process, each time on a new chain: most of a run's time is
 * otherwise spent on starting Hardhat and reading the tests. Started by `workers.ts`, in the copy of the project.
 */

export interface Order {
  file: string;
  /** `NO_MUTANT`: none is on. */
  mutant: number;
  /** Full titles of the tests to run; all, where there are none. */
  titles?: string[];
}

export interface Answer {
  isGreen: boolean;
  /** Title of the first test that failed. */
  failed?: string;
  /** Memory that the process holds now, in bytes. */
  memory?: number;
}

const loaded = new Map<string, Mocha>();
let firstFailure: string | undefined;

/** Says nothing, and keeps the title of the first failure. */
class Silent {
  constructor(runner: Mocha.Runner) {
    runner.on("fail", (test) => (firstFailure ??= test.fullTitle().replace(/\s+/g, " ")));
  }
}

function only(titles: readonly string[]): { grep: RegExp; invert: boolean } {
  const escaped = titles.map((title) => title.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return { grep: new RegExp(`^(?:${escaped.join("|")})$`), invert: false };
}

async function run({ file, mutant, titles }: Order): Promise<Answer> {
  let mocha = loaded.get(file);
  if (mocha === undefined) {
    mocha = new Mocha({ ...hre.config.mocha, bail: true, reporter: Silent as unknown as string });
    mocha.cleanReferencesAfterRun(false);
    mocha.addFile(file);
    loaded.set(file, mocha);
  }
  const { grep, invert } = hre.config.mocha;
  Object.assign(mocha.options, titles === undefined ? { grep: new RegExp(grep as string), invert } : only(titles));
  // Networks that a test makes out of the configuration, and the one that is there already.
  hre.config.networks.hardhat.coinbase = coinbaseOf(mutant);
  await reset();
  await hre.network.provider.send("hardhat_setCoinbase", [coinbaseOf(mutant)]);
  // A call before the first transaction is made on the last block: it must have the coinbase too.
  await hre.network.provider.send("hardhat_mine", []);
  firstFailure = undefined;
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  return failures === 0 ? { isGreen: true } : { isGreen: false, failed: firstFailure ?? file };
}

process.on("message", (order: Order) => {
  run(order).then(
    (answer) => process.send?.({ ...answer, memory: process.memoryUsage.rss() } satisfies Answer),
    (error: unknown) => process.send?.({ isGreen: false, failed: String(error) } satisfies Answer),
  );
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
