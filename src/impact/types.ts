/** A function by selector, and by signature where an ABI at hand tells it. */
export interface NamedSelector {
  selector: string;
  signature?: string;
}

/** What a module answers after the plan that it did not answer before, and the other way round. */
export interface SelectorDiff {
  module: string;
  account: string;
  /** Implementation, or "facets", before and after. */
  from: string;
  to: string;
  added: NamedSelector[];
  removed: NamedSelector[];
  /** The same name with other parameters; of a diamond, another facet behind the same selector. */
  changed: { before: NamedSelector; after: NamedSelector; note: string }[];
  /** What the comparison rests on. */
  basis: "dispatch tables" | "ABI" | "loupe and cut" | "unknown";
}

/** One change of who may do what. */
export interface RoleChange {
  /** "stage 0, call 1", and what it lies inside of. */
  where: string;
  account: string;
  what: string;
  before: string;
  after: string;
}

/** How the new code reads what the old code stored. */
export interface StorageImpact {
  verdict: "compatible" | "accepted" | "not compared";
  /** Renames, gaps, what the plan file accepts; or why nothing was compared. */
  findings: string[];
}

/** What a reviewer of a proposal's integrity looks at. */
export interface PlanImpact {
  proposalId: string;
  /** EIP-712 hash of the plan's struct, without chain and registry. */
  planHash: string;
  /** keccak256 of the call that proposes it. */
  payloadHash: string;
  /** Ids that the timelock gives the plan's batches. */
  operations: { batch: string; id: string }[];
  selectors: SelectorDiff[];
  roles: RoleChange[];
  /** Absent for a plan that comes without its sources. */
  storage?: StorageImpact;
}
