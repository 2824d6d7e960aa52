import type { CodeDiff, FunctionChange, SideReport } from "../diff/diffCode";
import type { NamedSelector } from "../impact/types";
import { table } from "./table";

/** Runs of instructions that are shown of one function. */
const MOST_BLOCKS = 12;
/** Characters of one line of instructions. */
const WIDTH = 160;

export interface DiffView {
  /** Show what differs inside of these functions (selector, signature or name), or of all: "*". */
  functions?: string;
}

/** A diff for a terminal: what changed first, hashes and settings last. "none" is printed. */
export function renderDiff(diffs: readonly CodeDiff[], view: DiffView = {}): string {
  if (diffs.length === 0) return "no code changes";
  return diffs.map((diff) => renderOne(diff, view).join("\n")).join("\n\n");
}

function renderOne(diff: CodeDiff, view: DiffView): string[] {
  const { functions, before, after } = diff;
  return [
    diff.title,
    ...(diff.isSame ? ["  the same code, but for metadata and immutables"] : []),
    "",
    `Functions  ${functions.changed.length} changed, ${functions.added.length} added, ${functions.removed.length} removed, ${functions.same} the same`,
    ...(functions.isKnown ? [] : ["  no dispatch table that can be read on one side: compare the sources"]),
    ...functions.removed.map((one) => `  removed   ${text(one)}`),
    ...functions.retyped.map(({ before: old, after: next }) => `  retyped   ${text(old)} → ${text(next)}`),
    ...functions.changed.flatMap((one) => [
      `  changed   ${text(one)}: ${effect(one)}`,
      ...(isAsked(one, view) ? blocksOf(one) : []),
    ]),
    ...functions.added.map((one) => `  added     ${text(one)}`),
    `  outside   receive, fallback and what runs before a function: ${diff.outside}`,
    `  data      constants and code to create: ${diff.data}`,
    "",
    "Immutables",
    ...(diff.immutables.length === 0 ? ["  none"] : []),
    ...table(
      diff.immutables.map(({ name, type = "", before: old, after: next }) => [
        `  ${type} ${name}`.replace("   ", "  "),
        old === next ? (old ?? "set when deployed") : `${old ?? "—"} → ${next ?? "set when deployed"}`,
      ]),
    ),
    ...diff.unmasked.map((side) => `  ${side}: no compiled contract builds it, so its immutables count as code`),
    "",
    `Storage    ${diff.layout.verdict}${diff.layout.why === undefined ? "" : `: ${diff.layout.why}`}`,
    ...diff.layout.findings.map(
      ({ where, kind, before: old, after: next, isBroken }) =>
        `  ${isBroken ? "BROKEN" : "note  "}  ${where}: ${kind}, ${old} → ${next}`,
    ),
    "",
    "Size",
    ...table(
      diff.sizes.map(({ what, bytes, limit, verdict }) => [
        `  ${verdict.toUpperCase().padEnd(4)}`,
        what,
        `${bytes} of ${limit} bytes (${Math.floor((bytes * 100) / limit)}%)`,
      ]),
    ),
    "",
    "Code",
    ...(before === undefined ? [] : sideLines("before", before)),
    ...sideLines("after", after),
  ];
}

function effect({ instructions, counts }: FunctionChange): string {
  const counted = Object.entries(counts).map(([name, count]) => `${name} ${count.before} → ${count.after}`);
  const size =
    instructions.before === instructions.after
      ? `${instructions.after} instructions`
      : `${instructions.before} → ${instructions.after} instructions`;
  return [size, ...counted].join(", ");
}

function isAsked({ selector, signature }: NamedSelector, { functions }: DiffView): boolean {
  if (functions === undefined) return false;
  const names = functions.split(/,(?![^(]*\))/).map((name) => name.trim());
  return names.some((name) => name === "*" || [selector, signature, signature?.split("(")[0]].includes(name));
}

function blocksOf({ removed, added }: FunctionChange): string[] {
  const lines = [...removed.map((block) => `- ${block}`), ...added.map((block) => `+ ${block}`)];
  if (lines.length === 0) return ["              only the order of what runs"];
  return [
    ...lines
      .slice(0, MOST_BLOCKS)
      .map((line) => `              ${line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line}`),
    ...(lines.length > MOST_BLOCKS ? [`              … ${lines.length - MOST_BLOCKS} more, in --json`] : []),
  ];
}

function sideLines(name: string, side: SideReport): string[] {
  const settings = [
    side.solc === undefined ? undefined : `solc ${side.solc}`,
    side.optimizerRuns === undefined ? undefined : `optimizer ${side.optimizerRuns}`,
    side.viaIR === true ? "via IR" : undefined,
    side.evmVersion,
  ].filter((setting) => setting !== undefined);
  return [
    `  ${name.padEnd(7)} ${[side.contract, side.account].filter((one) => one !== undefined).join(" at ")}`,
    `          ${side.bytes} bytes, ${settings.length === 0 ? "compiler unknown" : settings.join(", ")}`,
    `          code ${side.codeHash}`,
    `          masked ${side.maskedHash}`,
  ];
}

function text({ selector, signature }: NamedSelector): string {
  return signature === undefined ? selector : `${selector} ${signature}`;
}
