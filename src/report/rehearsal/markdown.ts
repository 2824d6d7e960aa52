import { formatDuration } from "../../plan/units";
import type { Block, Page } from "./page";

/** A page as GitHub-flavoured Markdown. Whatever a plan's author wrote stays text: no markup of it survives. */
export function markdownOf(page: Page): string {
  return [
    `# [${page.badge}] ${inline(page.title)}`,
    "",
    ...page.head.flatMap((line) => [inline(line), ""]),
    ...page.sections.flatMap(({ title, blocks }) => [`## ${title}`, "", ...blocks.flatMap(blockLines)]),
  ].join("\n");
}

function blockLines(block: Block): string[] {
  switch (block.kind) {
    case "text":
      return [inline(block.text), ""];
    case "heading":
      return [`### ${inline(block.text)}`, ""];
    case "list":
      return [...block.items.map((item) => `- ${inline(item)}`), ""];
    case "table":
      return [...tableLines(block.head, block.rows), ""];
    case "code": {
      const fence = fenceOf(block.lines);
      return [fence, ...block.lines, fence, ""];
    }
    case "flows":
      return [
        ...tableLines(
          ["from", "to", `# ${block.asset}`],
          block.rows.map(({ from, to, amount }) => [from, to, amount]),
        ),
        "",
      ];
    case "timeline":
      return [
        ...tableLines(
          ["from", "what"],
          block.rows.map(({ after, text }) => [`+${formatDuration(BigInt(after))}`, text]),
        ),
        "",
      ];
  }
}

function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => inline(cell)).join(" | ")} |`;
  const rule = head.map((cell) => (cell.startsWith("#") ? "---:" : "---"));
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)];
}

/** On one line, with everything escaped that Markdown or HTML would read as markup. */
function inline(content: string): string {
  return content
    .replaceAll(/[\r\n\u2028\u2029]+/g, " ")
    .replaceAll(/[\\`*_{}[\]<>|~&]/g, (character) => `\\${character}`)
    .replaceAll("\\<", "&lt;")
    .replaceAll("\\>", "&gt;")
    .replaceAll("\\&", "&amp;")
    .replaceAll(/^(\s*)([#+-]|\d+[.)])(?=\s|$)/g, "$1\\$2")
    .replaceAll(/\b(https?|ftp):\/\//g, "$1:\u200b//")
    .replaceAll("@", "@\u200b");
}

/** A fence that nothing inside can close. */
function fenceOf(lines: readonly string[]): string {
  const longest = Math.max(0, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
  return "`".repeat(Math.max(3, longest + 1));
}
