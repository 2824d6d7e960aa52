import { ZeroAddress } from "ethers";
import { beaconImplementation } from "../chain/beacon";
import { readSlots, type ProxySlots } from "../chain/erc1967";
import type { Client } from "../client";
import { Exit, SlipwayError, type ExitCode } from "../errors";
import { pointerAfter } from "../plan/pointerAfter";
import { ModuleKind, type Plan } from "../plan/types";
import type { Registry } from "../registry/connect";
import { readFacts } from "../registry/facts";
import { readPlan } from "../registry/readPlan";
import { readStatus, type Status } from "../registry/state";

/** One thing that was agreed, as it is now. */
export interface RevalidationRow {
  kind: "pin" | "gate" | "pointer";
  /** Stage that depends on it; a pointer belongs to the next one. */
  stage: number;
  account: string;
  expected: string;
  actual: string;
  isOk: boolean;
  /** False where a gate's probe gave no word. */
  isAvailable: boolean;
  /** Where a mismatch stops the plan: no opcode reads a foreign slot, so some pointers are checked off chain only. */
  enforcedBy: "contract" | "off-chain check";
}

export interface Revalidation {
  proposalId: string;
  proposedAtBlock: number;
  block: number;
  status: Status;
  rows: RevalidationRow[];
  /** A pin or a pointer moved: never again. */
  hasDrifted: boolean;
  /** Only gates of the next stage do not hold yet. */
  isWaiting: boolean;
}

const OPS = ["==", "!=", "<", "<=", ">", ">="];

/** Every pin, gate and pointer of the stages to come. */
export async function revalidate(client: Client, registry: Registry, proposalId: string): Promise<Revalidation> {
  const plan = await readPlan(client, registry, proposalId);
  const block = await client.provider.getBlockNumber();
  const { proposedAtBlock } = await readFacts(registry, proposalId);
  const status = await readStatus(registry, proposalId);
  const [pins, gates] = await registry.contract.getFunction("revalidate")(plan);
  const rows: RevalidationRow[] = [];
  for (const pin of pins) {
    rows.push({
      kind: "pin",
      stage: Number(pin.stage),
      account: pin.account,
      expected: pin.expected,
      actual: pin.actual,
      isOk: pin.isOk,
      isAvailable: true,
      enforcedBy: "contract",
    });
  }
  for (const gate of gates) {
    rows.push({
      kind: "gate",
      stage: Number(gate.stage),
      account: gate.target,
      expected: `${OPS[Number(gate.op)]} ${word(gate.bound)}`,
      actual: gate.isAvailable ? word(gate.actual) : "unavailable",
      isOk: gate.isOk,
      isAvailable: gate.isAvailable,
      enforcedBy: "contract",
    });
  }
  rows.push(...(await pointers(client, registry, { plan, proposalId, status })));
  const hasDrifted = rows.some((row) => row.kind !== "gate" && !row.isOk);
  const isWaiting = rows.some((row) => row.kind === "gate" && row.stage === status.nextStage && !row.isOk);
  return { proposalId, proposedAtBlock, block, status, rows, hasDrifted, isWaiting };
}

/** The exit code of a revalidation: drift before waiting. */
export function exitOf(report: Revalidation): ExitCode {
  if (report.hasDrifted) return Exit.drift;
  return report.isWaiting ? Exit.waiting : Exit.pass;
}

/** The first thing that moved, as the error that a person reads; undefined where nothing did. */
export function driftError(report: Revalidation): SlipwayError | undefined {
  const index = report.rows.findIndex((row) => row.kind !== "gate" && !row.isOk);
  const row = report.rows[index];
  if (row === undefined) return undefined;
  const sameKind = report.rows.slice(0, index).filter((other) => other.kind === row.kind && other.stage === row.stage);
  const id = report.proposalId.slice(2, 8);
  return new SlipwayError(row.kind === "pin" ? "CodeHashMismatch" : "PointerMoved", {
    where: `stage ${row.stage}, ${row.kind} ${sameKind.length}, ${row.account}`,
    expected: `${row.expected} (proposed at block ${report.proposedAtBlock})`,
    found: `${row.actual} (block ${report.block})`,
    next:
      row.kind === "pin"
        ? `npx hardhat upgrade invalidate ${id}`
        : `npx hardhat emergency veto ${id} --reason "pointer moved"`,
  });
}

async function pointers(
  client: Client,
  registry: Registry,
  params: { plan: Plan; proposalId: string; status: Status },
): Promise<RevalidationRow[]> {
  const { modules, proposedAtBlock } = await readFacts(registry, params.proposalId);
  const rows: RevalidationRow[] = [];
  const known = new Set<string>();
  for (const name of modules) {
    const { account, kind } = await registry.contract.getFunction("moduleOf")(name);
    const expected = pointerAfter(params.plan, account, params.status.nextStage);
    if (expected === undefined) continue;
    known.add(account);
    const isBeacon = Number(kind) === ModuleKind.Beacon;
    const implementation = isBeacon
      ? ((await beaconImplementation(client.provider, account)) ?? ZeroAddress)
      : (await readSlots(client.provider, account)).implementation;
    rows.push({
      kind: "pointer",
      stage: params.status.nextStage,
      account,
      expected,
      actual: implementation,
      isOk: implementation === expected,
      isAvailable: true,
      enforcedBy: "off-chain check",
    });
  }
  const { nextStage } = params.status;
  const ahead = params.plan.stages.slice(nextStage).flatMap((stage) => stage.pins);
  const pinned = new Set(ahead.map(({ account }) => account));
  for (const account of pinned) {
    rows.push(...(await pointersOf(client.provider, account, { pinned, proposedAtBlock, nextStage, known })));
  }
  return rows;
}

/** Pointers of a pinned proxy: they lead where they led when the plan was proposed. */
async function pointersOf(
  provider: Client["provider"],
  account: string,
  params: { pinned: Set<string>; proposedAtBlock: number; nextStage: number; known: Set<string> },
): Promise<RevalidationRow[]> {
  const { pinned, proposedAtBlock, nextStage, known } = params;
  const now = await readSlots(provider, account);
  if (Object.values(now).every((pointer) => pointer === ZeroAddress)) return [];
  const before = await slotsAt(provider, account, proposedAtBlock);
  return (["implementation", "beacon", "admin"] as const).flatMap((name): RevalidationRow[] => {
    const actual = now[name];
    // A module's own implementation is moved by the plan, and told above.
    if (name === "implementation" && known.has(account)) return [];
    if (actual === ZeroAddress && (before === undefined || before[name] === ZeroAddress)) return [];
    const isOk = before === undefined ? pinned.has(actual) : before[name] === actual;
    const expected = before === undefined ? "an account that the plan pins" : before[name];
    return [
      {
        kind: "pointer",
        stage: nextStage,
        account,
        expected: `${expected} (${name})`,
        actual: `${actual} (${name})`,
        isOk,
        isAvailable: true,
        enforcedBy: "off-chain check",
      },
    ];
  });
}

/** Undefined where the node keeps no state that old. */
async function slotsAt(provider: Client["provider"], account: string, block: number): Promise<ProxySlots | undefined> {
  try {
    return await readSlots(provider, account, block);
  } catch {
    return undefined;
  }
}

/** A word as a person reads it: an address where it can be one, else a number. */
function word(value: bigint): string {
  const isAddressLike = value >> 160n === 0n && value > 1n << 80n;
  return isAddressLike ? `0x${value.toString(16).padStart(40, "0")}` : value.toString();
}
