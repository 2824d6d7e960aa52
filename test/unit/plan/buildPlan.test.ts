import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { readAddressBook } from "../../../src/chain/addressBook";
import { buildPlan } from "../../../src/plan/buildPlan";
import { prepareDeployments } from "../../../src/plan/prepareDeployments";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { renderPlan } from "../../../src/report/renderPlan";
import { bridgeFixture, CATALOGUE, ROOT, type BridgeFixture } from "../../fixtures/bridgeModule";

const FILE = join(ROOT, "upgrades/arbitrum-gateway-1.2.5.yaml");
const TEXT = readFileSync(FILE, "utf8").replace("chain: 42161", "chain: 31337");

function load({ client }: BridgeFixture, text = TEXT) {
  return parsePlanText(text, "plan.yaml", readAddressBook(client.deploymentsDir));
}

const OPTIONS = { root: ROOT, invariantsDir: CATALOGUE };

describe("buildPlan", () => {
  it("PLN-01 x", async () => {
    const fixture = await loadFixture(bridgeFixture);
    const preview = await buildPlan(fixture.client, fixture.connected, load(fixture), OPTIONS);
    console.log(renderPlan(preview.explain));
    const built = await prepareDeployments(fixture.client, fixture.connected, load(fixture), OPTIONS);
    console.log(renderPlan(built.explain));
    expect(built.isFinal).to.equal(true);
  });
});
