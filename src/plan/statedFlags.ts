import { encodeBytes32String, ZeroHash } from "ethers";
import { codeAt } from "../chain/codeAt";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "../registry/connect";
import { readFlag } from "../registry/flags";
import { moduleOf, modulesOf } from "./moduleOf";
import type { LoadedPlanFile } from "./readPlanFile";
import { stageIndexOf } from "./statedParts";
import type { Call, Pin, Plan, Target } from "./types";

/** What a plan file says about flags and about what its module requires, as calls of the timelock to the registry. */
export interface FlagCalls {
  /** Added to a stage, behind its own calls. */
  stages: { stage: number; call: Call }[];
  /** Added to every way back. It clears what the plan turned on; it turns nothing on again, so that no clearing blocks it. */
  rollback: Call[];
  /** The registry, where it is a module itself: a plan that calls it locks it. */
  targets: Target[];
  /** The registry's code, of every batch. */
  pins: Pin[];
}

export async function statedFlags(
  client: Client,
  registry: Registry,
  loaded: LoadedPlanFile,
  { stages, module }: { stages: Plan["stages"]; module: string },
): Promise<FlagCalls> {
  const { plan: file, where } = loaded;
  const found: FlagCalls = { stages: [], rollback: [], targets: [], pins: [] };
  if (file.flags === undefined && file.requires === undefined) return found;
  const call = (name: string, args: unknown[]): Call => ({
    target: registry.address,
    value: 0n,
    data: registry.iface.encodeFunctionData(name, args),
  });

  const stated = (file.flags ?? []).map((entry, i) => ({
    flag: encodeBytes32String(entry.enable ?? entry.clear!),
    isOn: entry.enable !== undefined,
    at: where("flags", i),
    stage: stageIndexOf(stages, entry.stage, where("flags", i, "stage")),
  }));
  // In the order in which they run: each clearing moves the epoch on that a later `enable` has to name.
  stated.sort((a, b) => a.stage - b.stage);
  const enabled = new Set<string>();
  const now = new Map<string, { epoch: number; isEnabled: boolean }>();
  for (const { flag, isOn, at, stage } of stated) {
    const facts = now.get(flag) ?? (await readFlag(registry, flag));
    if (isOn && facts.isEnabled) {
      throw new SlipwayError("FlagOnAlready", { where: at, expected: "a flag that is off", found: "on" });
    }
    found.stages.push({ stage, call: isOn ? call("enableFlag", [flag, facts.epoch]) : call("clearFlag", [flag]) });
    if (isOn) enabled.add(flag);
    now.set(flag, { epoch: facts.epoch + (isOn ? 0 : 1), isEnabled: isOn });
  }
  for (const flag of enabled) found.rollback.push(call("clearFlag", [flag]));

  if (file.requires !== undefined) {
    const dependencies: { module: string; minVersion: bigint }[] = [];
    for (const [i, entry] of (file.requires.modules ?? []).entries()) {
      const needed = await moduleOf(registry, { name: entry.module }, where("requires", "modules", i, "module"));
      dependencies.push({ module: needed.word, minVersion: entry.version });
    }
    const flag = file.requires.flag === undefined ? ZeroHash : encodeBytes32String(file.requires.flag);
    // With the last stage: they are asked of the plans to come, not of this one.
    found.stages.push({
      stage: stages.length - 1,
      call: call("setRequirements", [module, flag, dependencies]),
    });
    const before = await registry.contract.getFunction("requirementsOf").staticCall(module);
    found.rollback.push(
      call("setRequirements", [
        module,
        before.flag,
        (before.dependencies as { module: string; minVersion: bigint }[]).map((one) => [one.module, one.minVersion]),
      ]),
    );
  }
  const own = (await modulesOf(registry)).find(({ account }) => account === registry.address);
  if (own !== undefined) found.targets.push({ module: own.word, baseVersion: own.version });
  const { codeHash } = await codeAt(client.provider, registry.address, "the registry");
  found.pins.push({ account: registry.address, codeHash });
  return found;
}

/** Puts the calls where they belong. */
export function addFlagCalls(plan: Pick<Plan, "stages" | "rollbacks" | "targets">, flags: FlagCalls): void {
  for (const { stage, call } of flags.stages) plan.stages[stage]!.calls = [...plan.stages[stage]!.calls, call];
  for (const rollback of plan.rollbacks) rollback.calls = [...rollback.calls, ...flags.rollback];
  for (const batch of [...plan.stages, ...plan.rollbacks]) {
    const isMissing = ({ account }: Pin) => batch.pins.every((pin) => pin.account !== account);
    batch.pins = [...batch.pins, ...flags.pins.filter(isMissing)];
  }
  plan.targets.push(...flags.targets);
}
