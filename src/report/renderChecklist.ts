import type { ChecklistReport, ItemStatus } from "../checklist/types";

const MARKS: Record<ItemStatus, string> = { pass: "pass", fail: "FAIL", inconclusive: "UNKNOWN", waived: "waived" };

/** A checklist for the terminal: each item with what was found, and what to do where it did not pass. */
export function renderChecklist({ phase, verdict, title, subject, block, items, folder }: ChecklistReport): string {
  return [
    `[${verdict.toUpperCase()}] ${phase}-upgrade checklist: ${title}`,
    `plan ${subject} · block ${block}`,
    "",
    ...items.flatMap(({ id, name, status, evidence, remedy }) => [
      `${MARKS[status].padEnd(8)}${id.padEnd(16)}${name}`,
      ...evidence.map((line) => `${" ".repeat(10)}${line}`),
      ...(remedy === "" ? [] : [`${" ".repeat(8)}→ ${remedy}`]),
    ]),
    "",
    `${["pass", "fail", "inconclusive", "waived"].map((word) => `${items.filter(({ status }) => status === word).length} ${word}`).join(", ")} · kept in ${folder}`,
  ].join("\n");
}
