import type { BallotRow } from "./electorates";
import type { JobResult, Mode } from "./job";

/** A figure that the design promises itself. */
export interface Aim {
  name: string;
  most: number;
  found: number;
  isMet: boolean;
}

export interface Results {
  jobs: JobResult[];
  ballots: BallotRow[];
}

export function aimsOf({ jobs, ballots }: Results): Aim[] {
  const find = (system: string, voters: number, mode: Mode): JobResult | undefined =>
    jobs.find((job) => job.system === system && job.voters === voters && job.mode === mode);
  const ratio = (voters: number): number | undefined => {
    const [ours, theirs] = [find("Slipway", voters, "signature"), find("OpenZeppelin", voters, "signature")];
    return ours && theirs && Math.round((1000 * ours.total) / theirs.total) / 1000;
  };
  const direct = find("Slipway", 100, "transaction") ?? find("Slipway", 4, "transaction");
  const figures: [string, number, number | undefined][] = [
    ["total at 4 voters by signature, of OpenZeppelin's", 0.6, ratio(4)],
    ["total at 100 voters by signature, of OpenZeppelin's", 0.12, ratio(100)],
    ["one ballot more in a batch of 100, gas", 5_500, ballots.find(({ ballots: n }) => n === 100)?.marginal],
    ["first vote by transaction, gas", 62_000, direct?.firstVote],
    ["later vote by transaction, gas", 44_000, direct?.lastVote],
  ];
  return figures.flatMap(([name, most, found]) =>
    found === undefined ? [] : [{ name, most, found, isMet: found <= most }],
  );
}

/** One line that says how ours compares. */
export function summaryOf({ jobs }: Pick<Results, "jobs">): string {
  const parts: string[] = [];
  for (const mode of ["signature", "transaction"] as const) {
    const ratios = jobs
      .filter((job) => job.system === "Slipway" && job.mode === mode)
      .map((job) => `${ratioText(job, jobs)} at ${job.voters}`);
    if (ratios.length > 0) parts.push(`by ${mode} ${ratios.join(", ")} voters`);
  }
  return `Slipway's gas over OpenZeppelin's: ${parts.join("; ")}`;
}

/** A job's total over OpenZeppelin's total of the same size and mode. */
export function ratioText(job: JobResult, jobs: readonly JobResult[]): string {
  const base = jobs.find(
    ({ system, voters, mode }) => system === "OpenZeppelin" && voters === job.voters && mode === job.mode,
  );
  return base === undefined ? "" : `${(job.total / base.total).toFixed(base.total > 10 * job.total ? 3 : 2)}×`;
}
