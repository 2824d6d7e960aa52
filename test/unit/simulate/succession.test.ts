import { loadFixture, setCode, setStorageAt } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, toBeHex, zeroPadValue } from "ethers";
import hre, { ethers } from "hardhat";
import { derivedAddress } from "../../../src/chain/simulateSequence";
import { addedFields } from "../../../src/layout/addedFields";
import { readInitializers, type NumberedInitializer } from "../../../src/layout/readInitializers";
import type { CompilerOutput, Namespaces } from "../../../src/layout/readNamespaces";
import { PROXY_ABI } from "../../../src/plan/upgradeCalls";
import { CHECKS } from "../../../src/simulate/checks";
import { differences } from "../../../src/simulate/checks/27-migration";
import type { CheckKind, World } from "../../../src/simulate/checks/types";
import { artifactsOf } from "../../../tasks/support/artifacts";
import { withOwnFolder } from "../../fixtures/bridgeModule";
import { counterFixture, counterPlan, type CounterFixture } from "../../fixtures/counterModule";
import { exhibitModule, exhibitPlan, type ExhibitFixture } from "../../fixtures/exhibitModule";
import { subnetFixture } from "../../fixtures/subnetModule";
import { asTimelock } from "../../helpers/asTimelock";
import { answerAfterLife, answerOf, checkWorld } from "../../helpers/checkWorld";
import { expectError } from "../../helpers/expectError";

const kind = (number: number): CheckKind => CHECKS.find((one) => one.number === number)!;
const reserve = () => exhibitModule("Reserve");
const numbered = () => exhibitModule("Numbered");

describe("what a version takes over from those before it", () => {
  describe("45 planted", () => {
    const world = (fixture: ExhibitFixture, lines: string[] = []) =>
      checkWorld(fixture, exhibitPlan("Reserve", "ReserveGuarded", [], lines));
    const ask = async (there: World) => answerOf(kind(45), there);

    it("CHK-45d passes where every new field is empty and one implementation ever served", async () => {
      const fixture = withOwnFolder(await loadFixture(reserve));
      const { status, evidence } = await ask(await world(fixture));
      expect(status).to.equal("pass");
      expect(evidence).to.deep.equal(["3 fields are new, in 1 accounts' storage", "1 implementations, by all logs"]);
      // The implementation that serves is found by its code where the file does not name it.
      const unnamed = await checkWorld(fixture, counterPlan("ReserveGuarded__MockForIncident"));
      expect((await ask(unnamed)).status).to.equal("pass");
    });

    it("CHK-45e fails for any bit of a new field, in a packed word and in each word of an array, and for no bit beside it", async () => {
      const fixture = withOwnFolder(await loadFixture(reserve));
      const there = await world(fixture);
      const rows: [slot: number, word: bigint, field: string][] = [
        [0, 1n << 159n, "storage.guardian"],
        [0, 1n << 160n, "storage.fee"],
        [3, 1n, "storage.limits"],
      ];
      for (const [slot, word, field] of rows) {
        await setStorageAt(fixture.proxy, slot, word);
        const { status, evidence } = await ask(there);
        expect([status, evidence[0]!.split(" ")[0], evidence[1]!.includes("new, in")]).to.deep.equal([
          "fail",
          field,
          true,
        ]);
        await setStorageAt(fixture.proxy, slot, 0n);
      }
      // The word of a mapping itself is read by nobody.
      await setStorageAt(fixture.proxy, 4, 1n);
      expect((await ask(there)).status).to.equal("pass");
    });

    it("CHK-45f warns of what the file takes over, and of a name there that is no such field", async () => {
      const fixture = withOwnFolder(await loadFixture(reserve));
      await setStorageAt(fixture.proxy, 0, 7n);
      const taken = await ask(await world(fixture, ["expect: { left: [storage.guardian] }"]));
      expect(taken.status).to.equal("warn");
      expect(taken.evidence[0]).to.include("; the plan file takes it over");
      expect((await ask(await world(fixture, ["expect: { left: [storage.fee] }"]))).status).to.equal("fail");
      await setStorageAt(fixture.proxy, 0, 0n);
      const idle = await ask(await world(fixture, ["expect: { left: [storage.guardian] }"]));
      expect([idle.status, idle.evidence[0]]).to.deep.equal([
        "warn",
        "expect.left names storage.guardian, which is no new field, or is empty",
      ]);
    });

    it("CHK-45g warns of an implementation that served before and whose code nothing here builds", async () => {
      const fixture = withOwnFolder(await loadFixture(reserve));
      const other = await (await ethers.deployContract("ReservePlanter__MockForIncident")).getAddress();
      await asTimelock(fixture);
      const owner = await ethers.getSigner(fixture.deployment.timelock);
      const proxy = new ethers.Contract(fixture.proxy, PROXY_ABI, owner);
      await proxy.getFunction("upgradeToAndCall")(other, "0x");
      await proxy.getFunction("upgradeToAndCall")(fixture.stable, "0x");
      const known = await ask(await world(fixture));
      expect([known.status, known.evidence.at(-1)]).to.deep.equal([
        "pass",
        `${other} served before: contracts/mocks/incidents/Successions__MockForIncident.sol:ReservePlanter__MockForIncident`,
      ]);
      await setCode(other, "0x60005260206000f3");
      const { status, evidence } = await ask(await world(fixture));
      expect([status, evidence[0]]).to.deep.equal([
        "warn",
        `${other} served before: it wrote this storage, and its code is not known`,
      ]);
    });

    it("CHK-45h does not pass where a layout or the logs are missing, and has nothing to ask where nothing is deployed", async () => {
      const fixture = withOwnFolder(await loadFixture(reserve));
      const there = await world(fixture);
      const blind = { ...there.remote, artifacts: { ...there.remote.artifacts, layout: undefined } };
      expect((await ask({ ...there, remote: blind })).status).to.equal("inconclusive");
      for (const getLogs of [() => Promise.resolve([]), () => Promise.reject(new Error("no logs here"))]) {
        const provider = new Proxy(there.remote.provider, {
          get: (target, key) => (key === "getLogs" ? getLogs : (Reflect.get(target, key) as unknown)),
        });
        expect((await ask({ ...there, remote: { ...there.remote, provider } })).status).to.equal("inconclusive");
      }
      expect((await ask({ ...there, built: { ...there.built, deployments: [] } })).status).to.equal("skip");
      expect(kind(45).isRequired).to.equal(false);
    });

    it("CHK-45j follows the beacons that a proxy had, and says from which block on where the endpoint gives no more", async () => {
      const fixture = withOwnFolder(await loadFixture(reserve));
      const there = await world(fixture);
      const [beacon, served] = [derivedAddress("slipway.test.beacon"), derivedAddress("slipway.test.served")];
      const log = (event: string, to: string) => ({ topics: [id(event), zeroPadValue(to, 32)], data: "0x" });
      const getLogs = ({ address, fromBlock }: { address: string[]; fromBlock: number }) => {
        if (fromBlock === 0) return Promise.reject(new Error("too many blocks"));
        return Promise.resolve(
          address.includes(beacon) ? [log("Upgraded(address)", served)] : [log("BeaconUpgraded(address)", beacon)],
        );
      };
      const provider = new Proxy(there.remote.provider, {
        get: (target, key) => (key === "getLogs" ? getLogs : (Reflect.get(target, key) as unknown)),
      });
      Object.assign(there.session.fork, { block: 60_000 });
      const { status, evidence } = await ask({ ...there, remote: { ...there.remote, provider } });
      expect([status, ...evidence]).to.deep.equal([
        "warn",
        `${served} served before: it wrote this storage, and its code is not known`,
        "3 fields are new, in 1 accounts' storage",
        "1 implementations, by the logs since block 10000: the endpoint gives no more",
      ]);
    });

    it("CHK-45k finds what a facet brings to a diamond, against all of those that serve", async () => {
      const fixture = withOwnFolder(await loadFixture(subnetFixture));
      const text = `title: Keep a ledger
module: subnet
upgrade:
  facets:
    - contract: contracts/mocks/Counters__MockForPlan.sol:Ledger__MockForPlan
      functions: ["total()"]
      args: ["${fixture.subnet}"]
canary: none
`;
      const there = await checkWorld(fixture, text);
      const empty = await ask(there);
      expect([empty.status, empty.evidence[0]]).to.deep.equal(["pass", "1 fields are new, in 1 accounts' storage"]);
      await setStorageAt(fixture.subnet, 1, 1n << 200n);
      const { status, evidence } = await ask(there);
      expect([status, evidence[0]?.split(" ")[0]]).to.deep.equal(["fail", "storage.total"]);
    });

    it("CHK-45l a namespace that the holder's own code names too is its own, and not new", async () => {
      const fixture = withOwnFolder(await loadFixture(reserve));
      const there = await world(fixture);
      const own: Namespaces = {
        "app.own": {
          slot: toBeHex(9, 32),
          fields: [{ label: "kept", slot: 0, offset: 0, type: "uint256" }],
          types: { uint256: { bytes: 32 } },
        },
      };
      const { artifacts } = there.remote;
      const layout: typeof artifacts.layout = async (name) => ({
        ...(await artifacts.layout!(name)),
        ...(name.includes("Guarded") ? own : {}),
      });
      const asked = { ...there, remote: { ...there.remote, artifacts: { ...artifacts, layout } } };
      await setStorageAt(fixture.proxy, 9, 1n);
      expect((await ask(asked)).evidence[0]).to.match(/^app\.own\.kept .* is new, and not empty/);
      expect((await ask({ ...asked, layoutOf: () => Promise.resolve(own) })).status).to.equal("pass");
    });

    it("CHK-45i room that was kept is nobody's field, and what lies in a field's place is not new", () => {
      const types = { uint256: { bytes: 32 }, uint128: { bytes: 16 }, "uint256[4]": { bytes: 128, value: "uint256" } };
      const layout = (...fields: [label: string, slot: number, offset: number, type: string][]): Namespaces => ({
        storage: {
          slot: "0x0",
          types,
          fields: fields.map(([label, slot, offset, type]) => ({ label, slot, offset, type })),
        },
      });
      const before = layout(["a", 0, 0, "uint128"], ["__gap", 1, 0, "uint256[4]"]);
      const after = layout(
        ["renamed", 0, 0, "uint128"],
        ["b", 0, 16, "uint128"],
        ["c", 1, 0, "uint256"],
        ["__gap", 2, 0, "uint256[4]"],
      );
      expect(addedFields([before], [after]).map(({ name }) => name)).to.deep.equal(["b", "c"]);
      expect(addedFields([before, after], [after])).to.deep.equal([]);
    });
  });

  describe("46 continuity", () => {
    const ask = async (
      fixture: ExhibitFixture,
      stable: string,
      candidate: string,
      upgrade: string[],
      lines: string[],
    ) => answerAfterLife(kind(46), await checkWorld(fixture, exhibitPlan(stable, candidate, upgrade, lines)));
    const second = 'init: { function: "initializeV2(uint256)", args: ["5"] }';

    it("CHK-46b passes where versions follow each other, or none is initialised", async () => {
      const fixture = withOwnFolder(await loadFixture(reserve));
      const third = 'calls: [{ stage: "0", function: "finish(uint256)", args: ["6"] }]';
      const both = await ask(fixture, "Reserve", "VersionsThird", [second], [third]);
      expect([both.status, both.evidence]).to.deep.equal(["pass", [`${fixture.proxy}: version 1 → 3`]]);
      // Which functions these are nobody has to know: each logs its version.
      const fresh = withOwnFolder(await loadFixture(reserve));
      const there = await checkWorld(fresh, exhibitPlan("Reserve", "VersionsThird", [second], [third]));
      const initializers = () => Promise.resolve([]);
      const remote = { ...there.remote, artifacts: { ...there.remote.artifacts, initializers } };
      expect((await answerAfterLife(kind(46), { ...there, remote })).status).to.equal("pass");
    });

    it("CHK-46c fails where one is skipped, by the build where its name does not tell, by its name where no build does", async () => {
      const fixture = withOwnFolder(await loadFixture(reserve));
      const finish = 'init: { function: "finish(uint256)", args: ["6"] }';
      const { status, evidence } = await ask(fixture, "Reserve", "VersionsThird", [finish], []);
      expect([status, evidence[0]]).to.deep.equal([
        "fail",
        `stage 0 "upgrade": ${fixture.proxy} goes from version 1 to 3, past initializeV2 (2)`,
      ]);
      const fresh = withOwnFolder(await loadFixture(reserve));
      const there = await checkWorld(fresh, exhibitPlan("Reserve", "VersionsThird", [finish]));
      const remote = { ...there.remote, artifacts: { ...there.remote.artifacts, initializers: undefined } };
      const blind = await answerAfterLife(kind(46), { ...there, remote });
      expect([blind.status, blind.evidence[0]]).to.deep.equal(["fail", evidence[0]]);
      expect(kind(46).isRequired).to.equal(false);
    });

    it("CHK-46d warns of a number that nobody has an initialiser of", async () => {
      const fixture = withOwnFolder(await loadFixture(reserve));
      const finish = 'init: { function: "finish()" }';
      const { status, evidence } = await ask(fixture, "Reserve", "VersionsSkipping", [finish], []);
      expect([status, evidence[0]]).to.deep.equal([
        "warn",
        `stage 0 "upgrade": ${fixture.proxy} goes from version 1 to 3, past no initialiser of a version between is known`,
      ]);
    });

    it("CHK-46e follows a counter of the module's own, which logs nothing", async () => {
      const fixture = withOwnFolder(await loadFixture(numbered));
      const call = 'calls: [{ stage: "0", function: "initializeV3()" }]';
      const both = await ask(fixture, "Numbered", "NumberedThird", [second], [call]);
      expect([both.status, both.evidence]).to.deep.equal(["pass", [`${fixture.proxy}: version 1 → 3`]]);
    });

    it("CHK-46f fails for a skipped one of the module's own counting", async () => {
      const fixture = withOwnFolder(await loadFixture(numbered));
      const { status, evidence } = await ask(
        fixture,
        "Numbered",
        "NumberedThird",
        ['init: { function: "initializeV3()" }'],
        [],
      );
      expect([status, evidence[0]]).to.deep.equal([
        "fail",
        `stage 0 "upgrade": ${fixture.proxy} goes from version 1 to 3, past initializeV2 (2)`,
      ]);
    });

    it("CHK-46g skips a module that counts no versions, and does not know of one that counted where nobody can tell", async () => {
      const counter = withOwnFolder(await loadFixture(counterFixture));
      // Its flag is a byte, and its owner lies beside it.
      const flags = BigInt(await ethers.provider.getStorage(counter.proxy, 0));
      const there = await checkWorld(counter, counterPlan());
      await setStorageAt(counter.proxy, 0, (flags >> 8n) << 8n);
      expect((await answerOf(kind(46), there)).status).to.equal("skip");
      await setStorageAt(counter.proxy, 0, flags);
      expect((await answerAfterLife(kind(46), there)).status).to.equal("pass");
      expect((await answerOf(kind(46), { ...there, built: { ...there.built, deployments: [] } })).status).to.equal(
        "skip",
      );
      const fixture = withOwnFolder(await loadFixture(reserve));
      // As after OpenZeppelin 4: what counted is not in the namespace, and no layout says where.
      await setStorageAt(fixture.proxy, "0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00", 0n);
      const unsure = await checkWorld(
        fixture,
        counterPlan("VersionsThird__MockForIncident", ['init: { function: "finish(uint256)", args: ["6"] }']),
      );
      const layout = (name: string) =>
        name.includes("Third") ? there.remote.artifacts.layout!(name) : Promise.resolve(undefined);
      const remote = { ...unsure.remote, artifacts: { ...unsure.remote.artifacts, layout } };
      expect((await answerAfterLife(kind(46), { ...unsure, remote })).status).to.equal("inconclusive");
    });

    it("CHK-46i takes a module that closes itself to every further version for no jump", async () => {
      const fixture = withOwnFolder(await loadFixture(reserve));
      const seal = 'init: { function: "seal()" }';
      const { status, evidence } = await ask(fixture, "Reserve", "VersionsThird", [seal], []);
      expect([status, evidence]).to.deep.equal(["pass", [`${fixture.proxy}: version 1 → 1`]]);
    });

    it("CHK-46h reads numbers of modifiers, of constants in them, and of names; what is overridden is read once", async () => {
      const numbers = async (name: string) =>
        ((await artifactsOf(hre).initializers!(`${name}__MockForIncident`)) ?? [])
          .map(({ name: label, number }) => `${label} ${number}`)
          .sort();
      expect(await numbers("VersionsThird")).to.deep.equal(["finish 3", "initialize 1", "initializeV2 2"]);
      expect(await numbers("NumberedThird")).to.deep.equal(["initializeV2 2", "initializeV3 3"]);
      expect(await artifactsOf(hre).initializers!("npm:x/y.json")).to.equal(undefined);
      const none: NumberedInitializer[] | undefined = readInitializers({ sources: {} } as CompilerOutput, "a", "B");
      expect(none).to.equal(undefined);
    });
  });

  describe("27 migration", () => {
    let fixture: CounterFixture;
    const conserved = (rest: string) => `expect: { conserved: [{ name: counted, ${rest} }] }`;
    const call = 'calls: [{ stage: "0", function: "increment()" }]';
    const ask = async (...lines: string[]) =>
      answerAfterLife(kind(27), await checkWorld(fixture, counterPlan(undefined, [], lines)));

    beforeEach(async () => {
      fixture = withOwnFolder(await loadFixture(counterFixture));
    });

    it("CHK-27c skips a plan that states nothing, and passes one whose sum stays", async () => {
      expect((await ask()).status).to.equal("skip");
    });

    it("CHK-27d passes where a sum stays as it is, a reading that the candidate brings counting as nothing before", async () => {
      const sums = 'sum: [{ call: "count()" }, { call: "limit()(uint256)" }]';
      const { status, evidence } = await ask(conserved(sums));
      expect([status, evidence[0]]).to.deep.equal(["pass", "counted: 0 before the plan"]);
    });

    it("CHK-27e fails for a sum that moves, but for what the tolerance allows", async () => {
      const { status, evidence } = await ask(conserved('sum: [{ call: "count()" }]'), call);
      expect([status, evidence]).to.deep.equal([
        "fail",
        [
          'counted: 0 before the plan, 2 after stage 0 "upgrade": 2 more',
          "counted: 0 before the plan, 2 at the end: 2 more",
        ],
      ]);
    });

    it("CHK-27f does not pass on a reading that never answers, and fails on one that answers no more", async () => {
      const gone = await ask(conserved(`sum: [{ call: "balanceOf(address)", args: ["${fixture.proxy}"] }]`));
      expect([gone.status, gone.evidence[0]]).to.deep.equal([
        "inconclusive",
        "counted: balanceOf(address) never answers a number",
      ]);
      const sum = [{ call: "old()" }, { call: "new()" }];
      const row = { name: "held", sum };
      expect(differences(row, [5n, "revert data 0x"], [2n, 3n], "at the end")).to.deep.equal([]);
      expect(differences(row, [5n, "revert data 0x"], ["revert data 0x", 5n], "at the end")).to.deep.equal([
        "held: old() gives revert data 0x at the end, it was 5",
      ]);
      const share = { ...row, tolerance: { amount: 1n, bps: 100 } };
      expect(differences(share, [1_000n, 0n], [989n, 0n], "then")).to.deep.equal([]);
      expect(differences(share, [1_000n, 0n], [988n, 0n], "then")).to.deep.equal([
        "held: 1000 before the plan, 988 then: 12 less",
      ]);
      expect(differences(share, [-1_000n, 0n], [-1_012n, 0n], "then")).to.have.length(1);
    });

    it("CHK-27g says what a sum is made of, where the file states something else", async () => {
      const asking = (text: string) => checkWorld(fixture, counterPlan(undefined, [], [text]));
      await expectError(() => asking(conserved("sum: []")), "PlanFileInvalid", {
        expected: "a list of at least one reading",
      });
      await expectError(() => asking(conserved('sum: [{ cal: "count()" }]')), "PlanFileInvalid", {
        expected: "call (nearest of target, call, args)",
      });
      await expectError(() => asking(conserved('sum: [{ call: "count()" }], tolerance: some')), "PlanFileInvalid", {
        expected: 'an amount, or a share such as "0.5%"',
      });
    });
  });
});
