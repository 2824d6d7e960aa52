import { expect } from "chai";
import type { RehearsalReport } from "../../src/simulate/types";
import { CANDIDATES, checkOf, openVaultWorld, vaultPlan, type VaultWorld } from "../helpers/vaultWorld";

/** Three sizes of a deposit, half a percent around the price before, and no slippage to speak of: a vault has none. */
const SHARES = `{ call: "previewDeposit(uint256)", sizes: [1 ether, 10 ether, 1000 ether], within: 0.5%, slippage: 0.01% }`;

describe("simulate > journeys of users through a vault's upgrade", function () {
  this.timeout(600_000);
  let world: VaultWorld;

  /** A deposit and its way out; a withdrawal above the new limit. */
  const journeys = (expect = "expect: LimitExceeded") =>
    [
      "journeys:",
      "  - name: in and out",
      `    as: ["${world.user(0)}", "${world.user(1)}"]`,
      "    steps:",
      `      - { call: "deposit(uint256,address)", args: ["10000000000000000000", self] }`,
      `      - { call: "redeem(uint256,address,address)", args: ["500000000000000000", self, self], wait: 1h }`,
      "  - name: a large withdrawal",
      `    as: "${world.user(0)}"`,
      "    steps:",
      `      - { call: "withdraw(uint256,address,address)", args: ["3000000000000000000", self, self]${expect === "" ? "" : `, ${expect}`} }`,
    ].join("\n");

  before(async () => {
    world = await openVaultWorld();
  });

  after(() => world.close());

  describe("that the candidate serves as well", () => {
    let report: RehearsalReport;

    before(async () => {
      const envelope = `expect: { quotes: [${SHARES}] }`;
      report = await world.rehearse(vaultPlan(CANDIDATES.v2, `${journeys()}\n${envelope}`, 2n));
    });

    it("CHK-101 passes where every sample of a price stays inside its envelope", () => {
      const { status, evidence } = checkOf(report, "quotes");
      expect([status, evidence]).to.deep.equal(["pass", ["1 price functions, 6 samples, all inside"]]);
    });

    it("DYN-01 makes every journey before the plan, after each stage and at the end, by each of its users", () => {
      expect(report.failure).to.equal(undefined);
      expect(checkOf(report, "journeys").evidence.join("\n")).to.include("at the end: 3 journeys");
      expect(report.journeys?.runs.map(({ moment, users }) => [moment, users])).to.deep.equal([
        ["before the plan", 3],
        ['after "upgrade"', 3],
        ["at the end", 3],
      ]);
      expect(report.journeys?.stated?.map(({ name }) => name)).to.deep.equal(["in and out", "a large withdrawal"]);
    });

    it("DYN-02 takes a new error that the plan expects for no difference, and none else differs", () => {
      const { runs, differences } = report.journeys!;
      // The one that is refused by the new limit.
      expect(runs.map(({ reverted }) => reverted)).to.deep.equal([0, 1, 1]);
      const kinds = differences.filter(({ isExpected }) => !isExpected).map(({ kind }) => kind);
      expect(kinds.filter((kind) => ["revert", "loss", "unexpected"].includes(kind))).to.deep.equal([]);
      expect(checkOf(report, "journeys").status).to.be.oneOf(["pass", "warn"]);
    });

    it("DYN-03 sends generated users through each journey before and after, who all get through within one transaction's gas", () => {
      const load = report.journeys!.load.filter(({ journey }) => journey === "in and out");
      expect(load.map(({ moment, users, failed }) => [moment, users, failed])).to.deep.equal([
        ["before the plan", 8, 0],
        ["at the end", 8, 0],
      ]);
      expect(load.every(({ lastGas }) => lastGas > 50_000n && lastGas < 2n ** 24n)).to.equal(true);
    });

    it("DYN-04 lists the users that it plays, and those that it generates", () => {
      const { overrides } = report;
      const played = overrides.filter((entry) => entry.kind === "impersonation" && entry.as === "user of a journey");
      expect(played).to.have.length(2);
      const crowd = overrides.find((entry) => entry.kind === "crowd");
      expect(crowd?.kind === "crowd" && crowd.count).to.equal(8);
    });
  });

  it("CHK-102 fails where a candidate sells shares at another price than before, after which stage and by how much", async () => {
    const par = "contracts/examples/VaultV2ParDeposits.sol:VaultV2ParDeposits";
    const report = await world.rehearse(vaultPlan(par, `expect: { quotes: [${SHARES}] }`));
    const { status, evidence } = checkOf(report, "quotes");
    expect(status).to.equal("fail");
    expect(evidence).to.have.length(6);
    expect(evidence[0]).to.match(
      /^after "upgrade": previewDeposit\(uint256\) at 1000000000000000000 is 1000000000000000000, it was \d+: more than 50 basis points apart$/,
    );
  });

  it("DYN-05 fails where a step reverts that went through before, and where users get less", async () => {
    const report = await world.rehearse(vaultPlan(CANDIDATES.fee, journeys(""), 2n));
    const check = checkOf(report, "journeys");
    expect(report.verdict).to.equal("fail");
    expect(check.status).to.equal("fail");
    const found = report.journeys!.differences.filter(({ moment }) => moment === "at the end");
    const revert = found.find(({ kind }) => kind === "revert");
    expect(revert).to.include({ journey: "a large withdrawal", user: world.user(0), isExpected: false });
    expect(revert?.text).to.include("LimitExceeded(3000000000000000000, 2000000000000000000)");
    const losses = found.filter(({ kind }) => kind === "loss");
    expect(losses.map(({ user }) => user)).to.deep.equal([world.user(0), world.user(1)]);
    expect(losses[0]?.text).to.include(world.traffic.asset);
  });

  describe("with a gate that counts the candidate's calls", () => {
    const gated = (more: string, calls: number) =>
      [
        "canary:",
        "  cohort: sender",
        "  steps: [{ share: 25%, dwell: 1h }, { share: 100%, dwell: 1h }]",
        "  budget:",
        "    per: 1h",
        "    cap: 10000 ether",
        "    meters:",
        `      - { function: "deposit(uint256,address)", arg: assets }`,
        `      - { function: "withdraw(uint256,address,address)", arg: assets }`,
        `      - { function: "redeem(uint256,address,address)", arg: shares }`,
        `    free: ["transfer(address,uint256)", "transferFrom(address,address,uint256)", "approve(address,uint256)"]`,
        "  expectedErrors: [LimitExceeded]",
        "  errorBudget: 3",
        `gates: [{ stage: canary 100%, call: "canaryCalls(address)", args: ["${world.traffic.vault}"], op: ">=", value: ${calls} }]`,
        more,
      ].join("\n");

    it("DYN-06 lets generated users open it", async () => {
      const report = await world.rehearse(vaultPlan(CANDIDATES.v2, gated(journeys(), 12)));
      expect(report.failure).to.equal(undefined);
      expect(report.traffic).to.have.length(1);
      const [came] = report.traffic!;
      expect(came).to.include({ stage: 1, isOpen: true });
      expect(came!.senders).to.be.greaterThan(3);
      expect(checkOf(report, "lifecycle").status).to.equal("pass");
      expect(checkOf(report, "lifecycle").evidence.join()).to.include("users: open");
    });

    it("DYN-17 stays inconclusive where the journeys never reach the candidate, and says how many came", async () => {
      const approve = `journeys: [{ name: idle, as: "${world.user(0)}", steps: [{ call: "approve(address,uint256)", target: "${world.traffic.asset}", args: [self, 1] }] }]`;
      const report = await world.rehearse(vaultPlan(CANDIDATES.v2, gated(approve, 12)));
      expect(report.failure).to.deep.include({ error: "GateNotMet" });
      expect(checkOf(report, "lifecycle").status).to.equal("inconclusive");
      expect(report.traffic?.[0]).to.include({ senders: 100, transactions: 100, isOpen: false });
      expect(checkOf(report, "lifecycle").evidence.join()).to.include("still closed");
      expect(checkOf(report, "journeys").status).to.equal("inconclusive");
    });

    it("DYN-18 sends recorded transactions too, where there are any", async () => {
      // The users of the last blocks: at a quarter some of them meet the candidate.
      const block = await world.provider.getBlockNumber();
      await world.traffic.run(16);
      const replay = (await world.provider.getBlockNumber()) - block;
      const report = await world.rehearse(vaultPlan(CANDIDATES.v2, gated("", 1)), { replay });
      expect(report.failure).to.equal(undefined);
      expect(report.traffic?.[0]).to.include({ isOpen: true });
      expect(report.replay).to.include({ transactions: 16, same: 16 });
    });
  });
});
