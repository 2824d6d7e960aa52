import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Interface } from "ethers";
import { mine } from "../../src/chain/devChain";
import type { RehearsalReport } from "../../src/simulate/types";
import { CANDIDATES, checkOf, openVaultWorld, vaultPlan, type VaultWorld } from "../helpers/vaultWorld";

const VAULT = new Interface([
  "function deposit(uint256,address) returns (uint256)",
  "function withdraw(uint256,address,address) returns (uint256)",
]);
const ONE = 10n ** 18n;

describe("simulate > recorded transactions and random calls on a vault's two versions", function () {
  this.timeout(900_000);
  let world: VaultWorld;
  let blocks: number;
  const folder = mkdtempSync(join(tmpdir(), "slipway-test-"));

  before(async () => {
    world = await openVaultWorld();
    await mine(world.provider);
    const start = await world.provider.getBlockNumber();
    await world.traffic.run(12);
    blocks = (await world.provider.getBlockNumber()) - start;
  });

  after(async () => {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe("a candidate that does the same", () => {
    let report: RehearsalReport;

    before(async () => {
      report = await world.rehearse(vaultPlan(CANDIDATES.v2), { replay: blocks, fuzz: 60, isTwice: true });
    });

    it("DYN-10 runs the blocks' transactions to the module on both versions, and finds them the same", () => {
      const { replay } = report;
      expect(replay).to.include({ transactions: 12, same: 12, more: 0, applied: 1 });
      expect(replay?.rows).to.deep.equal([]);
      expect(replay?.words).to.deep.equal([]);
      expect(replay!.gas.candidate.p50).to.be.greaterThan(30_000);
      expect(checkOf(report, "replay").status).to.equal("pass");
    });

    it("DYN-11 lists the timelock's part and the recorded senders among the overrides", () => {
      const crowd = report.overrides.find((entry) => entry.kind === "crowd" && entry.as.includes("replay"));
      expect(crowd?.kind === "crowd" && crowd.count).to.equal(report.replay?.senders);
      expect(
        report.overrides.some((entry) => entry.kind === "impersonation" && entry.as.startsWith("the timelock")),
      ).to.equal(true);
    });

    it("DYN-20 calls old and new functions at random, and finds nothing where nothing is wrong", () => {
      const { fuzz } = report;
      expect(fuzz).to.include({ seed: report.subject, calls: 60 });
      expect(fuzz!.succeeded).to.be.greaterThan(5);
      expect(fuzz!.found).to.equal(undefined);
      expect(fuzz!.invariants).to.deep.equal(["vault-solvent", "share-price-kept", "owner-unchanged"]);
      expect(checkOf(report, "fuzz").status).to.equal("pass");
    });

    it("DYN-30 gives the same report when it runs a second time", () => {
      const check = checkOf(report, "determinism");
      expect(check.status).to.equal("pass");
      expect(check.evidence[0]).to.include(report.diffHash);
    });
  });

  describe("a candidate with a bug", () => {
    let report: RehearsalReport;

    before(async () => {
      const journeys = [
        "journeys:",
        "  - name: deposit",
        `    as: "${world.user(0)}"`,
        `    steps: [{ call: "deposit(uint256,address)", args: ["1000000000000000000", self] }]`,
      ].join("\n");
      report = await world.rehearse(vaultPlan(CANDIDATES.sweep, journeys), { fuzz: 250 });
    });

    it("DYN-21 finds the new function that breaks an invariant, by the two calls that it takes and no more", () => {
      const { found } = report.fuzz!;
      expect(found?.invariant).to.equal("share-price-kept");
      expect(found?.sequence.map((text) => text.split("(")[0])).to.deep.equal(["arm", "sweep"]);
      expect(checkOf(report, "fuzz").status).to.equal("fail");
      expect(report.verdict).to.equal("fail");
    });
  });

  it("DYN-12 fails where a transaction that went through is refused or moves other amounts, and marks expected errors", async () => {
    const [user, other] = [world.user(0), world.user(1)];
    const file = join(folder, "transactions.jsonl");
    const lines = [
      { from: user, to: world.traffic.vault, data: VAULT.encodeFunctionData("deposit", [5n * ONE, user]) },
      { from: user, to: world.traffic.vault, data: VAULT.encodeFunctionData("withdraw", [3n * ONE, user, user]) },
      { from: other, to: world.traffic.vault, data: VAULT.encodeFunctionData("withdraw", [1n * ONE, user, user]) },
    ];
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const plain = await world.rehearse(vaultPlan(CANDIDATES.v2, "", 2n), { replay: file });
    expect(plain.replay).to.include({ transactions: 3, same: 2 });
    expect(plain.replay?.kinds).to.deep.equal({ revert: 1 });
    expect(plain.replay?.rows[0]).to.deep.include({ transaction: `${file}:2`, from: user });
    expect(plain.replay?.rows[0]?.differences[0]?.text).to.include("LimitExceeded");
    // The words that the withdrawal would have written.
    expect(plain.replay?.words?.length).to.be.greaterThan(0);
    expect(checkOf(plain, "replay").status).to.equal("fail");

    const expected = `journeys: [{ name: out, as: "${user}", steps: [{ call: "withdraw(uint256,address,address)", args: ["3000000000000000000", self, self], expect: LimitExceeded }] }]`;
    const stated = await world.rehearse(vaultPlan(CANDIDATES.v2, expected, 2n), { replay: file });
    expect(stated.replay?.kinds).to.deep.equal({ expected: 1 });
    expect(stated.replay?.rows[0]?.differences[0]?.isExpected).to.equal(true);
    expect(checkOf(stated, "replay").status).to.equal("warn");
  });
});
