import { format } from "prettier";
import { table } from "../../src/report/table";
import { ratioText, type Aim } from "./aims";
import type { BallotRow, DelegatesRow, SnapshotRow } from "./electorates";
import type { JobResult } from "./job";

export interface Report {
  jobs: JobResult[];
  ballots: BallotRow[];
  snapshots: SnapshotRow[];
  delegates: DelegatesRow[];
  aims: Aim[];
  summary: string;
}

type Cells = string[][];

const BEGIN = "<!-- figures: npm run bench:governance -- --write -->";
const END = "<!-- end of figures -->";

/** What a person reads in a terminal; the last line is the summary. */
export function tables(report: Report): string[] {
  const parts = sections(report).map(({ title, cells }) => [title, "", ...table(cells), ""]);
  return [...parts.flat(), report.summary];
}

/** The document with its figures replaced by these. */
export async function document(report: Report, before: string): Promise<string> {
  const figures = sections(report).map(({ title, cells }) => `### ${title}\n\n${markdown(cells)}\n`);
  const head = before.slice(0, before.indexOf(BEGIN));
  const tail = before.slice(before.indexOf(END));
  const body = [BEGIN, report.summary + ".", ...figures, ""].join("\n\n");
  return format(`${head}${body}${tail}`, { parser: "markdown", printWidth: 120, proseWrap: "preserve" });
}

function sections({ jobs, ballots, snapshots, delegates, aims }: Report): { title: string; cells: Cells }[] {
  return [
    { title: "One upgrade with an init call, gas by step", cells: jobCells(jobs) },
    { title: "A ballot by signature, gas by electorate", cells: ballotCells(ballots) },
    { title: "Storing an electorate, gas", cells: snapshotCells(snapshots) },
    { title: "Listing a token's delegates, gas, once for each plan", cells: delegateCells(delegates) },
    { title: "Aims", cells: aimCells(aims) },
  ];
}

function jobCells(jobs: readonly JobResult[]): Cells {
  const head = ["voters", "by", "system", "propose", "vote", "attest, ready", "schedule", "execute", "total", "ratio"];
  return [
    head,
    ...jobs.map((job) => [
      thousands(job.voters),
      job.mode,
      job.system,
      ...[job.propose, job.vote].map(thousands),
      job.statements === undefined ? "" : thousands(job.statements),
      ...[job.schedule, job.execute, job.total].map(thousands),
      ratioText(job, jobs),
    ]),
  ];
}

function ballotCells(rows: readonly BallotRow[]): Cells {
  return [
    ["seats", "voters sit", "batch", "gas a ballot", "one ballot more"],
    ...rows.map(({ seats, layout, ballots, perBallot, marginal }) => [
      thousands(seats),
      layout === "random" ? "at random" : "side by side",
      thousands(ballots),
      thousands(perBallot),
      thousands(marginal),
    ]),
  ];
}

function snapshotCells(rows: readonly SnapshotRow[]): Cells {
  return [
    ["seats", "gas", "gas a seat", `a ballot, over ${rows[0]?.plans ?? 0} plans`],
    ...rows.map(({ seats, gas, perSeat, perBallot }) => [seats, gas, perSeat, perBallot].map(thousands)),
  ];
}

function delegateCells(rows: readonly DelegatesRow[]): Cells {
  return [
    ["delegates", "gas", "gas a delegate", "vote of one listed", "vote of one left out"],
    ...rows.map(({ seats, gas, perSeat, listedVote, unlistedVote }) =>
      [seats, gas, perSeat, listedVote, unlistedVote].map(thousands),
    ),
  ];
}

function aimCells(aims: readonly Aim[]): Cells {
  return [
    ["aim", "at most", "found", ""],
    ...aims.map(({ name, most, found, isMet }) => [name, figure(most), figure(found), isMet ? "met" : "missed"]),
  ];
}

function markdown(cells: Cells): string {
  const row = (texts: readonly string[]) => `| ${texts.join(" | ")} |`;
  const [head = [], ...rest] = cells;
  return [row(head), row(head.map((_text, i) => (i < 2 ? "---" : "--:"))), ...rest.map(row)].join("\n");
}

function figure(value: number): string {
  return value < 10 ? `${value}×` : thousands(value);
}

function thousands(value: number): string {
  return value.toLocaleString("en-US");
}
