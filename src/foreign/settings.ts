import { dataSlice, getAddress, id, Interface, keccak256, toBeHex, ZeroAddress, type Provider } from "ethers";
import { readSlots } from "../chain/erc1967";
import { CONTROLLER } from "./abis";
import { ask, askOne, events } from "./ask";

/** One thing that decides how the next proposal comes to run. */
export interface Setting {
  account: string;
  what: string;
  value: string;
}

/** Whoever has these asks nobody. */
const GETTERS = new Interface(
  [
    ...["votingDelay", "votingPeriod", "proposalThreshold", "quorumNumerator", "quorumDenominator", "quorumVotes"],
    ...["lateQuorumVoteExtension", "getMinDelay", "delay", "GRACE_PERIOD", "getThreshold", "proposalMaxOperations"],
  ]
    .map((name) => `function ${name}() view returns (uint256)`)
    .concat(
      ["timelock", "token", "comp", "uni", "admin", "pendingAdmin", "guardian", "owner", "implementation"].map(
        (name) => `function ${name}() view returns (address)`,
      ),
    ),
);
const SAFE = new Interface([
  "function getOwners() view returns (address[])",
  "function getModulesPaginated(address start, uint256 pageSize) view returns (address[] modules, address next)",
]);
const FIRST = "0x0000000000000000000000000000000000000001";
const MODULES = 100n;
/** Where a Safe keeps what no getter tells. */
const SAFE_SLOTS = {
  singleton: toBeHex(0, 32),
  guard: id("guard_manager.guard.address"),
  "module guard": id("module_manager.module_guard.address"),
  "fallback handler": id("fallback_manager.handler.address"),
};
const ROLES = {
  admin: toBeHex(0, 32),
  "timelock admin": id("TIMELOCK_ADMIN_ROLE"),
  proposer: id("PROPOSER_ROLE"),
  executor: id("EXECUTOR_ROLE"),
  canceller: id("CANCELLER_ROLE"),
};

/** What is known of the rules of a governance: governors, timelocks and Safes, each by what it answers. */
export async function settingsOf(provider: Provider, accounts: readonly string[]): Promise<Setting[]> {
  const all = await Promise.all(
    [...new Set(accounts.map((account) => getAddress(account)))].map((account) => settingsAt(provider, account)),
  );
  return all.flat();
}

async function settingsAt(provider: Provider, account: string): Promise<Setting[]> {
  const code = await provider.getCode(account);
  if (code === "0x") return [];
  const rows: Omit<Setting, "account">[] = [{ what: "code", value: keccak256(code) }];
  const names = GETTERS.fragments.map((fragment) => (fragment as unknown as { name: string }).name);
  const answers = await Promise.all(
    names.map(async (what) => ({ what, value: await askOne<unknown>(provider, account, GETTERS, what) })),
  );
  for (const { what, value } of answers) if (value !== undefined) rows.push({ what, value: String(value) });
  for (const [what, value] of Object.entries(await readSlots(provider, account))) {
    if (value !== ZeroAddress) rows.push({ what: `${what} of the proxy`, value: String(value) });
  }
  rows.push(...(await rolesAt(provider, account)), ...(await safeAt(provider, account)));
  return rows.map((row) => ({ account, ...row }));
}

/** Who holds the roles of a TimelockController, by its events and as it answers. */
async function rolesAt(provider: Provider, account: string): Promise<Omit<Setting, "account">[]> {
  if ((await askOne(provider, account, CONTROLLER, "getMinDelay")) === undefined) return [];
  const granted = await events(provider, account, CONTROLLER, "RoleGranted");
  return Promise.all(
    Object.entries(ROLES).map(async ([what, role]) => {
      const known = granted.filter(({ args }) => args[0] === role).map(({ args }) => args[1] as string);
      const asked = [...new Set([ZeroAddress, account, ...known])].sort();
      const holds = await Promise.all(
        asked.map((who) => askOne<boolean>(provider, account, CONTROLLER, "hasRole", [role, who])),
      );
      const holders = asked.filter((_, i) => holds[i] === true);
      return { what: `${what}s`, value: holders.map((who) => (who === ZeroAddress ? "anyone" : who)).join(", ") };
    }),
  );
}

async function safeAt(provider: Provider, account: string): Promise<Omit<Setting, "account">[]> {
  const owners = await ask(provider, account, SAFE, "getOwners");
  if (owners === undefined) return [];
  const modules = await ask(provider, account, SAFE, "getModulesPaginated", [FIRST, MODULES]);
  const list = (values: unknown) => [...(values as string[])].sort().join(", ");
  const slots = await Promise.all(
    Object.entries(SAFE_SLOTS).map(async ([what, slot]) => ({
      what,
      value: getAddress(dataSlice(toBeHex(BigInt(await provider.getStorage(account, slot)), 32), 12)),
    })),
  );
  return [
    { what: "owners", value: list(owners[0]) },
    ...(modules === undefined ? [] : [{ what: "modules", value: list(modules[0]) }]),
    ...slots,
  ];
}

/** What is another afterwards. */
export interface ChangedSetting {
  account: string;
  what: string;
  before: string;
  after: string;
}

export function compareSettings(before: readonly Setting[], after: readonly Setting[]): ChangedSetting[] {
  const key = ({ account, what }: Setting) => `${account} ${what}`;
  const [was, is] = [before, after].map((rows) => new Map(rows.map((row) => [key(row), row.value])));
  const all = new Map([...before, ...after].map((row) => [key(row), row]));
  return [...all]
    .map(([name, { account, what }]) => ({
      account,
      what,
      before: was!.get(name) ?? "none",
      after: is!.get(name) ?? "none",
    }))
    .filter((row) => row.before !== row.after);
}
