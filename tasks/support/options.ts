import { isAddress } from "ethers";
import type { ConfigurableTaskDefinition } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import type { Out, SendOptions } from "../../src/registry/perform";

/** Options of every task. */
export interface OutputArgs {
  json: boolean;
}

/** Options of every task that sends. */
export interface SenderArgs extends OutputArgs {
  as?: string;
  out: string;
  dryRun: boolean;
}

/** Options of the verbs that also count as signatures. */
export interface SigningArgs extends SenderArgs {
  sign?: string;
  submit?: string;
}

/** `--json`: stdout holds only JSON, and what is said on the way goes to stderr. */
export function withOutput(task: ConfigurableTaskDefinition): ConfigurableTaskDefinition {
  return task.addFlag("json", "Print the result as JSON, and nothing else, to stdout");
}

/** `--as`, `--out` and `--dry-run` of a verb that sends. */
export function withSender(task: ConfigurableTaskDefinition): ConfigurableTaskDefinition {
  return withOutput(task)
    .addOptionalParam("as", "Account that acts: one of the network's, or any on a development node")
    .addOptionalParam("out", "send, raw (unsigned transaction) or safe (batch for Safe's Transaction Builder)", "send")
    .addFlag("dryRun", "Simulate and show what would be sent; send nothing");
}

/** `--sign` and `--submit` of a verb whose statement can be signed and collected. */
export function withSigning(task: ConfigurableTaskDefinition): ConfigurableTaskDefinition {
  return withSender(task)
    .addOptionalParam("sign", "Write the typed data and its signature to this file; send nothing")
    .addOptionalParam("submit", "Signed files, separated by commas, or a folder of them: one transaction for all");
}

/** `--deadline` of an act of the council. */
export function withAct(task: ConfigurableTaskDefinition): ConfigurableTaskDefinition {
  return withSigning(task).addOptionalParam("deadline", "Seconds since the epoch until which a signature counts");
}

/** The sending options, checked. */
export function sendOptions(args: SenderArgs): SendOptions {
  return { out: choiceOf("out", args.out, ["send", "raw", "safe"]) as Out, isDryRun: args.dryRun };
}

/** One of a few words. */
export function choiceOf<W extends string>(option: string, value: string, words: readonly W[]): W {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw new SlipwayError("OptionInvalid", {
    where: `--${option}`,
    expected: `one of ${words.join(", ")}`,
    found: value,
  });
}

/** Index of a stage, where one is stated. */
export function stageOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new SlipwayError("OptionInvalid", { where: "--stage", expected: "the index of a stage", found: text });
}

/** Addresses of `--delegates`, where they are stated. */
export function accountsOf(stated: string | undefined): string[] | undefined {
  const accounts = stated?.split(",").map((account) => account.trim());
  const wrong = accounts?.find((account) => !isAddress(account));
  if (wrong === undefined) return accounts;
  throw new SlipwayError("OptionInvalid", {
    where: "--delegates",
    expected: "addresses, separated by commas",
    found: wrong,
  });
}

/** `--block`, where it is stated. */
export function blockOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new SlipwayError("OptionInvalid", { where: "--block", expected: "a block number", found: text });
}
