import { expect } from "chai";
import { id, keccak256, ZeroAddress } from "ethers";
import { ethers } from "hardhat";
import { detectAuthExpansion, OWNER, readHolders, roleName, type Holders } from "../../../src/detectors/authExpansion";
import { detectEconomicDrift } from "../../../src/detectors/economicDrift";
import { detectImplementationDrift } from "../../../src/detectors/implementationDrift";
import {
  detectReserveExcursion,
  detectWithdrawalConcentration,
  readWithdrawals,
} from "../../../src/detectors/liquidity";
import { bpsOf } from "../../../src/detectors/types";

const { provider } = ethers;
const block = () => provider.getBlockNumber();

describe("detectors", () => {
  describe("hidden authorisation", () => {
    /** OpenZeppelin's timelock, whose deployer is its admin. */
    async function timelock() {
      const [admin, proposer, later, other] = await ethers.getSigners();
      const from = (await block()) + 1;
      const contract = await ethers.deployContract("TimelockController", [60, [proposer!.address], [], admin!.address]);
      return { contract, admin: admin!, proposer: proposer!, later: later!, other: other!, from };
    }

    it("DET-01 finds an account that got a role after the upgrade, and not one that the plan names or that had it", async () => {
      const { contract, proposer, later, other, from } = await timelock();
      const account = await contract.getAddress();
      const role = await contract.PROPOSER_ROLE();
      const before = await readHolders(provider, account, { from, to: await block() });
      expect([...before.get(role)!]).to.deep.equal([proposer.address]);
      const upgraded = (await block()) + 1;
      await contract.grantRole(role, later.address);
      await contract.grantRole(role, other.address);
      await contract.grantRole(await contract.EXECUTOR_ROLE(), proposer.address);
      await contract.revokeRole(role, proposer.address);
      await contract.grantRole(role, proposer.address);
      const now = await readHolders(provider, account, { from: upgraded, to: await block(), known: before });
      expect(now).to.deep.equal(await readHolders(provider, account, { from, to: await block() }));
      const allowed: Holders = new Map([[role, new Set([other.address])]]);
      expect(detectAuthExpansion(before, now, allowed)).to.deep.equal([
        { kind: "auth", subject: role, expected: proposer.address, found: later.address },
        { kind: "auth", subject: await contract.EXECUTOR_ROLE(), expected: "nobody", found: proposer.address },
      ]);
      expect(roleName(role, ["EXECUTOR_ROLE", "PROPOSER_ROLE"])).to.equal("PROPOSER_ROLE");
      // What is known before is not changed by reading on.
      expect([...before.get(role)!]).to.deep.equal([proposer.address]);
    });

    it("DET-01 a right that came and went again, or was given up, is no finding", async () => {
      const { contract, later, proposer, from } = await timelock();
      const account = await contract.getAddress();
      const role = await contract.PROPOSER_ROLE();
      const before = await readHolders(provider, account, { from, to: await block() });
      await contract.grantRole(role, later.address);
      await contract.revokeRole(role, later.address);
      await contract.revokeRole(role, proposer.address);
      const now = await readHolders(provider, account, { from, to: await block() });
      expect(detectAuthExpansion(before, now)).to.deep.equal([]);
    });

    it("DET-02 follows an owner, and one who renounces is nobody's finding", async () => {
      const [first, second] = await ethers.getSigners();
      const from = (await block()) + 1;
      const contract = await ethers.deployContract("ProxyAdmin", [first!.address]);
      const account = await contract.getAddress();
      const before = await readHolders(provider, account, { from, to: await block() });
      await contract.transferOwnership(second!.address);
      const moved = await readHolders(provider, account, { from, to: await block() });
      expect(detectAuthExpansion(before, moved)).to.deep.equal([
        { kind: "auth", subject: OWNER, expected: first!.address, found: second!.address },
      ]);
      await contract.connect(second!).renounceOwnership();
      const none = await readHolders(provider, account, { from, to: await block() });
      expect(detectAuthExpansion(before, none)).to.deep.equal([]);
      expect(none.get(OWNER)!.has(ZeroAddress)).to.equal(false);
    });
  });

  describe("economic drift", () => {
    const bounds = { toleranceBps: 100n, totalToleranceBps: 20n };
    const many = (realised: bigint, modelled: bigint, count: number) =>
      Array.from({ length: count }, () => ({ market: "A/B", realised, modelled }));

    it("DET-03 at the tolerance it is quiet, one unit beyond it speaks, on either side", () => {
      const one = (realised: bigint) =>
        detectEconomicDrift(many(realised, 10_000n, 1), { ...bounds, totalToleranceBps: 100n });
      expect([one(9_900n), one(10_100n)]).to.deep.equal([[], []]);
      for (const realised of [9_899n, 10_101n]) {
        expect(one(realised).map(({ subject }) => subject)).to.deep.equal(["A/B", "A/B, all together"]);
      }
    });

    it("DET-03 a bias that hides in small steps shows in their sum, by market", () => {
      const executions = [...many(997n, 1_000n, 50), { market: "C/D", realised: 1_000n, modelled: 1_000n }];
      expect(detectEconomicDrift(executions, bounds)).to.deep.equal([
        { kind: "price", subject: "A/B, all together", expected: "50000 ± 0.2%", found: "49850 (0.3%)" },
      ]);
      // Noise that cancels out is none.
      expect(detectEconomicDrift([...many(997n, 1_000n, 50), ...many(1_003n, 1_000n, 50)], bounds)).to.deep.equal([]);
    });

    it("DET-03 something out of a model of nothing is always a finding", () => {
      expect(detectEconomicDrift(many(1n, 0n, 1), bounds)[0]!.found).to.equal("1 (of nothing)");
      expect(detectEconomicDrift(many(0n, 0n, 1), bounds)).to.deep.equal([]);
      expect([bpsOf(1n, 30_000n), bpsOf(0n, 0n)]).to.deep.equal([1n, 0n]);
    });
  });

  describe("liquidity", () => {
    it("DET-04 finds a ratio below its floor, and one that jumps, and nothing where nothing is owed", () => {
      const bounds = { floorBps: 9_500n, stepBps: 300n };
      const at = (block: number, held: bigint, owed: bigint) => ({ block, held, owed });
      expect(detectReserveExcursion([at(1, 0n, 0n), at(2, 95n, 100n), at(3, 98n, 100n)], bounds)).to.deep.equal([]);
      expect(detectReserveExcursion([at(1, 949_999n, 1_000_000n)], bounds)).to.deep.equal([
        { kind: "reserve", subject: "block 1", expected: "≥ 95%", found: "94.99%" },
      ]);
      const jump = detectReserveExcursion([at(1, 100n, 100n), at(2, 0n, 0n), at(3, 104n, 100n)], bounds);
      expect(jump).to.deep.equal([{ kind: "reserve", subject: "block 3", expected: "100% ± 3%", found: "104%" }]);
    });

    it("DET-05 finds who took more than his share of what left a real vault, over one withdrawal or many", async () => {
      const [owner, whale, a, b] = await ethers.getSigners();
      const token = await ethers.deployContract("BlockVotesToken");
      const from = (await block()) + 1;
      await token.mint(owner!.address, 1_000n);
      for (const [to, amount] of [
        [whale, 30n],
        [a, 25n],
        [whale, 30n],
        [b, 15n],
      ] as const) {
        await token.transfer(to!.address, amount);
      }
      const left = await readWithdrawals(provider, owner!.address, await token.getAddress(), {
        from,
        to: await block(),
      });
      expect(left).to.have.length(4);
      expect(detectWithdrawalConcentration(left, { shareBps: 5_000n, least: 100n })).to.deep.equal([
        { kind: "withdrawals", subject: whale!.address, expected: "≤ 50% of 100", found: "60%" },
      ]);
      expect(detectWithdrawalConcentration(left, { shareBps: 6_000n, least: 100n })).to.deep.equal([]);
      expect(detectWithdrawalConcentration(left, { shareBps: 1n, least: 101n })).to.deep.equal([]);
    });
  });

  describe("queue integrity", () => {
    it("DET-06 finds an implementation that governance did not approve, and other code at an approved account", async () => {
      const [owner] = await ethers.getSigners();
      const stable = await ethers.deployContract("Stable__MockForRouter");
      const other = await ethers.deployContract("Candidate__MockForRouter");
      const init = stable.interface.encodeFunctionData("initialize", [owner!.address]);
      const proxy = await (await ethers.deployContract("ERC1967Proxy", [await stable.getAddress(), init])).getAddress();
      const codeOf = async (account: string) => ({ account, codeHash: keccak256(await provider.getCode(account)) });
      const approved = [await codeOf(proxy), await codeOf(await stable.getAddress())];
      const roots = [{ account: proxy, role: "the vault", at: "test" }];
      expect(await detectImplementationDrift(provider, roots, approved)).to.deep.equal([]);
      const strange = [approved[0]!, { ...approved[1]!, codeHash: id("other") }];
      const [changed, ...rest] = await detectImplementationDrift(provider, roots, strange);
      expect([changed!.expected, changed!.found, rest]).to.deep.equal([id("other"), approved[1]!.codeHash, []]);
      await (other.attach(proxy) as typeof other).connect(owner!).upgradeToAndCall(await other.getAddress(), "0x");
      const [finding] = await detectImplementationDrift(provider, roots, approved);
      expect(finding!.subject).to.include(await other.getAddress());
      expect(finding!.expected).to.equal("no such account");
    });
  });
});
