/** Name of the form that a snapshot file has. */
export const FORMAT = "slipway-state/1";

/** One account at one block. All words are 32 bytes of hex, so that one state has one text. */
export interface AccountState {
  codeHash: string;
  /** Wei. */
  balance: string;
  nonce: number;
  /** By slot. */
  slots: Record<string, string>;
  /** Root of the whole storage, where it was asked for and the node proves it. */
  storageRoot?: string;
}

/** What an account answered to one call. */
export interface CallState {
  account: string;
  /** "balanceOf(address)". */
  call: string;
  data: string;
  /** Returned bytes; "reverted" where it does. */
  result: string;
}

export interface Snapshot {
  format: typeof FORMAT;
  chainId: string;
  block: { number: number; hash: string };
  /** By address. */
  accounts: Record<string, AccountState>;
  calls: CallState[];
  /** What slots are, by account and slot: "storage.owner". For people: nothing is compared with it. */
  names: Record<string, Record<string, string>>;
  /** Fields that no list of slots can hold (mappings), by account. */
  unread: Record<string, string[]>;
  /** keccak256 of the canonical JSON of all the rest. */
  hash: string;
}

/** What a snapshot is to hold: the same request at the same block gives the same bytes. */
export interface StateRequest {
  accounts: readonly string[];
  /** Further slots. */
  slots: readonly { account: string; slot: string; name?: string }[];
  calls: readonly Omit<CallState, "result">[];
  /** By account: fields that no list of slots can hold. */
  unread?: Readonly<Record<string, readonly string[]>>;
  hasRoot?: boolean;
}

/** One thing that is not as it was. */
export interface StateDifference {
  account: string;
  /** "code", "balance", "nonce", "storage root", "slot 0x… storage.owner", "call totalAssets()". */
  what: string;
  before: string;
  after: string;
}
