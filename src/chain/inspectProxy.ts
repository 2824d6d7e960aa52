import { Interface, ZeroAddress, type Provider } from "ethers";
import { ModuleKind } from "../plan/types";
import { readSlots, SLOTS, type ProxySlots } from "./erc1967";
import { readProbe } from "../plan/probe";

const ABI = new Interface([
  "function proxiableUUID() view returns (bytes32)",
  "function facetAddresses() view returns (address[])",
]);

export interface ProxyInspection extends ProxySlots {
  /** How the account is upgraded; undefined where it is no proxy that Slipway knows. */
  kind?: ModuleKind;
}

/** Finds out how an account is upgraded from what it holds and answers, not from what anyone says. */
export async function inspectProxy(provider: Provider, account: string): Promise<ProxyInspection> {
  const slots = await readSlots(provider, account);
  if (slots.beacon !== ZeroAddress) return { ...slots, kind: ModuleKind.Beacon };
  if (slots.implementation !== ZeroAddress) {
    if (slots.admin !== ZeroAddress) return { ...slots, kind: ModuleKind.Transparent };
    const uuid = await readProbe(provider, {
      target: slots.implementation,
      data: ABI.encodeFunctionData("proxiableUUID"),
      gas: 100_000n,
    });
    return { ...slots, kind: uuid === BigInt(SLOTS.implementation) ? ModuleKind.Uups : undefined };
  }
  const loupe = await readProbe(provider, {
    target: account,
    data: ABI.encodeFunctionData("facetAddresses"),
    gas: 1_000_000n,
  });
  return { ...slots, kind: loupe === undefined ? undefined : ModuleKind.Diamond };
}

/** "transparent" of `ModuleKind.Transparent`, as plan files write it. */
export function kindText(kind: ModuleKind | undefined): string {
  return kind === undefined
    ? "no known proxy"
    : (["uups", "transparent", "beacon", "diamond", "redeploy"][kind] ?? `${kind}`);
}
