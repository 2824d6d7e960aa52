import { getAddress, Interface, ZeroAddress, type Provider } from "ethers";
import { BEACON_ABI } from "../chain/beacon";
import { readSlots } from "../chain/erc1967";

const LOUPE = new Interface(["function facetAddresses() view returns (address[])"]);

/** Accounts whose code serves what is sent to `account`: an implementation, a beacon's, every facet; itself where it is none of these. */
export async function servingCodes(
  provider: Provider,
  account: string,
  block: number | "latest" = "latest",
): Promise<string[]> {
  const { implementation, beacon } = await readSlots(provider, account, block);
  if (implementation !== ZeroAddress) return [implementation];
  const named = await ask(provider, beacon === ZeroAddress ? account : beacon, { block, call: "implementation()" });
  if (named !== undefined && named.length === 66 && BigInt(named) >> 160n === 0n && BigInt(named) !== 0n) {
    return [getAddress(`0x${named.slice(26)}`)];
  }
  const facets = await ask(provider, account, { block, call: "facetAddresses()" });
  const found = facets === undefined || facets.length < 130 ? [] : decode(facets);
  return found.length === 0 ? [account] : found;
}

async function ask(
  provider: Provider,
  to: string,
  { block, call }: { block: number | "latest"; call: string },
): Promise<string | undefined> {
  const abi = call === "implementation()" ? BEACON_ABI : LOUPE;
  try {
    return await provider.call({ to, data: abi.encodeFunctionData(call), blockTag: block });
  } catch (thrown) {
    // A revert says that it is no such account; a node that does not answer says nothing.
    if ((thrown as { code?: string }).code !== "CALL_EXCEPTION") throw thrown;
    return undefined;
  }
}

function decode(answer: string): string[] {
  try {
    const [facets] = LOUPE.decodeFunctionResult("facetAddresses", answer) as unknown as [string[]];
    return [...facets];
  } catch {
    return [];
  }
}
