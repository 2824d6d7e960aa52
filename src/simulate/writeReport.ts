import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { id } from "ethers";
import { markdownOf } from "../report/rehearsal/markdown";
import { rehearsalPage } from "../report/rehearsal/rehearsalPage";
import { canonicalJson } from "./canonicalJson";
import type { RehearsalReport } from "./types";

export interface WrittenReport {
  /** keccak256 of the bytes of `report.json`: the plan's evidence. */
  reportHash: string;
  json: string;
  markdown: string;
}

/** Hash of a report, as the plan carries it. */
export function reportHashOf(report: RehearsalReport): string {
  return id(canonicalJson(report));
}

/** Writes `report.json` and `report.md` to `reports/<subject>/` of the network's folder; `command` makes the same again. */
export function writeReport(deploymentsDir: string, report: RehearsalReport, command: string): WrittenReport {
  const folder = join(deploymentsDir, "reports", report.subject.slice(0, 12));
  mkdirSync(folder, { recursive: true });
  const reportHash = reportHashOf(report);
  const json = join(folder, "report.json");
  const markdown = join(folder, "report.md");
  writeFileSync(json, canonicalJson(report));
  writeFileSync(markdown, markdownOf(rehearsalPage(report, { reportHash, command })));
  return { reportHash, json, markdown };
}
