import { formatDuration } from "../../plan/units";
import type { Block, Page } from "./page";

/**
 * A page as one HTML file: no script, nothing loaded from elsewhere, and a policy that forbids both. Every text is escaped:
 * a plan's author writes words into it, and never markup.
 */
export function htmlOf(page: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>[${escape(page.badge)}] ${escape(page.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1><span class="badge ${classOf(page.badge)}">${escape(page.badge)}</span> ${escape(page.title)}</h1>
${page.head.map((line) => `<p class="hashes">${escape(line)}</p>`).join("\n")}
<nav>${page.sections.map(({ id, title }) => `<a href="#${id}">${escape(title)}</a>`).join(" ")}</nav>
</header>
<main>
${page.sections.map(({ id, title, blocks }) => `<section id="${id}">\n<h2>${escape(title)}</h2>\n${blocks.map(blockOf).join("\n")}\n</section>`).join("\n")}
</main>
</body>
</html>
`;
}

function blockOf(block: Block): string {
  switch (block.kind) {
    case "text":
      return `<p>${escape(block.text)}</p>`;
    case "heading":
      return `<h3>${escape(block.text)}</h3>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${escape(item)}</li>`).join("")}</ul>`;
    case "code":
      return `<pre>${escape(block.lines.join("\n"))}</pre>`;
    case "table":
      return tableOf(block);
    case "timeline":
      return timelineOf(block.rows);
    case "flows":
      return flowsOf(block);
  }
}

const STATUSES = new Set(["pass", "warn", "fail", "inconclusive", "skip"]);

function tableOf({ head, rows }: Extract<Block, { kind: "table" }>): string {
  const isNumber = head.map((cell) => cell.startsWith("#"));
  const cell = (content: string, column: number) => {
    const status = content.toLowerCase();
    if (STATUSES.has(status)) return `<td><span class="badge ${status}">${escape(content)}</span></td>`;
    return `<td${isNumber[column] ? ' class="number"' : ""}>${escape(content)}</td>`;
  };
  return [
    '<div class="wide"><table>',
    `<thead><tr>${head.map((name) => `<th scope="col">${escape(name)}</th>`).join("")}</tr></thead>`,
    `<tbody>${rows.map((row) => `<tr>${row.map(cell).join("")}</tr>`).join("\n")}</tbody>`,
    "</table></div>",
  ].join("\n");
}

/** Pixels of a drawing's user space; it scales to the page. */
const WIDTH = 960;
const ROW = 46;

/** Moments on a line, each with its words under it: to scale, as far as the words leave room. */
function timelineOf(rows: readonly { after: number; text: string }[]): string {
  const end = Math.max(1, ...rows.map(({ after }) => after));
  const height = ROW * rows.length + 24;
  const x = (after: number) => 24 + (after / end) * (WIDTH * 0.28);
  const marks = rows.map(({ after, text }, i) => {
    const y = 28 + ROW * i;
    const next = rows[i + 1];
    const bar =
      next === undefined
        ? ""
        : `<line class="span" x1="${round(x(after))}" y1="${y}" x2="${round(x(next.after))}" y2="${y}"/><line class="step" x1="${round(x(next.after))}" y1="${y}" x2="${round(x(next.after))}" y2="${y + ROW}"/>`;
    return `${bar}<circle cx="${round(x(after))}" cy="${y}" r="5"/><text x="${round(WIDTH * 0.34)}" y="${y - 3}" class="when">+${escape(formatDuration(BigInt(after)))}</text><text x="${round(WIDTH * 0.34)}" y="${y + 15}">${escape(clipped(text, 96))}</text>`;
  });
  const words = rows.map(({ after, text }) => `+${formatDuration(BigInt(after))}: ${text}`).join("; ");
  return `<svg class="timeline" role="img" viewBox="0 0 ${WIDTH} ${height}" aria-label="${escape(words)}">${marks.join("")}</svg>`;
}

/** Who paid whom: payers on the left, payees on the right, one band a payment, as wide as its part of what moved of that asset. */
function flowsOf({ asset, rows }: Extract<Block, { kind: "flows" }>): string {
  const payers = [...new Set(rows.map(({ from }) => from))];
  const payees = [...new Set(rows.map(({ to }) => to))];
  const total = rows.reduce((sum, { share }) => sum + share, 0) || 1;
  const height = 40 + 64 * Math.max(payers.length, payees.length);
  const y = (names: readonly string[], name: string) => 40 + 64 * names.indexOf(name);
  const bands = rows.map(({ from, to, share, amount }) => {
    const [y1, y2] = [y(payers, from), y(payees, to)];
    const width = Math.max(1.5, (share / total) * 32);
    return `<path d="M 340 ${y1} C 480 ${y1}, 480 ${y2}, 620 ${y2}" stroke-width="${round(width)}"><title>${escape(`${from} → ${to}: ${amount} ${asset}`)}</title></path><text class="amount" x="480" y="${round((y1 + y2) / 2 - width / 2 - 4)}">${escape(clipped(amount, 28))}</text>`;
  });
  const names = [
    ...payers.map(
      (name) => `<text class="from" x="328" y="${y(payers, name) + 4}">${escape(clipped(name, 40))}</text>`,
    ),
    ...payees.map((name) => `<text x="632" y="${y(payees, name) + 4}">${escape(clipped(name, 40))}</text>`),
  ];
  return `<figure><figcaption>${escape(asset)}</figcaption><svg class="flows" role="img" viewBox="0 0 ${WIDTH} ${height}" aria-label="${escape(`payments of ${asset}`)}">${bands.join("")}${names.join("")}</svg></figure>`;
}

function classOf(badge: string): string {
  const status = badge.toLowerCase();
  return STATUSES.has(status) ? status : "";
}

function clipped(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text for an element or a quoted attribute; characters that would turn the line round are shown, not obeyed. */
function escape(content: string): string {
  return content
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!)
    .replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, (mark) => `⟨U+${mark.charCodeAt(0).toString(16).toUpperCase()}⟩`)
    .replaceAll(
      // eslint-disable-next-line no-control-regex -- they have no place in a page
      /[\u0000-\u0008\u000b-\u001f\u007f]/g,
      (character) => `⟨U+${character.charCodeAt(0).toString(16).padStart(4, "0").toUpperCase()}⟩`,
    );
}

const STYLE = `
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --ink: #1f2328; --dim: #59636e; --page: #ffffff;
  --pass: #1a7f37; --warn: #9a6700; --fail: #cf222e; --inconclusive: #8250df; --skip: #59636e; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #151b23; --ink: #f0f6fc; --dim: #9198a1; --page: #0d1117;
  --pass: #3fb950; --warn: #d29922; --fail: #f85149; --inconclusive: #ab7df8; --skip: #9198a1; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { border-bottom: 1px solid var(--line); padding-bottom: .25rem; margin-top: 2rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; overflow-wrap: anywhere; }
.hashes, td, pre, svg text { font-family: ui-monospace, monospace; font-size: .8rem; }
.hashes { margin: 0; color: var(--dim); overflow-wrap: anywhere; }
nav { position: sticky; top: 0; padding: .5rem 0; background: var(--page); }
nav a { margin-right: .75rem; color: inherit; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); padding: .3rem .5rem; overflow-wrap: anywhere; min-width: 4rem; white-space: pre-line; }
td.number { text-align: right; }
pre { background: var(--soft); padding: .75rem; overflow-x: auto; }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: .25rem; padding: 0 .4rem; font-weight: 600; }
.pass { color: var(--pass); } .warn { color: var(--warn); } .fail { color: var(--fail); } .inconclusive { color: var(--inconclusive); } .skip { color: var(--skip); }
svg { width: 100%; height: auto; }
svg text { fill: var(--ink); }
.timeline circle { fill: var(--pass); }
.timeline line { stroke: var(--line); stroke-width: 2; } .timeline .span { stroke: var(--pass); stroke-width: 4; }
.timeline .when { font-weight: 600; }
.flows path { fill: none; stroke: var(--warn); opacity: .55; }
.flows .from { text-anchor: end; } .flows .amount { text-anchor: middle; fill: var(--dim); }
@media print { nav { display: none; } section { break-inside: auto; } }
`;
