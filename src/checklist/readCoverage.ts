import { existsSync, readFileSync } from "node:fs";

export interface Lines {
  covered: number;
  total: number;
}

/** Lines that tests reach, of an lcov file or of Istanbul's summary. Undefined where the file tells none. */
export function readCoverage(file: string): Lines | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  const found = text.trimStart().startsWith("{") ? ofSummary(text) : ofLcov(text);
  const isSound = found !== undefined && found.total > 0 && found.covered >= 0 && found.covered <= found.total;
  return isSound ? found : undefined;
}

function ofSummary(text: string): Lines | undefined {
  try {
    const { total } = JSON.parse(text) as { total?: { lines?: Partial<Lines> } };
    const { covered, total: all } = total?.lines ?? {};
    return Number.isInteger(covered) && Number.isInteger(all) ? { covered: covered!, total: all! } : undefined;
  } catch {
    return undefined;
  }
}

/** By the lines themselves: the sums beside them (LF, LH) are the writer's word for it. */
function ofLcov(text: string): Lines | undefined {
  const lines = new Map<string, boolean>();
  let source = "";
  for (const row of text.split("\n")) {
    if (row.startsWith("SF:")) source = row.slice(3).trim();
    const [, line, hits] = /^DA:(\d+),(\d+)/.exec(row) ?? [];
    if (line === undefined) continue;
    const key = `${source}:${line}`;
    lines.set(key, (lines.get(key) ?? false) || Number(hits) > 0);
  }
  return { covered: [...lines.values()].filter(Boolean).length, total: lines.size };
}
