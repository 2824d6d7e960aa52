import { Interface, ZeroAddress, type Provider } from "ethers";
import { ModuleKind } from "../plan/types";
import { addressAt, eternalSlot, ETERNAL_IMPLEMENTATION, readSlots, SLOTS, type ProxySlots } from "./erc1967";
import { readProbe } from "../plan/probe";

const ABI = new Interface([
  "function proxiableUUID() view returns (bytes32)",
  "function facetAddresses() view returns (address[])",
  "function contractId() view returns (bytes32)",
  "function implementation() view returns (address)",
  "function governance() view returns (address)",
  "function owner() view returns (address)",
]);

/** Axelar's two families of proxies: where each keeps who may upgrade it, and what it answers for that. */
const OWN_ADMINS = [
  // `bytes32(uint256(keccak256("governance")) - 1)`, in `EternalStorage`.
  {
    implementationSlot: ETERNAL_IMPLEMENTATION,
    authoritySlot: eternalSlot("0xabea6fd3db56a6e6d0242111b43ebb13d1c42709651c032c7894962023a1f909"),
    getter: "governance",
  },
  // `keccak256("owner")`.
  {
    implementationSlot: SLOTS.implementation,
    authoritySlot: "0x02016836a56b71f0d02689e69e326f4f4c1b9057164ef592671cf0d37c8040c0",
    getter: "owner",
  },
] as const;

export interface ProxyInspection extends ProxySlots {
  /** How the account is upgraded; undefined where it is no proxy that Slipway knows. */
  kind?: ModuleKind;
  /** Of a proxy that is upgraded through its own implementation, without a ProxyAdmin or UUPS. */
  ownAdmin?: OwnAdmin;
}

/** Where such a proxy keeps what decides which code runs. */
export interface OwnAdmin {
  implementationSlot: string;
  authoritySlot: string;
  /** Who may upgrade it. */
  authority: string;
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
    if (uuid === BigInt(SLOTS.implementation)) return { ...slots, kind: ModuleKind.Uups };
    const ownAdmin = await ownAdminOf(provider, account, slots.implementation);
    return { ...slots, kind: ownAdmin === undefined ? undefined : ModuleKind.OwnAdmin, ownAdmin };
  }
  const loupe = await readProbe(provider, {
    target: account,
    data: ABI.encodeFunctionData("facetAddresses"),
    gas: 1_000_000n,
  });
  return { ...slots, kind: loupe === undefined ? undefined : ModuleKind.Diamond };
}

/** Both pointers must lie where their family keeps them, and be what the proxy's own getters tell. */
async function ownAdminOf(provider: Provider, account: string, implementation: string): Promise<OwnAdmin | undefined> {
  const ask = (name: string) =>
    readProbe(provider, { target: account, data: ABI.encodeFunctionData(name), gas: 100_000n });
  const [id, told] = await Promise.all([ask("contractId"), ask("implementation")]);
  if (id === undefined || told !== BigInt(implementation)) return undefined;
  for (const { implementationSlot, authoritySlot, getter } of OWN_ADMINS) {
    if ((await addressAt(provider, account, implementationSlot)) !== implementation) continue;
    const authority = await addressAt(provider, account, authoritySlot);
    if (authority !== ZeroAddress && (await ask(getter)) === BigInt(authority)) {
      return { implementationSlot, authoritySlot, authority };
    }
  }
  return undefined;
}

/** "transparent" of `ModuleKind.Transparent`, as plan files write it. */
export function kindText(kind: ModuleKind | undefined): string {
  return kind === undefined
    ? "no known proxy"
    : (["uups", "transparent", "beacon", "diamond", "redeploy", "own-admin"][kind] ?? `${kind}`);
}
