import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { WORK, writeBytecode } from "../../scripts/fuzz/bytecode";
import { commandOf, describeFailure, tallyOf } from "../../scripts/fuzz/index";
import { COUNTED, REGISTRY_CAMPAIGN, runForge, type FuzzRun } from "../../scripts/fuzz/run";
import { BUDGET, SABOTAGE, sabotaged } from "../../scripts/fuzz/sabotage";
import { artifacts, registryFixture } from "../fixtures/registry";

const CALLS = 100_000;
const AGAIN = commandOf(REGISTRY_CAMPAIGN, BUDGET.seed, BUDGET.runs, BUDGET.depth);
const BYTECODE = join(WORK, "registry.json");

/** Least numbers of a run: one that never gets past `propose` proves nothing. */
const LEAST: Partial<Record<(typeof COUNTED)[number], number>> = {
  proposed: 2000,
  scheduled: 1000,
  stages: 900,
  "critical stages": 400,
  completed: 700,
  "rolled back": 90,
  "rolled back by the council": 40,
  halts: 300,
  vetoes: 100,
  cancelled: 30,
  invalidated: 10,
  "breaches proven": 15,
  stalled: 90,
  expired: 200,
  defeated: 300,
  intrusions: 200,
  deposits: 500,
  "canary steps": 100,
  "completed by reports": 30,
};

describe("stateful invariants", function () {
  this.timeout(900_000);
  let run: FuzzRun<(typeof COUNTED)[number]>;

  before(async () => {
    await writeBytecode(artifacts, BYTECODE);
    run = await runForge({ campaign: REGISTRY_CAMPAIGN, bytecode: BYTECODE, ...BUDGET });
    process.stdout.write(`    ${tallyOf(REGISTRY_CAMPAIGN, run)}; ${run.seconds.toFixed(0)} s\n`);
  });

  // Each is checked after every step by test/invariant, whose message begins with the id.
  const holds = () => {
    if (!run.isGreen) expect.fail(describeFailure(run, AGAIN));
  };
  it(
    "FUZ-01 nothing reaches a module but a stage or a way back of a plan that met every threshold, by an independent recount",
    holds,
  );
  it("FUZ-02 no vote, no readiness signal and no attestation counts twice, or from another's seat", holds);
  it(
    "FUZ-03 tally, readiness and attestations are the sum of what was accepted, and never more than the electorate's power",
    holds,
  );
  it(
    "FUZ-04 the pins of a stage hold when it is scheduled, before it and after it, and its invariants after it",
    holds,
  );
  it("FUZ-05 a halted plan is neither scheduled nor advanced", holds);
  it("FUZ-06 states never go backwards, and stages are never uncounted", holds);
  it("FUZ-07 roles move through a plan alone, and nobody ever holds both release and risk", holds);
  it(
    "FUZ-08 a module's version moves only when the plan that holds it completes or is rolled back, and one plan holds it",
    holds,
  );
  it("FUZ-09 the council never acts without enough of its members", holds);
  it("FUZ-10 between two refills a scope is never halted for longer than its budget", holds);
  it(
    "FUZ-11 no step is taken before its time, after its window, through a closed gate or on a module that rests",
    holds,
  );
  it(
    "FUZ-12 what a plan that completed or was rolled back left in the timelock is cancelled, and what a live plan needs stays",
    holds,
  );
  it("FUZ-13 a poke acts on a break alone, and on one that was seen in two blocks unless it is irreversible", holds);
  it(
    "FUZ-17 a canary's share moves by a stage alone, and one that a halt or a freeze closed serves nobody again",
    holds,
  );
  it("FUZ-18 a plan that asks for reports completes with enough of them, or by a vote as large as its approval", holds);
  it("FUZ-19 the registry refuses with an error of a name, and never panics", holds);

  it("FUZ-14 a run makes 100,000 calls and more, and reaches every end that a plan can have", () => {
    expect(run.tally["accepted calls"] + run.tally["refused calls"]).to.be.at.least(CALLS);
    const missed = Object.entries(LEAST).filter(([name, least]) => run.tally[name as keyof typeof LEAST] < least);
    expect(missed, "too few of these").to.deep.equal([]);
  });

  it("FUZ-15 they run over the facets and selectors that `registry deploy` deploys", async () => {
    const { registry, deployment } = await registryFixture();
    const { facets } = JSON.parse(readFileSync(BYTECODE, "utf8")) as {
      facets: { name: keyof typeof deployment.facets; selectors: string[] }[];
    };
    const fuzzed = facets.map(({ name, selectors }) => [
      deployment.facets[name],
      selectors.map((selector) => selector.slice(0, 10)).sort(),
    ]);
    const deployed = (await registry.facets()).map(({ facetAddress, functionSelectors }) => [
      facetAddress,
      [...functionSelectors].sort(),
    ]);
    expect(fuzzed).to.have.deep.members(deployed);
  });

  it("FUZ-16 what `npm run fuzz -- --sabotage` breaks is still there to be broken", () => {
    for (const broken of SABOTAGE) expect(() => sabotaged(broken)).not.to.throw();
    const ids = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 17, 18, 19].map((n) => `FUZ-${String(n).padStart(2, "0")}`);
    expect([...new Set(SABOTAGE.flatMap(({ breaks }) => breaks))].sort()).to.deep.equal(ids);
  });
});
