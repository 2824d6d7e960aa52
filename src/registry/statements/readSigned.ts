import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { concat, getAddress, Interface, isAddress, isError, isHexString, recoverAddress, Signature } from "ethers";
import type { Client } from "../../client";
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

const WALLET = new Interface(["function isValidSignature(bytes32, bytes) view returns (bytes4)"]);

/**
 * Reads signed files: a list separated by commas, or a folder. Every one must say exactly what the command says, and carry
 * its own signer's signature over it: a key's, or what the contract at that address accepts (ERC-1271). The typed data is
 * built anew, so that a file cannot show one thing and carry another. All bad files are named in one error.
 */
export async function readSigned<S extends Statement>(
  client: Client,
  registry: Registry,
  list: string,
  expected: S,
): Promise<ReadStatement<S>[]> {
  const read: ReadStatement<S>[] = [];
  const bad: SlipwayError[] = [];
  for (const file of filesOf(list)) {
    try {
      const one = await readOne(client, registry, file, expected);
      const other = read.find(({ signer }) => signer === one.signer);
      if (other !== undefined) throw invalid(file, "one file a signer", `${one.signer} signed ${other.file} too`);
      read.push(one);
    } catch (thrown) {
      if (!(thrown instanceof SlipwayError)) throw thrown;
      bad.push(thrown);
    }
  }
  const [first, ...others] = bad;
  if (first === undefined) return read;
  if (others.length === 0) throw first;
  const expectations = [...new Set(bad.map(({ facts }) => facts.expected))].join("; ");
  const found = bad.map(({ facts }) => `${facts.where}: ${facts.found}`).join("; ");
  throw invalid(`${bad.length} of ${read.length + bad.length} files`, expectations, found);
}

/** For batches without seats: a contract's signature begins with its address, since nothing can be recovered from it. */
export function namedSignature({ signer, signature, isWallet }: ReadStatement): string {
  return isWallet ? concat([signer, signature]) : Signature.from(signature).serialized;
}

/** The first file's own statement: what to expect of the others where the command leaves something open. */
export function firstStatement(list: string): Statement {
  const [file] = filesOf(list);
  return parse(file!).statement;
}

async function readOne<S extends Statement>(
  client: Client,
  registry: Registry,
  file: string,
  expected: S,
): Promise<ReadStatement<S>> {
  const { statement, signer: stated, signature } = parse(file);
  for (const [key, value] of Object.entries(expected)) {
    const found = (statement as unknown as Record<string, unknown>)[key];
    if (found !== value) throw invalid(file, `${key} ${String(value)}`, `${key} ${String(found)}`);
  }
  if (!isAddress(stated)) throw invalid(file, "a signer's address", stated);
  if (signature === null) throw invalid(file, "a signature over its typed data", "none yet");
  if (!isHexString(signature)) throw invalid(file, "a signature in hexadecimal digits", String(signature));
  const signer = getAddress(stated);
  const { digest } = hashesOf(typedDataOf(expected, registry.domain));
  const recovered = recover(digest, signature);
  // A key may have code too (EIP-7702): what it signs itself counts first, here as on chain.
  if (recovered === signer) return { file, statement: expected, signer, signature, isWallet: false };
  if ((await client.provider.getCode(signer)) !== "0x") {
    if (await isAccepted(client, { wallet: signer, digest, signature })) {
      return { file, statement: expected, signer, signature, isWallet: true };
    }
    throw invalid(file, `what wallet ${signer} takes for its signature of ${digest} (ERC-1271)`, "its refusal");
  }
  if (recovered === undefined) throw invalid(file, "a signature of 65 bytes", signature);
  throw invalid(file, `the signature of ${signer} over ${digest}`, `one of ${recovered}`);
}

/** Undefined where it is no signature of any key. */
function recover(digest: string, signature: string): string | undefined {
  try {
    return recoverAddress(digest, signature);
  } catch {
    return undefined;
  }
}

async function isAccepted(
  client: Client,
  { wallet, digest, signature }: { wallet: string; digest: string; signature: string },
): Promise<boolean> {
  try {
    const data = WALLET.encodeFunctionData("isValidSignature", [digest, signature]);
    const answer = await client.provider.call({ to: wallet, data });
    return answer.slice(0, 10) === WALLET.getFunction("isValidSignature")?.selector;
  } catch (thrown) {
    if (isError(thrown, "CALL_EXCEPTION")) return false;
    throw thrown;
  }
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
