import { loadFixture, mine, setBalance, setCode, setStorageAt } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import {
  AbiCoder,
  concat,
  encodeBytes32String,
  id,
  Interface,
  toBeHex,
  ZeroAddress,
  ZeroHash,
  type Contract,
} from "ethers";
import { ethers } from "hardhat";
import { derivedAddress } from "../../src/chain/simulateSequence";
import { PROXY_ABI } from "../../src/plan/upgradeCalls";
import { CHECKS } from "../../src/simulate/checks";
import type { CheckKind, Evidence, World } from "../../src/simulate/checks/types";
import { ForkSession } from "../../src/simulate/forkSession";
import { readModuleStates } from "../../src/simulate/moduleState";
import type { RehearsalStep } from "../../src/simulate/types";
import type { TracedCall } from "../../src/trace/types";
import { withOwnFolder } from "../fixtures/bridgeModule";
import { counterFixture, counterPlan, registerCounter, type CounterFixture } from "../fixtures/counterModule";
import { exhibitModule, exhibitPlan } from "../fixtures/exhibitModule";
import { DAY } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { answerAfterLife, answerOf, checkWorld } from "../helpers/checkWorld";
import { ready } from "../helpers/lifecycle";
import { REPORT } from "../helpers/plans";

/** Nobody's account. */
const NOBODY = derivedAddress("slipway.test.nobody");

describe("checks of a rehearsal", () => {
  let fixture: CounterFixture;

  beforeEach(async () => {
    fixture = withOwnFolder(await loadFixture(counterFixture));
  });

  const kind = (number: number): CheckKind => CHECKS.find((one) => one.number === number)!;
  const world = (...lines: string[]): Promise<World> => checkWorld(fixture, counterPlan(undefined, [], lines));
  const ask = (number: number, there: World, over: Partial<Evidence> = {}) => answerOf(kind(number), there, over);
  const statusOf = async (number: number, there: World, over: Partial<Evidence> = {}) =>
    (await ask(number, there, over)).status;
  /** The plan with another first call. */
  const withCall = (there: World, call: Partial<World["plan"]["stages"][number]["calls"][number]>): World => {
    const [stage, ...stages] = there.plan.stages;
    const [first, ...calls] = stage!.calls;
    return {
      ...there,
      plan: { ...there.plan, stages: [{ ...stage!, calls: [{ ...first!, ...call }, ...calls] }, ...stages] },
    };
  };
  /** The same with another code in the place of the candidate's. */
  const withCode = (there: World, code: string): World => {
    const [candidate, ...others] = there.built.deployments;
    return { ...there, built: { ...there.built, deployments: [{ ...candidate!, code }, ...others] } };
  };
  /** The same on an endpoint that keeps no logs. */
  const withoutLogs = (there: World): World => {
    const { client, fork } = there.session;
    const send = (method: string, params: unknown[]) =>
      method === "eth_getLogs" ? Promise.reject(new Error("no logs here")) : client.provider.send(method, params);
    const provider = new Proxy(client.provider, {
      get: (target, key) => {
        const value: unknown = key === "send" ? send : Reflect.get(target, key);
        return typeof value === "function" && value !== send ? (value.bind(target) as unknown) : value;
      },
    });
    return { ...there, session: new ForkSession(fork, { ...client, provider }) };
  };
  const propose = async (there: World): Promise<string> => {
    const plan = { ...there.plan, evidence: { ...there.plan.evidence, reportHash: REPORT } };
    await fixture.registry.connect(fixture.release).propose(plan);
    return fixture.registry.proposalIdOf(plan);
  };

  describe("1 provenance", () => {
    it("CHK-01a names chain, block, tool, engine and compiler where they agree", async () => {
      const { status, evidence } = await ask(1, await world());
      expect(status).to.equal("pass");
      expect(evidence.join("\n"))
        .to.match(/chain: 31337.*domain: 31337/)
        .and.to.include("solc 0.8.");
    });

    it("CHK-01b fails for another chain and another block hash, and does not pass where the block is not known", async () => {
      const there = await world();
      const { fork } = there.session;
      const other = { ...there, loaded: { ...there.loaded, plan: { ...there.loaded.plan, chain: 1n } } };
      expect(await statusOf(1, other)).to.equal("fail");
      Object.assign(fork, { blockHash: id("another block") });
      expect(await statusOf(1, there)).to.equal("fail");
      Object.assign(fork, { block: fork.block + 1_000 });
      expect(await statusOf(1, there)).to.equal("inconclusive");
    });
  });

  describe("2 plan integrity", () => {
    it("CHK-02a computes every hash from the bytes that are sent, and finds the operations that the timelock ran", async () => {
      const { status, evidence } = await answerAfterLife(kind(2), await world());
      expect(status).to.equal("pass");
      expect(evidence).to.include("1 of them run by the timelock under these ids");
    });

    it("CHK-02b fails where the plan is not the one that its id and its subject name", async () => {
      const there = await world();
      const edited = { ...there, plan: { ...there.plan, title: "Count on and on" } };
      const { status, evidence } = await ask(2, edited);
      expect(status).to.equal("fail");
      expect(evidence.filter((line) => line.includes("from the bytes it is"))).to.have.length(3);
    });
  });

  describe("3 on-chain match", () => {
    it("CHK-03a skips a plan that is not proposed, and finds the one that is, whatever its report", async () => {
      const there = await world();
      expect(await statusOf(3, there)).to.equal("skip");
      const proposalId = await propose(there);
      const again = await world();
      const { status, evidence } = await ask(3, again);
      expect(status).to.equal("pass");
      expect(evidence[0]).to.equal(`${proposalId}, Voting at the pinned block`);
    });

    it("CHK-03b fails where what is voted on is another plan of that name, and says in what", async () => {
      const there = await world();
      await propose({ ...there, plan: { ...there.plan, executionWindow: BigInt(DAY) } });
      const { status, evidence } = await ask(3, await world());
      expect(status).to.equal("fail");
      expect(evidence[0]).to.include("differs in executionWindow");
    });
  });

  describe("7 quorum reality", () => {
    it("CHK-07a counts how many of those who hold power carry the plan", async () => {
      const { status, evidence } = await ask(7, await world());
      expect(status).to.equal("pass");
      expect(evidence).to.include("at least 3 must vote; the strongest 8 carry it");
    });

    it("CHK-07b warns where two accounts decide or delegates are too few, and fails where no vote can pass", async () => {
      const there = await world();
      const electors = there.actors.electors.slice(0, 2).map((elector) => ({ ...elector, power: 500n }));
      const few = { ...there.actors, electors, policy: { ...there.actors.policy, minVoters: 1 } };
      expect(await statusOf(7, { ...there, actors: few })).to.equal("warn");
      const short = { ...there.actors, electors: there.actors.electors.slice(0, 7) };
      expect(await statusOf(7, { ...there, actors: short })).to.equal("fail");
      const token = { ...there.actors, electors: [], isToken: true };
      const failure = { name: "DelegatesTooFew", text: "quorum: 4 of 100" };
      expect(await statusOf(7, { ...there, actors: token }, { failure })).to.equal("warn");
      expect(await statusOf(7, { ...there, actors: token })).to.equal("inconclusive");
    });
  });

  describe("8 delays", () => {
    it("CHK-08a finds that the timelock waited what policy, timelock and plan ask for", async () => {
      const { status, evidence } = await answerAfterLife(kind(8), await world());
      expect(status).to.equal("pass");
      expect(evidence[0]).to.equal("delay: 1d (the class's); the timelock waited 1d");
    });

    it("CHK-08b warns of a window that opens and closes within a weekend, though the registry takes it", async () => {
      const { status, evidence } = await answerAfterLife(kind(8), await world("executionWindow: 2d"));
      expect(status).to.equal("warn");
      expect(evidence[0]).to.include("executionWindow");
    });
  });

  describe("9 readiness", () => {
    it("CHK-09 warns below the threshold, passes on it, and skips before anyone can signal", async () => {
      const there = await world();
      expect(await statusOf(9, there)).to.equal("skip");
      const proposalId = await propose(there);
      expect(await statusOf(9, await world())).to.equal("warn");
      await ready(fixture, proposalId, 8);
      const { status, evidence } = await ask(9, await world());
      expect(status).to.equal("pass");
      expect(evidence[0]).to.equal("8 seats with 800 of 1200 are ready; 800 are needed (2/3)");
    });
  });

  describe("10 nonces", () => {
    it("CHK-10a passes on a module at its version that nobody else moves", async () => {
      const { status, evidence } = await ask(10, await world());
      expect(status).to.equal("pass");
      expect(evidence[0]).to.equal("counter: version 0, which the plan starts from");
    });

    it("CHK-10b warns of another live plan on the module, which the registry takes too", async () => {
      await propose(await world("nonce: 7"));
      const { status, evidence } = await ask(10, await world());
      expect(status).to.equal("warn");
      expect(evidence[0]).to.include("on the same module");
    });

    it("CHK-10c fails for a plan that ended under this nonce, and for a version that is gone", async () => {
      const there = await world();
      const proposalId = await propose(there);
      await fixture.registry.connect(fixture.release).cancel(proposalId);
      expect(await statusOf(10, await world())).to.equal("fail");
      const fresh = await world("nonce: 1");
      expect(await statusOf(10, fresh)).to.equal("pass");
      const targets = fresh.plan.targets.map((target) => ({ ...target, baseVersion: 4n }));
      expect(await statusOf(10, { ...fresh, plan: { ...fresh.plan, targets } })).to.equal("fail");
    });

    it("CHK-10d warns of an operation of the timelock that no proposal explains", async () => {
      const { timelock, stranger, proxy } = fixture;
      const data = PROXY_ABI.encodeFunctionData("upgradeToAndCall", [fixture.stable, "0x"]);
      await asTimelock(fixture);
      const itself = await ethers.getSigner(fixture.deployment.timelock);
      await timelock.connect(itself).grantRole(id("PROPOSER_ROLE"), stranger.address);
      await timelock.connect(stranger).schedule(proxy, 0n, data, ZeroHash, id("salt"), DAY);
      const { status, evidence } = await ask(10, await world());
      expect(status).to.equal("warn");
      expect(evidence[0]).to.include("is pending, and calls 0x4f1ef286");
    });
  });

  describe("11 funds", () => {
    it("CHK-11a adds up what the calls send and what the steps cost", async () => {
      const there = await world();
      expect(await statusOf(11, there)).to.equal("pass");
    });

    it("CHK-11b fails where the timelock does not hold what a stage sends, and warns of an actor without gas money", async () => {
      const there = await world();
      expect(await statusOf(11, withCall(there, { value: 10n ** 18n }))).to.equal("fail");
      const step = (by: string): RehearsalStep => ({ verb: "vote for", by, account: NOBODY, gasUsed: 80_000n });
      const { status, evidence } = await ask(11, there, { steps: [step("elector at seat 3")] });
      expect(status).to.equal("warn");
      expect(evidence.at(-1)).to.include(`elector at seat 3 ${NOBODY} has 0.0 ether`);
      // Anybody's step is anybody's to pay.
      expect(await statusOf(11, there, { steps: [step("stranger")] })).to.equal("pass");
    });
  });

  describe("12 calldata", () => {
    const upgrade = (data: string) => PROXY_ABI.encodeFunctionData("upgradeToAndCall", [NOBODY, data]);

    it("CHK-12a reads the calls inside calls", async () => {
      const inner = new Interface(["function setLimit(uint256)"]).encodeFunctionData("setLimit", [5n]);
      const { status, evidence, unexplained } = await ask(12, withCall(await world(), { data: upgrade(inner) }));
      expect(status).to.equal("pass");
      expect(evidence[0]).to.include("upgradeToAndCall(address,bytes), setLimit(uint256)");
      expect(unexplained).to.equal(undefined);
    });

    it("CHK-12b warns of a function that no ABI names, however deep, and of bytes behind the arguments", async () => {
      const there = await world();
      for (const data of ["0xdeadbeef", upgrade("0xdeadbeef01"), `${upgrade("0x")}00`]) {
        const { status, unexplained } = await ask(12, withCall(there, { data }));
        expect(status).to.equal("warn");
        expect(unexplained).to.have.length(1);
      }
    });
  });

  describe("13 existence", () => {
    const handOver = (account: string) =>
      new Interface(["function transferOwnership(address)"]).encodeFunctionData("transferOwnership", [account]);

    it("CHK-13a knows the registry's people, who need no code", async () => {
      const call = { data: handOver(fixture.electors[0]!.address) };
      const { status, evidence } = await ask(13, withCall(await world(), call));
      expect(status).to.equal("pass");
      expect(evidence[1]).to.include("elector");
    });

    it("CHK-13b fails for a call of nothing, and warns of nobody's account that is passed on or written down", async () => {
      const there = await world();
      expect(await statusOf(13, withCall(there, { target: NOBODY }))).to.equal("fail");
      expect(await statusOf(13, withCall(there, { data: handOver(NOBODY) }))).to.equal("warn");
      const after = AbiCoder.defaultAbiCoder().encode(["address"], [NOBODY]);
      const writes = [{ account: fixture.proxy, slot: toBeHex(1, 32), before: ZeroHash, after }];
      const stage = { index: 0, writes } as unknown as Evidence["runs"][number]["stage"];
      const run = { stage, hash: ZeroHash } as Evidence["runs"][number];
      const { status, evidence } = await ask(13, there, { runs: [run] });
      expect(status).to.equal("warn");
      expect(evidence[0]).to.include(`stage 0 writes slot ${toBeHex(1, 32)}`);
    });
  });

  describe("15 code", () => {
    it("CHK-15a compares with the artifact, constants aside, and tells the constants", async () => {
      const there = await world();
      const { status, evidence } = await ask(15, there);
      expect(status).to.equal("pass");
      const { address } = there.built.deployments[0]!;
      expect(evidence[0]).to.include(`constants of its constructor: __self ${address.toLowerCase()}`);
    });

    it("CHK-15b fails for a candidate whose code was changed after the plan was built", async () => {
      const there = await world();
      await setCode(there.built.deployments[0]!.address, "0x60005260206000f3");
      const { status, evidence } = await ask(15, there);
      expect(status).to.equal("fail");
      expect(evidence.join("\n"))
        .to.include("other code than the artifact's")
        .and.to.include("its creation code returns");
    });
  });

  describe("16 source", () => {
    it("CHK-16a proves the sources by the hashes that the code itself carries, and asks no host", async () => {
      const { status, evidence } = await ask(16, await world());
      expect(status).to.equal("pass");
      expect(evidence[0]).to.match(/metadata 0x1220[0-9a-f]{64}, \d+ sources/);
      expect(evidence.at(-1)).to.include("were not asked");
    });

    it("CHK-16b fails for an edited source and another build, and warns where there is none", async () => {
      const there = await world();
      const build = (await there.remote.artifacts.sources!("CounterV2__MockForPlan"))!;
      const on = (found: typeof build | undefined): World => ({
        ...there,
        remote: { ...there.remote, artifacts: { ...there.remote.artifacts, sources: () => Promise.resolve(found) } },
      });
      const path = "contracts/mocks/Counters__MockForPlan.sol";
      expect(await statusOf(16, on({ ...build, edited: [path] }))).to.equal("fail");
      expect(await statusOf(16, on({ ...build, metadata: `${build.metadata} ` }))).to.equal("fail");
      const sources = { ...build.sources, [path]: "contract Other {}" };
      expect(await statusOf(16, on({ ...build, sources }))).to.equal("fail");
      expect(await statusOf(16, on(undefined))).to.equal("inconclusive");
      expect(kind(16).isRequired).to.equal(false);
    });
  });

  describe("17 initialisers", () => {
    it("CHK-17a tries proxy and implementations before, between and after the stages", async () => {
      const { status, evidence } = await answerAfterLife(kind(17), await world());
      expect(status).to.equal("pass");
      expect(evidence[0]).to.match(/^9 times/);
    });

    it("CHK-17b fails for a candidate that is open, and warns of a stable one that is", async () => {
      const there = await world();
      await setStorageAt(fixture.stable, 0, 0n);
      const { status, evidence } = await ask(17, there);
      expect(status).to.equal("warn");
      expect(evidence[1]).to.include(`the implementation ${fixture.stable}, but it succeeds`);
      await setStorageAt(there.built.deployments[0]!.address, 0, 0n);
      const open = await ask(17, there);
      expect(open.status).to.equal("fail");
      expect(open.evidence[1]).to.include("before the plan: initialize(address) to revert for a stranger");
    });

    it("CHK-17c warns of a lock that comes in a transaction of its own", async () => {
      const there = await world();
      const [candidate] = there.built.deployments;
      const built = { ...there.built, deployments: [{ ...candidate!, lock: "0x8129fc1c" }] };
      const { status, evidence } = await ask(17, { ...there, built });
      expect(status).to.equal("warn");
      expect(evidence.at(-1)).to.include("whoever comes between the two");
    });
  });

  describe("18 storage", () => {
    const V1 = "replaces: contracts/mocks/Counters__MockForPlan.sol:CounterV1__MockForPlan";

    it("CHK-18a passes where every field lies where it lay", async () => {
      const there = await checkWorld(fixture, counterPlan(undefined, [V1]));
      expect(await statusOf(18, there)).to.equal("pass");
    });

    it("CHK-18b warns of a rename and a used gap, of what the plan accepts, and of what nobody compared", async () => {
      const gap = await checkWorld(fixture, counterPlan("CounterV2Gap__MockForPlan", [V1]));
      const { status, evidence } = await ask(18, gap);
      expect(status).to.equal("warn");
      expect(evidence.join("\n")).to.include("field renamed").and.to.include("gap used");
      const accepted = await checkWorld(
        fixture,
        counterPlan("CounterV2Signed__MockForPlan", [V1, "acceptLayout: [storage.count]"]),
      );
      expect(await statusOf(18, accepted)).to.equal("warn");
      expect(await statusOf(18, await world())).to.equal("inconclusive");
      expect(kind(18).isRequired).to.equal(false);
    });
  });

  describe("19 opcodes", () => {
    it("CHK-19a walks the candidate's code, and finds it delegates no more than stable", async () => {
      const { status, evidence } = await ask(19, await world());
      expect(status).to.equal("pass");
      expect(evidence[0]).to.match(/\d+ opcodes can be reached; 1 DELEGATECALL/);
    });

    it("CHK-19b fails for what destroys itself, and warns of a delegate that stable has not", async () => {
      const there = await world();
      const dead = await ask(19, withCode(there, "0x33ff"));
      expect(dead.status).to.equal("fail");
      expect(dead.evidence[0]).to.include("SELFDESTRUCT at byte 1");
      // 2 delegatecalls: to a constant, and to an address out of storage.
      const call = (target: string) => concat(["0x5f5f5f5f", target, "0x5af450"]);
      const two = concat([call(concat(["0x73", NOBODY])), call("0x5f54")]);
      const { status, evidence } = await ask(19, withCode(there, two));
      expect(status).to.equal("warn");
      expect(evidence[0]).to.include(`delegates to ${NOBODY}`);
      // A jump to a computed place: SELFDESTRUCT stands behind a JUMPDEST, and nobody knows.
      expect(await statusOf(19, withCode(there, "0x5f35565b33ff"))).to.equal("inconclusive");
    });
  });

  describe("20 selectors", () => {
    it("CHK-20a warns of functions that are lost", async () => {
      const { status, evidence } = await ask(20, await checkWorld(fixture, counterPlan("CounterV2Gap__MockForPlan")));
      expect(status).to.equal("warn");
      expect(evidence.some((line) => line.startsWith("counter loses "))).to.equal(true);
      expect(await statusOf(20, await world())).to.equal("pass");
    });

    it("CHK-20b fails for a candidate that nothing upgrades, and for a function with two facets", async () => {
      const there = await world();
      const ledger = (await fixture.client.artifacts.read("Ledger__MockForPlan")).deployedBytecode;
      const sterile = await ask(20, withCode(there, ledger));
      expect(sterile.status).to.equal("fail");
      expect(sterile.evidence[0]).to.include("no function upgrades it");
      const cut = new Interface([
        "function diamondCut((address facetAddress, uint8 action, bytes4[] functionSelectors)[] cuts, address init, bytes data)",
      ]);
      const facet = (address: string) => ({ facetAddress: address, action: 0, functionSelectors: ["0x12345678"] });
      const data = cut.encodeFunctionData("diamondCut", [[facet(NOBODY), facet(fixture.proxy)], ZeroAddress, "0x"]);
      const twice = await ask(20, withCall(there, { data }));
      expect(twice.status).to.equal("fail");
      expect(twice.evidence[0]).to.include("stage 0 sends 0x12345678 to");
    });
  });

  describe("31 size", () => {
    it("CHK-31 warns from 95% of a limit on, and fails above it", async () => {
      const there = await world();
      const bytes = (count: number) => `0x${"00".repeat(count)}`;
      expect(await statusOf(31, there)).to.equal("pass");
      expect(await statusOf(31, withCode(there, bytes(23_347)))).to.equal("pass");
      expect(await statusOf(31, withCode(there, bytes(23_348)))).to.equal("warn");
      expect(await statusOf(31, withCode(there, bytes(24_577)))).to.equal("fail");
    });
  });

  describe("40 exposure", () => {
    const tokens = () => exhibitModule("Token");
    /** The candidate serves, as after the plan's last stage, and somebody holds a token. */
    const served = async (candidate: string, lines: string[] = []): Promise<World> => {
      const there = withOwnFolder(await loadFixture(tokens));
      const asked = await checkWorld(there, exhibitPlan("Token", candidate, [], lines));
      await asTimelock(there);
      const owner = await ethers.getSigner(there.deployment.timelock);
      const token = there.exhibit.connect(owner) as Contract;
      await token.getFunction("mint")(NOBODY, 100n);
      await token.getFunction("upgradeToAndCall")(asked.built.deployments[0]!.address, "0x");
      const final = await readModuleStates(asked.session.client, asked.registry, asked.plan);
      return { ...asked, notes: { ...asked.notes, final } };
    };

    it("CHK-40a fails for a new function by which a stranger takes what the module issued, unless the file expects it", async () => {
      const there = await served("TokenBurn");
      const { status, evidence } = await ask(40, there);
      expect([status, evidence.at(-1)]).to.deep.equal([
        "fail",
        `burn(address,uint256) by a stranger: ${NOBODY} loses ${there.module}, which the module issued`,
      ]);
      const flow = `expect: { flows: [{ token: "${there.module}", from: "${NOBODY}", to: "${NOBODY}" }] }`;
      expect(await statusOf(40, await served("TokenBurn", [flow]))).to.equal("pass");
    });

    it("CHK-40b passes a new function that takes from nobody, and skips a candidate without one", async () => {
      const { status, evidence } = await ask(40, await served("TokenOpenMint"));
      expect(status).to.equal("pass");
      expect(evidence[0]).to.match(
        /^1 new functions, 0 codes plugged in, 1 holdings that depend on the module, \d+ calls by a stranger$/,
      );
      expect(await statusOf(40, await served("Token"))).to.equal("skip");
    });

    it("CHK-40c does not know where the plan did not end, or the endpoint gives no logs", async () => {
      const there = await served("TokenBurn");
      expect(await statusOf(40, { ...there, notes: { ...there.notes, final: [] } })).to.equal("inconclusive");
      const { status, evidence } = await ask(40, withoutLogs(there));
      expect([status, evidence[0]]).to.deep.equal(["inconclusive", "logs could not be read: no logs here"]);
      expect(kind(40).isRequired).to.equal(false);
    });
  });

  describe("41 toolchain", () => {
    it("CHK-41a passes where one compiler made both, and skips a plan that deploys nothing", async () => {
      const there = await world();
      const { status, evidence } = await ask(41, there);
      expect(status).to.equal("pass");
      expect(evidence[0]).to.match(/^CounterV2__MockForPlan: solc 0\.8\.\d+, stable solc 0\.8\.\d+$/);
      expect(await statusOf(41, { ...there, built: { ...there.built, deployments: [] } })).to.equal("skip");
    });

    it("CHK-41b warns of another compiler, by the code alone, and of other settings, by the build", async () => {
      const there = await world();
      const { artifacts } = there.session.client;
      const build: typeof artifacts.build = async (name) => {
        const found = await artifacts.build!(name);
        return found && { ...found, optimizerRuns: name.includes("CounterV2") ? 1 : found.optimizerRuns };
      };
      const session = new ForkSession(there.session.fork, {
        ...there.session.client,
        artifacts: { ...artifacts, build },
      });
      const settings = await ask(41, { ...there, session });
      expect([settings.status, settings.evidence[0]]).to.deep.equal([
        "warn",
        "CounterV2__MockForPlan: optimizer runs was 200, is 1",
      ]);
      const code = await there.session.client.provider.getCode(fixture.stable);
      // The metadata ends with "solc" and three bytes: major, minor, patch.
      await setCode(fixture.stable, code.replace(/(64736f6c6343)0008[0-9a-f]{2}(0033)$/, "$1000804$2"));
      const { status, evidence } = await ask(41, there);
      expect([status, evidence[0]?.startsWith("CounterV2__MockForPlan: compiler was 0.8.4, is 0.8.")]).to.deep.equal([
        "warn",
        true,
      ]);
    });

    it("CHK-41c does not know of code without its metadata", async () => {
      const there = await world();
      await setCode(fixture.stable, "0x60005260206000f3");
      expect(await statusOf(41, there)).to.equal("inconclusive");
      expect(kind(41).isRequired).to.equal(false);
    });
  });

  describe("42 reached", () => {
    const frame = (over: Partial<TracedCall>): TracedCall => ({
      type: "CALL",
      from: fixture.deployment.timelock,
      to: fixture.proxy,
      value: 0n,
      gasUsed: 0n,
      input: "0x",
      output: "0x",
      logs: [],
      calls: [],
      ...over,
    });
    /** A stage in which the module runs the code of `to` on its own storage. */
    const running = (there: World, over: Partial<TracedCall>): Partial<Evidence> => {
      const root = frame({ calls: [frame({ type: "DELEGATECALL", from: fixture.proxy, ...over })] });
      const trace = { hash: ZeroHash, root, writes: [], preimages: () => Promise.resolve(new Map<string, string>()) };
      const stage = { index: 0, label: "upgrade" } as Evidence["runs"][number]["stage"];
      return { runs: there.plan.stages.map(() => ({ stage, hash: ZeroHash, block: 0, trace })) };
    };
    const started = async (): Promise<World> => {
      const there = await world();
      const initial = await readModuleStates(there.session.client, there.registry, there.plan);
      return { ...there, notes: { ...there.notes, initial } };
    };

    it("CHK-42a passes where all code that ran on the module's storage is pinned or the plan's own", async () => {
      const there = await started();
      expect(there.plan.stages[0]!.pins.map(({ account }) => account)).to.include(fixture.stable);
      expect(await statusOf(42, there, running(there, { to: fixture.stable }))).to.equal("pass");
      expect(await statusOf(42, there, running(there, { to: there.built.deployments[0]!.address }))).to.equal("pass");
      // A call is not a delegation, and what failed left nothing.
      expect(await statusOf(42, there, running(there, { type: "CALL", to: NOBODY }))).to.equal("pass");
      expect(await statusOf(42, there, running(there, { to: NOBODY, error: "reverted" }))).to.equal("pass");
    });

    it("CHK-42b fails for code without a pin on the module's storage, on no other account's", async () => {
      const there = await started();
      const { status, evidence } = await ask(42, there, running(there, { to: NOBODY }));
      expect([status, evidence[1]]).to.deep.equal([
        "fail",
        `stage 0: ${NOBODY} runs on the storage of ${fixture.proxy}`,
      ]);
      expect(await statusOf(42, there, running(there, { from: NOBODY, to: NOBODY }))).to.equal("pass");
    });

    it("CHK-42c does not know of stages that never ran", async () => {
      expect(await statusOf(42, await started())).to.equal("inconclusive");
    });
  });

  describe("44 retired", () => {
    /** A module that is retired, and what it holds. */
    const retired = async (): Promise<string> => {
      const data = new Interface(["function initialize(address)"]).encodeFunctionData("initialize", [NOBODY]);
      const proxy = await (await ethers.deployContract("ERC1967Proxy", [fixture.stable, data])).getAddress();
      await registerCounter(fixture, proxy, encodeBytes32String("old"));
      await (await asTimelock(fixture)).retireModule(encodeBytes32String("old"));
      return proxy;
    };

    it("CHK-44a skips where nothing is retired, and passes what is retired and empty", async () => {
      expect(await statusOf(44, await world())).to.equal("skip");
      await retired();
      const { status, evidence } = await ask(44, await world());
      expect([status, evidence]).to.deep.equal(["pass", ["old: empty, and allowed nothing, by the logs of late"]]);
    });

    it("CHK-44b warns of ether, of tokens, and of what users let it spend still", async () => {
      const account = await retired();
      const money = await ethers.deployContract("Money__MockForIncident");
      await money.mint(account, 7n);
      await money.mint(fixture.stranger.address, 5n);
      await money.connect(fixture.stranger).approve(account, 3n);
      await setBalance(account, 11n);
      const { status, evidence } = await ask(44, await world());
      const token = await money.getAddress();
      expect([status, evidence]).to.deep.equal([
        "warn",
        [
          `old at ${account} holds 11 wei`,
          `old at ${account} holds 7 of ${token}`,
          `old at ${account} may spend 3 of ${token} for ${fixture.stranger.address}`,
        ],
      ]);
    });

    it("CHK-44c does not know where the endpoint gives no logs", async () => {
      await retired();
      const { status, evidence } = await ask(44, withoutLogs(await world()));
      expect([status, evidence[0]]).to.deep.equal(["inconclusive", "logs could not be read: no logs here"]);
      expect(kind(44).isRequired).to.equal(false);
    });
  });

  describe("43 governance", () => {
    it("CHK-43a passes where the next plan may be proposed, and fails where nobody may propose any more", async () => {
      const there = await world();
      const final = await readModuleStates(there.session.client, there.registry, there.plan);
      const over = { ...there, notes: { ...there.notes, final } };
      expect(await statusOf(43, there), "the plan did not come to its end").to.equal("skip");
      expect(await statusOf(43, over)).to.equal("pass");
      await (await asTimelock(fixture)).revokeRole(id("RELEASE"), there.actors.proposer);
      const { status, evidence } = await ask(43, over);
      expect([status, evidence[0]]).to.deep.equal([
        "fail",
        evidence[0]?.match(/the next plan cannot be proposed: .*Unauthorized.*/)?.[0],
      ]);
    });

    it("CHK-43b fails where a token's delegates who carried the plan do not make its quorum any more", async () => {
      const share = 100n * 10n ** 18n;
      const token = await ethers.deployContract("BlockVotesToken");
      for (const elector of fixture.electors) {
        await token.mint(elector.address, share);
        await token.connect(elector).delegate(elector.address);
      }
      await mine();
      const unit = 10n ** 9n;
      await (await asTimelock(fixture)).setTokenElectorate({ token, tokenUnit: unit }, encodeBytes32String("share"));
      const there = await world();
      expect(there.actors.isToken).to.equal(true);
      // As the snapshot of delegates leaves them.
      const electors = fixture.electors.map(({ address }, seat) => ({ seat, account: address, power: share / unit }));
      const actors = { ...there.actors, electors, total: (12n * share) / unit };
      const final = await readModuleStates(there.session.client, there.registry, there.plan);
      const over = { ...there, actors, notes: { ...there.notes, final } };
      const before = await ask(43, over);
      expect([before.status, before.evidence.at(-1)?.includes(`of ${12n * share}, the quorum is`)]).to.deep.equal([
        "pass",
        true,
      ]);
      await token.mint(NOBODY, 1_000n * share);
      const { status, evidence } = await ask(43, over);
      expect([status, evidence[0]]).to.deep.equal(["fail", "the quorum is out of reach after the plan"]);
    });
  });
});
