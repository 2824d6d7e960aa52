import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildMutants, copyTests, ROOT, WORK, type Mutant } from "./build";
import { writePage } from "./page";
import { runTests, testFiles } from "./run";
import { Worker } from "./workers";

/*
 * Mutation test of `contracts/`: every guard, comparison, logic, arithmetic, statement and event is changed, one at a time,
 * and the tests that reach it are run. What no test notices is a survivor.
 *
 *   npm run mutate                     goes on where an earlier run stopped: a kill is kept while its contract's file stays as it
 *                                      is, a survivor is tried again on test files that changed
 *   npm run mutate -- --count 500      how many mutants, drawn from all by --seed (both have defaults)
 *   npm run mutate -- --file Halts     only mutants of files whose path has this in it
 *   npm run mutate -- --files 60       how many test files a mutant is tried on, of those that reach it, before it has survived; a
 *                                      survivor of fewer is tried on the others
 *   npm run mutate -- --whole          tries survivors on all tests of the files that reach their source: where a call has just
 *                                      answered, a place that is reached cannot say so
 *   npm run mutate -- --write          writes docs/mutation.md from the results
 */

const TIMEOUT = 10 * 60_000;
const RESULTS = join(WORK, "results.jsonl");

export interface Result {
  outcome: "killed" | "survived" | "unreached";
  by?: string;
  /** Test files that did not notice it, as they were then; all that reach it, unless there are more than `--files`. */
  passed?: Record<string, Reach["hash"]>;
  /** Those of them of which all tests ran, with `--whole`. */
  whole?: Record<string, Reach["hash"]>;
}

/** A result with what it holds for. */
interface Kept extends Result {
  /** Of the mutated file's source and the place in it. */
  key: string;
  /** The survey's. */
  hash: string;
}

interface Survey {
  /** Of contracts, engine and what tests share; a survey of others is worth nothing. */
  hash: string;
  mutants: Mutant[];
  left: number;
  /** What each test file reaches: those that were run, and fit, so far, as they were then. */
  reach: Record<string, Reach>;
  /** What holds only for the contracts as they are (their code hashes, their size) can say nothing of mutants. */
  unfit: Record<string, Pick<Reach, "hash">>;
}

interface Reach {
  /** Of the test file. */
  hash: string;
  /** Mutants by id, that any of its tests may notice. */
  shared: number[];
  /** Mutants by id, that one test alone reaches besides, by its title. */
  tests: Record<string, number[]>;
  /** Of the whole file. */
  seconds: number;
}

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "400" },
    seed: { type: "string", default: "1" },
    file: { type: "string" },
    workers: { type: "string", default: "2" },
    files: { type: "string", default: "12" },
    whole: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});

async function main(): Promise<void> {
  const survey = await surveyed();
  const drawn = draw(survey.mutants, Number(values.count), values.seed, values.file);
  const results = readResults(survey.hash);
  const keyOf = keys();
  const open = drawn.filter((mutant) => {
    const kept = results.get(keyOf(mutant));
    if (kept?.outcome !== "survived") return kept === undefined;
    return passedBy(survey, kept).length < Math.min(Number(values.files), reaching(survey, mutant).length);
  });
  log(`${survey.mutants.length} mutants, ${drawn.length} drawn (seed ${values.seed}), ${open.length} to run`);
  const workers = Array.from({ length: Number(values.workers) }, () => new Worker(TIMEOUT));
  await each(open, workers.length, async (mutant, index, lane) => {
    const known = results.get(keyOf(mutant));
    const result = await judge(survey, mutant, workers[lane] as Worker, known);
    const kept: Kept = { ...result, key: keyOf(mutant), hash: survey.hash };
    results.set(kept.key, kept);
    appendFileSync(RESULTS, `${JSON.stringify(kept)}\n`);
    const where = `${mutant.file}:${mutant.line} ${mutant.kind} ${mutant.text.slice(0, 70)}`;
    log(`${index + 1}/${open.length} ${result.outcome} ${where}${result.by === undefined ? "" : ` <- ${result.by}`}`);
  });
  for (const worker of workers) worker.stop();
  const judged = drawn.map((mutant) => ({ mutant, result: results.get(keyOf(mutant)) as Kept }));
  const killed = judged.filter(({ result }) => result.outcome === "killed").length;
  for (const { mutant, result } of judged) {
    if (result.outcome !== "killed") console.log(`${result.outcome} ${mutant.file}:${mutant.line} ${mutant.text}`);
  }
  console.log(`${killed} of ${judged.length} mutants killed (${((100 * killed) / judged.length).toFixed(1)}%)`);
  if (values.write)
    writePage(judged, { all: survey.mutants.length, left: survey.left, seed: values.seed, files: values.files });
}

/** How often a test file was tried in this run on mutants of one source, and how often it noticed. */
const records = new Map<string, { tries: number; kills: number }>();

/** What a record counts for against the guess that comes before it. */
const GUESS_WEIGHT = 4;

function recordOf(test: string, source: string): { tries: number; kills: number } {
  const key = `${test} ${source}`;
  const record = records.get(key) ?? { tries: 0, kills: 0 };
  records.set(key, record);
  return record;
}

/** Seconds that a file of no tests takes. */
const STARTING = 2;

function idsOf(reach: Reach | undefined): Set<number> {
  return new Set([...(reach?.shared ?? []), ...Object.values(reach?.tests ?? {}).flat()]);
}

/** The tests of a file that reach a mutant by themselves; undefined where all may. */
function titlesOf(reach: Reach | undefined, id: number): string[] | undefined {
  if (reach === undefined || reach.shared.includes(id)) return undefined;
  const titles = Object.keys(reach.tests).filter((title) => reach.tests[title]?.includes(id) === true);
  return titles.length === 0 ? undefined : titles;
}

/** Of the tests that would run, if all took the same time. */
function secondsOf(reach: Reach | undefined, id: number): number {
  if (reach === undefined) return 0;
  const all = Math.max(1, Object.keys(reach.tests).length);
  return (reach.seconds * (titlesOf(reach, id)?.length ?? all)) / all;
}

/**
 * The test files among `tests` in the order in which they cost least until one notices the mutant: by their seconds, and
 * by how much they are about its source (how much of it they reach, and how little else) and noticed of it before.
 */
function byCost(survey: Survey, { id: meant, file: source }: Mutant, tests: readonly string[]): string[] {
  const own = new Set(survey.mutants.filter(({ file }) => file === source).map(({ id }) => id));
  const about = (test: string) => {
    const ids = [...idsOf(survey.reach[test])];
    return ids.filter((id) => own.has(id)).length ** 2 / (ids.length + 1);
  };
  const most = Math.max(...tests.map(about), 1e-9);
  const costOf = (test: string) => {
    const { tries, kills } = recordOf(test, source);
    const chance = (kills + (GUESS_WEIGHT * about(test)) / most + 0.01) / (tries + GUESS_WEIGHT);
    return (secondsOf(survey.reach[test], meant) + STARTING) / chance;
  };
  const costs = new Map(tests.map((test) => [test, costOf(test)]));
  return [...tests].sort((one, other) => (costs.get(one) as number) - (costs.get(other) as number));
}

/**
 * The test files that reach a mutant. Where none is known to (its place lies between a call and its answer, and cannot say so),
 * those that reach any other of the same source.
 */
function reaching(survey: Survey, mutant: Mutant): string[] {
  const tests = Object.entries(survey.reach).map(([test, reach]) => ({ test, ids: idsOf(reach) }));
  const known = values.whole ? [] : tests.filter(({ ids }) => ids.has(mutant.id));
  if (known.length > 0) return known.map(({ test }) => test);
  const nearby = survey.mutants.filter(({ file }) => file === mutant.file);
  return tests.filter(({ ids }) => nearby.some(({ id }) => ids.has(id))).map(({ test }) => test);
}

/** Tries one mutant on the files that reach it, likeliest and quickest first, until one fails or `--files` of them passed. */
async function judge(survey: Survey, mutant: Mutant, worker: Worker, known: Kept | undefined): Promise<Result> {
  const passed = passedBy(survey, known);
  const files = byCost(survey, mutant, reaching(survey, mutant)).filter((file) => !passed.includes(file));
  if (files.length + passed.length === 0) return { outcome: "unreached" };
  for (const file of files) {
    if (passed.length >= Number(values.files)) break;
    const titles = values.whole ? undefined : titlesOf(survey.reach[file], mutant.id);
    const { isGreen, failed } = await worker.run(file, mutant.id, titles);
    const record = recordOf(file, mutant.file);
    ++record.tries;
    if (!isGreen) {
      ++record.kills;
      return { outcome: "killed", by: failed ?? file };
    }
    passed.push(file);
  }
  const hashes = Object.fromEntries(passed.map((test) => [test, survey.reach[test]?.hash ?? ""]));
  if (!values.whole) return { outcome: "survived", passed: hashes, whole: known?.whole ?? {} };
  return { outcome: "survived", passed: { ...known?.passed, ...hashes }, whole: hashes };
}

/** Of the test files that a survivor got past, those that are still as they were. */
function passedBy(survey: Survey, known: Kept | undefined): string[] {
  const passed = (values.whole ? known?.whole : known?.passed) ?? {};
  return Object.entries(passed).flatMap(([test, hash]) => (survey.reach[test]?.hash === hash ? [test] : []));
}

/** Builds the mutants and learns which test file reaches which; kept until contracts, engine or what tests share changes. */
async function surveyed(): Promise<Survey> {
  mkdirSync(WORK, { recursive: true });
  const hash = hashOf(sources().filter((path) => !path.endsWith(".test.ts")));
  const file = join(WORK, "survey.json");
  if (existsSync(file)) {
    const kept = JSON.parse(readFileSync(file, "utf8")) as Survey;
    if (kept.hash === hash) {
      copyTests();
      return completed(kept, file);
    }
  }
  const { mutants, left } = buildMutants(log);
  return completed({ hash, mutants, left: left.length, reach: {}, unfit: {} }, file);
}

/** Runs each test file that was not run yet; a survey that was killed goes on there. */
async function completed(survey: Survey, file: string): Promise<Survey> {
  const asTheyAre = testFiles().map((test) => ({ test, hash: hashOf([test]) }));
  const holding = <T extends { hash: string }>(known: Record<string, T>): Record<string, T> => {
    const same = asTheyAre.filter(({ test, hash }) => known[test]?.hash === hash);
    return Object.fromEntries(same.map(({ test }) => [test, known[test] as T]));
  };
  const reach = (survey.reach = holding(survey.reach));
  const unfit = (survey.unfit = holding(survey.unfit));
  const open = asTheyAre.filter(({ test }) => reach[test] === undefined && unfit[test] === undefined);
  await each(open, Number(values.workers), async ({ test, hash }) => {
    const since = Date.now();
    const run = await runTests(test, 0, TIMEOUT);
    if (!run.isGreen) {
      log(`${test} is left out: without a mutant it fails with ${run.failed}`);
      unfit[test] = { hash };
      writeFileSync(file, JSON.stringify(survey));
      return;
    }
    const sorted = (ids: Set<number>) => [...ids].sort((a, b) => a - b);
    const tests = Object.fromEntries([...run.tests].map(([title, ids]) => [title, sorted(ids)]));
    reach[test] = { hash, shared: sorted(run.shared), tests, seconds: (Date.now() - since) / 1000 };
    log(`${test} reaches ${idsOf(reach[test]).size} mutants`);
    writeFileSync(file, JSON.stringify(survey));
  });
  return survey;
}

/** `count` mutants by a shuffle that the seed decides: the order of hashes of seed and place. */
function draw(mutants: readonly Mutant[], count: number, seed: string, file: string | undefined): Mutant[] {
  const key = ({ place, file: path, text }: Mutant) => sha256(`${seed} ${path} ${place} ${text}`);
  return mutants
    .filter(({ file: path }) => file === undefined || path.includes(file))
    .map((mutant) => ({ mutant, key: key(mutant) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .slice(0, count)
    .map(({ mutant }) => mutant)
    .sort((a, b) => a.id - b.id);
}

function readResults(hash: string): Map<string, Kept> {
  if (!existsSync(RESULTS)) return new Map();
  const lines = readFileSync(RESULTS, "utf8").split("\n");
  // A run that was killed may have left half a line.
  const whole = lines.filter((line) => line.endsWith("}")).map((line) => JSON.parse(line) as Kept);
  const holding = whole.filter((result) => result.outcome === "killed" || result.hash === hash);
  return new Map(holding.map((result) => [result.key, result]));
}

function keys(): (mutant: Mutant) => string {
  const sources = new Map<string, string>();
  return ({ file, place }) => {
    const source = sources.get(file) ?? sha256(readFileSync(join(ROOT, "contracts", file), "utf8"));
    sources.set(file, source);
    return `${file} ${source.slice(0, 16)} ${place}`;
  };
}

/** Files that decide what a test finds. */
function sources(): string[] {
  return ["contracts", "test", "src"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.(sol|ts|json)$/.test(path))
      .map((path) => join(folder, path))
      .sort(),
  );
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(path).update(readFileSync(join(ROOT, path)));
  return hash.digest("hex");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function each<T>(
  items: readonly T[],
  workers: number,
  act: (item: T, index: number, lane: number) => Promise<void>,
) {
  let next = 0;
  const work = async (lane: number) => {
    while (next < items.length) {
      const index = next++;
      await act(items[index] as T, index, lane);
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, lane) => work(lane)));
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

main().catch((error: unknown) => {
  log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
