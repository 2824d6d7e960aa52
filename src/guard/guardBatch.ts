import { existsSync, readFileSync } from "node:fs";
import { getAddress, keccak256, ZeroAddress } from "ethers";
import { readAddressBook } from "../chain/addressBook";
import { readSlots } from "../chain/erc1967";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { loadInvariants } from "../invariants/loadInvariants";
import { RightKind, type Condition } from "../invariants/types";
import {
  addressField,
  argumentsField,
  functionField,
  integerField,
  list,
  record,
  textField,
  word,
} from "../plan/fields";
import { OPS, opText, readProbe, toProbe } from "../plan/probe";
import type { Call, Gate, Pin } from "../plan/types";
import { readYaml } from "../plan/yamlFile";
import { addressesIn, type Guard } from "./guardContract";

const schema = record(
  {
    /** Accounts besides the ones that the calls name. */
    pins: list(addressField, "a list of addresses").optional(),
    gates: list(
      record(
        {
          target: addressField,
          /** With its result, "totalSupply()(uint256)". */
          call: functionField,
          args: argumentsField.optional(),
          op: word("==", "!=", "<", "<=", ">", ">="),
          value: integerField,
          gas: integerField.optional(),
        },
        "a gate",
      ),
      "a list of gates",
    ).optional(),
    /** Names in the catalogue. */
    invariants: list(textField, "a list of names").optional(),
  },
  "what a batch is guarded by",
);

/** What the two calls compare. */
export interface GuardTerms {
  pins: Pin[];
  gates: Gate[];
  conditions: Condition[];
  /** All of it in words. */
  text: string[];
}

/** Reads what is to be compared: the file's gates and invariants, and the code of every account that the calls name. */
export async function readTerms(
  client: Client,
  calls: readonly Call[],
  { file, invariantsDir, guard }: { file: string | undefined; invariantsDir: string; guard: Guard },
): Promise<GuardTerms> {
  const book = readAddressBook(client.deploymentsDir);
  if (file !== undefined && !existsSync(file)) {
    throw new SlipwayError("OptionInvalid", { where: "--terms", expected: "a file (YAML)", found: file });
  }
  const stated =
    file === undefined
      ? {}
      : readYaml(readFileSync(file, "utf8"), file, schema, book, { invalid: "OptionInvalid" }).value;
  const gates = (stated.gates ?? []).map(({ op, value, ...written }, i): Gate => ({
    probe: toProbe(written, `${file}, gate ${i}`),
    op: OPS[op],
    bound: value,
  }));
  const rows = loadInvariants(invariantsDir, stated.invariants ?? [], book);
  const conditions = await Promise.all(rows.map(({ name, invariant }) => fixed(client, name, invariant.condition)));
  const pins = await pinsOf(client, [...(stated.pins ?? []), ...calls.flatMap(accountsOf)], guard.address);
  return {
    pins,
    gates,
    conditions,
    text: [
      ...pins.map(({ account, codeHash }) => `pin ${account} ${codeHash}`),
      ...(stated.gates ?? []).map(({ target, call, op, value }) => `gate ${call} of ${target} ${op} ${value}`),
      ...rows.map(({ name }, i) => `invariant ${name} ${conditionText(conditions[i]!)}`),
    ],
  };
}

function accountsOf({ target, data }: Call): string[] {
  return [target, ...addressesIn(data)];
}

/** Each account that has code, and what its proxy leads to: what the batch runs, or leaves behind. */
async function pinsOf({ provider }: Client, accounts: readonly string[], guard: string): Promise<Pin[]> {
  const found = new Set<string>();
  for (const account of accounts.map((one) => getAddress(one))) {
    const code = await provider.getCode(account);
    // What a key may change at any time (EIP-7702) cannot be pinned.
    if (account === guard || found.has(account) || code === "0x" || code.startsWith("0xef0100")) continue;
    found.add(account);
    const { implementation, beacon } = await readSlots(provider, account);
    for (const behind of [implementation, beacon]) {
      if (behind !== ZeroAddress && (await provider.getCode(behind)) !== "0x") found.add(getAddress(behind));
    }
  }
  return Promise.all(
    [...found].sort().map(async (account) => ({ account, codeHash: keccak256(await provider.getCode(account)) })),
  );
}

/** There is no proposal to keep what was then: what the probe says now stands in the batch. */
export async function fixed({ provider }: Client, name: string, condition: Condition): Promise<Condition> {
  if (condition.rightKind !== RightKind.AtPropose) return condition;
  const constantValue = await readProbe(provider, condition.left);
  if (constantValue !== undefined) return { ...condition, rightKind: RightKind.Constant, constantValue };
  throw new SlipwayError("ProbeUnavailable", {
    where: `invariant ${name}`,
    expected: `an answer of ${condition.left.target} now`,
    found: "none",
  });
}

/** A condition on one line. */
export function conditionText({ left, op, rightKind, right, constantValue }: Condition): string {
  const sides = {
    [RightKind.Constant]: `${constantValue}`,
    [RightKind.Probe]: `${right.target} ${right.data}`,
    [RightKind.Before]: "before",
    [RightKind.AtPropose]: "at-propose",
  };
  return `${left.target} ${left.data} ${opText(op)} ${sides[rightKind]}`;
}

/** The calls between the two of the guard. */
export function guarded(calls: readonly Call[], { pins, gates, conditions }: GuardTerms, guard: Guard): Call[] {
  const { address: target, abi } = guard;
  const own = (name: string, args: unknown[]): Call => ({
    target,
    value: 0n,
    data: abi.encodeFunctionData(name, args),
  });
  return [own("revalidate", [pins, gates, conditions]), ...calls, own("assertInvariants", [pins, conditions])];
}
