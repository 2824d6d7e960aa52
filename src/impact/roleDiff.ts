import { id, Interface, toBeHex, ZeroAddress, ZeroHash } from "ethers";
import { simulateSequence, derivedAddress, type SequenceStep } from "../chain/simulateSequence";
import { readSlots } from "../chain/erc1967";
import type { Client } from "../client";
import { moduleName } from "../plan/moduleName";
import { readProbe } from "../plan/probe";
import type { Plan } from "../plan/types";
import { ROLES } from "../registry/roleIds";
import { callsOf, type LocatedCall } from "./innerCalls";
import type { RoleChange } from "./types";

const POWER = new Interface([
  "function grantRole(bytes32 role, address account)",
  "function revokeRole(bytes32 role, address account)",
  "function renounceRole(bytes32 role, address account)",
  "function setRoleAdmin(bytes32 role, bytes32 adminRole)",
  "function grantRole(uint64 roleId, address account, uint32 executionDelay)",
  "function revokeRole(uint64 roleId, address account)",
  "function setAuthority(address authority)",
  "function transferOwnership(address newOwner)",
  "function renounceOwnership()",
  "function acceptOwnership()",
  "function setOwner(address newOwner)",
  "function beginDefaultAdminTransfer(address newAdmin)",
  "function acceptDefaultAdminTransfer()",
  "function changeAdmin(address newAdmin)",
  "function changeProxyAdmin(address proxy, address newAdmin)",
  "function updateDelay(uint256 newDelay)",
]);
const READ = new Interface([
  "function owner() view returns (address)",
  "function hasRole(bytes32 role, address account) view returns (bool)",
  "function getRoleAdmin(bytes32 role) view returns (bytes32)",
  "function authority() view returns (address)",
  "function defaultAdmin() view returns (address)",
  "function getMinDelay() view returns (uint256)",
]);

/** Names of role ids that protocols use; others stay words. */
const KNOWN = new Map(
  [
    ...ROLES,
    ...[
      "PROPOSER",
      "EXECUTOR",
      "CANCELLER",
      "TIMELOCK_ADMIN",
      "MINTER",
      "BURNER",
      "PAUSER",
      "UPGRADER",
      "GUARDIAN",
    ].map((name) => `${name}_ROLE`),
  ].map((name) => [id(name), name]),
);
const CALLER = derivedAddress("slipway.impact.caller");

/** Verbs of the registry that move power without a role's name in them. */
const CONFIGURES = /^(set[A-Z]|activateElectorate|refill|diamondCut|retireModule|enableFlag)/;

/** A change of power as its call says it, with the state now beside it. */
export interface DecodedChange extends RoleChange {
  call: LocatedCall;
  verb: string;
  args: readonly unknown[];
}

/** Every call of the plan that moves power, decoded, messages inside messages too. */
export async function decodedChanges(client: Client, plan: Plan, registry?: RegistryNames): Promise<DecodedChange[]> {
  const changes = await Promise.all(callsOf(plan).map((call) => decode(client, call, registry)));
  return changes.filter((change) => change !== undefined);
}

export interface RegistryNames {
  address: string;
  iface: Interface;
}

/**
 * Who may do what after the plan, compared with now: from the calls as they are written, and, since an initialiser may change
 * an owner in silence, from each module's owner and admin after the stages ran, simulated.
 */
export async function roleChanges(
  client: Client,
  plan: Plan,
  params: {
    registry: RegistryNames;
    timelock: string;
    modules: readonly { name: string; account: string }[];
    creations: readonly SequenceStep[];
  },
): Promise<RoleChange[]> {
  const { registry, timelock, modules, creations } = params;
  const decoded = await decodedChanges(client, plan, registry);
  const told = decoded.map(({ where, account, what, before, after }) => ({ where, account, what, before, after }));
  const stages = plan.stages.flatMap(({ calls }) => calls).map((call) => ({ sender: timelock, ...call }));
  const ask = (account: string): SequenceStep => ({
    sender: CALLER,
    target: account,
    data: READ.encodeFunctionData("owner"),
  });
  const asked = modules.map(({ account }) => ask(account));
  const outcomes = await simulateSequence(client, [...asked, ...creations, ...stages, ...asked]);
  const silent = modules.flatMap(({ name, account }, i): RoleChange[] => {
    const [before, after] = [outcomes[i]!, outcomes[outcomes.length - asked.length + i]!].map(({ isOk, result }) =>
      isOk && result.length === 66 ? address(result) : "none",
    );
    const isTold = told.some((change) => change.account === account && change.what === "owner");
    if (before === after || isTold) return [];
    return [{ where: `all stages, on ${name}`, account, what: "owner", before: before!, after: after! }];
  });
  return [...told, ...silent];
}

async function decode(
  client: Client,
  call: LocatedCall,
  registry: RegistryNames | undefined,
): Promise<DecodedChange | undefined> {
  const { target, where } = call;
  const change = (
    what: string,
    before: string,
    after: string,
    verb: string,
    args: readonly unknown[],
    account = target,
  ) => ({
    where,
    account,
    what,
    before,
    after,
    call,
    verb,
    args,
  });
  const parsed = parse(POWER, call.data);
  if (parsed === undefined) {
    if (registry === undefined || target !== registry.address) return undefined;
    const own = parse(registry.iface, call.data);
    if (own === undefined || !CONFIGURES.test(own.name)) return undefined;
    return change(own.name, "as it is", own.text, own.name, own.args);
  }
  const { name, args } = parsed;
  const read = async (key: string, values: unknown[] = []) => {
    const probe = { target, data: READ.encodeFunctionData(key, values), gas: 100_000n };
    return readProbe(client.provider, probe);
  };
  const holds = async (role: string, account: string) => {
    const word = await read("hasRole", [role, account]);
    return word === undefined ? "unknown" : word === 1n ? "holds it" : "does not hold it";
  };
  const word = async (key: string) => {
    const value = await read(key);
    return value === undefined ? "unknown" : address(toBeHex(value, 32));
  };
  switch (name) {
    case "grantRole":
    case "revokeRole":
    case "renounceRole": {
      const after = name === "grantRole" ? "holds it" : "does not hold it";
      if (typeof args[0] === "bigint") {
        return change(`role ${args[0]} of ${String(args[1])}`, "unknown", after, name, args);
      }
      const [role, account] = args as [string, string];
      return change(`${roleText(role)} of ${account}`, await holds(role, account), after, name, args);
    }
    case "setRoleAdmin": {
      const now = await read("getRoleAdmin", [args[0]]);
      const before = now === undefined ? "unknown" : roleText(toBeHex(now, 32));
      return change(`admin of ${roleText(String(args[0]))}`, before, roleText(String(args[1])), name, args);
    }
    case "updateDelay":
      return change("delay", `${(await read("getMinDelay")) ?? "unknown"} s`, `${String(args[0])} s`, name, args);
    case "setAuthority":
      return change("authority", await word("authority"), String(args[0]), name, args);
    case "beginDefaultAdminTransfer":
    case "acceptDefaultAdminTransfer":
      return change("default admin", await word("defaultAdmin"), String(args[0] ?? "whoever accepts"), name, args);
    case "changeAdmin":
    case "changeProxyAdmin": {
      const proxy = name === "changeAdmin" ? target : String(args[0]);
      const { admin } = await readSlots(client.provider, proxy);
      return change("admin", admin, String(args.at(-1)), name, args, proxy);
    }
    case "renounceOwnership":
      return change("owner", await word("owner"), ZeroAddress, name, args);
    case "acceptOwnership":
      return change("owner", await word("owner"), "the caller", name, args);
    default:
      return change("owner", await word("owner"), String(args[0]), name, args);
  }
}

function parse(abi: Interface, data: string): { name: string; args: readonly unknown[]; text: string } | undefined {
  try {
    const parsed = abi.parseTransaction({ data });
    if (parsed === null) return undefined;
    const text = `${parsed.name}(${parsed.fragment.inputs.map(({ name }) => name).join(", ")})`;
    return { name: parsed.name, args: [...parsed.args], text };
  } catch {
    return undefined;
  }
}

function roleText(role: string): string {
  if (role === ZeroHash) return "DEFAULT_ADMIN_ROLE";
  return KNOWN.get(role) ?? moduleName(role);
}

function address(word: string): string {
  return READ.decodeFunctionResult("owner", word)[0] as string;
}
