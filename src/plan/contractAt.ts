import { dataLength } from "ethers";
import type { Client } from "../client";
import { isDeployed } from "./checkLayout";

/** The compiled contract that builds the code of an account; undefined where none at hand does. */
export async function contractAt(client: Client, account: string): Promise<string | undefined> {
  const code = await client.provider.getCode(account);
  const found = await client.artifacts.find?.(dataLength(code), (compiled) => isDeployed(code, compiled));
  return found?.[0];
}
