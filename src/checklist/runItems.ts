import type { Log } from "../client";
import { SlipwayError } from "../errors";
import type { ChecklistReport, Finding, Item, ItemKind } from "./types";

/** Carries out every item, in order, whatever became of the ones before it. One that breaks off is inconclusive. */
export async function runItems<W>(
  kinds: readonly ItemKind<W>[],
  world: W,
  { waived, log }: { waived: Readonly<Record<string, string>>; log: Log },
): Promise<Item[]> {
  const items: Item[] = [];
  for (const { id, name, run } of kinds) {
    const reason = waived[id];
    log(`checklist: ${name}`);
    const found = reason === undefined ? await attempt(() => run(world)) : waive(reason);
    items.push({ id, name, ...found });
  }
  return items;
}

/** Worst first: what failed, then what is not known. */
export function verdictOf(items: readonly Item[]): ChecklistReport["verdict"] {
  if (items.some(({ status }) => status === "fail")) return "fail";
  const isKnown = items.length > 0 && items.every(({ status }) => status === "pass" || status === "waived");
  return isKnown ? "pass" : "inconclusive";
}

async function attempt(run: () => Promise<Finding>): Promise<Finding> {
  try {
    return await run();
  } catch (thrown) {
    const isOurs = thrown instanceof SlipwayError;
    const text = isOurs ? thrown.toString().replaceAll(/\s*\n\s*/g, " · ") : String(thrown).split("\n")[0]!;
    return {
      status: "inconclusive",
      evidence: [text],
      remedy: (isOurs ? thrown.facts.next : undefined) ?? "it could not be carried out; run the checklist again",
    };
  }
}

function waive(reason: string): Finding {
  return { status: "waived", evidence: [reason], remedy: "" };
}
