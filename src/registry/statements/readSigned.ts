import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { recoverAddress } from "ethers";
import { SlipwayError } from "../../errors";
import type { Registry } from "../connect";
import type { SignedStatement } from "./signStatement";
import { hashesOf, typedDataOf, type Statement } from "./statement";

export interface ReadStatement<S extends Statement = Statement> {
  file: string;
  statement: S;
  signer: string;
  signature: string;
  /** The signer is a contract: only it can tell what it signed (ERC-1271). */
  isWallet: boolean;
}

/**
 * Reads signed files: a list separated by commas, or a folder. Every one must say exactly what the command says, and carry
 * its own signer's signature over it. The typed data is built anew, so that a file cannot show one thing and carry another.
 * Signatures of `wallets` (contracts) are left to them.
 */
export function readSigned<S extends Statement>(
  registry: Registry,
  list: string,
  expected: S,
  wallets: ReadonlySet<string> = new Set(),
): ReadStatement<S>[] {
  const files = filesOf(list);
  const read = files.map((file) => readOne(registry, file, expected, wallets));
  const seen = new Map<string, string>();
  for (const { signer, file } of read) {
    const other = seen.get(signer);
    if (other !== undefined) {
      throw invalid(file, "one file a signer", `${signer} signed ${other} too`);
    }
    seen.set(signer, file);
  }
  return read;
}

/** Who the files say signed them. */
export function signersOf(list: string): string[] {
  return filesOf(list).map((file) => parse(file).signer);
}

/** The first file's own statement: what to expect of the others where the command leaves something open. */
export function firstStatement(list: string): Statement {
  const [file] = filesOf(list);
  return parse(file!).statement;
}

function readOne<S extends Statement>(
  registry: Registry,
  file: string,
  expected: S,
  wallets: ReadonlySet<string>,
): ReadStatement<S> {
  const { statement, signer, signature } = parse(file);
  for (const [key, value] of Object.entries(expected)) {
    const found = (statement as unknown as Record<string, unknown>)[key];
    if (found !== value) throw invalid(file, `${key} ${String(value)}`, `${key} ${String(found)}`);
  }
  if (signature === null) {
    throw invalid(file, "a signature over its typed data", "none yet");
  }
  if (wallets.has(signer.toLowerCase())) return { file, statement: expected, signer, signature, isWallet: true };
  const { digest } = hashesOf(typedDataOf(expected, registry.domain));
  let recovered: string;
  try {
    recovered = recoverAddress(digest, signature);
  } catch (cause) {
    throw invalid(file, "a signature of 65 bytes", signature, cause);
  }
  if (recovered.toLowerCase() !== signer.toLowerCase()) {
    throw invalid(file, `the signature of ${signer} over ${digest}`, `one of ${recovered}`);
  }
  return { file, statement: expected, signer: recovered, signature, isWallet: false };
}

function filesOf(list: string): string[] {
  const files = list.split(",").flatMap((entry) => {
    const path = entry.trim();
    if (!existsSync(path)) throw invalid(path, "a signed file", "nothing there");
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => join(path, name));
  });
  if (files.length === 0) throw invalid(list, "signed files", "none");
  return files;
}

function parse(file: string): SignedStatement {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw invalid(file, "a file that --sign wrote", "no JSON", cause);
  }
  const signed = json as Partial<SignedStatement> | null;
  if (signed?.slipway !== "signature" || signed.statement === undefined || typeof signed.signer !== "string") {
    throw invalid(file, "a file that --sign wrote", "something else");
  }
  return signed as SignedStatement;
}

function invalid(where: string, expected: string, found: string, cause?: unknown): SlipwayError {
  return new SlipwayError("SignatureFileInvalid", { where, expected, found, cause });
}
