import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { impersonateAccount, loadFixture, setBalance } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ContractFactory, id, JsonRpcProvider, keccak256, MaxUint256, toBeHex } from "ethers";
import { ethers } from "hardhat";
import { anvilBinary } from "../../../src/chain/anvil";
import { startLocalNode } from "../../../src/chain/localNode";
import type { CornersV2__MockForRouter } from "../../../typechain-types";
import {
  act,
  coder,
  cohortNumber,
  conditionOf,
  deployProtocol,
  deployRouter,
  installOn,
  keyOf,
  ONE,
  Op,
  POLICY_ID,
  policyOf,
  policySlot,
  ran,
  ruleOf,
  slotAt,
  step,
  steer,
  type Canary,
  type PolicyStruct,
} from "../../helpers/canary";

const selectorOf = (signature: string) => id(signature).slice(0, 10);
const MOVE = selectorOf("move(uint256)");
const PING = selectorOf("ping()");
const SALT = id("salt");

/** The share below which `inside` is in and `outside` is out, whichever of two addresses has the smaller number. */
function split(one: string, other: string) {
  const [first, second] = [one, other].sort((a, b) =>
    Number(cohortNumber(SALT, keyOf(a)) - cohortNumber(SALT, keyOf(b))),
  );
  return { inside: first!, outside: second!, share: Number(cohortNumber(SALT, keyOf(first!))) + 1 };
}

/** The protocol with corners, behind a router. */
async function deployCorners(policy: (proxy: string) => Partial<PolicyStruct> = () => ({})) {
  const [, controller, guardian, user, other] = (await ethers.getSigners()) as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  const stable = await ethers.deployContract("CornersV1__MockForRouter");
  const candidate = await ethers.deployContract("CornersV2__MockForRouter");
  const init = stable.interface.encodeFunctionData("initialize", [controller.address]);
  const proxy = await (await ethers.deployContract("ERC1967Proxy", [await stable.getAddress(), init])).getAddress();
  const control = await steer(proxy);
  const router = await deployRouter({ stable, candidate, controller, guardian }, policy(proxy));
  const app = candidate.attach(proxy) as CornersV2__MockForRouter;
  await app.connect(controller).upgradeToAndCall(await router.getAddress(), control.installData());
  await ethers.provider.send("hardhat_mine", ["0x1"]);
  const puppet = await ethers.deployContract("Puppet__MockForRouter");
  return { stable, candidate, proxy, router, app, control, controller, guardian, user, other, puppet };
}
type Corners = Awaited<ReturnType<typeof deployCorners>>;

const counts = (corners: Corners) => ran(corners as unknown as Canary);

describe("TrafficRouter > attacks by name", function () {
  this.timeout(300_000);
  const capped = () =>
    deployCorners(() => ({
      interval: 3_600,
      cap: 100,
      rules: [
        ruleOf(MOVE, { meterWord: 1, weight: ONE }),
        ruleOf(selectorOf("callSelf(bytes)"), { isFree: true }),
        ruleOf(selectorOf("multicall(bytes[],bool)"), { isFree: true }),
      ],
    }));
  const move = (corners: Corners, amount: bigint | number) =>
    corners.app.interface.encodeFunctionData("move", [amount]);

  describe("gas_starvation", () => {
    const errorIn = (canary: Canary, caught: unknown) => {
      const raw = (caught as { data?: string }).data ?? "0x";
      return raw === "0x" ? "OutOfGas" : (canary.router.interface.parseError(raw)?.name ?? raw);
    };

    /** What a limit leads to, undone. */
    async function at(canary: Canary, data: string, gasLimit: number) {
      const point = (await ethers.provider.send("evm_snapshot", [])) as string;
      let error: string | undefined;
      try {
        await canary.user.sendTransaction({ to: canary.proxy, data, gasLimit });
      } catch (caught) {
        error = errorIn(canary, caught);
      }
      const { breaks, fallbacks, isFrozen, candidateCalls } = await canary.control.status();
      const end = [breaks, fallbacks, candidateCalls].map(Number).concat(isFrozen ? 1 : 0);
      await ethers.provider.send("evm_revert", [point]);
      return { error, end };
    }

    /** The least limit with which the call is served. */
    async function boundOf(canary: Canary, data: string): Promise<number> {
      let [low, high] = [30_000, 2_000_000];
      while (high - low > 1) {
        const gasLimit = (low + high) >> 1;
        const request = { to: canary.proxy, from: canary.user.address, data, gasLimit };
        const isServed = await ethers.provider.call(request).then(
          () => true,
          () => false,
        );
        if (isServed) high = gasLimit;
        else low = gasLimit;
      }
      return high;
    }

    for (const [name, dataOf, served] of [
      ["a healthy call", async (c: Canary) => c.app.interface.encodeFunctionData("ping"), [0, 0, 1, 0]],
      ["a call that falls back", async (c: Canary) => c.app.interface.encodeFunctionData("fail"), [0, 1, 0, 0]],
      ["a call that trips", (c: Canary) => act(c, "SET_TOTAL", ["uint256"], [101]), [1, 0, 0, 1]],
    ] as const) {
      it(`RMD-12 gas_starvation: ${name} has one bound: from there on it is served, one unit below it fails by name [gas]`, async () => {
        const canary = await deployProtocol();
        const invariants = [conditionOf(canary.proxy, selectorOf("total()"), Op.lte, 100)];
        await installOn(canary, { isCounted: true, candidateGas: 400_000, invariants });
        await ethers.provider.send("hardhat_mine", ["0x1"]);
        const data = await dataOf(canary);
        const high = await boundOf(canary, data);
        const low = high - 1;
        expect(await at(canary, data, high)).to.deep.equal({ error: undefined, end: served });
        expect(await at(canary, data, low)).to.deep.equal({ error: "CanaryGas", end: [0, 0, 0, 0] });
        for (const gas of [high + 777, high * 2]) {
          expect(await at(canary, data, gas), `at ${gas}`).to.deep.equal({ error: undefined, end: served });
        }
        for (const gas of [low - 777, low - 20_000]) {
          const { error, end } = await at(canary, data, gas);
          expect(error, `at ${gas}`).to.be.oneOf(["CanaryGas", "OutOfGas"]);
          expect(end, `at ${gas}`).to.deep.equal([0, 0, 0, 0]);
        }
      });
    }
  });

  describe("calls of the protocol to itself", () => {
    it("RMD-13 self_call: meets the version that runs, and its meter; over the cap stable serves all of it", async () => {
      const corners = await loadFixture(capped);
      const { app, user, control } = corners;
      await app.connect(user).callSelf(move(corners, 60));
      expect(await counts(corners)).to.deep.equal({ stable: 0n, candidate: 2n });
      expect((await control.status()).usedCurrent).to.equal(60n);
      await app.connect(user).callSelf(move(corners, 41));
      expect(await counts(corners)).to.deep.equal({ stable: 2n, candidate: 2n });
      expect((await control.status()).usedCurrent).to.equal(60n);
      await app.connect(user).callSelf(move(corners, 40));
      expect(await counts(corners)).to.deep.equal({ stable: 2n, candidate: 4n });
    });

    it("RMD-13 delegatecalled_multicall: each part that goes to the proxy is metered like a call of its own", async () => {
      const corners = await loadFixture(capped);
      const { app, user, control } = corners;
      await app.connect(user).multicall([move(corners, 50), move(corners, 50)], false);
      expect(await counts(corners)).to.deep.equal({ stable: 0n, candidate: 3n });
      await app.connect(user).multicall([move(corners, 0), move(corners, 1)], false);
      expect(await counts(corners)).to.deep.equal({ stable: 3n, candidate: 3n });
      expect((await control.status()).usedCurrent).to.equal(100n);
    });

    it("RMD-13 delegatecalled_multicall: parts that go to the code directly pass its meters: a policy must not call it free", async () => {
      const corners = await loadFixture(capped);
      const { app, user, control } = corners;
      await app.connect(user).multicall([move(corners, 1_000)], true);
      expect(await counts(corners)).to.deep.equal({ stable: 0n, candidate: 2n });
      expect((await control.status()).usedCurrent).to.equal(0n);
      // Without that word it is stable's.
      const strict = await deployCorners(() => ({
        interval: 3_600,
        cap: 100,
        rules: [ruleOf(MOVE, { meterWord: 1, weight: ONE })],
      }));
      await strict.app.connect(user).multicall([move(strict, 1_000)], true);
      expect(await counts(strict)).to.deep.equal({ stable: 2n, candidate: 0n });
    });
  });

  describe("what is no function", () => {
    it("RMD-14 fallback_and_receive: unknown selectors, short calldata and plain value reach the fallbacks of the caller's version", async () => {
      const { user, other } = await deployCorners();
      const { inside, share } = split(user.address, other.address);
      const corners = await deployCorners(() => ({ share }));
      for (const caller of [user, other]) {
        const version = caller.address === inside ? 2 : 1;
        for (const data of ["0xdeadbeef", `0xdeadbeef${"ab".repeat(100)}`, "0x12", "0x123456", "0x00000000"]) {
          await expect(caller.sendTransaction({ to: corners.proxy, data, value: 1 }))
            .to.emit(corners.app, "Fallen")
            .withArgs(version, data);
          const answer = await ethers.provider.call({ to: corners.proxy, data, from: caller.address });
          expect(answer).to.equal(coder.encode(["uint256", "bytes"], [version, data]));
        }
        await expect(caller.sendTransaction({ to: corners.proxy, value: 5 }))
          .to.emit(corners.app, "Received")
          .withArgs(version, 5);
      }
    });

    it("RMD-14 initialisers_on_either_path: of neither version does a user reach one, inside the cohort or outside", async () => {
      const canary = await deployProtocol();
      const { user, other, controller } = canary;
      const { share } = split(user.address, other.address);
      const migrate = canary.candidate.interface.encodeFunctionData("migrate", [9]);
      await installOn(canary, { share }, migrate);
      await ethers.provider.send("hardhat_mine", ["0x1"]);
      const owner = await slotAt(canary.proxy, 0n);
      for (const caller of [user, other]) {
        await expect(canary.app.connect(caller).migrate(1)).to.be.reverted;
        await expect(canary.app.connect(caller).initialize(caller.address)).to.be.revertedWithCustomError(
          canary.stable,
          "Failed",
        );
        await expect(canary.control.install(caller, migrate)).to.be.revertedWithCustomError(
          canary.router,
          "TrafficUnauthorized",
        );
      }
      await expect(canary.control.install(controller, migrate)).to.be.revertedWithCustomError(
        canary.router,
        "AlreadyInstalled",
      );
      expect([await slotAt(canary.proxy, 0n), await canary.app.total(), await canary.app.initialized()]).to.deep.equal([
        owner,
        9n,
        2n,
      ]);
    });
  });

  describe("candidate_selfdestructs", () => {
    it("RMD-15 candidate_selfdestructs: since Cancun it can take the balance alone, and an invariant undoes that", async () => {
      const teller = await ethers.deployContract("BalanceOf__MockForRouter");
      const target = await teller.getAddress();
      const corners = await deployCorners((proxy) => ({
        invariants: [conditionOf(target, teller.interface.encodeFunctionData("heldBy", [proxy]), Op.gte, 10)],
      }));
      const heir = ethers.Wallet.createRandom().address;
      await corners.user.sendTransaction({ to: corners.proxy, value: 10 });
      const code = await ethers.provider.getCode(corners.proxy);
      await expect(corners.app.connect(corners.user).destroy(heir)).to.emit(
        corners.router.attach(corners.proxy),
        "InvariantBroken",
      );
      expect(await ethers.provider.getBalance(heir)).to.equal(0n);
      expect(await ethers.provider.getBalance(corners.proxy)).to.equal(10n);
      expect(await ethers.provider.getCode(corners.proxy)).to.equal(code);
      expect((await corners.control.status()).isFrozen).to.equal(true);
      expect(await counts(corners)).to.deep.equal({ stable: 1n, candidate: 0n });
    });

    it("RMD-15 candidate_selfdestructs: where nothing watches the balance it goes, code and storage stay, and the router goes on", async () => {
      const corners = await deployCorners();
      const heir = ethers.Wallet.createRandom().address;
      await corners.user.sendTransaction({ to: corners.proxy, value: 10 });
      await corners.app.connect(corners.user).destroy(heir);
      expect(await ethers.provider.getBalance(heir)).to.equal(10n);
      await corners.app.connect(corners.user).ping();
      expect(await counts(corners)).to.deep.equal({ stable: 0n, candidate: 2n });
    });

    it("RMD-15 candidate_selfdestructs: before Cancun, where it would take the code, there is no router: none can be created", async () => {
      for (const hardfork of ["cancun", "shanghai"]) {
        const node = await startLocalNode({
          name: "anvil",
          command: anvilBinary(process.cwd()),
          args: ["--port", "0", "--hardfork", hardfork],
          port: /Listening on [^\s]+:(\d+)/,
          patience: 120_000,
        });
        const provider = new JsonRpcProvider(node.url);
        try {
          const signer = await provider.getSigner(0);
          const deploy = async (name: string, args: unknown[] = []) => {
            const { interface: abi, bytecode } = await ethers.getContractFactory(name);
            const contract = await new ContractFactory(abi, bytecode, signer).deploy(...args);
            return (await contract.waitForDeployment()).getAddress();
          };
          const target = {
            kind: 0,
            stable: await deploy("Stable__MockForRouter"),
            candidate: await deploy("Candidate__MockForRouter"),
            controller: signer.address,
            guardian: signer.address,
            policyId: POLICY_ID,
            implementationSlot: ethers.ZeroHash,
            authoritySlot: ethers.ZeroHash,
          };
          const router = deploy("TrafficRouter", [target, policyOf()]);
          if (hardfork === "cancun") expect(await provider.getCode(await router)).not.to.equal("0x");
          else await expect(router).to.be.rejectedWith(/missing revert data|opcode|NotActivated/i);
        } finally {
          provider.destroy();
          await node.stop();
        }
      }
    });
  });

  describe("frames", () => {
    it("RMD-16 forged_frame_token: the router answers nobody directly, and a token from elsewhere enters no frame", async () => {
      const corners = await loadFixture(capped);
      const address = await corners.router.getAddress();
      for (const data of [move(corners, 1), corners.control.installData(), corners.control.freezeData()]) {
        await expect(corners.controller.sendTransaction({ to: address, data })).to.be.revertedWithCustomError(
          corners.router,
          "DirectCall",
        );
      }
      // A token that another contract writes lies in that contract's storage.
      const slot = policySlot();
      const word = BigInt(await slotAt(corners.proxy, slot));
      const double = await ethers.deployContract("CornersV2__MockForRouter");
      const remember = double.interface.encodeFunctionData("remember", [slot, word | 1n]);
      await corners.puppet.run([step(await double.getAddress(), remember), step(corners.proxy, move(corners, 101))]);
      expect(await counts(corners)).to.deep.equal({ stable: 1n, candidate: 0n });
    });

    it("RMD-16 forged_frame_token: a candidate that writes one is undone where it is left, and cannot widen the policy by it", async () => {
      const corners = await deployCorners(() => ({ errorBudget: 20 }));
      const { app, user, proxy } = corners;
      const slot = policySlot();
      const word = BigInt(await slotAt(proxy, slot));
      for (const token of [word, word | 1n, 4n, MaxUint256]) {
        await expect(app.connect(user).tamper(slot, token)).to.emit(corners.router.attach(proxy), "SlotBroken");
      }
      // Entered by its own next call, it makes that call's policy word: the frame around both sees that it is another.
      for (const token of [word | 1n, 4n, MaxUint256]) {
        const calls = [app.interface.encodeFunctionData("tamper", [slot, token]), PING];
        await expect(app.connect(user).multicall(calls, false)).to.emit(corners.router.attach(proxy), "SlotBroken");
      }
      expect((await counts(corners)).candidate).to.equal(0n);
      expect(BigInt(await slotAt(proxy, slot)) & ((1n << 248n) - 1n)).to.equal(word & ((1n << 248n) - 1n));
    });
  });

  describe("what others ask", () => {
    it("RMD-17 interfaces_pass_through: ERC-165 and ERC-1271 answer as without a router, to contracts, with either version, in a drain", async () => {
      const { user, other } = await deployCorners();
      const { share } = split(user.address, other.address);
      const lanes = [{ name: ethers.encodeBytes32String("all"), isExit: false }];
      const corners = await deployCorners(() => ({ share, lanes, lanePause: 3_600, otherLane: 1 }));
      await corners.control.tell(corners.guardian, "drain", [3_600]);
      const questions = [
        corners.app.interface.encodeFunctionData("supportsInterface", ["0x01ffc9a7"]),
        corners.app.interface.encodeFunctionData("supportsInterface", ["0xffffffff"]),
        corners.app.interface.encodeFunctionData("isValidSignature", [id("hash"), `0x${"11".repeat(65)}`]),
        corners.app.interface.encodeFunctionData("isValidSignature", [id("hash"), "0x11"]),
      ];
      const stable = await corners.stable.getAddress();
      // Contracts inside and outside of the cohort.
      const puppets = [];
      for (let n = 0; n < 6; n++) puppets.push(await ethers.deployContract("Puppet__MockForRouter"));
      for (const puppet of puppets) {
        const ask = (target: string) => questions.map((data) => step(target, data, { isStatic: true, gas: 30_000n }));
        await puppet.run([...ask(corners.proxy), ...ask(stable)]);
        const outcomes = (await puppet.outcomes()).map(({ isOk, data }) => [isOk, data]);
        expect(outcomes.slice(0, 4)).to.deep.equal(outcomes.slice(4));
        expect(outcomes.every(([isOk]) => isOk)).to.equal(true);
      }
    });
  });

  describe("transient_storage", () => {
    it("RMD-18 transient_storage: what the protocol keeps there for the length of a transaction stays, in every slot", async () => {
      for (const share of [10_000, 1]) {
        const corners = await deployCorners(() => ({ share, isCounted: true }));
        const slots = [0n, 1n, 7n, policySlot() | 1n, policySlot() - 1n, MaxUint256];
        const say = (slot: bigint) => corners.app.interface.encodeFunctionData("remember", [slot, slot ^ 5n]);
        const ask = (slot: bigint) => corners.app.interface.encodeFunctionData("remembered", [slot]);
        await corners.puppet.run([
          ...slots.map((slot) => step(corners.proxy, say(slot))),
          step(corners.proxy, corners.app.interface.encodeFunctionData("ping")),
          ...slots.map((slot) => step(corners.proxy, ask(slot), { isStatic: true })),
        ]);
        const words = (await corners.puppet.outcomes()).slice(slots.length + 1).map(({ data }) => BigInt(data));
        expect(words).to.deep.equal(slots.map((slot) => slot ^ 5n));
      }
    });

    /** Two contracts of one attacker, one in each cohort: the first is paid, and its callback has the second ask again. */
    async function raid(firstIsCandidate: boolean, isNaive: boolean) {
      const first = await ethers.deployContract("Puppet__MockForRouter");
      const second = await ethers.deployContract("Puppet__MockForRouter");
      const [one, two] = [await first.getAddress(), await second.getAddress()];
      const { inside, share } = split(one, two);
      const corners = await deployCorners(() => ({ share }));
      if (isNaive) {
        const naive = await ethers.deployContract("NaiveSplit__MockForRouter", [
          await corners.stable.getAddress(),
          await corners.candidate.getAddress(),
          share,
          SALT,
        ]);
        await corners.app.connect(corners.controller).upgradeToAndCall(await corners.stable.getAddress(), "0x");
        await corners.app.connect(corners.controller).upgradeToAndCall(await naive.getAddress(), "0x");
      }
      const isFirst = (inside === one) === firstIsCandidate;
      const [payee, helper] = isFirst ? [first, second] : [second, first];
      const { app, proxy } = corners;
      // Of the three thousand the payee owns one.
      await setBalance(proxy, 3_000n);
      const slot = keccak256(coder.encode(["address", "uint256"], [await payee.getAddress(), 5]));
      await ethers.provider.send("hardhat_setStorageAt", [proxy, slot, toBeHex(1_000, 32)]);
      expect(await app.shares(await payee.getAddress())).to.equal(1_000n);
      const again = app.interface.encodeFunctionData("leaveFor", [await payee.getAddress(), await helper.getAddress()]);
      const run = helper.interface.encodeFunctionData("run", [[step(proxy, again)]]);
      await payee.setReaction([step(await helper.getAddress(), run, { isCaught: true })], 1);
      const leave = app.interface.encodeFunctionData("leaveFor", [await payee.getAddress(), await payee.getAddress()]);
      await payee.run([step(proxy, leave)]);
      return ethers.provider.getBalance(proxy);
    }

    for (const firstIsCandidate of [true, false]) {
      const name = firstIsCandidate ? "the candidate's to stable's" : "stable's to the candidate's";
      it(`RMD-18 transient_storage: a callback cannot cross from ${name} guard, which lies in another place`, async () => {
        expect(await raid(firstIsCandidate, false)).to.equal(2_000n);
        // Without the rule that a running version keeps its callbacks, the same two calls are paid twice.
        expect(await raid(firstIsCandidate, true)).to.equal(1_000n);
      });
    }
  });

  describe("grinder", () => {
    /** An address in the cohort, as CREATE2 gives: and how many were tried. */
    function grind(share: number, from: number) {
      const factory = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
      for (let tries = 1; ; tries++) {
        const address = ethers.getCreate2Address(factory, toBeHex(from + tries, 32), id("code"));
        if (cohortNumber(SALT, keyOf(address)) < BigInt(share)) return { address, tries };
      }
    }

    it("RMD-19 grinder: finds addresses in the cohort for the price of hashes, and all of them together get the cap and no more", async () => {
      const share = 100;
      const corners = await deployCorners(() => ({
        share,
        isCounted: true,
        interval: 3_600,
        cap: 1_000,
        rules: [ruleOf(MOVE, { meterWord: 1, weight: ONE }), ruleOf(PING, { isFree: true })],
      }));
      let hashes = 0;
      const grinders = [];
      for (let n = 0; n < 12; n++) {
        const { address, tries } = grind(share, hashes);
        hashes += tries;
        await impersonateAccount(address);
        await setBalance(address, ONE);
        grinders.push(await ethers.getSigner(address));
      }
      // A hundred a piece, on average.
      expect(hashes / grinders.length).to.be.within(20, 400);
      for (const grinder of grinders) await corners.app.connect(grinder).move(150);
      const after = await corners.control.status();
      expect([after.candidateCalls, after.stableCalls, after.usedCurrent]).to.deep.equal([6n, 6n, 900n]);

      // Starved: for the length of two windows what others in the cohort move goes to stable.
      await corners.app.connect(grinders[0]!).move(100);
      await corners.app.connect(grinders[1]!).move(1);
      expect((await corners.control.status()).candidateCalls).to.equal(7n);
      // Fed: calls that move nothing are counted all the same, so `canaryCalls` asks for traffic, not for users.
      const before = (await corners.control.status()).candidateCalls;
      const receipt = await (await corners.app.connect(grinders[2]!).ping()).wait();
      expect((await corners.control.status()).candidateCalls).to.equal(before + 1n);
      expect(receipt!.gasUsed).to.be.within(30_000n, 90_000n);
    });
  });
});
