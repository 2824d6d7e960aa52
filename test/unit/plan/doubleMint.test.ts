import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { bridgeArtifact, deployArtifact } from "../../../scripts/remote/artifact";
import { readAddressBook } from "../../../src/chain/addressBook";
import { delegateTargets } from "../../../src/chain/delegateTargets";
import { buildPlan } from "../../../src/plan/buildPlan";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { bridgeFixture, CATALOGUE, planText, ROOT, withOwnFolder } from "../../fixtures/bridgeModule";

const ARTIFACT = /artifact: (npm\S+)/.exec(planText())!;

describe("a candidate that hands calls on", () => {
  it("PLN-76 reads functions from the ABI the file names, and pins the code it delegates to", async () => {
    const fixture = withOwnFolder(await loadFixture(bridgeFixture));
    const published = await deployArtifact(
      fixture.deployer,
      bridgeArtifact("1.2.5", "arbitrum/gateway/L2CustomGateway"),
    );
    const target = await published.getAddress();
    const text = planText([
      ARTIFACT[0],
      `contract: contracts/examples/DoubleMintGateway.sol:DoubleMintGateway\n  args: ["${target}"]\n  abi: ${ARTIFACT[1]}`,
    ]);
    const loaded = parsePlanText(text, "plan.yaml", readAddressBook(fixture.client.deploymentsDir));
    const { plan, deployments } = await buildPlan(fixture.client, fixture.connected, loaded, {
      root: ROOT,
      invariantsDir: CATALOGUE,
    });
    expect(deployments[0]!.contractName).to.equal("DoubleMintGateway");
    expect(delegateTargets(deployments[0]!.code)).to.include(target);
    for (const stage of plan.stages) expect(stage.pins.map(({ account }) => account)).to.include(target);
    // The way back must not depend on code that only the candidate uses.
    expect(plan.rollbacks[0]!.pins.map(({ account }) => account)).to.not.include(target);
  });

  it("PLN-77 finds addresses in delegating code only, and not in the data of another push", () => {
    const address = `0x${"ab".repeat(20)}`;
    const push20 = `73${"ab".repeat(20)}`;
    const found = (code: string) => delegateTargets(code).map((target) => target.toLowerCase());
    expect(found(`0x${push20}f4`)).to.deep.equal([address]);
    expect(found(`0x7f${"00".repeat(12)}${"ab".repeat(20)}f4`)).to.deep.equal([address]);
    expect(found(`0x${push20}`)).to.deep.equal([]);
    // PUSH32 whose data look like a PUSH20 and a DELEGATECALL.
    expect(found(`0x7f${push20}${"f4".repeat(11)}`)).to.deep.equal([]);
  });
});
