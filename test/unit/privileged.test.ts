import { loadFixture, setStorageAt } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Interface } from "ethers";
import { derivedAddress } from "../../src/chain/simulateSequence";
import { compareAccess, privilegedAccess, privilegedSelectors, type Caller } from "../../src/simulate/privileged";
import { counterFixture, type CounterFixture } from "../fixtures/counterModule";

const NOBODY = derivedAddress("slipway.test.nobody");

describe("who may call what", () => {
  let fixture: CounterFixture;
  let abi: Interface;
  let callers: Caller[];

  beforeEach(async () => {
    fixture = await loadFixture(counterFixture);
    abi = new Interface((await fixture.client.artifacts.read("CounterV1__MockForPlan")).abi);
    callers = [
      { role: "timelock", account: fixture.deployment.timelock },
      { role: "release", account: fixture.release.address },
      { role: "elector", account: fixture.electors[0]!.address },
      { role: "stranger", account: NOBODY },
    ];
  });

  const access = () => privilegedAccess(fixture.client, { account: fixture.proxy, abi, callers });
  const outcomes = (rows: Awaited<ReturnType<typeof access>>, name: string) =>
    rows.filter(({ signature }) => signature.startsWith(`${name}(`)).map(({ role, outcome }) => `${role} ${outcome}`);

  it("CHK-40 asks every function from every class of callers, and tells who is refused", async () => {
    const rows = await access();
    expect(outcomes(rows, "transferOwnership")).to.deep.equal([
      "timelock allowed",
      "release refused",
      "elector refused",
      "stranger refused",
    ]);
    // The owner gets past the guard, and fails for the argument.
    expect(outcomes(rows, "upgradeToAndCall")[0]).to.equal("timelock reverted");
    expect(new Set(outcomes(rows, "increment"))).to.deep.equal(new Set(callers.map(({ role }) => `${role} allowed`)));
    expect(new Set(outcomes(rows, "initialize"))).to.deep.equal(new Set(callers.map(({ role }) => `${role} reverted`)));
    const names = privilegedSelectors(rows).map((selector) => abi.getFunction(selector)!.name);
    expect(names.sort()).to.deep.equal(["transferOwnership", "upgradeToAndCall"]);
    expect(await fixture.counter.count()).to.equal(0n);
  });

  it("CHK-41 finds every right that somebody won or lost in between, but for what is planned", async () => {
    const before = await access();
    expect(compareAccess(before, await access())).to.deep.equal([]);
    // The owner's slot: what a candidate with another layout, or a hidden write, would do.
    const word = await fixture.client.provider.getStorage(fixture.proxy, 0);
    const owner = fixture.deployment.timelock.slice(2).toLowerCase();
    await setStorageAt(fixture.proxy, 0, word.replace(owner, NOBODY.slice(2).toLowerCase()));
    const changes = compareAccess(before, await access());
    const texts = changes.map(({ signature, role, before: was, after }) => `${signature} ${role} ${was} ${after}`);
    expect(texts).to.include.members([
      "transferOwnership(address) timelock allowed refused",
      "transferOwnership(address) stranger refused allowed",
      "upgradeToAndCall(address,bytes) stranger refused reverted",
    ]);
    expect(changes.every(({ role }) => ["timelock", "stranger"].includes(role))).to.equal(true);
    expect(compareAccess(before, await access(), ({ role }) => role !== "stranger")).to.have.length(2);
  });
});
