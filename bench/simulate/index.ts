import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import hre from "hardhat";
import { governBridge, INVARIANTS, openWorld, PLAN_FILE, ROOT } from "../../scripts/demo/openWorld";
import { readAddressBook } from "../../src/chain/addressBook";
import { parsePlanText } from "../../src/plan/readPlanFile";
import { table } from "../../src/report/table";
import { openAnvilFork, type OpenFork } from "../../src/simulate/openFork";
import { simulate } from "../../src/simulate/simulate";
import { artifactsOf } from "../../tasks/support/artifacts";
import { openHardhatFork } from "../../tasks/support/openHardhatFork";
import { forgeScript } from "./forge";
import { measureReplay, type ReplayRow } from "./replay";
import { recording, repeat, type Act } from "./record";

const USAGE = `npm run bench:simulate [-- --json] [-- --runs N] [-- --replay N]

  --json    print the rows as JSON, and nothing else
  --runs    how often each is measured; the median counts (3)
  --replay  instead: the memory that a rehearsal with N recorded transactions takes, beside one with a tenth of them`;

interface Row {
  what: string;
  seconds: number;
  transactions: number;
  /** Seconds over those of the bare transactions on the same engine. */
  ratio: number;
}

async function main(): Promise<void> {
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    options: { json: flag, help: flag, runs: { type: "string", default: "3" }, replay: { type: "string" } },
  });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  await hre.run("compile", { quiet: true });
  if (values.replay !== undefined) return showReplay(Number(values.replay), values.json);
  const rows = await measure(Number(values.runs));
  const summary = summaryOf(rows);
  if (values.json) process.stdout.write(`${JSON.stringify({ rows, summary }, null, 2)}\n`);
  else process.stdout.write(`${render(rows).join("\n")}\n\n${summary}\n`);
}

async function showReplay(count: number, isJson: boolean): Promise<void> {
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const rows = await measureReplay([Math.ceil(count / 10), count], log);
  const [few, many] = rows as [ReplayRow, ReplayRow];
  const summary = `${many.transactions} transactions: ${(many.heap / few.heap).toFixed(2)}x the memory of ${few.transactions}`;
  const lines = table([
    ["transactions", "the same", "seconds", "heap, MiB"],
    ...rows.map((row) => [String(row.transactions), String(row.same), row.seconds.toFixed(1), row.heap.toFixed(1)]),
  ]);
  process.stdout.write(
    isJson ? `${JSON.stringify({ rows, summary }, null, 2)}\n` : `${lines.join("\n")}\n\n${summary}\n`,
  );
}

/** The demo's plan, rehearsed, and its transactions alone, on both engines and in a `forge script`. Both engines have to find the same. */
async function measure(runs: number): Promise<Row[]> {
  const deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const world = await openWorld({ artifacts: artifactsOf(hre), deploymentsDir });
  try {
    const registry = await governBridge(world);
    await world.traffic.prepare();
    await world.traffic.run(30);
    const remote = { url: world.node.url, block: await world.provider.getBlockNumber() };
    const { chainId } = await world.provider.getNetwork();
    const rehearse = async (openFork: OpenFork) => {
      const loaded = parsePlanText(readFileSync(PLAN_FILE, "utf8"), PLAN_FILE, readAddressBook(deploymentsDir));
      const options = { root: ROOT, invariantsDir: INVARIANTS, ...remote, tool: "slipway bench", openFork };
      const report = await simulate(world.as(world.people.release), registry, loaded, options);
      if (report.verdict === "fail") throw new Error("the rehearsal that is measured fails");
      effects.add(report.diffHash);
      if (effects.size > 1) throw new Error("the engines do not find the same effects");
    };
    const effects = new Set<string>();
    const rows: Row[] = [];
    for (const [name, openFork] of [
      ["anvil", openAnvilFork],
      ["hardhat", openHardhatFork],
    ] as const) {
      const acts: Act[] = [];
      const recorder = recording(openFork, acts);
      const full = await median(runs, (i) => timed(() => rehearse(i === 0 ? recorder : openFork)));
      const transactions = acts.filter(({ kind }) => kind === "send" || kind === "create").length;
      const bare = await median(runs, () =>
        timed(async () => {
          const fork = await openFork({ ...remote, root: ROOT });
          await repeat(fork, acts).finally(() => fork.close());
        }),
      );
      rows.push({ what: `rehearsal on ${name}`, seconds: full, transactions, ratio: full / bare });
      rows.push({ what: `the same transactions on ${name}`, seconds: bare, transactions, ratio: 1 });
      if (name === "anvil") {
        const seconds = await median(runs, () => forgeScript(acts, { ...remote, chainId }));
        rows.push({ what: "the same transactions by forge script", seconds, transactions, ratio: seconds / bare });
      }
    }
    return rows;
  } finally {
    await world.close();
    rmSync(deploymentsDir, { recursive: true, force: true });
  }
}

async function timed(action: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1_000;
}

async function median(runs: number, measureOnce: (run: number) => Promise<number>): Promise<number> {
  const found: number[] = [];
  for (let run = 0; run < runs; ++run) found.push(await measureOnce(run));
  return found.sort((a, b) => a - b)[Math.floor(found.length / 2)]!;
}

function render(rows: readonly Row[]): string[] {
  return table([
    ["", "seconds", "transactions", "ratio"],
    ...rows.map(({ what, seconds, transactions, ratio }) => [
      what,
      seconds.toFixed(1),
      String(transactions),
      `${ratio.toFixed(2)}x`,
    ]),
  ]);
}

/** The aim: a full report in at most three times the bare transactions, on either engine. */
function summaryOf(rows: readonly Row[]): string {
  const parts = rows
    .filter(({ what }) => what.startsWith("rehearsal on"))
    .map(
      ({ what, seconds, ratio }) =>
        `${what}: ${ratio.toFixed(2)}x its bare transactions (aim 3x), ${seconds.toFixed(1)} s`,
    );
  const forge = rows.find(({ what }) => what.endsWith("forge script"));
  return [...parts, `forge script: ${forge?.ratio.toFixed(2)}x`].join("; ");
}

main().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
  process.exitCode = 1;
});
