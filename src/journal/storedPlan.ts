import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SlipwayError } from "../errors";
import type { PlanImpact } from "../impact/types";
import { parsePlan } from "../plan/parsePlan";
import type { Plan } from "../plan/types";
import { toJson } from "../report/toJson";
import { planPaths } from "./planPaths";

/** A proposed plan at rest, for convenience: the truth is the `ProposalCreated` event. */
export interface StoredPlan {
  proposalId: string;
  /** The file it was built from, and keccak256 of its text then. */
  source?: { file: string; textHash: string };
  plan: Plan;
}

/** Keeps a plan. The file is replaced in one step: a run that dies here leaves the old one or the new one. */
export function writeStoredPlan(deploymentsDir: string, stored: StoredPlan): string {
  return replace(planPaths(deploymentsDir, stored.proposalId).plan, stored);
}

/** Keeps what a review of the proposal's integrity reads, beside the plan. */
export function writeDossier(deploymentsDir: string, impact: PlanImpact): string {
  return replace(planPaths(deploymentsDir, impact.proposalId).dossier, impact);
}

function replace(path: string, content: unknown): string {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, `${toJson(content)}\n`);
  renameSync(draft, path);
  return path;
}

/** Every plan that was proposed from this folder. */
export function readStoredPlans(deploymentsDir: string): StoredPlan[] {
  const folder = join(deploymentsDir, "plans");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".plan.json"))
    .sort()
    .map((name) => readStoredPlan(join(folder, name)));
}

/** Reads a stored plan, or a bare plan in JSON. */
export function readStoredPlan(path: string): StoredPlan {
  const json = parseJson(path);
  const isWrapped = typeof json["plan"] === "object" && json["plan"] !== null;
  const { proposalId, source } = json as { proposalId?: unknown; source?: StoredPlan["source"] };
  return {
    proposalId: typeof proposalId === "string" ? proposalId : "",
    source,
    plan: parsePlan(isWrapped ? json["plan"] : json, path),
  };
}

function parseJson(path: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new SlipwayError("PlanFileInvalid", { where: path, expected: "a plan in JSON", found: "no JSON", cause });
  }
  if (typeof json !== "object" || json === null) {
    throw new SlipwayError("PlanFileInvalid", { where: path, expected: "a plan in JSON", found: JSON.stringify(json) });
  }
  return json as Record<string, unknown>;
}
