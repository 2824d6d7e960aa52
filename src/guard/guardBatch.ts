import { existsSync, readFileSync } from "node:fs";
import { getAddress, toBeHex } from "ethers";
import { readAddressBook } from "../chain/addressBook";
import { delegateChain, type ChainRoot } from "../chain/delegateChain";
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
import { checkOrder, OPS, opText, readProbe, toProbe } from "../plan/probe";
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
  /** What runs and cannot be compared, in words. */
  open: string[];
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
  const asked = (stated.gates ?? []).map(({ op, value, ...written }, i): Gate => {
    checkOrder([written.call], op, `${file}, gate ${i}`);
    return { probe: toProbe(written, `${file}, gate ${i}`), op: OPS[op], bound: value };
  });
  const rows = loadInvariants(invariantsDir, stated.invariants ?? [], book);
  const conditions = await Promise.all(rows.map(({ name, invariant }) => fixed(client, name, invariant.condition)));
  const { pins, gates: pointers, open } = await reached(client, calls, stated.pins ?? [], guard.address);
  const gates = [...pointers, ...asked];
  return {
    pins,
    gates,
    conditions,
    text: [
      ...pins.map(({ account, codeHash }) => `pin ${account} ${codeHash}`),
      ...pointers.map(({ probe, bound }) => `gate ${probe.data} of ${probe.target} == ${toBeHex(bound, 20)}`),
      ...(stated.gates ?? []).map(({ target, call, op, value }) => `gate ${call} of ${target} ${op} ${value}`),
      ...rows.map(({ name }, i) => `invariant ${name} ${conditionText(conditions[i]!)}`),
    ],
    open,
  };
}

/** Code that runs when these calls are made, to the end of its pointers: pins of all of it, gates for the pointers that a getter tells. */
async function reached(
  { provider }: Client,
  calls: readonly Call[],
  stated: readonly string[],
  guard: string,
): Promise<{ pins: Pin[]; gates: Gate[]; open: string[] }> {
  const roots = new Map<string, ChainRoot & { selectors: string[] }>();
  const open: string[] = [];
  const add = async (account: string, role: string, selectors: string[] = []): Promise<void> => {
    const known = roots.get(account);
    if (known !== undefined) return void known.selectors.push(...selectors);
    const code = await provider.getCode(account);
    // What a key may change at any time (EIP-7702) cannot be pinned, nor what is not there.
    const isOwn = code !== "0x" && !code.startsWith("0xef0100");
    if (isOwn) roots.set(account, { account, role, at: role, selectors });
    else if (code !== "0x") open.push(`${account}, ${role}: its key moves its code (EIP-7702)`);
    else if (role === TARGET) open.push(`${account}, ${role}: no code there, and a call of it succeeds`);
  };
  for (const account of stated) await add(getAddress(account), "named by the terms");
  for (const { target, data } of calls) {
    if (data !== "0x") await add(getAddress(target), TARGET, [data.slice(0, 10)]);
    for (const account of addressesIn(data)) if (account !== guard) await add(account, "passed on");
  }
  const { links, gates, pointers } = await delegateChain(provider, [...roots.values()]);
  const pins = links.map(({ account, codeHash }): Pin => ({ account, codeHash }));
  pins.sort((a, b) => (a.account < b.account ? -1 : 1));
  const lines = pointers.map(
    ({ account, name, expected, slot }) => `${name} of ${account}: ${expected} now, and no getter tells slot ${slot}`,
  );
  return { pins, gates, open: [...new Set([...open, ...lines])] };
}
const TARGET = "called";

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
export function conditionText(condition: Condition): string {
  const { left, op, rightKind, right, constantValue, tolerance, toleranceBps } = condition;
  const sides = {
    [RightKind.Constant]: `${constantValue}`,
    [RightKind.Probe]: `${right.target} ${right.data}`,
    [RightKind.Before]: "before",
    [RightKind.AtPropose]: "at-propose",
  };
  const slack = [
    ...(tolerance === 0n ? [] : [`${tolerance}`]),
    ...(toleranceBps === 0 ? [] : [`${toleranceBps} bps`]),
  ].join(" + ");
  return `${left.target} ${left.data} ${opText(op)} ${sides[rightKind]}${slack === "" ? "" : `, give or take ${slack}`}`;
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
