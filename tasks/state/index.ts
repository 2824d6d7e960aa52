import { lazy } from "../support/lazy";
import { withOutput } from "../support/options";
import { stateScope } from "../support/scopes";

withOutput(
  stateScope.task("snapshot", "Writes what accounts hold at one block to a file: the same block, the same bytes"),
)
  .addPositionalParam("file", "File to write")
  .addOptionalParam("accounts", "Addresses, or names of the address book, separated by commas")
  .addOptionalParam("fromPlan", "Plan in JSON, or proposal: its modules, what it pins, what its invariants ask")
  .addOptionalParam("slots", "Further slots: account:slot, separated by commas")
  .addOptionalParam("calls", "View calls: 'account balanceOf(address) 0x…', separated by semicolons")
  .addOptionalParam("block", "Block to read at; the latest unless given")
  .addFlag("root", "The root of the whole storage too, where the node proves it (eth_getProof; not on a fork)")
  .setAction(lazy(() => import("./snapshot")));

withOutput(stateScope.task("verify", "Compares accounts with a snapshot and names each difference; exits 3 on any"))
  .addPositionalParam("file", "Snapshot")
  .addOptionalParam("block", "Block to read at; the latest unless given")
  .addOptionalParam("ignore", "balance, nonce: what is not compared, separated by commas")
  .setAction(lazy(() => import("./verify")));
