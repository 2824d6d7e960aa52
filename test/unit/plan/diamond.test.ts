import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture, mine } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, parseEther, ZeroAddress } from "ethers";
import { ethers } from "hardhat";
import { canaryStatus } from "../../../src/canary/status";
import { readAddressBook } from "../../../src/chain/addressBook";
import { buildPlan } from "../../../src/plan/buildPlan";
import { initPlan } from "../../../src/plan/initPlan";
import { DIAMOND_ABI } from "../../../src/plan/diamond/readDiamond";
import { labelText } from "../../../src/plan/labelText";
import { prepareDeployments } from "../../../src/plan/prepareDeployments";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { CutAction } from "../../../src/registry/facetCuts";
import { renderPlan } from "../../../src/report/renderPlan";
import type { GatewayFacetV2 } from "../../../typechain-types";
import { CATALOGUE, ROOT, withOwnFolder } from "../../fixtures/bridgeModule";
import { subnetFixture, type SubnetFixture } from "../../fixtures/subnetModule";
import { routesOf, TRAFFIC } from "../../helpers/diamond";
import { expectError } from "../../helpers/expectError";
import { State, toInProgress, toNextStep } from "../../helpers/lifecycle";
import { REPORT } from "../../helpers/plans";

const TEXT = readFileSync(join(ROOT, "upgrades/subnet-v2.yaml"), "utf8");
const OPTIONS = { root: ROOT, invariantsDir: CATALOGUE };
const selector = (signature: string) => id(signature).slice(0, 10);
const [DEPOSIT, TRANSFER, EXIT, COUNT] = [
  "deposit(address)",
  "transfer(address,uint256)",
  "exit()",
  "validatorCount()",
].map(selector) as [string, string, string, string];

describe("buildPlan of a diamond", function () {
  this.timeout(300_000);
  let fixture: SubnetFixture;

  beforeEach(async () => {
    fixture = withOwnFolder(await loadFixture(subnetFixture));
  });

  const load = (text = TEXT) => parsePlanText(text, "plan.yaml", readAddressBook(fixture.client.deploymentsDir));
  const prepare = (text?: string, options = {}) =>
    prepareDeployments(fixture.client, fixture.connected, load(text), { ...OPTIONS, ...options });
  const preview = (text?: string) => buildPlan(fixture.client, fixture.connected, load(text), OPTIONS);
  const gateway = () => ethers.getContractAt("GatewayFacetV2", fixture.subnet) as unknown as Promise<GatewayFacetV2>;

  it("DIA-60 one router a pair of facets, one cut and one message to begin, gates by the loupe, and everything pinned", async () => {
    const { plan, deployments, explain } = await prepare();
    const of = (role: string) => deployments.filter((entry) => entry.role === role).map(({ address }) => address);
    expect([of("candidate").length, of("absent").length]).to.deep.equal([2, 1]);
    // Two facets that are replaced, functions that each of them adds, and one that goes.
    expect(of("router")).to.have.length(5);
    expect(plan.stages.map((stage) => labelText(stage.label))).to.deep.equal(["canary 10%", "canary 100%", "promote"]);
    const [cut, message] = plan.stages[0]!.calls;
    const [cuts] = DIAMOND_ABI.decodeFunctionData("diamondCut", cut!.data) as unknown as [
      { facetAddress: string; functionSelectors: string[] }[],
    ];
    const steered = cuts.filter(({ functionSelectors }) => [...functionSelectors].includes(TRAFFIC));
    expect(steered.map(({ facetAddress }) => facetAddress)).to.deep.equal([of("router")[0]]);
    expect(message!.data.slice(0, 10)).to.equal(TRAFFIC);
    const pinned = plan.stages[0]!.pins.map(({ account }) => account);
    expect(pinned).to.include.members([
      fixture.subnet,
      ...Object.values(fixture.facets),
      ...deployments.map((d) => d.address),
    ]);
    const asked = (stage: number, wanted: string) =>
      plan.stages[stage]!.gates.find(({ probe }) => probe.data.slice(10, 18) === wanted.slice(2))!.bound;
    expect(asked(0, DEPOSIT)).to.equal(BigInt(fixture.facets["GatewayFacet"]!));
    expect(asked(0, TRAFFIC)).to.equal(0n);
    expect(of("router").map(BigInt)).to.include(asked(1, DEPOSIT));
    expect(asked(2, TRAFFIC)).to.equal(BigInt(of("router")[0]!));
    expect(plan.rollbacks.map(({ from, to }) => [from, to])).to.deep.equal([
      [0, 1],
      [2, 2],
    ]);
    expect(explain.offchainPointers).to.deep.equal([]);
    expect(renderPlan(explain)).to.include("diamondCut");
  });

  it("DIA-75 two facets of a plan that lay out slot 0 each in its own way are refused; the functions of one alone are not", async () => {
    const facet = (name: string, call: string, more = "") =>
      `    - { contract: "${name}", functions: ["${call}"]${more} }\n`;
    const owned = `, args: ["${ZeroAddress}"]`;
    const one = facet("contracts/mocks/Counters__MockForPlan.sol:Ledger__MockForPlan", "total()", owned);
    const other = facet("contracts/mocks/Treasury__MockForRehearsal.sol:Ledger__MockForRehearsal", "noted()");
    const withFacets = (more: string) => TEXT.replace("  # Served by the old", `${more}  # Served by the old`);
    await expectError(() => preview(withFacets(one + other)), "StorageLayoutBroken", {
      where: /storage\.noted, .*Ledger__MockForRehearsal and .*Ledger__MockForPlan/,
      expected: "uint256 noted at slot 0, byte 0",
    });
    const { explain } = await preview(withFacets(one));
    // The loupe's own facet, say, is compiled here: nothing stays that is not compared.
    expect(explain.impact.storage!.findings.filter((text) => text.includes("no compiled contract"))).to.deep.equal([]);
  });

  it("DIA-76 upgrade init writes the plan file of a diamond from the names of its new facets, and it is read without a fault", async () => {
    const [gatewayV2, actorV2] = ["GatewayFacet.sol:GatewayFacetV2", "SubnetActorFacet.sol:SubnetActorFacetV2"].map(
      (name) => `contracts/examples/subnets/${name}`,
    ) as [string, string];
    const init = (options: object) =>
      initPlan(fixture.client, fixture.connected, {
        proxy: fixture.subnet,
        root: ROOT,
        invariantsDir: CATALOGUE,
        ...options,
      });
    const { text, module } = await init({ facets: [gatewayV2, actorV2] });
    expect(module?.name).to.equal("subnet");
    expect(text).to.include(
      `- contract: ${gatewayV2}\n      replaces: contracts/examples/subnets/GatewayFacet.sol:GatewayFacet\n`,
    );
    expect(text).to.not.include("remove");
    const { plan, explain } = await preview(
      text.replace(/ {2}budget:[^]*?\n\n/, "  budget: { per: 1h, cap: 10 ether }\n\n"),
    );
    expect(plan.stages.map(({ label }) => labelText(label))).to.deep.equal([
      "canary 5%",
      "canary 25%",
      "canary 100%",
      "promote",
    ]);
    expect(explain.deployments.filter(({ role }) => role === "candidate")).to.have.length(2);
    const coin = "contracts/mocks/Treasury__MockForRehearsal.sol:Coin__MockForRehearsal";
    const lesser = (await init({ facets: [coin] })).text;
    const gone = /# remove: \[(.*)\]/.exec(lesser)![1]!;
    expect(gone).to.include(DEPOSIT).and.to.not.include(TRANSFER).and.to.not.include(EXIT);
    await expectError(() => init({}), "OptionInvalid", { where: "--facets", found: "none" });
    await expectError(() => init({ contract: gatewayV2 }), "OptionInvalid", { where: "--facets" });
    await expectError(() => init({ facets: ["Nothing"] }), "ArtifactUnknown", { where: "--facets", found: "Nothing" });
  });

  it("DIA-61 runs in the real registry, from install over both facets to promotion, and every route is the candidates'", async () => {
    const { registry } = fixture;
    const { plan, deployments } = await prepare(undefined, { reportHash: REPORT });
    const before = await routesOf(fixture.subnet);
    const proposalId = await toInProgress(fixture, plan);
    const status = await canaryStatus(fixture.client, fixture.connected, "subnet");
    expect([status.isInstalled, status.share, status.stable]).to.deep.equal([
      true,
      1_000,
      fixture.facets["GatewayFacet"],
    ]);
    const user = (await ethers.getSigners())[40]!;
    await (await gateway()).connect(user).deposit(user.address, { value: parseEther("1") });
    await toNextStep(fixture, proposalId);
    await registry.advance(plan);
    await mine(1);
    const app = (await gateway()).connect(user);
    await app.transfer(fixture.release.address, 1);
    expect(await app.balanceOf(user.address)).to.equal(parseEther("1") - 1n);
    await toNextStep(fixture, proposalId);
    await registry.advance(plan);
    const after = await routesOf(fixture.subnet);
    const candidates = deployments.filter(({ role }) => role === "candidate").map(({ address }) => address);
    expect([after[DEPOSIT], after[TRANSFER], after[EXIT], after[COUNT], after[TRAFFIC]]).to.deep.equal([
      candidates[0],
      candidates[0],
      candidates[1],
      undefined,
      undefined,
    ]);
    // The last stage has a way back of its own: it adds what was removed.
    const back = plan.rollbacks[1]!.calls[0]!;
    const timelock = await ethers.getImpersonatedSigner(fixture.deployment.timelock);
    await ethers.provider.send("hardhat_setBalance", [timelock.address, "0xde0b6b3a7640000"]);
    await timelock.sendTransaction({ to: back.target, data: back.data });
    expect(await routesOf(fixture.subnet)).to.deep.equal(before);
  });

  it("DIA-62 is frozen by the incident key through the diamond, cannot be promoted then, and is taken back to what it was", async () => {
    const { registry, incident } = fixture;
    const before = await routesOf(fixture.subnet);
    const { plan } = await prepare(undefined, { reportHash: REPORT });
    const proposalId = await toInProgress(fixture, plan);
    await registry.connect(incident).freeze(plan.targets[0]!.module);
    expect((await canaryStatus(fixture.client, fixture.connected, "subnet")).isFrozen).to.equal(true);
    await toNextStep(fixture, proposalId);
    await expect(registry.advance(plan)).to.be.reverted;
    const { notBefore } = await registry.stateOf(proposalId);
    await ethers.provider.send("evm_setNextBlockTimestamp", [Number(notBefore) + Number(plan.executionWindow) + 1]);
    await registry.rollback(plan);
    expect(await routesOf(fixture.subnet)).to.deep.equal(before);
    expect((await registry.stateOf(proposalId)).state).to.equal(State.RolledBack);
  });

  it("DIA-63 without a canary it is one cut, with the same way back", async () => {
    const [head, rest] = TEXT.split("canary:") as [string, string];
    const { plan } = await preview(`${head}canary: none\n${rest.slice(rest.indexOf("readiness:"))}`);
    expect(plan.stages).to.have.length(1);
    expect(plan.stages[0]!.calls.map(({ data }) => data.slice(0, 10))).to.deep.equal([selectorOf("diamondCut")]);
    expect(plan.rollbacks.map(({ from, to }) => [from, to])).to.deep.equal([[0, 0]]);
  });

  describe("refuses", () => {
    const REMOVE = 'remove: ["validatorCount()"]';
    it("DIA-64 a canary over the functions that cut the diamond or tell its facets", () =>
      expectError(() => preview(TEXT.replace(REMOVE, `remove: ["facetAddress(bytes4)"]`)), "SelectorUnroutable", {}));

    it("DIA-64 the same in a facet, which may go without a canary", async () => {
      const facet = "    - contract: contracts/diamond/DiamondLoupeFacet.sol:DiamondLoupeFacet\n";
      const text = TEXT.replace("  # Served by", `${facet}  # Served by`);
      await expectError(() => preview(text), "SelectorUnroutable", {});
      await preview(text.replace(facet, `${facet}      functions: ["supportsInterface(bytes4)"]\n`));
    });

    it("DIA-65 one contract for a diamond, and facets for anything else", () =>
      expectError(
        () => preview("title: t\nmodule: subnet\nupgrade: { contract: GatewayFacetV2 }\ncanary: none\n"),
        "PlanFileInvalid",
        { found: "one contract" },
      ));

    it("DIA-66 a second canary in one diamond: the control's selector is taken", async () => {
      const timelock = await ethers.getImpersonatedSigner(fixture.deployment.timelock);
      await ethers.provider.send("hardhat_setBalance", [timelock.address, "0xde0b6b3a7640000"]);
      // A router of another canary, as far as the diamond tells.
      const cut = [
        { facetAddress: fixture.facets["GatewayFacet"], action: CutAction.Add, functionSelectors: [TRAFFIC] },
      ];
      const data = DIAMOND_ABI.encodeFunctionData("diamondCut", [cut, ZeroAddress, "0x"]);
      await timelock.sendTransaction({ to: fixture.subnet, data });
      await expectError(() => preview(), "ControlSelectorClash", {});
    });

    it("DIA-67 a function to remove that nobody serves", () =>
      expectError(() => preview(TEXT.replace(REMOVE, `remove: ["nothing()"]`)), "FunctionUnknown", {}));

    it("DIA-68 storage that the new facet would misread", () =>
      expectError(
        () =>
          preview(
            TEXT.replace("GatewayFacet.sol:GatewayFacetV2", "SubnetActorFacet.sol:SubnetActorFacetV2").replace(
              /\n {4}- contract: contracts\/examples\/subnets\/SubnetActorFacet.sol:SubnetActorFacetV2\n {6}replaces: contracts\/examples\/subnets\/SubnetActorFacet.sol:SubnetActorFacet\n/,
              "\n",
            ),
          ),
        "CandidateMismatch",
        {},
      ));
  });

  const selectorOf = (name: string) => DIAMOND_ABI.getFunction(name)!.selector;
});
