import { ZeroAddress } from "ethers";
import { checkOrder, OPS, toProbe } from "../plan/probe";
import type { Probe } from "../plan/types";
import type { InvariantFile } from "./schema";
import { Action, Category, RightKind, Severity, type Condition, type Invariant } from "./types";

const NO_PROBE: Probe = { target: ZeroAddress, data: "0x", gas: 0n };

const CATEGORIES = {
  asset: Category.Asset,
  authorization: Category.Authorization,
  pricing: Category.Pricing,
  upgrade: Category.Upgrade,
  liveness: Category.Liveness,
} as const;

const SEVERITIES = {
  low: Severity.Low,
  medium: Severity.Medium,
  high: Severity.High,
  critical: Severity.Critical,
} as const;

/** The struct a file stands for. `where` names the file in errors. */
export function buildInvariant(file: InvariantFile & { action: "freeze" | "rollback" }, where: string): Invariant {
  const { left, right } = file;
  checkOrder([left.call, ...(typeof right === "object" ? [right.call] : [])], file.op, where);
  return {
    name: file.name,
    category: CATEGORIES[file.category],
    severity: SEVERITIES[file.severity],
    owner: file.owner,
    action: file.action === "freeze" ? Action.Freeze : Action.Rollback,
    isIrreversible: file.irreversible ?? false,
    condition: {
      left: toProbe(left, `${where}, key left`),
      op: OPS[file.op],
      ...rightSide(file, where),
      tolerance: file.tolerance?.amount ?? 0n,
      toleranceBps: file.tolerance?.bps ?? 0,
    },
  };
}

function rightSide(file: InvariantFile, where: string): Pick<Condition, "rightKind" | "right" | "constantValue"> {
  const { right } = file;
  if (right === "before") return { rightKind: RightKind.Before, right: NO_PROBE, constantValue: 0n };
  if (right === "at-propose") return { rightKind: RightKind.AtPropose, right: NO_PROBE, constantValue: 0n };
  if (typeof right === "bigint") return { rightKind: RightKind.Constant, right: NO_PROBE, constantValue: right };
  return { rightKind: RightKind.Probe, right: toProbe(right, `${where}, key right`), constantValue: 0n };
}
