import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isError } from "ethers";
import type { Client } from "../../client";
import { toJson } from "../../report/toJson";
import type { Registry } from "../connect";
import { signerAddress } from "../signerAddress";
import { hashesOf, typedDataOf, type Statement, type TypedData, type TypedDataHashes } from "./statement";

/** The file that `--sign` writes and `--submit` reads. */
export interface SignedStatement extends TypedDataHashes {
  slipway: "signature";
  statement: Statement;
  signer: string;
  typedData: TypedData;
  /** 65 bytes; null until the typed data was signed elsewhere and the signature put here. */
  signature: string | null;
}

/** Writes a statement to `file`, signed if the signer's key is within reach. Sends nothing. */
export async function signStatement(
  client: Client,
  registry: Registry,
  params: { statement: Statement; file: string },
): Promise<SignedStatement> {
  const { statement, file } = params;
  const signer = await signerAddress(client, statement.verb);
  const typedData = typedDataOf(statement, registry.domain);
  const signed: SignedStatement = {
    slipway: "signature",
    statement,
    signer,
    ...hashesOf(typedData),
    typedData,
    signature: await trySign(client, typedData),
  };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${toJson(signed)}\n`);
  return signed;
}

/** Null where the key is elsewhere: a device, a Safe's owner, an account that is only impersonated. */
async function trySign(client: Client, { domain, types, message }: TypedData): Promise<string | null> {
  try {
    return (await client.signer?.signTypedData(domain, types, message)) ?? null;
  } catch (thrown) {
    if (isError(thrown, "ACTION_REJECTED")) throw thrown;
    const reason = thrown instanceof Error ? thrown.message.split("\n")[0] : String(thrown);
    client.log(`not signed here (${reason}): sign the typed data elsewhere and put the signature into the file`);
    return null;
  }
}
