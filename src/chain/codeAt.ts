import { keccak256, type Provider } from "ethers";
import { SlipwayError } from "../errors";

export interface AccountCode {
  account: string;
  code: string;
  codeHash: string;
}

/** Prefix of an EIP-7702 delegation. */
const DELEGATION = "0xef0100";

/** Code of an account that a plan relies on: there must be some, and it must be the account's own. */
export async function codeAt(provider: Provider, account: string, where: string): Promise<AccountCode> {
  const code = await provider.getCode(account);
  if (code === "0x") {
    throw new SlipwayError("AddressWithoutCode", { where, expected: "a contract", found: `${account} without code` });
  }
  if (code.startsWith(DELEGATION)) {
    throw new SlipwayError("AccountDelegated", {
      where,
      expected: "a contract with code of its own",
      found: `${account} delegating to 0x${code.slice(DELEGATION.length)}`,
    });
  }
  return { account, code, codeHash: keccak256(code) };
}
