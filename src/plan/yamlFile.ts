import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document, type Node } from "yaml";
import { z } from "zod";
import type { AddressBook } from "../chain/addressBook";
import { SlipwayError, type ErrorName } from "../errors";
import { nearest } from "./nearest";

/** Names of the errors a kind of file answers with. */
export interface YamlErrors {
  /** The file has not the form it must have. */
  invalid: ErrorName;
}

/** Where a value stands in its file: `file:line:column`. */
export type Locate = (path: readonly PropertyKey[]) => string;

export interface YamlFile<T> {
  value: T;
  locate: Locate;
}

/**
 * Reads one YAML document against a schema. Every scalar is read as the text that stands in the file: a bare 0x… address would
 * otherwise become a number that lost its last digits. `${name}` is filled from the address book.
 */
export function readYaml<S extends z.ZodType>(
  text: string,
  file: string,
  schema: S,
  addresses: AddressBook,
  errors: YamlErrors,
): YamlFile<z.output<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: "failsafe", lineCounter: lines, uniqueKeys: true });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const locate: Locate = (path) => at(offsetOf(document, path));

  const [syntax] = document.errors;
  if (syntax !== undefined) {
    throw new SlipwayError(errors.invalid, {
      where: at(syntax.pos[0]),
      expected: "valid YAML",
      found: syntax.message.split("\n")[0]!,
    });
  }
  fillPlaceholders(document, addresses, at);

  const parsed = schema.safeParse(document.toJS());
  if (parsed.success) return { value: parsed.data, locate };
  // From top to bottom, but unknown keys first: a misspelt key is the cause of the one found missing.
  const found = parsed.error.issues
    .flatMap((issue) => toFaults(issue, [], schema))
    .map((fault) => ({ ...fault, offset: offsetOf(document, fault.path, fault.isKey) }))
    .sort((a, b) => Number(b.isKey) - Number(a.isKey) || a.offset - b.offset);
  const first = found[0]!;
  throw new SlipwayError(errors.invalid, {
    where: `${at(first.offset)}, key ${first.path.map(String).join(".") || "(file)"}`,
    expected: first.expected,
    found: first.found ?? describe(document, first.path),
    next: first.next,
    meaning: first.meaning,
  });
}

interface Fault {
  path: PropertyKey[];
  /** The fault is the key itself, not its value. */
  isKey: boolean;
  expected: string;
  found?: string;
  next?: string;
  meaning?: string;
}

/** What zod found, as faults a person can act on; of a union, the branch whose shape the value has. */
function toFaults(issue: z.core.$ZodIssue, parents: readonly PropertyKey[], schema: z.ZodType): Fault[] {
  const path = [...parents, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const valid = keysAt(schema, path);
    return issue.keys.map((key) => {
      const near = nearest(key, valid);
      return {
        path: [...path, key],
        isKey: true,
        expected: near === undefined ? `one of ${valid.join(", ")}` : `${near} (nearest of ${valid.join(", ")})`,
        found: key,
        next: near === undefined ? undefined : `write ${near} instead of ${key}`,
        meaning: "the key is not known here, and a key that is ignored would not do what it says",
      };
    });
  }
  if (issue.code === "invalid_union") {
    const isAtRoot = (inner: z.core.$ZodIssue) => inner.path.length === 0 && inner.code !== "unrecognized_keys";
    const meant = issue.errors.find((branch) => !branch.some(isAtRoot));
    if (meant !== undefined) return meant.flatMap((inner) => toFaults(inner, path, schema));
  }
  return [{ path, isKey: false, expected: issue.message }];
}

/** The keys a schema knows at `path`, through options, defaults, transforms, lists and unions. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  // The definitions of zod 4 are public but untyped in their variety; only these fields are read.
  const def = schema._zod.def as unknown as {
    type: string;
    shape?: Record<string, z.ZodType>;
    innerType?: z.ZodType;
    in?: z.ZodType;
    element?: z.ZodType;
    options?: z.ZodType[];
  };
  const inner = def.innerType ?? def.in;
  if (inner !== undefined) return keysAt(inner, path);
  if (def.options !== undefined) return [...new Set(def.options.flatMap((option) => keysAt(option, path)))];
  const [head, ...rest] = path;
  if (def.element !== undefined) return head === undefined ? [] : keysAt(def.element, rest);
  if (def.shape === undefined) return [];
  if (head === undefined) return Object.keys(def.shape);
  const next = def.shape[String(head)];
  return next === undefined ? [] : keysAt(next, rest);
}

/** Replaces `${name}` in every scalar value; keys are left alone. */
function fillPlaceholders(document: Document, addresses: AddressBook, at: (offset: number) => string): void {
  visit(document, {
    Scalar(key, node) {
      if (key === "key" || typeof node.value !== "string") return;
      node.value = node.value.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
        const address = addresses.addresses[name];
        if (address !== undefined) return address;
        const known = Object.keys(addresses.addresses);
        const near = nearest(name, known);
        throw new SlipwayError("AddressNameUnknown", {
          where: at(node.range?.[0] ?? 0),
          expected: known.length === 0 ? `a name in ${addresses.file}` : `one of ${known.join(", ")}`,
          found: `\${${name}}`,
          next: near === undefined ? `add "${name}" to ${addresses.file}` : `write \${${near}}`,
        });
      });
    },
  });
}

/** Where in the text the value at `path` (or its key) begins; for a key that is missing, where its parent does. */
function offsetOf(document: Document, path: readonly PropertyKey[], isKey = false): number {
  for (let length = path.length; length > 0; length--) {
    const here = path.slice(0, length) as (string | number)[];
    const parent = length === 1 ? document.contents : document.getIn(here.slice(0, -1), true);
    if (isKey && isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === here.at(-1));
      if (pair !== undefined) return (pair.key as Node).range?.[0] ?? 0;
    }
    const node = document.getIn(here, true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

/** The value as it stands, in short. */
function describe(document: Document, path: readonly PropertyKey[]): string {
  const node = path.length === 0 ? document.contents : document.getIn(path as (string | number)[], true);
  if (!isNode(node)) return "nothing";
  if (isScalar(node)) return JSON.stringify(node.value);
  return isMap(node) ? "a mapping" : "a list";
}
