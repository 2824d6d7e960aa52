import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { slugOf } from "../registry/words";

/** Files of one proposal under `deployments/<network>/plans/`. */
export interface PlanPaths {
  journal: string;
  plan: string;
  dossier: string;
}

/** Ten digits of the id, then the title: a folder that people can read. A journal keeps the name it was started under. */
export function planPaths(deploymentsDir: string, proposalId: string, title?: string): PlanPaths {
  const folder = join(deploymentsDir, "plans");
  const prefix = proposalId.slice(2, 12);
  const started = existsSync(folder)
    ? readdirSync(folder).find((name) => name.startsWith(prefix) && name.endsWith(".jsonl"))
    : undefined;
  const slug = title === undefined ? "" : slugOf(title);
  const fresh = slug === "" ? `${prefix}.jsonl` : `${prefix}-${slug}.jsonl`;
  return {
    journal: join(folder, started ?? fresh),
    plan: join(folder, `${proposalId}.plan.json`),
    dossier: join(folder, `${proposalId}.dossier.json`),
  };
}
