import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Interface, zeroPadValue } from "ethers";
import { readAddressBook } from "../../../src/chain/addressBook";
import { buildPlan } from "../../../src/plan/buildPlan";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { CATALOGUE, ROOT, withOwnFolder } from "../../fixtures/bridgeModule";
import { vaultFixture, type VaultFixture } from "../../fixtures/vaultModule";
import { ONE, policyIn } from "../../helpers/canary";
import { expectError } from "../../helpers/expectError";

const TEXT = readFileSync(join(ROOT, "upgrades/vault-v2.yaml"), "utf8");
const ALICE = "0x00000000000000000000000000000000000A11cE";
const BOB = "0x0000000000000000000000000000000000000b0b";
const WITHDRAW = '      - { function: "withdraw(uint256,address,address)", arg: assets }\n';

describe("buildPolicy", () => {
  let fixture: VaultFixture;

  beforeEach(async () => {
    fixture = withOwnFolder(await loadFixture(vaultFixture));
  });

  const build = (...changes: [string, string][]) => {
    const text = changes.reduce((changed, [from, to]) => {
      if (!changed.includes(from)) throw new Error(`the plan file does not contain ${from}`);
      return changed.replace(from, () => to);
    }, TEXT);
    const loaded = parsePlanText(text, "plan.yaml", readAddressBook(fixture.client.deploymentsDir));
    return buildPlan(fixture.client, fixture.connected, loaded, { root: ROOT, invariantsDir: CATALOGUE });
  };

  it("RTR-59 takes a segment from the file, alone or beside a function's word, in the order that the router searches", async () => {
    for (const cohort of [
      `{ segment: ["${BOB}", "${ALICE}"] }`,
      `[{ segment: ["${BOB}"] }, { function: "deposit(uint256,address)", arg: receiver }, { segment: ["${zeroPadValue(ALICE, 32)}"] }]`,
    ]) {
      const { deployments, explain } = await build(["cohort: sender", `cohort: ${cohort}`]);
      const policy = await policyIn(deployments[1]!.initCode);
      expect([...policy.segment]).to.deep.equal([zeroPadValue(BOB, 32), zeroPadValue(ALICE, 32)].sort());
      expect(explain.policy?.find((line) => line.startsWith("always in the canary"))).to.contain(ALICE);
    }
    await expectError(() => build(["cohort: sender", `cohort: { segment: ["${BOB}", "${BOB}"] }`]), "ArgumentInvalid", {
      expected: "each key once",
    });
    await expectError(() => build(["cohort: sender", 'cohort: { segment: ["0x12"] }']), "PlanFileInvalid", {});
  });

  it("RTR-59 takes several meters of one function, and leaves a single one in its rule", async () => {
    const vault = new Interface((await fixture.client.artifacts.read("VaultV2")).abi);
    const second = WITHDRAW.replace("arg: assets", "arg: 0, weight: 0.5");
    await expectError(() => build([WITHDRAW, WITHDRAW + second]), "ArgumentInvalid", {
      expected: "a parameter that no meter before counts",
    });
    const { selector } = vault.getFunction("mint")!;
    const { deployments } = await build();
    const policy = await policyIn(deployments[1]!.initCode);
    expect(policy.meters).to.have.length(0);
    expect(policy.rules.find((rule) => rule.selector === selector)?.meterWord).to.equal(1n);
  });

  it("RTR-59 takes a probe whose fall is charged, of the proxy unless it names a target", async () => {
    const probe =
      '    probe: { target: "${vaultAsset}", call: "balanceOf(address)(uint256)", args: ["${vault}"], gas: 60000, weight: 2 }\n';
    const { deployments, explain } = await build(["    free: [", `${probe}    free: [`]);
    const { fall } = await policyIn(deployments[1]!.initCode);
    expect([fall.probe.target, fall.probe.gas, fall.weight]).to.deep.equal([fixture.asset, 60_000n, 2n * ONE]);
    expect(explain.policy?.some((line) => line.startsWith("meter: what each call makes"))).to.equal(true);
    const own = await build(["    free: [", '    probe: { call: "totalAssets()" }\n    free: [']);
    const policy = await policyIn(own.deployments[1]!.initCode);
    expect([policy.fall.probe.target, policy.fall.weight]).to.deep.equal([fixture.vault, ONE]);
  });
});
