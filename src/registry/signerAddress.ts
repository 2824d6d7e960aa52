import type { Client } from "../client";
import { SlipwayError } from "../errors";

/** Address of the account that signs. */
export async function signerAddress(client: Client, verb: string): Promise<string> {
  if (client.signer === undefined) throw new SlipwayError("SignerMissing", { where: verb });
  return client.signer.getAddress();
}
