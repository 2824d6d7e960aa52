import { encodeBytes32String, id, keccak256, ZeroAddress, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { Action, Category, RightKind, Severity, type Invariant } from "../../src/invariants/types";
import {
  MigrationKind,
  ModuleKind,
  Op,
  PlanClass,
  RollbackKind,
  type Call,
  type Pin,
  type Plan,
  type Stage,
} from "../../src/plan/types";
import type { Module__MockForRegistry } from "../../typechain-types";
import { DAY, type RegistryFixture } from "../fixtures/registry";

export const MODULE = encodeBytes32String("dial");
export const REPORT = id("the rehearsal's report");

/** Registers a mock module under `name` and hands it to the timelock. */
export async function addModule(fixture: RegistryFixture, name = MODULE): Promise<Module__MockForRegistry> {
  const { registry, release, timelock } = fixture;
  const module = await ethers.deployContract("Module__MockForRegistry", [await timelock.getAddress()]);
  await registry
    .connect(release)
    .registerModule(name, ModuleKind.Uups, await module.getAddress(), await timelock.getAddress());
  return module as unknown as Module__MockForRegistry;
}

/** A stage that sets the dial. */
export async function dialStage(module: Module__MockForRegistry, value: bigint, over: Partial<Stage> = {}) {
  const target = await module.getAddress();
  return {
    label: encodeBytes32String(`dial ${value}`),
    calls: [{ target, value: 0n, data: module.interface.encodeFunctionData("set", [value]) }],
    pins: [{ account: target, codeHash: keccak256((await ethers.provider.getCode(target)) ?? "0x") }],
    gates: [],
    invariants: [],
    dwell: 0n,
    minGas: 0n,
    ...over,
  } satisfies Stage;
}

/** Two stages (1 with a day of dwell, then 2) and the way back to 0 after the first. */
export async function dialPlan(
  fixture: RegistryFixture,
  module: Module__MockForRegistry,
  over: Partial<Plan> = {},
): Promise<Plan> {
  const first = await dialStage(module, 1n, { dwell: BigInt(DAY) });
  const { calls, pins } = await dialStage(module, 0n);
  return pinned({
    title: "Turn the dial",
    uri: "",
    proposer: fixture.release.address,
    nonce: 0n,
    planClass: PlanClass.Standard,
    targets: [{ module: MODULE, baseVersion: 0n }],
    stages: [first, await dialStage(module, 2n)],
    rollbacks: [{ from: 0, to: 0, kind: RollbackKind.Clean, calls, pins, invariants: [], minGas: 0n }],
    containments: [],
    readiness: { threshold: { numerator: 2, denominator: 3 }, deadline: BigInt(7 * DAY), schedulingWindow: 0n },
    artifact: {
      version: "",
      protocolVersion: 0n,
      sha256Hash: ZeroHash,
      uri: "",
      migration: MigrationKind.None,
      graceBlocks: 0n,
      isGraceReadOnly: false,
      parentPlan: ZeroHash,
      successDeadline: 0n,
      successThreshold: { numerator: 0, denominator: 1 },
    },
    executionWindow: BigInt(2 * DAY),
    evidence: { reportHash: REPORT, rehearsalChainId: 0n, rehearsalProposal: ZeroHash, minAge: 0n },
    ...over,
  });
}

/** The plan with a pin, after those it has, of every account that a batch calls. */
export async function pinned(plan: Plan): Promise<Plan> {
  const add = async <Batch extends { calls: Call[]; pins: Pin[] }>(batch: Batch): Promise<Batch> => {
    const pins = [...batch.pins];
    for (const { target: account, data } of batch.calls) {
      if (data === "0x" || pins.some((pin) => pin.account === account)) continue;
      const code = await ethers.provider.getCode(account);
      if (code !== "0x") pins.push({ account, codeHash: keccak256(code) });
    }
    return { ...batch, pins };
  };
  return {
    ...plan,
    stages: await Promise.all(plan.stages.map(add)),
    rollbacks: await Promise.all(plan.rollbacks.map(add)),
    containments: await Promise.all(plan.containments.map(add)),
  };
}

/** `value() op bound` on the mock module; breaks lead to a freeze unless told otherwise. */
export async function dialInvariant(
  module: Module__MockForRegistry,
  over: Partial<Invariant> & { op?: Op; bound?: bigint; rightKind?: RightKind } = {},
): Promise<Invariant> {
  const { op = Op.Lte, bound = 10n, rightKind = RightKind.Constant, ...rest } = over;
  return {
    name: "dial-in-range",
    category: Category.Asset,
    severity: Severity.High,
    owner: "risk team",
    action: Action.Freeze,
    isIrreversible: false,
    condition: {
      left: {
        target: await module.getAddress(),
        data: module.interface.encodeFunctionData("value"),
        gas: 50_000n,
      },
      op,
      rightKind,
      right: { target: ZeroAddress, data: "0x", gas: 0n },
      constantValue: bound,
      tolerance: 0n,
      toleranceBps: 0,
    },
    ...rest,
  };
}

export async function define(fixture: RegistryFixture, invariant: Invariant): Promise<string> {
  const risk = fixture.registry.connect(fixture.risk);
  const invariantId = await risk.defineInvariant.staticCall(invariant);
  await risk.defineInvariant(invariant);
  return invariantId;
}
