import { existsSync, readFileSync } from "node:fs";
import { keccak256 } from "ethers";
import { SlipwayError } from "../errors";
import { reportSchema } from "./reportSchema";
import type { RehearsalReport } from "./types";

/** A report as it was written, with the hash of its bytes: what the plan carries, whatever else the file may be. */
export interface ReadReport {
  report: RehearsalReport;
  reportHash: string;
}

/** Reads a `report.json`. */
export function readReport(file: string): ReadReport {
  if (!existsSync(file)) {
    throw new SlipwayError("ReportMissing", { where: file, expected: "a report.json", found: "no such file" });
  }
  const bytes = readFileSync(file);
  const parsed = reportSchema.safeParse(jsonOf(bytes.toString("utf8"), file));
  if (parsed.success) return { report: parsed.data, reportHash: keccak256(bytes) };
  const issue = parsed.error.issues[0]!;
  throw new SlipwayError("ReportInvalid", {
    where: `${file}, ${issue.path.join(".") || "the whole file"}`,
    expected: issue.message,
    found: "something else",
    next: "npx hardhat upgrade simulate FILE writes one",
  });
}

function jsonOf(content: string, file: string): unknown {
  try {
    return JSON.parse(content);
  } catch (thrown) {
    throw new SlipwayError("ReportInvalid", {
      where: file,
      expected: "JSON",
      found: thrown instanceof Error ? thrown.message : String(thrown),
    });
  }
}
