import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../client";
import { toJson } from "../report/toJson";
import { runItems, verdictOf } from "./runItems";
import type { ChecklistReport, ItemKind, Phase } from "./types";

interface Run<W> {
  phase: Phase;
  title: string;
  subject: string;
  folder: string;
  kinds: readonly ItemKind<W>[];
  world: W;
  waived: Readonly<Record<string, string>>;
}

/** Goes through a list, and keeps what was found beside the plan's other records. */
export async function runChecklist<W>(client: Client, run: Run<W>): Promise<ChecklistReport> {
  const { phase, title, subject, folder, kinds, world, waived } = run;
  const [block, { chainId }] = await Promise.all([client.provider.getBlockNumber(), client.provider.getNetwork()]);
  const items = await runItems(kinds, world, { waived, log: client.log });
  const report: ChecklistReport = {
    schema: "slipway.checklist.v1",
    phase,
    verdict: verdictOf(items),
    title,
    subject,
    chainId: chainId.toString(),
    block,
    items,
    folder,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${phase}.json`), `${toJson(report)}\n`);
  return report;
}

/** `deployments/<network>/checklists/<subject>`. */
export function checklistFolder(deploymentsDir: string, subject: string): string {
  return join(deploymentsDir, "checklists", subject.slice(0, 12));
}
