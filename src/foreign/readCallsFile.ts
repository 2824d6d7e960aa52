import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { getAddress, Interface, isAddress, isHexString, type ParamType } from "ethers";
import { parseDocument } from "yaml";
import { z } from "zod";
import { SlipwayError } from "../errors";
import type { Call } from "../plan/types";
import type { CallsFile } from "./types";

const address = z.string().refine((text) => isAddress(text), "an address of 20 bytes, its checksum right");
const isBytes = (text: string) => isHexString(text) && text.length % 2 === 0;
const data = z.string().refine(isBytes, "bytes in hex, 0x first");
/** What fits into a word. */
const isWord = (value: bigint) => value < 1n << 256n;
const amount = z
  .union([z.string().regex(/^(\d+|0x[0-9a-fA-F]+)$/, "an amount of wei as decimal text"), z.int().min(0)])
  .transform((value) => BigInt(value))
  .refine(isWord, "an amount of wei that fits into 256 bits");
const chainId = z
  .union([z.string().regex(/^\d{1,20}$/, "a chain id as decimal text"), z.int().min(1)])
  .transform((value) => BigInt(value));

const rawCall = z.strictObject({ target: address, value: amount.optional(), data: data.optional() });
const rawFile = z.union([
  z.array(rawCall).min(1),
  z.strictObject({
    title: z.string().optional(),
    description: z.string().optional(),
    chainId: chainId.optional(),
    from: address.optional(),
    calls: z.array(rawCall).min(1),
  }),
]);

interface BatchInput {
  name: string;
  type: string;
  internalType?: string;
  components?: BatchInput[];
}
const input: z.ZodType<BatchInput> = z.lazy(() =>
  z.object({
    name: z.string(),
    type: z.string(),
    internalType: z.string().optional(),
    components: z.array(input).optional(),
  }),
);
const batchFile = z.object({
  version: z.string(),
  chainId,
  meta: z
    .object({
      name: z.string().optional(),
      description: z.string().nullish(),
      createdFromSafeAddress: z.string().nullish(),
    })
    .optional(),
  transactions: z
    .array(
      z.object({
        to: address,
        // Read as a call: a file that asks for a delegatecall would say something else to whoever sends it.
        operation: z.union([z.literal(0), z.literal("0")], "0, a call: no batch here delegates").nullish(),
        value: z.string().nullish(),
        data: z.string().nullish(),
        contractMethod: z
          .object({ name: z.string(), inputs: z.array(input).default([]), payable: z.boolean().optional() })
          .nullish(),
        contractInputsValues: z.record(z.string(), z.unknown()).nullish(),
      }),
    )
    .min(1),
});

/** Reads `--calls`: a list of target, value and data, or an object with such a list and what there is to say about it. */
export function readCallsFile(file: string): CallsFile {
  const parsed = parse(
    file,
    rawFile,
    "a list of { target, value, data }, or { title, description, chainId, from, calls }",
  );
  const { calls, ...more } = Array.isArray(parsed) ? { calls: parsed } : parsed;
  const stated = more as { title?: string; description?: string; chainId?: bigint; from?: string };
  return {
    title: stated.title ?? basename(file),
    description: stated.description ?? stated.title ?? basename(file),
    ...(stated.chainId === undefined ? {} : { chainId: stated.chainId }),
    ...(stated.from === undefined ? {} : { from: getAddress(stated.from) }),
    calls: calls.map(({ target, value, data: bytes }) => ({
      target: getAddress(target),
      value: value ?? 0n,
      data: bytes ?? "0x",
    })),
    abis: [],
  };
}

/** Reads `--safe`: a batch as Safe's Transaction Builder saves it. Calldata is the file's, or made from its method and values. */
export function readSafeBatch(file: string): CallsFile {
  const parsed = parse(
    file,
    batchFile,
    "a batch of Safe's Transaction Builder: { version, chainId, meta, transactions }",
  );
  const abis: Interface[] = [];
  const calls = parsed.transactions.map((transaction, i): Call => {
    const where = `${file}, transactions.${i}`;
    const { contractMethod: method, contractInputsValues: values } = transaction;
    const abi = method == null || method.name === "" ? undefined : methodAbi(method, where);
    if (abi !== undefined) abis.push(abi);
    const value = transaction.value ?? "0";
    if (!/^\d+$/.test(value) || !isWord(BigInt(value))) {
      throw invalid(`${where}.value`, "wei as decimal text, within 256 bits", value);
    }
    const made = abi === undefined || values == null ? undefined : encode(abi, values, where);
    const given = transaction.data == null || transaction.data === "" ? undefined : transaction.data;
    if (given !== undefined && !isBytes(given)) throw invalid(`${where}.data`, "bytes in hex, or null", given);
    if (given !== undefined && made !== undefined && given.toLowerCase() !== made.toLowerCase()) {
      throw invalid(`${where}`, `the data that its method and values make: ${made}`, given);
    }
    if (given === undefined && made === undefined && method != null && method.name !== "") {
      throw invalid(`${where}.contractInputsValues`, "a value for each input, or data", "neither");
    }
    return { target: getAddress(transaction.to), value: BigInt(value), data: given ?? made ?? "0x" };
  });
  const safe = parsed.meta?.createdFromSafeAddress;
  if (safe != null && safe !== "" && !isAddress(safe)) {
    throw invalid(`${file}, meta.createdFromSafeAddress`, "an address", safe);
  }
  return {
    title: parsed.meta?.name ?? basename(file),
    description: parsed.meta?.description ?? "",
    chainId: parsed.chainId,
    ...(safe == null || safe === "" ? {} : { from: getAddress(safe) }),
    calls,
    abis,
  };
}

function methodAbi(method: { name: string; inputs: BatchInput[]; payable?: boolean }, where: string): Interface {
  const { name, inputs, payable } = method;
  try {
    return new Interface([
      { type: "function", name, inputs, outputs: [], stateMutability: payable === true ? "payable" : "nonpayable" },
    ]);
  } catch (thrown) {
    throw invalid(`${where}.contractMethod`, "a function's name and inputs", String((thrown as Error).message));
  }
}

function encode(abi: Interface, values: Record<string, unknown>, where: string): string {
  const [fragment] = abi.fragments as unknown as { name: string; inputs: ParamType[] }[];
  const args = fragment!.inputs.map((parameter, i) => {
    const key = parameter.name === "" ? String(i) : parameter.name;
    if (!(key in values)) throw invalid(`${where}.contractInputsValues`, `a value of ${key}`, "none");
    return argumentOf(parameter, values[key], `${where}.contractInputsValues.${key}`);
  });
  try {
    return abi.encodeFunctionData(fragment!.name, args);
  } catch (thrown) {
    throw invalid(`${where}.contractInputsValues`, "values of the inputs' types", String((thrown as Error).message));
  }
}

/** The file keeps every value as text; lists and structs as JSON in it. */
function argumentOf(parameter: ParamType, value: unknown, where: string): unknown {
  if (parameter.isArray() || parameter.isTuple()) {
    const parsed: unknown = typeof value === "string" ? jsonOf(value, where) : value;
    if (!Array.isArray(parsed)) throw invalid(where, `${parameter.format("full")} as a JSON list`, String(value));
    return parsed.map((item, i) =>
      argumentOf(parameter.isArray() ? parameter.arrayChildren : parameter.components![i]!, item, `${where}.${i}`),
    );
  }
  if (parameter.type === "bool") {
    if (value === true || value === "true") return true;
    if (value === false || value === "false") return false;
    throw invalid(where, "true or false", String(value));
  }
  return value;
}

/** Numbers beyond 2^53 keep their digits. */
function jsonOf(text: string, where: string): unknown {
  try {
    return JSON.parse(text.replaceAll(/(?<=[[,]\s*)(-?\d{16,})(?=\s*[,\]])/g, '"$1"'));
  } catch {
    throw invalid(where, "JSON", text);
  }
}

function parse<T>(file: string, schema: z.ZodType<T>, expected: string): T {
  if (!existsSync(file)) throw invalid(file, expected, "no such file");
  let json: unknown;
  const text = readFileSync(file, "utf8");
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    throw invalid(file, "JSON", thrown instanceof Error ? thrown.message : String(thrown));
  }
  // Of a key that is there twice one reader takes the first value, another the last.
  const twice = parseDocument(text).errors.find(({ code }) => code === "DUPLICATE_KEY");
  if (twice !== undefined) throw invalid(file, "every key once", twice.message.split("\n")[0]!);
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues[0]!);
  throw invalid(`${file}${issue.path.length === 0 ? "" : `, ${issue.path.join(".")}`}`, expected, issue.message);
}

/** Of a union, the branch that got furthest says what is wrong. */
function deepest(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code !== "invalid_union") return issue;
  const inner = issue.errors.flat().map((one) => deepest(one));
  return inner.reduce(
    (a, b) => (b.path.length > a.path.length ? b : a),
    issue as { path: PropertyKey[]; message: string },
  );
}

export function invalid(where: string, expected: string, found: string): SlipwayError {
  return new SlipwayError("GovernanceInputInvalid", { where, expected, found });
}
