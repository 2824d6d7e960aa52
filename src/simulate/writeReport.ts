import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { id } from "ethers";
import { htmlOf } from "../report/rehearsal/html";
import { junitOf } from "../report/rehearsal/junit";
import { markdownOf } from "../report/rehearsal/markdown";
import { rehearsalPage } from "../report/rehearsal/rehearsalPage";
import { canonicalJson } from "./canonicalJson";
import type { RehearsalReport } from "./types";

export interface WrittenReport {
  /** keccak256 of the bytes of `report.json`: the plan's evidence. */
  reportHash: string;
  json: string;
  markdown: string;
  html: string;
  junit: string;
}

/** Hash of a report, as the plan carries it. */
export function reportHashOf(report: RehearsalReport): string {
  return id(canonicalJson(report));
}

/** Writes `report.json`, and as pages `report.md`, `report.html` and `junit.xml`, to `reports/<subject>/` of the network's folder; `command` makes the same again. */
export function writeReport(deploymentsDir: string, report: RehearsalReport, command: string): WrittenReport {
  const folder = join(deploymentsDir, "reports", report.subject.slice(0, 12));
  mkdirSync(folder, { recursive: true });
  const reportHash = reportHashOf(report);
  const page = rehearsalPage(report, { reportHash, command });
  const write = (name: string, content: string) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };
  return {
    reportHash,
    json: write("report.json", canonicalJson(report)),
    markdown: write("report.md", markdownOf(page)),
    html: write("report.html", htmlOf(page)),
    junit: write("junit.xml", junitOf(report)),
  };
}
