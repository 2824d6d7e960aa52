import type { Client } from "../client";
import { deployedSide } from "../diff/codeSide";
import type { Namespaces } from "../layout/readNamespaces";

/** Tells the layout of an account's code: of the compiled contract that gives this code, whoever deployed it. Asked once an account. */
export function layoutsOf(client: Client): (account: string) => Promise<Namespaces | undefined> {
  const known = new Map<string, Promise<Namespaces | undefined>>();
  const find = async (account: string) => {
    if ((await client.provider.getCode(account)) === "0x") return undefined;
    const { contract } = await deployedSide(client, account);
    return contract === undefined ? undefined : client.artifacts.layout?.(contract);
  };
  return (account) => {
    const found = known.get(account) ?? find(account);
    known.set(account, found);
    return found;
  };
}
