import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { execFileSync, spawnSync } from "node:child_process";
import { pointsOf, schemata, type Point } from "./points";
import { SWITCH_SOURCE } from "./switch";

export const ROOT = join(__dirname, "..", "..");
export const WORK = join(ROOT, "cache", "mutants");

/** A copy of the project, in which only the contracts differ. */
export const COPY = join(WORK, "project");

/** A point with the number that turns it on. Numbers stay the same for the same sources. */
export interface Mutant extends Omit<Point, "render"> {
  id: number;
  /** Which of its file's points it is: stays the same while the file does. */
  place: number;
}

/** Folders of `contracts/` that carry the product; examples and mocks are what it is tried on. */
const FOLDERS = ["diamond", "registry", "timelock", "traffic", "types"];

/**
 * Writes the contracts with every mutant behind a switch below `cache/mutants`, and compiles them. Where the compiler has
 * no stack left for a function with its switches, that function's points are left out and counted.
 */
export function buildMutants(log: (line: string) => void): { mutants: Mutant[]; left: Point[] } {
  copyProject();
  const asts = readAsts();
  const points = FOLDERS.flatMap((folder) => solidityIn(folder)).flatMap((file) => {
    const ast = asts.get(`contracts/${file}`);
    if (ast === undefined) throw new Error(`contracts/${file} is in no build: run npm run compile`);
    const found = pointsOf(file, readFileSync(join(ROOT, "contracts", file)), ast);
    return found.map((point, place) => ({ point, place }));
  });
  const numbered = points.map((item, index) => ({ ...item, id: index + 1 }));
  let kept = numbered;
  const left: Point[] = [];
  for (;;) {
    writeSources(kept);
    log(`compiling ${kept.length} mutants in one build`);
    const output = compile();
    if (output === undefined) break;
    const cramped = kept.filter(({ point }) => isNamed(output, point));
    if (cramped.length === 0) throw new Error(`the contracts with mutants do not compile:\n${output}`);
    left.push(...cramped.map(({ point }) => point));
    kept = kept.filter((item) => !cramped.includes(item));
    log(`left out ${cramped.length} mutants of ${cramped[0]?.point.owner}: no stack is left for them`);
  }
  return { mutants: kept.map(({ point: { render: _, ...facts }, place, id }) => ({ ...facts, place, id })), left };
}

/** Brings the copy's tests up to date: mutants stay as they were built. */
export function copyTests(): void {
  cpSync(join(ROOT, "test"), join(COPY, "test"), { recursive: true });
}

function copyProject(): void {
  const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  mkdirSync(COPY, { recursive: true });
  for (const name of readdirSync(COPY).filter((name) => !["artifacts", "cache", "node_modules"].includes(name))) {
    rmSync(join(COPY, name), { recursive: true });
  }
  for (const name of tracked.split("\n").filter((path) => path !== "" && existsSync(join(ROOT, path)))) {
    cpSync(join(ROOT, name), join(COPY, name));
  }
  if (!existsSync(join(COPY, "node_modules"))) symlinkSync(join(ROOT, "node_modules"), join(COPY, "node_modules"));
}

function writeSources(kept: readonly { point: Point; id: number }[]): void {
  const target = join(COPY, "contracts");
  rmSync(target, { recursive: true, force: true });
  cpSync(join(ROOT, "contracts"), target, { recursive: true });
  writeFileSync(join(target, "Mutants.sol"), SWITCH_SOURCE);
  const ids = new Map(kept.map(({ point, id }) => [point, id]));
  for (const [file, points] of byFile(kept.map(({ point }) => point))) {
    const source = readFileSync(join(ROOT, "contracts", file));
    const text = schemata(source, points, (point) => `mutant(${ids.get(point)})`);
    const path = relative(dirname(file), "Mutants.sol");
    const first = text.indexOf("\n", text.indexOf("pragma solidity")) + 1;
    const line = `import {mutant} from "${path.startsWith(".") ? path : `./${path}`}";\n`;
    writeFileSync(join(target, file), text.slice(0, first) + line + text.slice(first));
  }
}

/** The compiler's output where it failed. */
function compile(): string | undefined {
  const run = spawnSync("npx", ["hardhat", "--config", "hardhat.mutate.config.ts", "compile"], {
    cwd: COPY,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return run.status === 0 ? undefined : run.stdout + run.stderr;
}

/** Whether an error points into the function that holds the mutant; lines are those of the mutated source. */
function isNamed(output: string, point: Point): boolean {
  const text = readFileSync(join(COPY, "contracts", point.file), "utf8");
  for (const [, line] of output.matchAll(new RegExp(`contracts/${point.file.replace(/[.]/g, "\\.")}:(\\d+):`, "g"))) {
    if (functionAround(text, Number(line)) === point.owner) return true;
  }
  return false;
}

function functionAround(text: string, line: number): string | undefined {
  const before = text.split("\n").slice(0, line);
  for (const candidate of before.reverse()) {
    const found = /^\s*(?:function|modifier)\s+(\w+)|^\s*(constructor|fallback|receive)\b/.exec(candidate);
    if (found !== null) return found[1] ?? found[2];
  }
  return undefined;
}

function readAsts(): Map<string, unknown> {
  const asts = new Map<string, { ast: unknown; content: string }>();
  const folder = join(ROOT, "artifacts", "build-info");
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".json"))) {
    const info = JSON.parse(readFileSync(join(folder, name), "utf8")) as BuildInfo;
    for (const [path, { ast }] of Object.entries(info.output.sources)) {
      const content = info.input.sources[path]?.content;
      if (!path.startsWith("contracts/") || content === undefined) continue;
      // A build is only good for the source as it is now.
      if (content === readFileSync(join(ROOT, path), "utf8")) asts.set(path, { ast, content });
    }
  }
  return new Map([...asts].map(([path, { ast }]) => [path, ast]));
}

interface BuildInfo {
  input: { sources: Record<string, { content: string }> };
  output: { sources: Record<string, { ast: unknown }> };
}

function solidityIn(folder: string): string[] {
  return readdirSync(join(ROOT, "contracts", folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".sol") && !name.startsWith("interfaces"))
    .map((name) => join(folder, name))
    .sort();
}

function byFile(points: readonly Point[]): Map<string, Point[]> {
  const files = new Map<string, Point[]>();
  for (const point of points) files.set(point.file, [...(files.get(point.file) ?? []), point]);
  return files;
}
