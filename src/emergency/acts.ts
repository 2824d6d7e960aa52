import { encodeBytes32String, id as keccakOf, ZeroHash } from "ethers";
import type { Client } from "../client";
import type { Registry } from "../registry/connect";
import { readFacts } from "../registry/facts";
import { perform, type Performed, type SendOptions } from "../registry/perform";
import { readPlan } from "../registry/readPlan";
import { signerAddress } from "../registry/signerAddress";
import { readStatus } from "../registry/state";

/** The acts of the council. `stop` is the contract's `emergencyHalt`: veto and halt of one plan in one act. */
export type ActKind = "halt" | "lift" | "veto" | "rollback" | "stop" | "coSign" | "pause";

/** How far the council is with one act. */
export interface ActStatus {
  kind: ActKind;
  /** Scope or proposal. */
  subject: string;
  /** What a member signs, at the present epoch and nonce. */
  act: string;
  have: number;
  need: number;
}

/** Signatures collected for an act, and the time (seconds) until which they count. */
export interface Collected {
  signatures?: readonly string[];
  deadline?: number;
}

export async function readAct(registry: Registry, kind: ActKind, subject: string): Promise<ActStatus> {
  const [act, have, need] = await registry.contract.getFunction("actOf")(keccakOf(kind), subject);
  return { kind, subject, act, have: Number(have), need: Number(need) };
}

/** A scope as the contract names it: "all" is everything, anything else a module. */
export function scopeOf(name: string | undefined): string {
  return name === undefined || name === "all" ? ZeroHash : encodeBytes32String(name);
}

/** What the registry wants to see left before it asks a module's router to freeze, and what it keeps for the others. */
const FREEZE_GAS = 470_000n;

/** Halts everything, or one module. */
export async function halt(
  client: Client,
  registry: Registry,
  params: { scope?: string; reason: string } & Collected & SendOptions,
): Promise<Performed> {
  const scope = scopeOf(params.scope);
  return act(client, registry, {
    ...params,
    kind: "halt",
    subject: scope,
    freezes: scope === ZeroHash ? ((await registry.contract.getFunction("moduleNames")()) as string[]).length : 1,
    encode: (tail) => registry.iface.encodeFunctionData("halt", [scope, params.reason, ...tail]),
    isDone: () => isHalted(client, registry, scope),
  });
}

/** Ends a halt early. */
export function lift(
  client: Client,
  registry: Registry,
  params: { scope?: string } & Collected & SendOptions,
): Promise<Performed> {
  const scope = scopeOf(params.scope);
  return act(client, registry, {
    ...params,
    kind: "lift",
    subject: scope,
    encode: (tail) => registry.iface.encodeFunctionData("lift", [scope, ...tail]),
    isDone: async () => !(await isHalted(client, registry, scope)),
  });
}

/** Cancels a proposal that has not begun, stalls one that has. */
export function veto(
  client: Client,
  registry: Registry,
  params: { proposalId: string; reason: string } & Collected & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  return act(client, registry, {
    ...params,
    kind: "veto",
    subject: proposalId,
    encode: (tail) => registry.iface.encodeFunctionData("veto", [proposalId, params.reason, ...tail]),
    isDone: async () => ["Cancelled", "Stalled"].includes((await readStatus(registry, proposalId)).state),
  });
}

/** Stops a plan in whatever state it is: vetoes it where that is possible, and halts its modules. */
export async function stop(
  client: Client,
  registry: Registry,
  params: { proposalId: string; reason: string } & Collected & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  return act(client, registry, {
    ...params,
    kind: "stop",
    subject: proposalId,
    freezes: (await readFacts(registry, proposalId)).modules.length,
    encode: (tail) => registry.iface.encodeFunctionData("emergencyHalt", [proposalId, params.reason, ...tail]),
    isDone: async () => {
      const { state, isHalted: isStopped } = await readStatus(registry, proposalId);
      return isStopped && !["Voting", "Approved", "Scheduled", "InProgress"].includes(state);
    },
  });
}

/** The council's yes to an emergency plan, without which it cannot be scheduled. */
export function coSign(
  client: Client,
  registry: Registry,
  params: { proposalId: string } & Collected & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  return act(client, registry, {
    ...params,
    kind: "coSign",
    subject: proposalId,
    encode: (tail) => registry.iface.encodeFunctionData("coSign", [proposalId, ...tail]),
    isDone: () => registry.contract.getFunction("isCoSigned")(proposalId) as Promise<boolean>,
  });
}

/** Takes a plan in progress back at once. Needs no file: the plan is read from its event. */
export async function rollbackByCouncil(
  client: Client,
  registry: Registry,
  params: { proposalId: string; reason: string } & Collected & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  const plan = await readPlan(client, registry, proposalId);
  return act(client, registry, {
    ...params,
    kind: "rollback",
    subject: proposalId,
    encode: (tail) => registry.iface.encodeFunctionData("rollbackByCouncil", [plan, params.reason, ...tail]),
    isDone: async () => (await readStatus(registry, proposalId)).state === "RolledBack",
  });
}

export interface ActWork extends Collected, SendOptions {
  kind: ActKind;
  subject: string;
  /** False where a veto's subject is a recovery. */
  isOfProposal?: boolean;
  /** Modules whose canaries the act freezes. Where gas is short it reports them and goes on, so an estimate would leave them. */
  freezes?: number;
  encode(tail: [number, readonly string[]]): string;
  isDone(): Promise<boolean>;
}

/** An act is done when it took effect, or, short of that, when this member's approval is recorded. */
export async function act(client: Client, registry: Registry, work: ActWork): Promise<Performed> {
  const { kind, subject, signatures = [], deadline = 0 } = work;
  const member = await signerAddress(client, kind);
  const { act: approved } = await readAct(registry, kind, subject);
  return perform(client, registry, {
    out: work.out,
    isDryRun: work.isDryRun,
    verb: kind,
    proposalId: work.isOfProposal === false || kind === "halt" || kind === "lift" ? undefined : subject,
    to: registry.address,
    data: work.encode([deadline, signatures]),
    gasRoom: BigInt(work.freezes ?? 0) * FREEZE_GAS,
    isDone: async () =>
      (await work.isDone()) || (signatures.length === 0 && (await hasApproved(client, registry, approved, member))),
  });
}

/** Whether a member's approval of an act is recorded and still counts. */
async function hasApproved(client: Client, registry: Registry, approved: string, member: string): Promise<boolean> {
  const expiry = await registry.contract.getFunction("approvalOf")(approved, member);
  const latest = await client.provider.getBlock("latest");
  return Number(expiry) >= (latest?.timestamp ?? 0) && Number(expiry) !== 0;
}

async function isHalted(client: Client, registry: Registry, scope: string): Promise<boolean> {
  const [until] = await registry.contract.getFunction("haltOf")(scope);
  const latest = await client.provider.getBlock("latest");
  return Number(until) > (latest?.timestamp ?? 0);
}
