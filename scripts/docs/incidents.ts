import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKS } from "../../src/simulate/checks";

const ROOT = join(__dirname, "..", "..");
const RESULTS = join(ROOT, "test", "snapshots", "incidents");

/** One exhibit as its test left it. */
export interface Result {
  id: string;
  incident: string;
  year: number;
  reported: string;
  cause: string;
  outcome: "stopped" | "bounded" | "not stopped";
  layers: string[];
  needs: string[];
  loss: { unit: string; of: string; asItHappened: string; withSlipway: string };
  because?: string;
}

/** What the tests of the exhibits found, in the order of their numbers. */
export function results(): Result[] {
  return readdirSync(RESULTS)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(RESULTS, name), "utf8")) as Result)
    .sort((a, b) => a.id.localeCompare(b.id));
}

/** Each layer, the exhibits that it ends, and those that say they need it. */
export function matrix(all: readonly Result[]): { layer: string; ends: string[]; passes: string[] }[] {
  const layers = [...new Set(all.flatMap((one) => one.layers))].sort();
  return layers.map((layer) => {
    const ends = all.filter((one) => one.layers.includes(layer));
    return {
      layer,
      ends: ends.map(({ id }) => id),
      passes: ends.filter(({ needs }) => needs.includes(layer)).map(({ id }) => id),
    };
  });
}

/** `docs/incidents.md`. `npm run docs:incidents` writes it from what the tests left; a test compares it. */
export function incidentsPage(all: readonly Result[]): string {
  const amount = (text: string) => text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const rows = all.map(
    ({ id, incident, year, reported, cause, outcome, layers, loss }) =>
      `| ${id} | ${incident} | ${year} | ${reported} | ${cause} | ${outcome} | ${layers.map((one) => `\`${one}\``).join(", ") || "none"} | ${amount(loss.asItHappened)} | ${amount(loss.withSlipway)} | of ${amount(loss.of)} ${loss.unit} |`,
  );
  const open = all.filter(({ because }) => because !== undefined);
  const layers = matrix(all).map(
    ({ layer, ends, passes }) => `| \`${layer}\` | ${ends.join(", ")} | ${passes.join(", ") || "none"} |`,
  );
  const needed = new Set(all.flatMap((one) => one.layers));
  const idle = CHECKS.filter(({ id }) => !needed.has(id)).map(({ id }) => `\`${id}\``);
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
    "## What is left",
    "",
    ...open.map(({ id, incident, outcome, because }) => `- **${id} ${incident}**, ${outcome}: ${because}`),
    ...(open.length === 0 ? ["Nothing: each is stopped."] : []),
    "",
    "## Layers",
    "",
    "A plain word is a [check of the rehearsal](rehearsal.md); `plan:` an error that ends the plan before there is anything to rehearse; the others",
    "are rules of the contracts. At the right stands what would pass without the layer, from what each exhibit says that it needs. Of these `exposure` alone was",
    "switched off in a run (INC-22); the others are concluded, not tried.",
    "",
    "| layer | ends | passes without it |",
    "| --- | --- | --- |",
    ...layers,
    "",
    `Checks that no exhibit here is ended by: ${idle.join(", ")}.`,
    "",
  ].join("\n");
}

if (require.main === module) writeFileSync(join(ROOT, "docs", "incidents.md"), incidentsPage(results()));
