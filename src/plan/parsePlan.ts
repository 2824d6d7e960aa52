import { SlipwayError } from "../errors";
import { PLAN_TYPES } from "./eip712";
import { nearest } from "./nearest";
import type { Plan } from "./types";

/** Types that the engine holds as numbers; wider integers are bigints. */
const NUMBERS = new Set(["uint8", "uint16", "uint32"]);

/** A plan from its JSON, field by field along its EIP-712 types: nothing is missing, nothing is more. */
export function parsePlan(json: unknown, where: string): Plan {
  return struct("Plan", json, where, "plan") as unknown as Plan;
}

function struct(type: string, json: unknown, where: string, path: string): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw invalid(where, path, `an object (${type})`, json);
  }
  const fields = PLAN_TYPES[type] ?? [];
  const names = fields.map((field) => field.name);
  for (const key of Object.keys(json)) {
    if (!names.includes(key)) {
      throw invalid(where, `${path}.${key}`, nearest(key, names) ?? `one of ${names.join(", ")}`, key);
    }
  }
  const values = json as Record<string, unknown>;
  return Object.fromEntries(
    fields.map(({ name, type: inner }) => [name, value(inner, values[name], where, `${path}.${name}`)]),
  );
}

function value(type: string, json: unknown, where: string, path: string): unknown {
  if (type.endsWith("[]")) {
    if (!Array.isArray(json)) throw invalid(where, path, "a list", json);
    return json.map((entry, index) => value(type.slice(0, -2), entry, where, `${path}[${index}]`));
  }
  if (type in PLAN_TYPES) return struct(type, json, where, path);
  if (type.startsWith("uint")) return integer(type, json, where, path);
  if (type === "bool") {
    if (typeof json !== "boolean") throw invalid(where, path, "true or false", json);
    return json;
  }
  if (typeof json !== "string") throw invalid(where, path, type, json);
  const shape = { address: /^0x[0-9a-fA-F]{40}$/, bytes32: /^0x[0-9a-fA-F]{64}$/, bytes: /^0x([0-9a-fA-F]{2})*$/ }[
    type
  ];
  if (shape !== undefined && !shape.test(json)) throw invalid(where, path, type, json);
  return json;
}

function integer(type: string, json: unknown, where: string, path: string): number | bigint {
  const text = typeof json === "number" ? String(json) : json;
  if (typeof text !== "string" || !/^\d+$/.test(text) || BigInt(text) >= 1n << BigInt(type.slice(4))) {
    throw invalid(where, path, type, json);
  }
  return NUMBERS.has(type) ? Number(text) : BigInt(text);
}

function invalid(where: string, path: string, expected: string, found: unknown): SlipwayError {
  return new SlipwayError("PlanFileInvalid", {
    where: `${where}, ${path}`,
    expected,
    found: found === undefined ? "nothing" : JSON.stringify(found),
  });
}
