import { join } from "node:path";
import { expect } from "chai";
import { WORK, writeBytecode } from "../../../scripts/fuzz/bytecode";
import { commandOf, describeFailure, tallyOf } from "../../../scripts/fuzz/index";
import { ROUTER_CAMPAIGN, ROUTER_COUNTED, runForge, type FuzzRun } from "../../../scripts/fuzz/run";
import { ROUTER_BUDGET, sabotaged } from "../../../scripts/fuzz/sabotage";
import { ROUTER_SABOTAGE } from "../../../scripts/fuzz/sabotageRouter";
import { artifacts } from "../../fixtures/registry";

const AGAIN = commandOf(ROUTER_CAMPAIGN, ROUTER_BUDGET.seed, ROUTER_BUDGET.runs, ROUTER_BUDGET.depth);
const BYTECODE = join(WORK, "router.json");

/** Least numbers of a run: one in which the candidate never serves proves nothing. */
const LEAST: Partial<Record<(typeof ROUTER_COUNTED)[number], number>> = {
  calls: 100_000,
  "served by stable": 15_000,
  "served by the candidate": 6_000,
  fallbacks: 1_500,
  "slots broken": 150,
  "invariants broken": 300,
  "breaks not counted": 300,
  "frozen by breaks": 80,
  "expected errors": 100,
  "stopped by a lane": 500,
  "nested in the candidate": 5_000,
  "static calls": 2_000,
  estimates: 2_500,
  "short of gas": 5_000,
  messages: 400,
  canaries: 250,
  "messages refused": 500,
  freezes: 15,
  tightenings: 120,
  comebacks: 300,
};

describe("a router beside its model", function () {
  this.timeout(900_000);
  let run: FuzzRun<(typeof ROUTER_COUNTED)[number]>;

  before(async () => {
    await writeBytecode(artifacts, BYTECODE);
    run = await runForge({ campaign: ROUTER_CAMPAIGN, bytecode: BYTECODE, ...ROUTER_BUDGET });
    process.stdout.write(`    ${tallyOf(ROUTER_CAMPAIGN, run)}; ${run.seconds.toFixed(0)} s\n`);
  });

  // Each is checked after every call by test/invariant/router, whose message begins with the id.
  const holds = () => {
    if (!run.isGreen) expect.fail(describeFailure(run, AGAIN));
  };
  it(
    "RMD-01 each call ends as with stable alone or with the candidate alone, and as with the one that the model says",
    holds,
  );
  it(
    "RMD-02 what stable would serve is served with the gas of an estimate; with less a call ends the same, or fails as a whole",
    holds,
  );
  it(
    "RMD-03 no interval, wherever it begins, lets more through the candidate than the cap, nested calls included",
    holds,
  );
  it("RMD-04 a frozen candidate never runs again, also where its router was out in between", holds);
  it("RMD-05 a call writes the protocol's slots and the router's own, and none besides", holds);
  it("RMD-06 share and epoch move by whom the blueprint says, and nobody but the controller loosens", holds);
  it("RMD-07 the counters are the calls that the model counted", holds);
  it(
    "RMD-08 nothing but the controller passes a closed lane, a drain or a lock, and exits stay open in a drain",
    holds,
  );
  it("RMD-09 a break counts where the candidate alone is to blame", holds);

  it("RMD-10 a run makes 100,000 calls and more, and meets everything that can become of one", () => {
    const missed = ROUTER_COUNTED.filter((name) => run.tally[name] < (LEAST[name] ?? 1));
    expect(missed, "too few of these").to.deep.equal([]);
  });

  it("RMD-11 what `npm run fuzz -- --sabotage` breaks is still there to be broken", () => {
    for (const broken of ROUTER_SABOTAGE) expect(() => sabotaged(broken)).not.to.throw();
    const ids = [1, 2, 3, 4, 6, 7, 8, 9].map((n) => `RMD-0${n}`);
    expect([...new Set(ROUTER_SABOTAGE.flatMap(({ breaks }) => breaks))].sort()).to.deep.equal(ids);
  });
});
