import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import Ajv2020 from "ajv-2020/dist/2020";
import { Interface, JsonRpcProvider, type FunctionFragment, type InterfaceAbi } from "ethers";
import { readAddressBook } from "../chain/addressBook";
import type { Client } from "../client";
import { deployedSide } from "../diff/codeSide";
import { SlipwayError } from "../errors";
import { dispatchedSelectors } from "../impact/selectors";
import { functionsOf } from "../plan/abi";
import { askRpc } from "./readHttp";
import { servingCodes } from "./servingCodes";

/** What the published API says and the endpoint does not do; `unknown` is what could not be found out. */
export interface ApiFindings {
  drifts: string[];
  unknown: string[];
  evidence: string[];
}

/** Reverts through a proxy by its definition (ERC-1822). */
export const NEVER_THROUGH_A_PROXY = "proxiableUUID()";

interface Published {
  url: string;
  account: string;
  abi: Interface;
}

/**
 * Whether an endpoint still serves a published ABI: every function of it has a place in the code that serves the account there, views
 * without arguments answer in its form, and where the code's own build is at hand, its functions and events are the same.
 */
export async function checkAbi(client: Client, { url, account, abi }: Published): Promise<ApiFindings> {
  const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, staticNetwork: null, batchMaxCount: 1 });
  try {
    const drifts: string[] = [];
    const codes = await servingCodes(provider, account);
    const served = new Set<string>();
    for (const code of codes)
      for (const selector of dispatchedSelectors(await provider.getCode(code))) served.add(selector);
    const functions = functionsOf(abi);
    if (served.size === 0) {
      const unknown = [`${codes.join(", ")}: no dispatch table that is known`];
      return { drifts, unknown, evidence: [] };
    }
    for (const one of functions)
      if (!served.has(one.selector)) drifts.push(`${one.format("sighash")} is not served any more`);
    for (const one of functions.filter(isPlainView)) {
      const flaw = served.has(one.selector) ? await answerFlaw(provider, account, abi, one) : undefined;
      if (flaw !== undefined) drifts.push(`${one.format("sighash")}: ${flaw}`);
    }
    drifts.push(...(await differences(client, codes, abi)));
    const evidence = [
      `${functions.length} functions of the published ABI, ${served.size} in the code that serves ${account}`,
    ];
    return { drifts, unknown: [], evidence };
  } finally {
    provider.destroy();
  }
}

/** Asks nothing, changes nothing, and answers. */
export function isPlainView({ inputs, stateMutability, outputs }: FunctionFragment): boolean {
  return inputs.length === 0 && outputs.length > 0 && ["view", "pure"].includes(stateMutability);
}

/** Data that decodes and does not encode back to itself was made by another form. */
async function answerFlaw(
  provider: JsonRpcProvider,
  account: string,
  abi: Interface,
  fragment: FunctionFragment,
): Promise<string | undefined> {
  if (fragment.format("sighash") === NEVER_THROUGH_A_PROXY) return undefined;
  let data: string;
  try {
    data = await provider.call({ to: account, data: abi.encodeFunctionData(fragment) });
  } catch (thrown) {
    if ((thrown as { code?: string }).code !== "CALL_EXCEPTION") throw thrown;
    return "reverts";
  }
  const form = fragment.outputs.map((output) => output.format("sighash")).join(",");
  try {
    const values = abi.decodeFunctionResult(fragment, data);
    return abi.encodeFunctionResult(fragment, [...values]) === data ? undefined : `answers otherwise than (${form})`;
  } catch {
    return `answers ${(data.length - 2) / 2} bytes, which are no (${form})`;
  }
}

/** Where the build of one of the codes is at hand, what the published ABI says of its functions and events otherwise. */
async function differences(client: Client, codes: readonly string[], abi: Interface): Promise<string[]> {
  const live: Interface[] = [];
  for (const code of codes) {
    const { abi: own } = await deployedSide(client, code).catch(() => ({ abi: undefined }));
    // Without the build of every code nothing can be said to be missing.
    if (own === undefined) return [];
    live.push(own);
  }
  const forms = (list: readonly Interface[]) =>
    new Set(
      list.flatMap(({ fragments }) => fragments.map((fragment) => `${fragment.type} ${fragment.format("minimal")}`)),
    );
  const now = forms(live.map((own) => withoutNames(own)));
  return withoutNames(abi)
    .fragments.filter(({ type }) => type === "function" || type === "event")
    .filter((fragment) => !now.has(`${fragment.type} ${fragment.format("minimal")}`))
    .map((fragment) => `the build of the live code has no \`${fragment.format("minimal")}\``);
}

/** Names of arguments do not change what is sent. */
function withoutNames(abi: Interface): Interface {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((entry) => strip(entry));
    if (typeof value !== "object" || value === null) return value;
    const isParameter = !("inputs" in value);
    const entries = Object.entries(value).filter(([name]) => name !== "internalType");
    return Object.fromEntries(
      entries.map(([name, entry]) => [name, isParameter && name === "name" ? "" : strip(entry)]),
    );
  };
  return new Interface(strip(JSON.parse(abi.formatJson())) as InterfaceAbi);
}

interface OpenRpc {
  methods: {
    name: string;
    params?: { name: string; required?: boolean }[];
    result?: { schema?: Record<string, unknown> };
    examples?: { name?: string; params: { value: unknown }[]; result?: { value: unknown } }[];
  }[];
  components?: Record<string, unknown>;
}

/** Calls every method of an OpenRPC document with each of its examples, and compares the answers with its schemas. */
export async function checkOpenRpc(client: Client, { url, file }: { url: string; file: string }): Promise<ApiFindings> {
  const document = readOpenRpc(client, file);
  const found: ApiFindings = { drifts: [], unknown: [], evidence: [] };
  const ajv = new Ajv2020({ strict: false });
  let asked = 0;
  for (const { name, params = [], result, examples = [] } of document.methods) {
    const schema = result?.schema;
    if (schema === undefined) {
      found.unknown.push(`${name}: no schema of its result`);
      continue;
    }
    if (examples.length === 0 && params.some(({ required }) => required === true)) {
      found.unknown.push(`${name}: takes parameters, and has no example`);
      continue;
    }
    const isRight = ajv.compile({ ...schema, components: document.components ?? {} });
    for (const example of examples.length === 0 ? [{ params: [] }] : examples) {
      ++asked;
      const values = example.params.map(({ value }) => value);
      const answer = await askRpc(url, name, values);
      const as = `${name}(${values.map((value) => JSON.stringify(value)).join(", ")})`;
      if (answer.error !== undefined) found.drifts.push(`${as}: ${answer.error.message} (${answer.error.code})`);
      else if (answer.result === undefined) found.drifts.push(`${as}: neither result nor error`);
      else if (!isRight(answer.result))
        found.drifts.push(`${as}: ${ajv.errorsText(isRight.errors, { dataVar: "result" })}`);
      else if ("result" in example && JSON.stringify(answer.result) !== JSON.stringify(example.result?.value)) {
        found.drifts.push(`${as}: ${JSON.stringify(answer.result)}, not ${JSON.stringify(example.result?.value)}`);
      }
    }
  }
  found.evidence.push(`${document.methods.length} methods of ${file}, ${asked} calls`);
  if (document.methods.length === 0) found.unknown.push(`${file} has no methods`);
  return found;
}

/** `${name}` in the document is filled from the address book. */
function readOpenRpc({ deploymentsDir }: Client, file: string): OpenRpc {
  const refuse = (found: string) =>
    new SlipwayError("ChecklistInvalid", { where: file, expected: "an OpenRPC document (JSON)", found });
  if (!existsSync(file)) throw refuse("no file there");
  const { addresses } = readAddressBook(deploymentsDir);
  const text = readFileSync(file, "utf8").replaceAll(/\$\{([^}]*)\}/g, (whole, name: string) => {
    const address = addresses[name];
    if (address === undefined) throw refuse(`${whole}, which the address book has not`);
    return address;
  });
  let json: OpenRpc;
  try {
    json = JSON.parse(text) as OpenRpc;
  } catch {
    throw refuse("no JSON");
  }
  if (!Array.isArray(json.methods)) throw refuse("no methods");
  return json;
}

/** A published ABI: of a compiled contract, or from a JSON file that is one or has one. */
export async function readAbi(client: Client, name: string, root: string): Promise<Interface> {
  if (!name.endsWith(".json")) return new Interface((await client.artifacts.read(name)).abi);
  const path = resolve(root, name);
  const json: unknown = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  const abi = Array.isArray(json) ? json : (json as { abi?: unknown } | undefined)?.abi;
  if (Array.isArray(abi)) return new Interface(abi as InterfaceAbi);
  throw new SlipwayError("ArtifactUnknown", { where: name, expected: "an ABI in JSON", found: "none" });
}
