/** `waived` is what the file says does not apply here, with its reason; it is never counted as a pass. */
export type ItemStatus = "pass" | "fail" | "inconclusive" | "waived";

export interface Finding {
  status: ItemStatus;
  evidence: string[];
  /** What to do about it; empty where it passed. */
  remedy: string;
}

export interface Item extends Finding {
  id: string;
  name: string;
}

/** One thing that is done before or after an upgrade, and what it is asked of. */
export interface ItemKind<W> {
  id: string;
  name: string;
  run(world: W): Promise<Finding>;
}

export type Phase = "pre" | "post";

export interface ChecklistReport {
  schema: "slipway.checklist.v1";
  phase: Phase;
  verdict: Exclude<ItemStatus, "waived">;
  title: string;
  /** Hash of the plan with its evidence zeroed. */
  subject: string;
  chainId: string;
  /** The latest block when it began. */
  block: number;
  items: Item[];
  /** Where the records of both runs of this plan are kept. */
  folder: string;
}

export const pass = (...evidence: string[]): Finding => ({ status: "pass", evidence, remedy: "" });
export const fail = (evidence: string[], remedy: string): Finding => ({ status: "fail", evidence, remedy });
export const inconclusive = (evidence: string[], remedy: string): Finding => ({
  status: "inconclusive",
  evidence,
  remedy,
});
