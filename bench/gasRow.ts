/** One line of the gas table. */
export interface GasRow {
  name: string;
  /** Of the whole transaction. */
  gas: number;
  /** More than the same call without Slipway; absent where there is no such call. */
  overPlain?: number;
}
