import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { TypedDataEncoder, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { hashPlan, hashPlanStruct, PLAN_TYPES, subjectOf } from "../../../src/plan/eip712";
import { randomPlan } from "../../helpers/randomPlan";

const SOURCE = readFileSync(join(__dirname, "../../../contracts/registry/libraries/PlanHash.sol"), "utf8");
const DOMAIN = {
  name: "Slipway UpgradeRegistry",
  version: "1",
  chainId: 42161n,
  verifyingContract: "0x0000000000000000000000000000000000000011",
};
const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);

describe("eip712", () => {
  describe("PLAN_TYPES", () => {
    for (const name of Object.keys(PLAN_TYPES)) {
      it(`PLN-10 has the type string of PlanHash.sol for ${name}`, () => {
        // One type and all that it needs: ethers wants no type that the primary one does not use.
        const encoder = TypedDataEncoder.from(typesOf(name));
        expect(SOURCE).to.contain(`"${encoder.encodeType(name)}"`);
      });
    }
  });

  describe("hashPlanStruct", () => {
    it("PLN-11 equals PlanHash.hash for plans drawn from 40 seeds", async () => {
      const harness = await ethers.deployContract("PlanHash__Harness");
      for (const seed of SEEDS) {
        const plan = randomPlan(seed);
        expect(await harness.getFunction("hash")(plan), `seed ${seed}`).to.equal(hashPlanStruct(plan));
      }
    });

    it("BAL-01 equals the shorter PlanHash.hashAgain for the same plans", async () => {
      const harness = await ethers.deployContract("PlanHash__Harness");
      for (const seed of SEEDS) {
        const plan = randomPlan(seed);
        expect(await harness.getFunction("hashAgain")(plan), `seed ${seed}`).to.equal(hashPlanStruct(plan));
      }
    });

    it("BAL-02 gives the id of no plan where a number has stray bits, which PlanHash.hash refuses", async () => {
      const harness = await ethers.deployContract("PlanHash__Harness");
      const plan = { ...randomPlan(3), executionWindow: 5n };
      const call = harness.interface.encodeFunctionData("hashAgain", [plan]);
      // Past the selector and the offset of the plan: its word 14 is the execution window.
      const at = 2 + 8 + 64 + 14 * 64;
      expect(call.slice(at, at + 64)).to.equal("5".padStart(64, "0"));
      const stray = `${call.slice(0, at)}1${call.slice(at + 1)}`;
      const to = await harness.getAddress();
      expect(await ethers.provider.call({ to, data: stray })).not.to.equal(hashPlanStruct(plan));
      const selector = harness.interface.getFunction("hash")?.selector ?? "";
      await expect(ethers.provider.call({ to, data: selector + stray.slice(10) })).to.be.rejected;
    });
  });

  describe("subjectOf", () => {
    it("PLN-12 is the same whatever the evidence, and differs with everything else", () => {
      const plan = randomPlan(7);
      const evidence = { ...plan.evidence, reportHash: ZeroHash };
      expect(subjectOf(plan, DOMAIN)).to.equal(subjectOf({ ...plan, evidence }, DOMAIN));
      expect(hashPlan(plan, DOMAIN)).not.to.equal(hashPlan({ ...plan, evidence }, DOMAIN));
      expect(subjectOf(plan, DOMAIN)).not.to.equal(subjectOf({ ...plan, nonce: plan.nonce ^ 1n }, DOMAIN));
      expect(subjectOf(plan, DOMAIN)).not.to.equal(subjectOf(plan, { ...DOMAIN, chainId: 1n }));
    });
  });
});

function typesOf(name: string, found: typeof PLAN_TYPES = {}): typeof PLAN_TYPES {
  found[name] = PLAN_TYPES[name]!;
  for (const { type } of PLAN_TYPES[name]!) {
    const inner = type.replace("[]", "");
    if (inner in PLAN_TYPES && !(inner in found)) typesOf(inner, found);
  }
  return found;
}
