/** A page as data: what every form of a report (terminal, Markdown, HTML) is written from. Texts are plain, and come escaped from no one. */
export interface Page {
  title: string;
  /** "PASS", "FAIL": in front of the title. */
  badge: string;
  /** One line each under the title. */
  head: string[];
  sections: Section[];
}

export interface Section {
  id: string;
  title: string;
  blocks: Block[];
}

export type Block =
  | { kind: "text"; text: string }
  | { kind: "heading"; text: string }
  | { kind: "list"; items: string[] }
  /** A column is told to hold numbers by its head beginning with "#". */
  | { kind: "table"; head: string[]; rows: string[][] }
  | { kind: "code"; lines: string[] }
  /** Moments in seconds from the first one. */
  | { kind: "timeline"; rows: { after: number; text: string }[] }
  /** Payments of one asset; `share` is the amount as a plain number, for the width of what is drawn. */
  | { kind: "flows"; asset: string; rows: { from: string; to: string; amount: string; share: number }[] };

export const text = (content: string): Block => ({ kind: "text", text: content });
export const heading = (content: string): Block => ({ kind: "heading", text: content });
export const code = (lines: string[]): Block => ({ kind: "code", lines });
export const list = (items: string[]): Block => (items.length === 0 ? text("none") : { kind: "list", items });
export const table = (head: string[], rows: string[][]): Block =>
  rows.length === 0 ? text("none") : { kind: "table", head, rows };
