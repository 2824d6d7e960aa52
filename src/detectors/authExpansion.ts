import { id, Interface, type Provider } from "ethers";
import type { Finding } from "./types";

/** Who may use privileged functions of one contract, by what gives the right: a role, or "owner". */
export type Holders = ReadonlyMap<string, ReadonlySet<string>>;

const ABI = new Interface([
  "event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)",
  "event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)",
  "event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)",
]);

/** A range that most nodes answer in one request. */
const BLOCKS_A_REQUEST = 5_000;

/**
 * Holders of each role (AccessControl) and the owner (Ownable) of a contract after block `to`, replayed from its events since
 * block `from`: that of its deployment, or of `known`.
 */
export async function readHolders(
  provider: Provider,
  account: string,
  range: { from: number; to: number; known?: Holders },
): Promise<Holders> {
  const holders = new Map([...(range.known ?? [])].map(([right, accounts]) => [right, new Set(accounts)]));
  const of = (right: string) => {
    const known = holders.get(right) ?? new Set<string>();
    holders.set(right, known);
    return known;
  };
  const topics = [["RoleGranted", "RoleRevoked", "OwnershipTransferred"].map((name) => ABI.getEvent(name)!.topicHash)];
  for (let first = range.from; first <= range.to; first += BLOCKS_A_REQUEST) {
    const last = Math.min(first + BLOCKS_A_REQUEST - 1, range.to);
    for (const log of await provider.getLogs({ address: account, topics, fromBlock: first, toBlock: last })) {
      const event = ABI.parseLog(log);
      if (event === null) continue;
      const { name, args } = event;
      if (name === "RoleGranted") of(args["role"] as string).add(args["account"] as string);
      if (name === "RoleRevoked") of(args["role"] as string).delete(args["account"] as string);
      if (name === "OwnershipTransferred") {
        of(OWNER).delete(args["previousOwner"] as string);
        if (BigInt(args["newOwner"] as string) !== 0n) of(OWNER).add(args["newOwner"] as string);
      }
    }
  }
  return holders;
}

/** The right of a contract's owner, beside those of its roles. */
export const OWNER = "owner";

/** Name of a role, where it is the hash of one of these. */
export function roleName(role: string, names: readonly string[]): string {
  if (role === OWNER) return OWNER;
  return BigInt(role) === 0n ? "DEFAULT_ADMIN_ROLE" : (names.find((name) => id(name) === role) ?? role);
}

/**
 * Hidden authorisation expansion: accounts that hold a right now and did not before the upgrade, but for those that the plan
 * names. Rights that were given up are no finding.
 * @param allowed Who the plan says will hold which right.
 */
export function detectAuthExpansion(before: Holders, now: Holders, allowed: Holders = new Map()): Finding<"auth">[] {
  const findings: Finding<"auth">[] = [];
  for (const [right, accounts] of now) {
    const known = before.get(right) ?? new Set<string>();
    for (const account of accounts) {
      if (known.has(account) || allowed.get(right)?.has(account) === true) continue;
      const expected = known.size === 0 ? "nobody" : [...known].join(", ");
      findings.push({ kind: "auth", subject: right, expected, found: account });
    }
  }
  return findings;
}
