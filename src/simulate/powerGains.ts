import { dataSlice, getAddress, id, Interface, ZeroAddress } from "ethers";
import { callsOf } from "../impact/innerCalls";
import type { Plan } from "../plan/types";
import { settledLogs } from "../trace/settledFrames";
import type { TransactionTrace } from "../trace/types";

/** Somebody has power over a contract that he had not. */
export interface PowerGain {
  /** The contract. */
  on: string;
  to: string;
  /** "role 0x…", "owner", "admin". */
  as: string;
}

const EVENTS = {
  granted: id("RoleGranted(bytes32,address,address)"),
  managed: id("RoleGranted(uint64,address,uint32,uint48,bool)"),
  owner: id("OwnershipTransferred(address,address)"),
  admin: id("AdminChanged(address,address)"),
  authority: id("AuthorityUpdated(address)"),
};

/** Who gained power in a transaction, by what the contracts logged about it. */
export function powerGains({ root }: TransactionTrace): PowerGain[] {
  return settledLogs(root).flatMap(({ address: on, topics, data }): PowerGain[] => {
    const [kind, a, b] = topics;
    switch (kind) {
      case EVENTS.granted:
        return b === undefined ? [] : [{ on, to: addressOf(b), as: `role ${a}` }];
      case EVENTS.managed:
        return b === undefined ? [] : [{ on, to: addressOf(b), as: `role ${BigInt(a ?? 0)}` }];
      case EVENTS.owner:
        return b === undefined ? [] : [{ on, to: addressOf(b), as: "owner" }];
      case EVENTS.admin:
        return data.length === 130 ? [{ on, to: addressOf(dataSlice(data, 32, 64)), as: "admin" }] : [];
      case EVENTS.authority:
        return data.length === 66 ? [{ on, to: addressOf(data), as: "authority" }] : [];
      default:
        return [];
    }
  });
}

const CALLS = new Interface([
  "function grantRole(bytes32 role, address account)",
  "function grantRole(uint64 roleId, address account, uint32 executionDelay)",
  "function transferOwnership(address newOwner)",
  "function changeAdmin(address newAdmin)",
  "function changeProxyAdmin(address proxy, address newAdmin)",
  "function setAuthority(address authority)",
]);

/** Who gains power because a call of the plan's stages says so: what voters have read. */
export function plannedGains(plan: Plan): PowerGain[] {
  return callsOf(plan)
    .filter(({ batch }) => batch.kind === "stage")
    .flatMap(({ target, data }): PowerGain[] => {
      const parsed = CALLS.parseTransaction({ data });
      if (parsed === null) return [];
      const [first, second] = parsed.args.map(String) as [string, string?];
      const on = getAddress(target);
      switch (parsed.name) {
        case "grantRole":
          return [{ on, to: second!, as: `role ${first}` }];
        case "transferOwnership":
          return [{ on, to: first, as: "owner" }];
        case "changeAdmin":
          return [{ on, to: first, as: "admin" }];
        case "changeProxyAdmin":
          return [{ on: first, to: second!, as: "admin" }];
        default:
          return [{ on, to: first, as: "authority" }];
      }
    });
}

/** Nobody is a holder too: of an ownership that was given up. */
export function isLost({ to }: PowerGain): boolean {
  return to === ZeroAddress;
}

function addressOf(topic: string): string {
  return getAddress(dataSlice(topic, 12));
}
