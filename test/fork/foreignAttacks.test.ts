import { expect } from "chai";
import { Interface, ZeroAddress, ZeroHash, id } from "ethers";
import { chainTime, setBalance } from "../../src/chain/devChain";
import { CutAction } from "../../src/registry/facetCuts";
import { canonicalJson } from "../../src/simulate/canonicalJson";
import { checkOf, openForeignWorld, type ForeignWorld } from "../helpers/foreignWorld";

const DAY = 86_400;
const MOCKS = "contracts/mocks/Fickle__MockForRehearsal.sol";
const Mood = { Steady: 0, Producer: 1, Purse: 2, Hour: 3, Sender: 4 } as const;
const FICKLE = new Interface(["function act(uint8 mood, uint256 since, address thief)"]);
const TIMELOCK = new Interface([
  "function updateDelay(uint256)",
  "function grantRole(bytes32,address)",
  "function revokeRole(bytes32,address)",
  "function schedule(address,uint256,bytes,bytes32,bytes32,uint256)",
  "function hashOperation(address,uint256,bytes,bytes32,bytes32) view returns (bytes32)",
]);
const CUT = new Interface([
  "function diamondCut((address facetAddress, uint8 action, bytes4[] functionSelectors)[] cuts, address init, bytes data)",
  "function tidyUp(address diamond, (address facetAddress, uint8 action, bytes4[] functionSelectors)[] cuts)",
]);
const POINT = new Interface(["function point(address)"]);
const TOKEN = new Interface(["function transfer(address,uint256)"]);
const PROPOSER = id("PROPOSER_ROLE");

/** Calls of a timelock whose execution is open to anyone, written by somebody who wants them to pass a rehearsal. */
describe("rehearsal of calls that are meant to look harmless, on a fork of the remote chain", () => {
  let world: ForeignWorld;
  let timelock: string;
  let fickle: string;
  let thief: string;
  let release: string;

  type Written = { target: string; data: string; value?: string };
  const rehearse = (...calls: Written[]) => world.rehearse({ timelock, calls: world.write("calls.json", calls) });
  const act = (mood: number, since = 0) => ({
    target: fickle,
    data: FICKLE.encodeFunctionData("act", [mood, since, thief]),
  });

  before(async () => {
    world = await openForeignWorld();
    const { people, users } = world.chain;
    [thief, release] = [users[20]!, people.release];
    timelock = await world.deploy("TimelockController", [DAY, [release], [ZeroAddress], people.deployer]);
    fickle = await world.deploy(`${MOCKS}:Fickle__MockForRehearsal`);
    await world.handOver(timelock);
  });
  after(() => world.close());

  it("FGN-60 fails what does another thing where somebody else executes it or another block takes it", async () => {
    const steady = await rehearse(act(Mood.Steady));
    expect(steady.failure).to.equal(undefined);
    // Its code could know, and says so; here it makes nothing of it.
    expect(checkOf(steady, "determinism").status).to.equal("warn");
    expect(checkOf(steady, "determinism").evidence).to.have.length(2);
    for (const mood of [Mood.Producer, Mood.Purse]) {
      const report = await rehearse(act(mood));
      const { status, evidence } = checkOf(report, "determinism");
      expect([status, report.verdict], evidence.join("\n")).to.deep.equal(["fail", "fail"]);
      expect(evidence.join()).to.include(`${fickle.toLowerCase()}, slot `);
    }
    // An hour after the rehearsed moment; and whoever executes it being noted is no difference.
    const now = await chainTime(world.chain.provider);
    const later = checkOf(await rehearse(act(Mood.Hour, now + DAY + 7_200)), "determinism");
    expect([later.status, later.evidence.join()].join())
      .to.include("warn")
      .and.to.include(thief.slice(2).toLowerCase());
    const sender = checkOf(await rehearse(act(Mood.Sender)), "determinism");
    expect([sender.status, sender.evidence.join()].join(), sender.evidence.join("\n"))
      .to.include("warn")
      .and.to.include("asks for COINBASE, ORIGIN")
      .and.not.include("slot");
  });

  it("FGN-61 has strangers whom nobody could have known before the pinned block", async () => {
    const [one, two] = [await rehearse(act(Mood.Steady)), await rehearse(act(Mood.Steady))];
    expect(canonicalJson(one)).to.equal(canonicalJson(two));
    await world.deployer.sendTransaction({ to: thief, value: 1n });
    const three = await rehearse(act(Mood.Steady));
    const executor = ({ steps }: typeof one) => steps.at(-1)!.account;
    expect(executor(one)).to.equal(executor(two)).and.not.equal(executor(three));
  });

  it("FGN-62 warns of rules that the calls change, and fails where nobody or anybody decides from then on", async () => {
    const of = (name: string, ...args: unknown[]) => ({
      target: timelock,
      data: TIMELOCK.encodeFunctionData(name, args),
    });
    const told = async (...calls: Written[]) => {
      const report = await rehearse(...calls);
      expect(report.failure).to.equal(undefined);
      const { status, evidence } = checkOf(report, "governance");
      return { status, text: evidence.join("\n"), rows: report.beforeAfter.map(({ what }) => what) };
    };
    expect((await told(act(Mood.Steady))).status).to.equal("pass");
    const hasty = await told(of("updateDelay", 0));
    expect(hasty).to.include({ status: "warn" });
    expect(hasty.text).to.include(`getMinDelay: ${DAY}, then 0`);
    expect(hasty.rows).to.include(`getMinDelay of ${timelock}`);
    const admitted = await told(of("grantRole", PROPOSER, thief));
    expect([admitted.status, admitted.text.includes(thief)]).to.deep.equal(["warn", true]);
    const nobody = await told(of("revokeRole", PROPOSER, release));
    expect([nobody.status, nobody.text.includes("nobody may schedule")]).to.deep.equal(["fail", true]);
    // The role of the zero address is open in OpenZeppelin's timelock for executors alone; whoever reads it sees a mistake.
    const anybody = await told(of("grantRole", PROPOSER, ZeroAddress));
    expect(anybody.status).to.equal("fail");
  });

  it("FGN-63 asks of a diamond's new facets what it asks of new code, and fails cuts that no call says", async () => {
    const loupe = await world.deploy("DiamondLoupeFacet");
    const facets = [await world.deploy("Facet__MockForDiamond", [1]), await world.deploy("Facet__MockForDiamond", [2])];
    const selectorsOf = (names: string[]) => names.map((name) => id(name).slice(0, 10));
    const LOUPE = ["facets()", "facetFunctionSelectors(address)", "facetAddresses()", "facetAddress(bytes4)"];
    const cut = (facetAddress: string, action: number, names: string[]) => ({
      facetAddress,
      action,
      functionSelectors: selectorsOf(names),
    });
    const diamond = await world.deploy(`${MOCKS}:OpenDiamond__MockForRehearsal`, [
      [cut(loupe, CutAction.Add, LOUPE), cut(facets[0]!, CutAction.Add, ["one()", "two()"])],
    ]);
    const cutter = await world.deploy(`${MOCKS}:SilentCutter__MockForRehearsal`);
    const cuts = [cut(facets[1]!, CutAction.Replace, ["one()"]), cut(facets[1]!, CutAction.Add, ["three()"])];
    const open = {
      target: diamond,
      data: CUT.encodeFunctionData("diamondCut", [
        [...cuts, cut(ZeroAddress, CutAction.Remove, ["two()"])],
        ZeroAddress,
        "0x",
      ]),
    };
    const report = await rehearse(open);
    expect(report.failure).to.equal(undefined);
    expect(checkOf(report, "pointers")).to.deep.include({ status: "pass" });
    expect(report.deployments.map(({ address }) => address)).to.deep.equal([facets[1]]);
    for (const id of ["opcodes", "size", "code", "toolchain"]) expect(checkOf(report, id).status, id).to.equal("pass");
    expect(checkOf(report, "selectors").evidence.join()).to.include("two()");
    const silent = await rehearse({
      target: cutter,
      data: CUT.encodeFunctionData("tidyUp", [diamond, cuts]),
    });
    expect(silent.failure).to.equal(undefined);
    const { status, evidence } = checkOf(silent, "pointers");
    expect([status, evidence.join()].join()).to.include("fail").and.to.include(`served by ${facets[1]}`);
  });

  it("FGN-64 does not pass a pointer of a kind that it does not know", async () => {
    const proxy = await world.deploy(`${MOCKS}:OwnProxy__MockForRehearsal`, [fickle]);
    const quiet = await rehearse({ ...act(Mood.Steady), target: proxy });
    expect(checkOf(quiet, "pointers").status).to.equal("pass");
    const report = await rehearse({ target: proxy, data: POINT.encodeFunctionData("point", [world.coin]) });
    expect(checkOf(report, "pointers").status).to.equal("inconclusive");
    expect(checkOf(report, "pointers").evidence.join()).to.include(world.coin);
  });

  it("FGN-65 tells that operations which wait are carried out alone, in any order, by anyone", async () => {
    const { provider } = world.chain;
    await provider.send("hardhat_impersonateAccount", [release]);
    await setBalance(provider, release, 10n ** 18n);
    const contract = world.at(timelock, TIMELOCK, release);
    const pay = TOKEN.encodeFunctionData("transfer", [thief, 0]);
    const args = (target: string, data: string, salt: string) => [target, 0, data, ZeroHash, id(salt)];
    await (await contract.getFunction("schedule")(...args(world.coin, pay, "one"), DAY)).wait();
    const { data } = act(Mood.Steady);
    await (await contract.getFunction("schedule")(...args(fickle, data, "two"), DAY)).wait();
    const operation = (await contract.getFunction("hashOperation")(...args(fickle, data, "two"))) as string;
    const report = await world.rehearse({ timelock, operation });
    expect(report.failure).to.equal(undefined);
    expect(checkOf(report, "stack").status).to.equal("warn");
    expect(checkOf(report, "stack").evidence[0]).to.include("alone and in any order");
  });

  it("FGN-66 fails new code that lost a guard, warns where it runs more foreign code, and where a key may move the proxy", async () => {
    const TREASURY = "contracts/mocks/Treasury__MockForRehearsal.sol";
    const to = async (name: string) => {
      const next = await world.deploy(name);
      const data = world.abi.encodeFunctionData("upgradeToAndCall", [next, "0x"]);
      const report = await rehearse({ target: world.treasury, data });
      expect(report.failure).to.equal(undefined);
      return report;
    };
    const lost = checkOf(await to(`${TREASURY}:TreasuryOpen__MockForRehearsal`), "access");
    expect([lost.status, lost.evidence.join()].join())
      .to.include("fail")
      .and.to.include("pay(address,uint256) by the stranger");
    const lent = await to(`${MOCKS}:TreasuryLent__MockForRehearsal`);
    expect(checkOf(lent, "access").status).to.equal("pass");
    const { status, evidence } = checkOf(lent, "opcodes");
    expect([status, evidence.join()].join()).to.include("warn").and.to.include("DELEGATECALL, stable has");
    expect(checkOf(lent, "toolchain").status).to.equal("pass");
    expect(checkOf(lent, "admins").status).to.equal("pass");
    // Another treasury, which one key owns.
    const init = world.abi.encodeFunctionData("initialize", [thief, world.coin, fickle]);
    const first = await world.deploy(`${TREASURY}:TreasuryV1__MockForRehearsal`);
    const owned = await world.deploy("ERC1967Proxy", [first, init]);
    const report = await rehearse({
      target: owned,
      data: world.abi.encodeFunctionData("renounceRole", [ZeroHash, timelock]),
    });
    expect(report.failure).to.equal(undefined);
    const admins = checkOf(report, "admins");
    expect([admins.status, admins.evidence.join()].join()).to.include("fail").and.to.include(thief);
  });
});
