import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "..");
const PAGE = join(ROOT, "docs", "properties.md");

/** What a prefix is about, in the order of the page. */
const AREAS: Record<string, string> = {
  GOV: "Proposals and votes",
  BAL: "Ballots and what they cost",
  CTN: "Containments",
  PRC: "Prices that may be relied on",
  SCN: "Protocols that others built on an upgraded one",
  ELE: "Electorates",
  ATT: "Attestations",
  EVD: "Evidence: artifacts, audits, rehearsals elsewhere, invariants that came before",
  RDY: "Readiness",
  SCH: "Scheduling",
  PIN: "Pins, invalidation and revalidation",
  GATE: "Gates",
  INV: "Invariants",
  ADV: "Stages",
  STG: "Bounds of stages and of the way back",
  ART: "Artifacts",
  RBK: "The way back",
  EMG: "Council, halts and freezes",
  MOD: "Modules",
  FLG: "Feature flags and dependencies of modules",
  ACC: "Who may do what",
  DIA: "The diamond",
  XDM: "Example diamonds: gateway, subnet actors, their factory",
  ATK: "Self-upgrade, attacks and incidents",
  INC: "Incidents in miniature",
  RTR: "The router",
  RMD: "A router beside its model, and its attacks by name",
  BCN: "The router of a beacon",
  LAN: "Lanes",
  OWN: "Proxies that are their own admin",
  LIV: "Liveness",
  DET: "Detectors",
  PLN: "Plan files",
  JRN: "Journal and resuming",
  CLI: "Tasks",
  MET: "Metrics and alerts",
  SIM: "Rehearsal",
  CHK: "Checks of a rehearsal",
  DYN: "Rehearsal: journeys, recorded transactions, random calls, a first look",
  FGN: "Rehearsal of another governance",
  REP: "Report of a rehearsal",
  TOO: "Diff, snapshot, dashboard, proof",
  TRC: "Traces of transactions, on two engines",
  GRD: "A guard in the batches of other governances",
  DRL: "Drills and incident statements",
  CKL: "Checklists before and after an upgrade",
  DEM: "The demo",
  MUT: "The mutation test",
  FUZ: "Random lives of a registry",
};

export interface Property {
  id: string;
  /** One sentence. */
  text: string;
}

const ID = /^([A-Z]{3,4}-\d+[a-z]?):?\s+(.*)$/s;

/** Ids that titles of tests begin with, each with the first such title and what it is about. */
export function testedProperties(folder: string): Property[] {
  const found = new Map<string, string>();
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".test.ts"));
  for (const file of files.sort()) {
    const source = ts.createSourceFile(file, readFileSync(join(folder, file), "utf8"), ts.ScriptTarget.Latest);
    for (const { path, title } of titlesIn(source, source, [])) {
      const [, id, text] = ID.exec(title) ?? [];
      if (id !== undefined && text !== undefined && !found.has(id))
        found.set(id, [...path, text].join(" › ").replace(" [gas]", ""));
    }
  }
  return [...found].map(([id, text]) => ({ id, text }));
}

/** Titles of all suites and tests below a node, each with the titles around it. */
function titlesIn(
  source: ts.SourceFile,
  node: ts.Node,
  path: readonly string[],
): { path: readonly string[]; title: string }[] {
  const below = (inner: readonly string[]) => {
    const found: ReturnType<typeof titlesIn> = [];
    node.forEachChild((child) => void found.push(...titlesIn(source, child, inner)));
    return found;
  };
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return below(path);
  const name = node.expression.text;
  const title = node.arguments[0] && textOf(node.arguments[0]);
  if ((name !== "it" && name !== "describe") || title === undefined) return below(path);
  return [{ path, title }, ...below(name === "describe" ? [...path, title] : path)];
}

/** A title's text; what is filled in when the tests run is an ellipsis. */
function textOf(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => `…${literal.text}`)].join("");
}

/** Properties that the page lists, as `- **ID** sentence`. */
export function listedProperties(page: string): Property[] {
  return [...page.matchAll(/^- \*\*([A-Z]{3,4}-\d+[a-z]?)\*\* (.*)$/gm)].map(([, id = "", text = ""]) => ({
    id,
    text,
  }));
}

/** The page: what is listed keeps its words, what is new gets its test's. */
export function renderProperties(listed: readonly Property[], tested: readonly Property[]): string {
  const known = new Set(listed.map(({ id }) => id));
  const all = [...listed, ...tested.filter(({ id }) => !known.has(id))].sort(byNumber);
  const areas = Object.entries(AREAS).flatMap(([prefix, title]) => {
    const lines = all.filter(({ id }) => id.startsWith(`${prefix}-`)).map(({ id, text }) => `- **${id}** ${text}`);
    return lines.length === 0 ? [] : [`## ${title}`, "", ...lines, ""];
  });
  return [
    "# Properties",
    "",
    "What Slipway promises, one sentence each. A test whose title begins with the id holds each of them; `npm run lint` compares",
    "this page with the tests. `ts-node scripts/check-properties.ts --write` adds what is new.",
    "",
    ...areas,
  ].join("\n");
}

function byNumber(a: Property, b: Property): number {
  const number = ({ id }: Property) => Number(/\d+/.exec(id)?.[0]);
  return number(a) - number(b) || (a.id < b.id ? -1 : 1);
}

function main(isWriting: boolean): void {
  const tested = testedProperties(join(ROOT, "test"));
  const page = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "";
  const listed = listedProperties(page);
  if (isWriting) {
    const ids = new Set(tested.map(({ id }) => id));
    const kept = listed.filter(({ id }) => ids.has(id));
    writeFileSync(PAGE, renderProperties(kept, tested));
    return;
  }
  const ids = (list: readonly Property[]) => new Set(list.map(({ id }) => id));
  const problems = [
    ...listed
      .filter(({ id }) => !ids(tested).has(id))
      .map(({ id }) => `${id} is listed, and no test's title begins with it`),
    ...tested
      .filter(({ id }) => !ids(listed).has(id))
      .map(({ id }) => `${id} has a test, and docs/properties.md does not list it`),
    ...tested
      .filter(({ id }) => AREAS[id.split("-")[0] ?? ""] === undefined)
      .map(({ id }) => `${id} has an unknown prefix`),
  ];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
  else process.stdout.write(`${listed.length} properties, each with a test\n`);
}

if (require.main === module) main(process.argv.includes("--write"));
