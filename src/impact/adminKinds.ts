import { getAddress, Interface, ZeroAddress, type Provider } from "ethers";
import { readSlots } from "../chain/erc1967";
import type { Client } from "../client";
import { modulesOf } from "../plan/moduleOf";
import { readProbe } from "../plan/probe";
import type { Registry } from "../registry/connect";
import { readRoles } from "../registry/roles";

/** What stands behind an account that may change something. */
export type AdminKind =
  /** The registry's own timelock: only plans that passed. */
  | "timelock"
  /** A Safe, or another contract that tells owners and threshold as a Safe does. */
  | "multisig"
  /** Some other contract: what decides there is not known here. */
  | "contract"
  /** One key. */
  | "key"
  /** One key with code of its choice (EIP-7702). */
  | "delegated key"
  /** Nobody. */
  | "nobody";

export interface Admin {
  /** "module vault", "role release", "council". */
  of: string;
  /** "owner", "admin of the proxy", "owner of the ProxyAdmin": what it is there. */
  as: string;
  account: string;
  kind: AdminKind;
  /** Of a multisig. */
  threshold?: number;
  owners?: number;
}

/** One admin that a production network should not have. */
export interface AdminFinding extends Admin {
  status: "warn" | "fail";
  why: string;
  remedy: string;
}

const ABI = new Interface([
  "function owner() view returns (address)",
  "function getThreshold() view returns (uint256)",
  "function getOwners() view returns (address[])",
]);
const DELEGATION = "0xef0100";

/** Owners of owners beyond this are no chain that anyone means. */
const MAX_HOPS = 4;

/** Chains on which value is at stake; others are for trying things. */
const PRODUCTION = new Set([
  1n,
  10n,
  56n,
  100n,
  130n,
  137n,
  146n,
  250n,
  252n,
  324n,
  480n,
  1101n,
  1135n,
  5000n,
  8453n,
  34443n,
  42161n,
  42170n,
  42220n,
  43114n,
  57073n,
  59144n,
  81457n,
  534352n,
  7777777n,
  314n,
  1284n,
  1285n,
  25n,
  1088n,
  60808n,
  80094n,
  1329n,
]);

/** Whether a chain is one of those that are known to hold value. */
export function isProductionChain(chainId: bigint): boolean {
  return PRODUCTION.has(chainId);
}

/** Who may upgrade or own each module, besides through a plan, to the end of the chain of owners. */
export async function moduleAdmins(client: Client, registry: Registry): Promise<Admin[]> {
  const { provider } = client;
  const timelock = (await registry.contract.getFunction("timelock").staticCall()) as string;
  const found: Admin[] = [];
  for (const { name, account, authority, isRetired } of await modulesOf(registry)) {
    if (!isRetired) found.push(...(await adminsAt(provider, { of: `module ${name}`, account, authority, timelock })));
  }
  return found;
}

/** The same of one proxy; `timelock` is whose calls govern it. */
export async function adminsAt(
  provider: Provider,
  { of, account, authority, timelock }: { of: string; account: string; authority?: string; timelock: string },
): Promise<Admin[]> {
  const found: Admin[] = [];
  const { admin } = await readSlots(provider, account);
  const places: [string, string | undefined][] = [
    ["authority", authority],
    ["admin of the proxy", admin === ZeroAddress ? undefined : admin],
    ["owner", await ownerOf(provider, account)],
  ];
  const seen = new Set<string>();
  for (const [as, at] of places) {
    let place = at;
    let role = as;
    for (let hops = 0; place !== undefined && hops < MAX_HOPS; ++hops) {
      if (seen.has(place)) break;
      seen.add(place);
      const kind = await kindOf(provider, place, timelock);
      const next: string | undefined = kind.kind === "contract" ? await ownerOf(provider, place) : undefined;
      // What only hands on is no end of the chain.
      if (next === undefined) found.push({ of, as: role, account: place, ...kind });
      role = `owner of the ${role}`;
      place = next;
    }
  }
  return found;
}

/** Who holds the registry's roles and seats of the council. */
export async function registryAdmins(client: Client, registry: Registry): Promise<Admin[]> {
  const { roles, timelock, council } = await readRoles(client, registry);
  const holders = [
    ...Object.entries(roles).flatMap(([name, accounts]) =>
      accounts.map((account) => ({ of: `role ${name}`, as: "holder", account })),
    ),
    ...council.members.map((account) => ({ of: "council", as: "member", account })),
  ];
  return Promise.all(
    holders.map(async (holder) => ({ ...holder, ...(await kindOf(client.provider, holder.account, timelock)) })),
  );
}

/**
 * What is wrong with a module's admins: on a production network one key fails, whatever holds it, since no chain tells a hardware wallet from another.
 * Elsewhere it is worth a warning. Roles of the registry are held by people, each bounded: they are listed, not judged.
 */
export function judgeAdmins(admins: readonly Admin[], { isProduction }: { isProduction: boolean }): AdminFinding[] {
  const bad = isProduction ? "fail" : "warn";
  return admins.flatMap((admin): AdminFinding[] => {
    const { kind, of, threshold = 0, owners = 0 } = admin;
    if (!of.startsWith("module ")) return [];
    const remedy = `hand ${of} over to the registry's timelock: it is upgraded by plans that passed, and by nothing else`;
    switch (kind) {
      case "key":
      case "delegated key":
        return [{ ...admin, status: bad, why: `one key alone may change ${of}`, remedy }];
      case "nobody":
      case "timelock":
        return [];
      case "multisig": {
        const why = `${threshold} of ${owners} signers may change ${of}, without a vote`;
        return [{ ...admin, status: threshold < 2 ? bad : "warn", why, remedy }];
      }
      default:
        return [{ ...admin, status: "warn", why: `a contract that is not the timelock may change ${of}`, remedy }];
    }
  });
}

async function kindOf(
  provider: Provider,
  account: string,
  timelock: string,
): Promise<Pick<Admin, "kind" | "threshold" | "owners">> {
  if (account === ZeroAddress) return { kind: "nobody" };
  if (account === timelock) return { kind: "timelock" };
  const code = await provider.getCode(account);
  if (code === "0x") return { kind: "key" };
  if (code.startsWith(DELEGATION)) return { kind: "delegated key" };
  try {
    const ask = async (name: "getThreshold" | "getOwners") =>
      ABI.decodeFunctionResult(
        name,
        await provider.call({ to: account, data: ABI.encodeFunctionData(name) }),
      )[0] as unknown;
    const [threshold, owners] = [Number(await ask("getThreshold")), (await ask("getOwners")) as string[]];
    if (threshold > 0 && threshold <= owners.length) return { kind: "multisig", threshold, owners: owners.length };
  } catch (thrown) {
    // No Safe answers like that; a node that does not answer at all is another matter.
    const { code: reason } = thrown as { code?: string };
    if (reason !== "CALL_EXCEPTION" && reason !== "BAD_DATA" && reason !== "BUFFER_OVERRUN") throw thrown;
  }
  return { kind: "contract" };
}

async function ownerOf(provider: Provider, account: string): Promise<string | undefined> {
  const word = await readProbe(provider, { target: account, data: ABI.encodeFunctionData("owner"), gas: 100_000n });
  if (word === undefined || word >> 160n !== 0n) return undefined;
  return getAddress(`0x${word.toString(16).padStart(40, "0")}`);
}
