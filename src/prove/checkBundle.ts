import { existsSync, readFileSync } from "node:fs";
import { isAddress, isHexString } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { connectRegistry, type Registry } from "../registry/connect";
import { readStatus } from "../registry/state";
import { hashOf, prove } from "./prove";
import { FORMAT, type Bundle } from "./types";

/** A field of a bundle that is not what the chain says. */
export interface Mismatch {
  field: string;
  /** From the chain. */
  expected: string;
  found: string;
}

/** Reads a bundle's file; what it says is `checkBundle`'s question. */
export function readBundle(file: string): Bundle {
  const refuse = (found: string, cause?: unknown) =>
    new SlipwayError("BundleMismatch", {
      where: file,
      expected: "a bundle that upgrade prove wrote",
      found,
      cause,
    });
  if (!existsSync(file)) throw refuse("no file there");
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw refuse("no JSON", cause);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw refuse("no object");
  return json as Bundle;
}

/**
 * Replays a bundle: everything in it is read from the chain and judged again, at its own block, and each field compared. Nothing in the
 * file is believed but what to ask for; and what is asked for is in the file's plan, hash and block.
 */
export async function checkBundle(client: Client, bundle: Bundle): Promise<Mismatch[]> {
  const asked = await checkQuestion(client, bundle);
  if (asked.mismatch !== undefined) return [asked.mismatch];
  const journal = (Array.isArray(bundle.journal) ? bundle.journal : []).map(({ transaction }) => String(transaction));
  const bad = journal.findIndex((hash) => !isHexString(hash, 32));
  if (bad !== -1) return [mismatch(`journal.${bad}.transaction`, "a transaction's hash", journal[bad])];
  try {
    const fresh = await prove(client, asked.registry, bundle.proposalId, { block: bundle.block.number, journal });
    return compareBundles(bundle, fresh);
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError) || thrown.errorName !== "BundleMismatch") throw thrown;
    const { where = "", expected, found } = thrown.facts;
    return [mismatch(where, expected, found)];
  }
}

/** The fields in which two bundles differ; the hash comes last, since it follows from the others. */
export function compareBundles(bundle: Bundle, fresh: Bundle): Mismatch[] {
  const found = differing(bundle, { ...fresh, hash: bundle.hash }, "");
  const hash = hashOf(bundle);
  return bundle.hash === hash ? found : [...found, mismatch("hash", hash, bundle.hash)];
}

type Question = { registry: Registry; mismatch?: undefined } | { registry?: undefined; mismatch: Mismatch };

async function checkQuestion(client: Client, bundle: Bundle): Promise<Question> {
  const { format, chainId, registry, proposalId, block } = bundle;
  const wrong = (field: string, expected: unknown, found: unknown) => ({ mismatch: mismatch(field, expected, found) });
  if (format !== FORMAT) return wrong("format", FORMAT, format);
  const network = await client.provider.getNetwork();
  if (chainId !== String(network.chainId)) return wrong("chainId", network.chainId, chainId);
  const isBlock = isHexString(block?.hash, 32);
  const found = isBlock ? await client.provider.getBlock(block.hash) : null;
  if (found === null) return wrong("block.hash", "a block of this chain", block?.hash);
  if (found.number !== block.number) return wrong("block.number", found.number, block.number);
  const hasCode = isAddress(registry) && (await client.provider.getCode(registry)) !== "0x";
  if (!hasCode) return wrong("registry", "a registry of this chain", registry);
  const connected = await connectRegistry(client, registry);
  const isId = isHexString(proposalId, 32) && proposalId === proposalId.toLowerCase();
  try {
    const { state } = await readStatus(connected, isId ? proposalId : `0x${"00".repeat(32)}`);
    if (isId && state !== "Unknown") return { registry: connected };
    return wrong("proposalId", "a proposal of this registry", proposalId);
  } catch {
    return wrong("registry", "a registry", registry);
  }
}

function differing(found: unknown, expected: unknown, field: string): Mismatch[] {
  const isTree = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
  if (!isTree(found) || !isTree(expected) || Array.isArray(found) !== Array.isArray(expected)) {
    return found === expected ? [] : [mismatch(field, expected, found)];
  }
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  return keys.flatMap((key) => differing(found[key], expected[key], field === "" ? key : `${field}.${key}`));
}

function mismatch(field: string, expected: unknown, found: unknown): Mismatch {
  return { field, expected: textOf(expected), found: textOf(found) };
}

function textOf(value: unknown): string {
  if (value === undefined) return "nothing";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
