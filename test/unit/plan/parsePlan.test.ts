import { expect } from "chai";
import { ZeroHash } from "ethers";
import { hashPlanStruct } from "../../../src/plan/eip712";
import { parsePlan } from "../../../src/plan/parsePlan";
import type { Plan } from "../../../src/plan/types";
import { toJson } from "../../../src/report/toJson";
import { expectSlipwayError } from "../../helpers/errors";

const ACCOUNT = "0x00000000000000000000000000000000000000aa";

const PLAN: Plan = {
  title: "Plan",
  uri: "",
  proposer: ACCOUNT,
  nonce: 1n << 200n,
  planClass: 0,
  targets: [{ module: ZeroHash, baseVersion: 2n }],
  stages: [
    {
      label: ZeroHash,
      calls: [{ target: ACCOUNT, value: 3n, data: "0x1234" }],
      pins: [{ account: ACCOUNT, codeHash: ZeroHash }],
      gates: [{ probe: { target: ACCOUNT, data: "0x", gas: 5n }, op: 5, bound: 1n << 255n }],
      invariants: [ZeroHash],
      dwell: 60n,
      minGas: 0n,
    },
  ],
  rollbacks: [{ from: 0, to: 0, kind: 1, calls: [], pins: [], invariants: [], minGas: 0n }],
  containments: [],
  readiness: { threshold: { numerator: 2, denominator: 3 }, deadline: 1n, schedulingWindow: 0n },
  artifact: {
    version: "",
    protocolVersion: 0n,
    sha256Hash: ZeroHash,
    uri: "",
    migration: 0,
    graceBlocks: 0n,
    isGraceReadOnly: false,
    parentPlan: ZeroHash,
    successDeadline: 0n,
    successThreshold: { numerator: 0, denominator: 1 },
  },
  executionWindow: 60n,
  evidence: { reportHash: ZeroHash, rehearsalChainId: 0n, rehearsalProposal: ZeroHash, minAge: 0n },
};

describe("parsePlan", () => {
  const json = (): Record<string, unknown> => JSON.parse(toJson(PLAN)) as Record<string, unknown>;

  it("CLI-46 gives back the plan that was written, hash and all", () => {
    const parsed = parsePlan(json(), "plan.json");
    expect(parsed).to.deep.equal(PLAN);
    expect(hashPlanStruct(parsed)).to.equal(hashPlanStruct(PLAN));
  });

  for (const [name, change, path, expected] of [
    ["a key that no plan has", { nonse: 1 }, "plan.nonse", "nonce"],
    ["a missing key", { executionWindow: undefined }, "plan.executionWindow", "uint64"],
    ["a number above its type", { planClass: 256 }, "plan.planClass", "uint8"],
    ["a negative number", { nonce: "-1" }, "plan.nonce", "uint256"],
    ["an address that is too short", { proposer: "0x12" }, "plan.proposer", "address"],
    ["a list that is none", { stages: {} }, "plan.stages", "a list"],
    ["a fault deep inside", { targets: [{ module: "0x00", baseVersion: 0 }] }, "plan.targets[0].module", "bytes32"],
  ] as const) {
    it(`CLI-47 refuses ${name}, with its place`, async () => {
      const changed = { ...json(), ...change };
      const facts = await expectSlipwayError(
        Promise.resolve().then(() => parsePlan(JSON.parse(JSON.stringify(changed)), "plan.json")),
        "PlanFileInvalid",
      );
      expect(facts).to.include({ where: `plan.json, ${path}`, expected });
    });
  }
});
