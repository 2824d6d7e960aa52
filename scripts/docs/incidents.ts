import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKS } from "../../src/simulate/checks";

const ROOT = join(__dirname, "..", "..");
const RESULTS = join(ROOT, "test", "snapshots", "incidents");
const MATRIX = join(ROOT, "test", "snapshots", "matrix");

/** One exhibit as its test left it. */
export interface Result {
  /** As the catalogue of incidents numbers it; the page is in this order. */
  id: string;
  incident: string;
  year: number;
  /** What it cost in life, as it was reported. */
  reported: string;
  /** What failed, in a few words. */
  cause: string;
  outcome: "stopped" | "bounded" | "not stopped";
  /** What ends it, each alone: the id of a check, "plan:Error", or a rule of the contracts ("vote", "canary:cap"). */
  layers: string[];
  /** The miniature's loss, in its own units: as it happened, through Slipway, of how much. */
  loss: { unit: string; of: string; asItHappened: string; withSlipway: string };
  /** Why it is not stopped, or what is left. */
  because?: string;
}

/** One exhibit, tried again without a layer. */
export interface Trial {
  id: string;
  /** Where an exhibit is tried in several ways. */
  variant?: string;
  /** By the layer that was switched off. */
  off: Record<string, Found>;
}

/** What ended an exhibit without a layer, what was lost, and by what names the layer is told. */
export interface Found {
  endedBy: string[];
  lost: string;
  tells: readonly string[];
}

/** What a layer is worth: where it was switched off, what passed, and what else ended the rest. */
export interface Row {
  layer: string;
  passes: { name: string; lost: string }[];
  ended: { name: string; by: string[] }[];
}

function read<T extends { id: string }>(folder: string): T[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as T)
    .sort((a, b) => a.id.localeCompare(b.id));
}

/** What the tests of the exhibits found, in the order of their numbers. */
export const results = (): Result[] => read<Result>(RESULTS);

/** What `npm run matrix` found. */
export const trials = (): Trial[] => read<Trial>(MATRIX);

/** Each layer that was switched off, and what came of it. */
export function matrix(all: readonly Trial[]): Row[] {
  const layers = [...new Set(all.flatMap(({ off }) => Object.keys(off)))].sort();
  return layers.map((layer) => {
    const row: Row = { layer, passes: [], ended: [] };
    for (const { id, variant, off } of all) {
      const found = off[layer];
      if (found === undefined) continue;
      const name = variant === undefined ? id : `${id} ${variant}`;
      if (found.endedBy.length === 0) row.passes.push({ name, lost: found.lost });
      else row.ended.push({ name, by: found.endedBy });
    }
    return row;
  });
}

/** `docs/incidents.md`. `npm run docs:incidents` writes it from what the tests left; a test compares it. */
export function incidentsPage(all: readonly Result[], tried: readonly Trial[]): string {
  const amount = (text: string) => text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const quoted = (names: readonly string[]) => names.map((one) => `\`${one}\``).join(", ");
  const rows = all.map(
    ({ id, incident, year, reported, cause, outcome, layers, loss }) =>
      `| ${id} | ${incident} | ${year} | ${reported} | ${cause} | ${outcome} | ${quoted(layers) || "none"} | ${amount(loss.asItHappened)} | ${amount(loss.withSlipway)} | of ${amount(loss.of)} ${loss.unit} |`,
  );
  const open = all.filter(({ because }) => because !== undefined);
  const layers = matrix(tried).map(({ layer, passes, ended }) => {
    const passed = passes.map(({ name, lost }) => `${name}: ${amount(lost)} lost`).join("; ");
    const rest = ended.map(({ name, by }) => `${name} by ${quoted(by)}`).join("; ");
    return `| \`${layer}\` | ${passed || "nothing"} | ${rest || "nothing"} |`;
  });
  const told = tried.flatMap(({ off }) => Object.values(off).flatMap(({ tells }) => tells));
  const needed = new Set([...all.flatMap((one) => one.layers), ...told]);
  // Answers nothing: a rehearsal is of one chain.
  const silent = "messages";
  const idle = CHECKS.filter(({ id }) => !needed.has(id) && id !== silent).map(({ id }) => `\`${id}\``);
  const count = (outcome: Result["outcome"]) => all.filter((one) => one.outcome === outcome).length;
  return [
    "# Incidents",
    "",
    "Written by `npm run docs:incidents` from what the tests in `test/incidents` found. Each exhibit is the failure in miniature, with its own",
    "mechanism: first as it was done, with what it cost; then the same change as a plan. Losses in life are as they were reported and vary",
    "between sources; the miniature's are in its own units. No exhibit is known to Slipway by name, address or code.",
    "",
    `${all.length} exhibits: ${count("stopped")} stopped, ${count("bounded")} bounded, ${count("not stopped")} not stopped.`,
    "",
    "| id | incident | year | in life | cause | with Slipway | layer | lost as it happened | lost with Slipway | |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
    "A plain word is a [check of the rehearsal](rehearsal.md); `plan:` an error that ends the plan before there is anything to rehearse; the others",
    "are rules of the contracts.",
    "",
    "## What is left",
    "",
    ...open.map(({ id, incident, outcome, because }) => `- **${id} ${incident}**, ${outcome}: ${because}`),
    ...(open.length === 0 ? ["Nothing: each is stopped."] : []),
    "",
    "## Layers, switched off one at a time",
    "",
    "`npm run matrix` tries every exhibit again without each of the layers that ended or bounded it, from the plan's file to the harm: a check is left",
    "out of the rehearsal, an error of the builder passed over, a line of the contracts not compiled in. Of a layer that does nothing to an exhibit the",
    "result is the one above. A layer is what is one defence however often it is asked: `initialisers` is the builder's probe and the rehearsal's,",
    "`stage:invariant` also the rehearsal's lifecycle that meets it, `way back` the builder's and the rehearsal's, `class` the builder's rule and the",
    "registry's; without `timelock` the module is its deployer's as before; without `stage:atomic` the two calls are two plans. Checks that would see the",
    "missing line itself are left out with it: `code` and `source` notice a router that is not as it was compiled. S are defects of nobody's, seeded for a",
    "layer that no incident needs alone. Nothing passes without `delegate chain`: the upgrade by way of a hidden proxy reverts, because UUPS asks whose code the",
    "slot names; the layer says why.",
    "",
    "| without | passes | is ended all the same |",
    "| --- | --- | --- |",
    ...layers,
    "",
    `Checks that no exhibit is ended by: ${idle.join(", ")}. They have their seeded defects among the tests of [properties.md](properties.md). \`${silent}\` answers nothing, as a rehearsal is of one chain.`,
    "",
  ].join("\n");
}

if (require.main === module) writeFileSync(join(ROOT, "docs", "incidents.md"), incidentsPage(results(), trials()));
