import { expect } from "chai";
import { Contract, id } from "ethers";
import type { RehearsalReport } from "../../src/simulate/types";
import { openHardhatFork } from "../../tasks/support/openHardhatFork";
import { readAddressBook } from "../../src/chain/addressBook";
import { impersonate, revertTo, takeSnapshot } from "../../src/chain/devChain";
import { judgeAdmins, moduleAdmins } from "../../src/impact/adminKinds";
import { expectError } from "../helpers/expectError";
import { checkOf, openTreasuryWorld, type TreasuryWorld } from "../helpers/treasuryWorld";

/** As in the mock. */
const DEED = { nothing: 0, payEther: 1, payCoins: 2, allow: 3, giveAway: 4, grant: 5, writeElsewhere: 6, undone: 7 };

describe("simulate > what a migration does besides what its plan says", function () {
  this.timeout(300_000);
  let world: TreasuryWorld;

  before(async () => {
    world = await openTreasuryWorld();
  });

  after(async () => {
    await world?.close();
  });

  const answers = (report: RehearsalReport) =>
    ["state", "power", "events", "value"].map((id) => `${id} ${checkOf(report, id).status}`);

  it("CHK-80 has nothing to say where the migration does its work alone", async () => {
    const report = await world.rehearse(DEED.nothing);
    expect(report.failure).to.equal(undefined);
    expect(answers(report)).to.deep.equal(["state pass", "power pass", "events pass", "value pass"]);
    expect(report.flows).to.deep.equal([]);
    const version = report.beforeAfter.find(({ what }) => what === "version()");
    expect([version?.before, version?.after]).to.deep.equal(["1", "2"]);
  });

  it("CHK-81 fails where a stage pays ether that no call of the plan says, and passes where its file expects it", async () => {
    const { treasury, outsider } = world;
    const report = await world.rehearse(DEED.payEther);
    expect(report.verdict).to.equal("fail");
    expect(checkOf(report, "value").evidence).to.include(`stage 0: 5 wei from ${treasury} to ${outsider}`);
    expect(report.flows).to.deep.equal([{ stage: 0, asset: "wei", from: treasury, to: outsider, amount: 5n }]);
    const row = report.beforeAfter.find(({ what }) => what === `wei of ${treasury}, stage 0`);
    expect([row?.before, row?.after]).to.deep.equal(["1000", "995"]);

    const flows = (most: number) => `expect:\n  flows: [{ from: "${treasury}", to: "${outsider}", most: "${most}" }]\n`;
    expect(checkOf(await world.rehearse(DEED.payEther, flows(5)), "value").status).to.equal("pass");
    expect(checkOf(await world.rehearse(DEED.payEther, flows(4)), "value").status).to.equal("fail");
  });

  it("CHK-82 fails where a stage pays tokens, by the token's own logs and balances", async () => {
    const { treasury, outsider, coin } = world;
    const report = await world.rehearse(DEED.payCoins);
    expect(checkOf(report, "value").status).to.equal("fail");
    expect(report.flows).to.deep.equal([
      { stage: 0, asset: "COIN", token: coin, from: treasury, to: outsider, amount: 7n },
    ]);
    const row = report.beforeAfter.find(({ what }) => what === `COIN of ${outsider}, stage 0`);
    expect([row?.before, row?.after]).to.deep.equal(["0", "7"]);
  });

  it("CHK-83 warns of an allowance that outlives the upgrade, unless the file expects it", async () => {
    const { treasury, outsider, coin } = world;
    const report = await world.rehearse(DEED.allow);
    expect(checkOf(report, "value").status).to.equal("warn");
    expect(checkOf(report, "value").evidence[1]).to.equal(
      `stage 0: ${outsider} may spend 9 COIN (${coin}) of ${treasury}`,
    );
    const stated = `expect:\n  allowances: [{ token: "${coin}", owner: "${treasury}", spender: "${outsider}" }]\n`;
    expect(checkOf(await world.rehearse(DEED.allow, stated), "value").status).to.equal("pass");
  });

  it("CHK-84 fails where a role moves inside of an initialiser, unless the file expects it", async () => {
    const { treasury, outsider } = world;
    const granted = checkOf(await world.rehearse(DEED.grant), "power");
    expect([granted.status, granted.evidence[1]]).to.deep.equal([
      "fail",
      `stage 0: ${outsider} becomes role ${id("PAYER")} of ${treasury}, and no call of the plan says so`,
    ]);
    const stated = `expect:\n  power: [{ on: "${treasury}", to: "${outsider}" }]\n`;
    expect(checkOf(await world.rehearse(DEED.grant, stated), "power").status).to.equal("pass");
    // Ownership given away is not even rehearsed: the way back would be refused.
    await expectError(() => world.rehearse(DEED.giveAway), "CallReverts", {});
  });

  it("CHK-85 fails where an expected event is missing, and warns of one that nobody expects", async () => {
    const { treasury } = world;
    const expects = (...events: string[]) =>
      `expect:\n  events:\n${events.map((event) => `    - { stage: "0", event: "${event}", account: "${treasury}" }\n`).join("")}`;
    const all = ["Upgraded(address)", "Migrated(uint256)", "Initialized(uint64)"];
    expect(checkOf(await world.rehearse(DEED.nothing, expects(...all)), "events").status).to.equal("pass");
    const missing = checkOf(await world.rehearse(DEED.nothing, expects(...all, "Paused(address)")), "events");
    expect([missing.status, missing.evidence[1]]).to.deep.equal(["fail", `stage 0: no Paused(address) of ${treasury}`]);
    const extra = checkOf(await world.rehearse(DEED.nothing, expects(...all.slice(0, 2))), "events");
    expect([extra.status, extra.evidence[1]]).to.deep.equal([
      "warn",
      `stage 0: Initialized(uint64) of ${treasury}, which nobody expects`,
    ]);
    // Twice expected is twice asked for.
    expect(checkOf(await world.rehearse(DEED.nothing, expects(...all, all[1]!)), "events").status).to.equal("fail");
  });

  it("CHK-86 counts nothing that was tried and taken back", async () => {
    const report = await world.rehearse(DEED.undone);
    expect(answers(report)).to.deep.equal(["state pass", "power pass", "events pass", "value pass"]);
    expect(report.flows).to.deep.equal([]);
  });

  it("CHK-88 fails where a stage writes into an account that it does not call, unless the file expects it", async () => {
    const { ledger } = world;
    const found = checkOf(await world.rehearse(DEED.writeElsewhere), "state");
    expect(found.status).to.equal("fail");
    expect(found.evidence[1]).to.equal(`stage 0: ${ledger}, noted: 0 → 11`);
    const stated = `expect:\n  writes: ["${ledger}"]\n`;
    expect(checkOf(await world.rehearse(DEED.writeElsewhere, stated), "state").status).to.equal("pass");
  });

  it("CHK-89 fails where a candidate lost a guard: a stranger gets past what refused him", async () => {
    const report = await world.rehearse(DEED.nothing, "", undefined, "TreasuryOpen__MockForRehearsal");
    const { status, evidence } = checkOf(report, "access");
    expect(status).to.equal("fail");
    expect(evidence.filter((line) => line.startsWith("pay(address,uint256)"))).to.have.length(3);
    expect(evidence.join("\n")).to.match(/pay\(address,uint256\) by the stranger 0x\w{40}: refused, then allowed/);
  });

  it("CHK-90 fails on a chain that holds value where one key may change the module besides", async () => {
    const { chain, treasury } = world;
    const before = await takeSnapshot(chain.provider);
    const timelock = readAddressBook(world.deploymentsDir).addresses["timelock"]!;
    const governed = await impersonate(chain.provider, timelock);
    const ownable = new Contract(treasury, ["function transferOwnership(address)"], governed);
    const held = checkOf(await world.rehearse(DEED.nothing), "admins");
    expect([held.status, held.evidence.length]).to.deep.equal(["pass", 1]);
    await (await ownable.getFunction("transferOwnership")(world.outsider)).wait();
    const admins = await moduleAdmins(chain.as(chain.people.deployer), world.registry);
    expect(judgeAdmins(admins, { isProduction: true }).map(({ status, account }) => [status, account])).to.deep.equal([
      ["fail", world.outsider],
    ]);
    await revertTo(chain.provider, before);
  });

  it("CHK-87 finds the same effects on both engines, to the same hash of what changed", async () => {
    const [first, second] = [
      await world.rehearse(DEED.payCoins),
      await world.rehearse(DEED.payCoins, "", openHardhatFork),
    ];
    expect(second.flows).to.deep.equal(first.flows);
    expect(second.checks.map(({ id, status }) => `${id} ${status}`)).to.deep.equal(
      first.checks.map(({ id, status }) => `${id} ${status}`),
    );
    expect(second.stages.map(({ writes }) => writes)).to.deep.equal(first.stages.map(({ writes }) => writes));
    expect(second.diffHash).to.equal(first.diffHash);
  });
});
