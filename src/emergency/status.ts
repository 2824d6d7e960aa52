import { decodeBytes32String, ZeroHash } from "ethers";
import { readCanary, type CanaryStatus } from "../canary/status";
import { readAddressBook } from "../chain/addressBook";
import type { Client } from "../client";
import type { Registry } from "../registry/connect";
import { readPlan } from "../registry/readPlan";
import { readStatus, type StateName } from "../registry/state";
import { readAct } from "./acts";
import { readContainments } from "./contain";
import { readRecovery, type RecoveryReport } from "./recovery";

/** One thing that can be done now, by whom, with what effect, and the command for it. */
export interface PossibleAction {
  action: string;
  /** "council 1 of 3 have approved", "incident key or any council member", "anyone". */
  who: string;
  have: number;
  need: number;
  effect: string;
  command: string;
}

export interface ModuleEmergency {
  module: string;
  account: string;
  haltedUntil: number;
  /** Seconds of halt that the council may still spend. */
  haltBudget: number;
  proposalId?: string;
  state?: StateName;
  canary?: CanaryStatus;
  actions: PossibleAction[];
}

export interface EmergencyReport {
  /** Seconds; zero: no halt of everything. */
  haltedUntil: number;
  haltBudget: number;
  /** Vetoes that the council may still spend. */
  vetoBudget: number;
  /** The recovery under way, where there is one. */
  recovery?: RecoveryReport;
  modules: ModuleEmergency[];
  /** Acts that concern everything. */
  actions: PossibleAction[];
}

/** What can be done now, for every module that is not retired. Takes no arguments: at 3 a.m. nobody remembers them. */
export async function emergencyStatus(client: Client, registry: Registry): Promise<EmergencyReport> {
  const names = (await registry.contract.getFunction("moduleNames")()) as string[];
  const modules: ModuleEmergency[] = [];
  for (const name of names) {
    const module = await registry.contract.getFunction("moduleOf")(name);
    if (!module.isRetired) modules.push(await moduleStatus(client, registry, { name, module }));
  }
  const { haltedUntil, haltBudget } = await haltOf(client, registry, ZeroHash);
  const recovery = await recoveryUnderWay(client);
  const actions = [await haltAction(registry, { scope: ZeroHash, label: "all", isHalted: haltedUntil !== 0 })];
  if (recovery !== undefined) {
    const { have, need } = await readAct(registry, "veto", recovery.operation);
    actions.push({
      action: "veto of the recovery",
      who: "the council",
      have,
      need,
      effect: `registry ${recovery.successor} does not get the timelock`,
      command: "npx hardhat emergency recovery veto",
    });
  }
  const vetoBudget = Number(await registry.contract.getFunction("vetoBudget")());
  return { haltedUntil, haltBudget, vetoBudget, recovery, modules, actions };
}

async function recoveryUnderWay(client: Client): Promise<RecoveryReport | undefined> {
  if (readAddressBook(client.deploymentsDir).addresses["recovery"] === undefined) return undefined;
  const report = await readRecovery(client);
  return report.status === "Waiting" || report.status === "Ready" ? report : undefined;
}

async function moduleStatus(
  client: Client,
  registry: Registry,
  { name, module }: { name: string; module: { account: string; lockedBy: string } },
): Promise<ModuleEmergency> {
  const label = decodeBytes32String(name);
  const { haltedUntil, haltBudget } = await haltOf(client, registry, name);
  const canary = await readCanary(client, registry, label);
  const actions: PossibleAction[] = [];
  const proposalId = module.lockedBy === ZeroHash ? undefined : module.lockedBy;
  if (canary !== undefined && !canary.isFrozen) {
    actions.push({
      action: "freeze",
      who: haltedUntil !== 0 ? "anyone" : "the incident key, or any council member",
      have: 0,
      need: 1,
      effect: "all traffic goes to stable, for the rest of the plan",
      command: `npx hardhat canary freeze ${label}`,
    });
  }
  actions.push(await haltAction(registry, { scope: name, label, isHalted: haltedUntil !== 0 }));
  const state = proposalId === undefined ? undefined : (await readStatus(registry, proposalId)).state;
  if (proposalId !== undefined) {
    actions.push(...(await planActions(registry, proposalId, state)));
    actions.push(...(await containActions(client, registry, proposalId, state)));
  }
  return { module: label, account: module.account, haltedUntil, haltBudget, proposalId, state, canary, actions };
}

async function containActions(
  client: Client,
  registry: Registry,
  proposalId: string,
  state: StateName | undefined,
): Promise<PossibleAction[]> {
  if (state !== "InProgress" && state !== "Stalled") return [];
  const containments = await readContainments(registry, proposalId, await readPlan(client, registry, proposalId));
  return containments
    .filter(({ hasRun }) => !hasRun)
    .map(({ index, label, breach, isProven }) => ({
      action: "contain",
      who: isProven ? "anyone" : "the incident key, or any council member",
      have: 0,
      need: 1,
      effect: `${label} (${breach}); no further stage`,
      command: `npx hardhat emergency contain ${proposalId.slice(2, 8)} --containment ${index}`,
    }));
}

async function planActions(
  registry: Registry,
  proposalId: string,
  state: StateName | undefined,
): Promise<PossibleAction[]> {
  const short = proposalId.slice(2, 8);
  if (state === "Stalled") {
    return [
      {
        action: "rollback",
        who: "anyone",
        have: 0,
        need: 1,
        effect: "the module goes back to stable",
        command: `npx hardhat upgrade rollback ${short}`,
      },
    ];
  }
  const back = await readAct(registry, "rollback", proposalId);
  const veto = await readAct(registry, "veto", proposalId);
  const stop = await readAct(registry, "stop", proposalId);
  return [
    {
      action: "stop",
      who: "the council",
      have: stop.have,
      need: stop.need,
      effect: "veto and halt in one act: no further stage, canaries frozen, anyone may roll back",
      command: `npx hardhat emergency stop ${short} --reason "…"`,
    },
    {
      action: "rollback",
      who: "the council",
      have: back.have,
      need: back.need,
      effect: "the module goes back to stable at once",
      command: `npx hardhat emergency rollback ${short} --reason "…"`,
    },
    {
      action: "veto",
      who: "the council",
      have: veto.have,
      need: veto.need,
      effect: "no further stage; anyone may roll back",
      command: `npx hardhat emergency veto ${short} --reason "…"`,
    },
  ];
}

async function haltAction(
  registry: Registry,
  { scope, label, isHalted }: { scope: string; label: string; isHalted: boolean },
): Promise<PossibleAction> {
  const kind = isHalted ? "lift" : "halt";
  const { have, need } = await readAct(registry, kind, scope);
  return {
    action: kind,
    who: "the council",
    have,
    need,
    effect: isHalted ? "schedule and advance work again" : "no schedule and no advance; canaries of the scope freeze",
    command: `npx hardhat emergency ${kind} ${label}${isHalted ? "" : ' --reason "…"'}`,
  };
}

async function haltOf(
  client: Client,
  registry: Registry,
  scope: string,
): Promise<{ haltedUntil: number; haltBudget: number }> {
  const [until, budget] = await registry.contract.getFunction("haltOf")(scope);
  const latest = await client.provider.getBlock("latest");
  const isInForce = Number(until) > (latest?.timestamp ?? 0);
  return { haltedUntil: isInForce ? Number(until) : 0, haltBudget: Number(budget) };
}
