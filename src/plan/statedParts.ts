import { encodeBytes32String, Interface, ZeroAddress, ZeroHash } from "ethers";
import { SlipwayError } from "../errors";
import { encodeCall, functionOf, looseFunction } from "./abi";
import type { StageContext } from "./buildStages";
import type { Defaults } from "./defaults";
import { labelText } from "./labelText";
import { nearest } from "./nearest";
import { checkOrder, DEFAULT_PROBE_GAS, OPS } from "./probe";
import type { LoadedPlanFile } from "./readPlanFile";
import {
  BreachClass,
  MigrationKind,
  RollbackKind,
  type Call,
  type Containment,
  type Gate,
  type Pin,
  type Plan,
} from "./types";

/** The file's own way back; undefined where it is derived. */
export function statedRollback(
  { plan: file, where }: LoadedPlanFile,
  abi: Interface,
  defaults: Defaults,
): StageContext["statedRollback"] {
  const rollback = defaults.fill("rollback", file.rollback, "auto" as const, "back to the code that serves today");
  if (rollback === "auto") return undefined;
  const calls: Call[] = rollback.calls.map((entry, i) => {
    const at = where("rollback", "calls", i, "function");
    // Other contracts than the candidate are called too, and only a signature tells their functions.
    const fragment = entry.function.includes("(")
      ? looseFunction(entry.function, at)
      : functionOf(abi, entry.function, at);
    return { target: entry.target, value: entry.value ?? 0n, data: encodeCall(fragment, entry.args ?? [], at) };
  });
  const kind = defaults.fill(
    "rollback.kind",
    rollback.kind,
    "lossy" as const,
    "what users did meanwhile stays as it is",
  );
  return { calls, kind: kind === "clean" ? RollbackKind.Clean : RollbackKind.Lossy };
}

/** The functions that the file states by signature, so that a page can tell what is called. */
export function statedFunctions({ containments, rollback, calls: more }: LoadedPlanFile["plan"]): Interface {
  const calls = (containments ?? []).flatMap((entry) => entry.calls.map((call) => call.function));
  calls.push(...(more ?? []).map((call) => call.function));
  if (typeof rollback === "object") calls.push(...rollback.calls.map((call) => call.function));
  const signatures = [...new Set(calls)].filter((name) => name.includes("("));
  return new Interface(signatures.map((signature) => looseFunction(signature, signature)));
}

const BREACHES = {
  asset: BreachClass.Asset,
  authorization: BreachClass.Authorization,
  pricing: BreachClass.Pricing,
  upgrade: BreachClass.Upgrade,
  liveness: BreachClass.Liveness,
} as const;

/** The file's containments, each with the pins of its own targets. */
export function statedContainments(
  { plan: file, where }: LoadedPlanFile,
  { abi, minGas, pins }: { abi: Interface; minGas: bigint; pins: readonly Pin[][] },
): Containment[] {
  return (file.containments ?? []).map((stated, i) => ({
    breach: BREACHES[stated.breach],
    label: encodeBytes32String(stated.label),
    calls: stated.calls.map(({ target, function: name, args }, j) => {
      const at = where("containments", i, "calls", j, "function");
      const fragment = name.includes("(") ? looseFunction(name, at) : functionOf(abi, name, at);
      return { target, value: 0n, data: encodeCall(fragment, args ?? [], at) };
    }),
    pins: pins[i] ?? [],
    minGas: stated.minGas ?? minGas,
  }));
}

/** Gates of the file, added to the stage they name by label or by index. */
export function addStatedGates(stages: Plan["stages"], { plan: file, where }: LoadedPlanFile): void {
  file.gates?.forEach((stated, i) => {
    const stage = stages[stageIndexOf(stages, stated.stage, where("gates", i, "stage"))]!;
    const at = where("gates", i, "call");
    checkOrder([stated.call], stated.op, at);
    const gate: Gate = {
      probe: {
        target: stated.target ?? ZeroAddress,
        data: encodeCall(looseFunction(stated.call, at), stated.args ?? [], at),
        gas: stated.gas ?? (stated.target === undefined ? 0n : DEFAULT_PROBE_GAS),
      },
      op: OPS[stated.op],
      bound: stated.value,
    };
    // Stages share one array of pointer gates only in shape, never in place.
    stage.gates = [...stage.gates, gate];
  });
}

/** Calls of the file, behind the own calls of the stage they name; of the proxy, unless a target is named. */
export function addStatedCalls(
  stages: Plan["stages"],
  { plan: file, where }: LoadedPlanFile,
  { abi, proxy, chains }: { abi: Interface; proxy: string; chains: readonly { pins: Pin[]; gates: Gate[] }[] },
): void {
  file.calls?.forEach((stated, i) => {
    const stage = stages[stageIndexOf(stages, stated.stage, where("calls", i, "stage"))]!;
    const at = where("calls", i, "function");
    const isSigned = stated.function.includes("(");
    const fragment = isSigned ? looseFunction(stated.function, at) : functionOf(abi, stated.function, at);
    const data = encodeCall(fragment, stated.args ?? [], at);
    stage.calls = [...stage.calls, { target: stated.target ?? proxy, value: stated.value ?? 0n, data }];
    // Where a pointer leads matters when the call is made; the plan itself may move it after that.
    const keyOf = (gate: Gate) => `${gate.probe.target} ${gate.probe.data}`;
    const known = new Set(stage.gates.map(keyOf));
    stage.gates = [...stage.gates, ...chains[i]!.gates.filter((gate) => !known.has(keyOf(gate)))];
  });
  // Every stage relies on them, as on all that the plan touches: what has changed by the last one is not what was agreed.
  for (const stage of stages) {
    const isMissing = ({ account }: Pin) => stage.pins.every((pin) => pin.account !== account);
    const pins = new Map(chains.flatMap((chain) => chain.pins.map((pin) => [pin.account, pin] as const)));
    stage.pins = [...stage.pins, ...[...pins.values()].filter(isMissing)];
  }
}

/** Index of the stage that a file names by label or by index. */
export function stageIndexOf(stages: Plan["stages"], stated: string, where: string): number {
  const labels = stages.map((stage) => labelText(stage.label));
  const byLabel = labels.indexOf(stated);
  const index = byLabel !== -1 ? byLabel : /^\d+$/.test(stated) ? Number(stated) : -1;
  if (stages[index] !== undefined) return index;
  throw new SlipwayError("StageUnknown", {
    where,
    expected: `one of ${labels.join(", ")}, or an index up to ${stages.length - 1}`,
    found: stated,
    next: nearest(stated, labels),
  });
}

/** The off-chain program that goes with the plan. */
export function nodeArtifact(stated: LoadedPlanFile["plan"]["artifact"]): Plan["artifact"] {
  const MIGRATIONS = {
    none: MigrationKind.None,
    compiled: MigrationKind.Compiled,
    standard: MigrationKind.Standard,
    wasm: MigrationKind.Wasm,
  } as const;
  return {
    version: stated?.version ?? "",
    protocolVersion: stated?.protocolVersion ?? 0n,
    sha256Hash: stated?.sha256 ?? ZeroHash,
    uri: stated?.uri ?? "",
    migration: MIGRATIONS[stated?.migration ?? "none"],
    graceBlocks: stated?.grace?.blocks ?? 0n,
    isGraceReadOnly: stated?.grace?.readOnly ?? false,
    parentPlan: stated?.parent ?? ZeroHash,
    successDeadline: stated?.success?.deadline ?? 0n,
    successThreshold: stated?.success?.threshold ?? { numerator: 0, denominator: 1 },
  };
}
