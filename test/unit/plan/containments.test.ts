import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { keccak256 } from "ethers";
import { ethers } from "hardhat";
import { readAddressBook } from "../../../src/chain/addressBook";
import { prepareDeployments } from "../../../src/plan/prepareDeployments";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { labelText } from "../../../src/plan/labelText";
import { BreachClass } from "../../../src/plan/types";
import { renderPlan } from "../../../src/report/renderPlan";
import { CATALOGUE, ROOT, withOwnFolder } from "../../fixtures/bridgeModule";
import { vaultFixture } from "../../fixtures/vaultModule";
import { expectError } from "../../helpers/expectError";
import { toInProgress } from "../../helpers/lifecycle";
import { REPORT } from "../../helpers/plans";

const TEXT = readFileSync(join(ROOT, "upgrades/vault-v2.yaml"), "utf8");

async function laneFixture() {
  const fixture = await vaultFixture();
  const payer = fixture.others[0]!.address;
  const lane = await ethers.deployContract("Lane__MockForContainment", [fixture.deployment.timelock, payer]);
  return { ...fixture, lane, laneAt: await lane.getAddress(), payer };
}

describe("containments of a plan file", () => {
  const withContainments = (lane: string, payer: string) => `${TEXT}
containments:
  - label: stop the lane
    breach: asset
    calls:
      - { target: "${lane}", function: "pause()" }
  - label: take the payer's role
    breach: pricing
    calls:
      - { target: "${lane}", function: "revokeRole(bytes32,address)", args: ["${ethers.id("PAYER")}", "${payer}"] }
    minGas: 300000
`;

  it("CTN-60 become batches with pins of what they call, explained, and accepted by the real registry", async () => {
    const fixture = withOwnFolder(await loadFixture(laneFixture));
    const { registry, incident, lane, laneAt, payer, client, connected } = fixture;
    const text = withContainments(laneAt, payer);
    const loaded = parsePlanText(text, "plan.yaml", readAddressBook(client.deploymentsDir));
    const { plan, explain } = await prepareDeployments(client, connected, loaded, {
      root: ROOT,
      invariantsDir: CATALOGUE,
      reportHash: REPORT,
    });
    const pins = [{ account: laneAt, codeHash: keccak256(await ethers.provider.getCode(laneAt)) }];
    expect(plan.containments.map(({ label, ...rest }) => ({ ...rest, label: labelText(label) }))).to.deep.equal([
      {
        label: "stop the lane",
        breach: BreachClass.Asset,
        calls: [{ target: laneAt, value: 0n, data: lane.interface.encodeFunctionData("pause") }],
        pins,
        minGas: 500_000n,
      },
      {
        label: "take the payer's role",
        breach: BreachClass.Pricing,
        calls: [
          {
            target: laneAt,
            value: 0n,
            data: lane.interface.encodeFunctionData("revokeRole", [ethers.id("PAYER"), payer]),
          },
        ],
        pins,
        minGas: 300_000n,
      },
    ]);
    const page = renderPlan(explain);
    expect(page).to.include("Containments").and.to.include("stop the lane").and.to.include("pause()");
    await toInProgress(fixture, plan);
    await registry.connect(incident).contain(plan, 0);
    await registry.connect(incident).contain(plan, 1);
    expect(await lane.getFunction("paused")()).to.equal(true);
    expect(await lane.getFunction("hasRole")(ethers.id("PAYER"), payer)).to.equal(false);
  });

  it("CTN-61 are warned of where no cited invariant could open them to anyone", async () => {
    const fixture = withOwnFolder(await loadFixture(laneFixture));
    const { laneAt, payer, client, connected } = fixture;
    const text = withContainments(laneAt, payer).replace("breach: pricing", "breach: liveness");
    const loaded = parsePlanText(text, "plan.yaml", readAddressBook(client.deploymentsDir));
    const { explain } = await prepareDeployments(client, connected, loaded, { root: ROOT, invariantsDir: CATALOGUE });
    const warned = explain.warnings.filter((text_) => text_.startsWith("containment"));
    expect(warned).to.have.length(1);
    expect(warned[0]).to.include("take the payer's role").and.to.include("category liveness");
  });

  const wrong = [
    ["an unknown class of breach", "breach: asset", "breach: money", "containments.0.breach"],
    ["a label that one word does not hold", "label: stop the lane", `label: ${"x".repeat(32)}`, "containments.0.label"],
    ["native value", 'function: "pause()" }', 'function: "pause()", value: 1 ether }', "containments.0.calls.0"],
  ] as const;
  for (const [what, from, to, key] of wrong) {
    it(`CTN-62 refuses ${what}`, () => {
      const text = withContainments(`0x${"11".repeat(20)}`, `0x${"22".repeat(20)}`).replace(from, to);
      return expectError(() => parsePlanText(text, "plan.yaml", { file: "", addresses: {} }), "PlanFileInvalid", {
        where: `key ${key}`,
      });
    });
  }
});
