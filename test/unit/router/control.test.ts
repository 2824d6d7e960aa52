import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id } from "ethers";
import { ethers } from "hardhat";
import {
  act,
  addressIn,
  conditionOf,
  deployCanary,
  deployProtocol,
  deployRouter,
  installOn,
  installRouter,
  Kind,
  Op,
  policyOf,
  policySlot,
  POLICY_ID,
  ran,
  Right,
  ruleOf,
  slotAt,
  Slots,
  steer,
  step,
  type PolicyStruct,
} from "../../helpers/canary";

const MOVE = id("move(uint256)").slice(0, 10);

describe("TrafficRouter > control", () => {
  const fresh = () => loadFixture(deployProtocol);
  const live = () => loadFixture(liveCanary);
  async function liveCanary() {
    return deployCanary();
  }

  describe("install", () => {
    it("RTR-01 starts the canary in the call that sets the router, and tells what it serves", async () => {
      const canary = await fresh();
      const deployed = await deployRouter(canary, { share: 500 });
      const router = await deployed.getAddress();
      const tx = installRouter(canary, deployed);
      await expect(tx)
        .to.emit(canary.router.attach(canary.proxy), "CanaryInstalled")
        .withArgs(
          POLICY_ID,
          await canary.stable.getAddress(),
          await canary.candidate.getAddress(),
          500,
          (address: string) => address !== ethers.ZeroAddress,
        );
      expect(addressIn(await slotAt(canary.proxy, Slots.implementation))).to.equal(router);
      const status = await canary.control.status();
      expect(status.stable).to.equal(await canary.stable.getAddress());
      expect(status.candidate).to.equal(await canary.candidate.getAddress());
      expect(status.controller).to.equal(canary.controller.address);
      expect(status.guardian).to.equal(canary.guardian.address);
      expect(status.policyId).to.equal(POLICY_ID);
      expect(status.isInstalled).to.equal(true);
      expect(status.share).to.equal(500n);
      expect(status.epoch).to.equal(1n);
      expect(status.errorBudget).to.equal(1n);
      expect(await canary.control.magic()).to.equal(id("slipway.traffic.router.v1"));
    });

    it("RTR-01 keeps the policy word at the slot that its namespace gives", async () => {
      const canary = await live();
      expect((BigInt(await slotAt(canary.proxy, policySlot())) >> 160n) & 0xffffn).to.equal(10_000n);
    });

    it("RTR-01 refuses anyone but the controller with TrafficUnauthorized", async () => {
      const canary = await fresh();
      await canary.app.connect(canary.controller).upgradeToAndCall(await canary.router.getAddress(), "0x");
      await expect(canary.control.install(canary.user))
        .to.be.revertedWithCustomError(canary.router, "TrafficUnauthorized")
        .withArgs(canary.user.address);
      await canary.control.install(canary.controller);
      expect((await canary.control.status()).isInstalled).to.equal(true);
    });

    it("RTR-01 refuses a second installation with AlreadyInstalled, even after a freeze", async () => {
      const canary = await live();
      await expect(canary.control.install(canary.controller)).to.be.revertedWithCustomError(
        canary.router,
        "AlreadyInstalled",
      );
      await canary.control.freeze(canary.guardian);
      await expect(canary.control.install(canary.controller)).to.be.revertedWithCustomError(
        canary.router,
        "AlreadyInstalled",
      );
    });

    it("RTR-01 refuses with NotImplementation where the proxy's slot holds something else", async () => {
      const canary = await fresh();
      // A proxy that delegates to the router without naming it in its slot.
      const shell = await ethers.deployContract("Delegator__MockForRouter", [await canary.router.getAddress()]);
      await expect(
        canary.controller.sendTransaction({
          to: await shell.getAddress(),
          data: canary.control.installData(),
        }),
      )
        .to.be.revertedWithCustomError(canary.router, "NotImplementation")
        .withArgs(ethers.ZeroAddress);
    });

    it("RTR-01 keeps two proxies on one router apart", async () => {
      const canary = await live();
      const second = await ethers.deployContract("ERC1967Proxy", [
        await canary.stable.getAddress(),
        canary.stable.interface.encodeFunctionData("initialize", [canary.controller.address]),
      ]);
      const app = canary.candidate.attach(await second.getAddress()) as typeof canary.app;
      await app
        .connect(canary.controller)
        .upgradeToAndCall(await canary.router.getAddress(), canary.control.installData());
      const control = await steer(await second.getAddress());
      await control.setShare(canary.controller, 1, 1);
      await canary.control.freeze(canary.guardian);
      const [one, other] = [await canary.control.status(), await control.status()];
      expect([one.share, one.isFrozen, other.share, other.isFrozen]).to.deep.equal([10_000n, true, 1n, false]);
    });

    it("RTR-09 candidate_init_through_router: runs the init with the sender unchanged, once, and no user reaches it", async () => {
      const canary = await fresh();
      const migrate = canary.candidate.interface.encodeFunctionData("migrate", [77]);
      await installOn(canary, {}, migrate);
      expect(await canary.app.total()).to.equal(77n);
      // `migrate` made its sender the owner: it was the controller, not the router and not the proxy.
      expect(addressIn(await slotAt(canary.proxy, 0n))).to.equal(canary.controller.address);
      await expect(canary.user.sendTransaction({ to: canary.proxy, data: migrate })).to.be.reverted;
      expect(await canary.app.total()).to.equal(77n);
    });

    it("RTR-09 candidate_init_through_router: before the installation the initialiser is out of reach too", async () => {
      const canary = await fresh();
      const migrate = canary.candidate.interface.encodeFunctionData("migrate", [1]);
      await expect(canary.user.sendTransaction({ to: canary.proxy, data: migrate })).to.be.reverted;
      // The router alone, without a policy, is stable and nothing else.
      await canary.app.connect(canary.controller).upgradeToAndCall(await canary.router.getAddress(), "0x");
      await expect(canary.user.sendTransaction({ to: canary.proxy, data: migrate })).to.be.reverted;
      expect(await canary.app.initialized()).to.equal(1n);
    });

    it("RTR-09 reverts with the init's own error when the candidate refuses it", async () => {
      const canary = await fresh();
      const tighten = canary.candidate.interface.encodeFunctionData("tighten", [5]);
      await expect(installOn(canary, {}, tighten))
        .to.be.revertedWithCustomError(canary.candidate, "Tightened")
        .withArgs(5);
      expect(addressIn(await slotAt(canary.proxy, Slots.implementation))).to.equal(await canary.stable.getAddress());
    });

    for (const [name, slot] of [
      ["policy", policySlot()],
      ["implementation", BigInt(Slots.implementation)],
      ["admin", BigInt(Slots.admin)],
    ] as const) {
      it(`RTR-09 reverts with SlotWritten when the init writes the ${name} slot`, async () => {
        const canary = await fresh();
        const word = ethers.zeroPadValue(await canary.candidate.getAddress(), 32);
        const init = await act(canary, "WRITE", ["uint256", "bytes32"], [slot, word]);
        await expect(installOn(canary, {}, init))
          .to.be.revertedWithCustomError(canary.router, "SlotWritten")
          .withArgs(ethers.toBeHex(slot, 32));
      });
    }

    it("RTR-09 answers what the init calls back by the candidate", async () => {
      const canary = await fresh();
      const puppet = await canary.puppet.getAddress();
      const { interface: abi } = canary.app;
      await canary.puppet.setReaction([step(canary.proxy, abi.encodeFunctionData("ping"))], 1);
      const react = canary.puppet.interface.encodeFunctionData("react");
      await installOn(canary, {}, abi.encodeFunctionData("callOut", [puppet, react]));
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 2n });
    });
  });

  describe("policy", () => {
    const refused: [string, Partial<PolicyStruct>, string, unknown[]][] = [
      ["a share above the whole", { share: 10_001 }, "ShareInvalid", [10_001]],
      ["an error budget of zero", { errorBudget: 0 }, "ErrorBudgetInvalid", [0]],
      ["no gas for the candidate", { candidateGas: 0 }, "CandidateGasInvalid", [0]],
      ["an interval without a cap", { interval: 3600 }, "BudgetInvalid", [3600, 0]],
      ["a cap without an interval", { cap: 1 }, "BudgetInvalid", [0, 1]],
      ["a native weight without a cap", { valueWeight: 1 }, "BudgetInvalid", [0, 0]],
      ["an interval above a year", { interval: 31_536_001, cap: 1 }, "BudgetInvalid", [31_536_001, 1]],
      [
        "two rules for one selector",
        { rules: [ruleOf(MOVE), ruleOf("0x11111111"), ruleOf(MOVE)] },
        "RuleDuplicated",
        [MOVE],
      ],
      [
        "a rule for the control selector",
        { rules: [ruleOf(id("traffic(bytes)").slice(0, 10))] },
        "RuleInvalid",
        [id("traffic(bytes)").slice(0, 10)],
      ],
      ["a meter without a cap", { rules: [ruleOf(MOVE, { meterWord: 1, weight: 1 })] }, "RuleInvalid", [MOVE]],
      [
        "a meter that weighs nothing",
        { interval: 1, cap: 1, rules: [ruleOf(MOVE, { meterWord: 1 })] },
        "RuleInvalid",
        [MOVE],
      ],
      [
        "a meter on a free selector",
        { interval: 1, cap: 1, rules: [ruleOf(MOVE, { meterWord: 1, weight: 1, isFree: true })] },
        "RuleInvalid",
        [MOVE],
      ],
      ["the zero error as expected", { expectedErrors: ["0x00000000"] }, "ExpectedErrorInvalid", []],
      [
        "more rules than a call can search",
        { rules: Array.from({ length: 33 }, () => ruleOf(MOVE)) },
        "TooMany",
        [33, 32],
      ],
    ];
    for (const [name, overrides, error, args] of refused) {
      it(`RTR-02 refuses ${name} with ${error}`, async () => {
        const canary = await fresh();
        const reverted = expect(deployRouter(canary, overrides)).to.be.revertedWithCustomError(canary.router, error);
        await (args.length === 0 ? reverted : reverted.withArgs(...args));
      });
    }

    describe("the control's selector", () => {
      const PUSH = `63${id("traffic(bytes)").slice(2, 10)}`;

      it("RTR-64 is none of a version's functions: no router of any kind is made before one that dispatches on it", async () => {
        const canary = await fresh();
        const clash = await ethers.deployContract("Module__MockForRegistry", [canary.user.address]);
        const [stable, candidate, account] = await Promise.all(
          [canary.stable, canary.candidate, clash].map((version) => version.getAddress()),
        );
        const accounts = { controller: canary.controller.address, guardian: canary.guardian.address };
        const common = { ...accounts, policyId: ethers.ZeroHash };
        for (const versions of [
          { stable, candidate: account },
          { stable: account, candidate },
        ]) {
          const plain = { ...common, ...versions, implementationSlot: ethers.ZeroHash, authoritySlot: ethers.ZeroHash };
          const routes = { loupe: stable, cutFacet: stable, leader: ethers.ZeroAddress, isAddition: false };
          const beacon = { beacon: canary.proxy, predecessor: ethers.ZeroAddress };
          for (const [name, target] of [
            ["TrafficRouter", { ...plain, kind: Kind.uups }],
            ["TrafficRouter", { ...plain, kind: Kind.transparent }],
            ["TrafficRouter", { ...plain, kind: Kind.ownAdmin, implementationSlot: id("a"), authoritySlot: id("b") }],
            ["DiamondRouter", { ...common, ...versions, ...routes }],
            ["BeaconRouter", { ...common, ...versions, ...beacon }],
          ] as [string, object][]) {
            await expect(ethers.deployContract(name, [target, policyOf()]), name)
              .to.be.revertedWithCustomError(canary.router, "ControlSelectorClash")
              .withArgs(account);
          }
        }
      });

      it("RTR-64 is found at every place of a code, to its last byte", async () => {
        const canary = await fresh();
        const candidate = await canary.candidate.getAddress();
        for (const at of [...Array.from({ length: 6 }, (_, n) => n), 23, 27, 28, 51, 55, 56, 24_570, 24_571]) {
          const code = ethers.concat([`0x${"68".repeat(at)}`, `0x${PUSH}`, `0x${"00".repeat(24_571 - at)}`]);
          await ethers.provider.send("hardhat_setCode", [candidate, code]);
          await expect(deployRouter(canary), `${at}`)
            .to.be.revertedWithCustomError(canary.router, "ControlSelectorClash")
            .withArgs(candidate);
        }
      });

      it("RTR-64 may be called by a version, and stand in its data", async () => {
        const canary = await fresh();
        const candidate = await canary.candidate.getAddress();
        for (const code of [`${PUSH}60e01b00`, PUSH.slice(0, -2), `7f${PUSH.slice(2)}`, "00"]) {
          await ethers.provider.send("hardhat_setCode", [candidate, `0x${code}`]);
          await deployRouter(canary);
        }
      });
    });

    it("RTR-02 refuses conditions that only the registry can evaluate, and targets without code", async () => {
      const canary = await fresh();
      const total = canary.app.interface.encodeFunctionData("total");
      const registryOnly = conditionOf(canary.proxy, total, Op.eq, 0, { rightKind: Right.atPropose });
      await expect(deployRouter(canary, { invariants: [registryOnly] }))
        .to.be.revertedWithCustomError(canary.router, "ConditionInvalid")
        .withArgs(0);
      const nobody = conditionOf(canary.user.address, total, Op.eq, 0);
      await expect(deployRouter(canary, { invariants: [nobody] }))
        .to.be.revertedWithCustomError(canary.router, "NoCode")
        .withArgs(canary.user.address);
    });

    for (const which of ["stable", "candidate"] as const) {
      it(`RTR-02 refuses a router whose ${which} has no code`, async () => {
        const canary = await fresh();
        await expect(deployRouter({ ...canary, [which]: canary.user }))
          .to.be.revertedWithCustomError(canary.router, "NoCode")
          .withArgs(canary.user.address);
      });
    }
  });

  describe("setShare", () => {
    it("RTR-03 takes effect in the next block: no block serves by two policies", async () => {
      const canary = await fresh();
      await ethers.provider.send("evm_setAutomine", [false]);
      try {
        await installOn(canary, {});
        const first = await canary.app.connect(canary.user).ping({ gasLimit: 500_000 });
        await ethers.provider.send("evm_mine", []);
        expect((await first.wait())?.status).to.equal(1);
        expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 0n });

        await canary.app.connect(canary.user).ping({ gasLimit: 500_000 });
        await ethers.provider.send("evm_mine", []);
        expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });

        await canary.control.setShare(canary.controller, 1, 9_999);
        await canary.app.connect(canary.user).ping({ gasLimit: 500_000 });
        await ethers.provider.send("evm_mine", []);
        expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 1n });
      } finally {
        await ethers.provider.send("evm_setAutomine", [true]);
      }
    });

    it("RTR-04 sets the share for the controller alone and leaves the epoch", async () => {
      const canary = await live();
      await expect(canary.control.setShare(canary.controller, 1, 2_500))
        .to.emit(canary.router.attach(canary.proxy), "ShareSet")
        .withArgs(2_500, 1);
      const status = await canary.control.status();
      expect([status.share, status.epoch]).to.deep.equal([2_500n, 1n]);
      for (const stranger of [canary.user, canary.guardian]) {
        await expect(canary.control.setShare(stranger, 1, 10_000))
          .to.be.revertedWithCustomError(canary.router, "TrafficUnauthorized")
          .withArgs(stranger.address);
      }
    });

    it("RTR-04 refuses a share above the whole, and a router that was not installed", async () => {
      const canary = await live();
      await expect(canary.control.setShare(canary.controller, 1, 10_001))
        .to.be.revertedWithCustomError(canary.router, "ShareInvalid")
        .withArgs(10_001);
      const bare = await deployProtocol();
      await bare.app.connect(bare.controller).upgradeToAndCall(await bare.router.getAddress(), "0x");
      await expect(bare.control.setShare(bare.controller, 0, 1)).to.be.revertedWithCustomError(
        bare.router,
        "NotInstalled",
      );
    });

    it("RTR-10 stale_policy_after_freeze: a share scheduled before a freeze reverts with StalePolicy", async () => {
      const canary = await live();
      await canary.control.freeze(canary.guardian);
      await expect(canary.control.setShare(canary.controller, 1, 10_000))
        .to.be.revertedWithCustomError(canary.router, "StalePolicy")
        .withArgs(1, 2);
    });

    it("RTR-10 refuses with CanaryFrozen even for the epoch after the freeze", async () => {
      const canary = await live();
      await canary.control.freeze(canary.guardian);
      await expect(canary.control.setShare(canary.controller, 2, 10_000)).to.be.revertedWithCustomError(
        canary.router,
        "CanaryFrozen",
      );
    });
  });

  describe("freeze", () => {
    it("RTR-05 sends everything to stable at once, for the guardian and for the controller", async () => {
      for (const name of ["guardian", "controller"] as const) {
        const canary = await live();
        await canary.app.connect(canary.user).ping();
        await expect(canary.control.freeze(canary[name], "drill"))
          .to.emit(canary.router.attach(canary.proxy), "CanaryFrozen")
          .withArgs(2, 0, "drill");
        await canary.app.connect(canary.user).ping();
        expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
        const status = await canary.control.status();
        expect([status.isFrozen, status.epoch, status.share]).to.deep.equal([true, 2n, 10_000n]);
      }
    });

    it("RTR-05 is refused to others with TrafficUnauthorized, and before the installation with NotInstalled", async () => {
      const canary = await live();
      await expect(canary.control.freeze(canary.user))
        .to.be.revertedWithCustomError(canary.router, "TrafficUnauthorized")
        .withArgs(canary.user.address);
      const bare = await deployProtocol();
      await bare.app.connect(bare.controller).upgradeToAndCall(await bare.router.getAddress(), "0x");
      await expect(bare.control.freeze(bare.guardian)).to.be.revertedWithCustomError(bare.router, "NotInstalled");
    });

    it("RTR-05 may come twice: each time is an epoch", async () => {
      const canary = await live();
      await canary.control.freeze(canary.guardian);
      await canary.control.freeze(canary.guardian);
      expect((await canary.control.status()).epoch).to.equal(3n);
    });
  });

  describe("messages", () => {
    it("RTR-06 refuses what it does not know, and value that nobody asked for", async () => {
      const canary = await live();
      await expect(canary.control.send(canary.controller, "0x12345678"))
        .to.be.revertedWithCustomError(canary.router, "UnknownMessage")
        .withArgs("0x12345678");
      await expect(canary.control.send(canary.controller, "0x12"))
        .to.be.revertedWithCustomError(canary.router, "UnknownMessage")
        .withArgs("0x00000000");
      const share = canary.control.control.encodeFunctionData("setShare", [1, 1]);
      await expect(canary.control.send(canary.controller, share, 1n))
        .to.be.revertedWithCustomError(canary.router, "ValueNotAccepted")
        .withArgs(1);
    });

    it("RTR-06 answers at its own address only what the protocol's proxy needs of it", async () => {
      const canary = await live();
      const router = await canary.router.getAddress();
      const uuid = canary.stable.interface.encodeFunctionData("proxiableUUID");
      expect(await ethers.provider.call({ to: router, data: uuid })).to.equal(Slots.implementation);
      for (const data of [canary.app.interface.encodeFunctionData("ping"), canary.control.freezeData(), "0x12"]) {
        await expect(canary.controller.sendTransaction({ to: router, data })).to.be.revertedWithCustomError(
          canary.router,
          "DirectCall",
        );
      }
      await expect(canary.user.sendTransaction({ to: router, value: 1 })).to.be.revertedWithCustomError(
        canary.router,
        "DirectCall",
      );
      // The static probe, called by anybody: it does nothing.
      await canary.user.sendTransaction({ to: router });
    });

    for (const [name, message] of [
      ["setShare", "shareData"],
      ["freeze", "freezeData"],
    ] as const) {
      it(`RTR-29 refuses ${name} from inside a call to the proxy with CallInProgress, whichever version runs`, async () => {
        for (const share of [10_000, 1]) {
          const canary = await loadFixture(deployProtocol);
          const controller = canary.puppet;
          const router = await deployRouter({ ...canary, controller }, { share });
          await canary.app.connect(canary.controller).upgradeToAndCall(await router.getAddress(), "0x");
          await controller.run([step(canary.proxy, canary.control.installData())]);
          const data = message === "shareData" ? canary.control.shareData(1, 5) : canary.control.freezeData();
          await controller.setReaction([step(canary.proxy, data, { isCaught: true })], 1);
          const react = controller.interface.encodeFunctionData("react");
          await canary.app.connect(canary.user).callOut(await controller.getAddress(), react);
          const [outcome] = await controller.outcomes();
          expect(outcome?.isOk).to.equal(false);
          expect(outcome?.data).to.equal(router.interface.getError("CallInProgress")?.selector);
          expect((await canary.control.status()).share).to.equal(BigInt(share));
          // At rest the same message passes.
          await controller.run([step(canary.proxy, data)]);
        }
      });
    }
  });

  describe("take-out", () => {
    it("RTR-26 UUPS: the controller alone swaps the router for an implementation, with a call", async () => {
      const canary = await live();
      const data = canary.app.interface.encodeFunctionData("setTotal", [9]);
      const next = await canary.candidate.getAddress();
      await canary.app.connect(canary.controller).upgradeToAndCall(next, data);
      expect(addressIn(await slotAt(canary.proxy, Slots.implementation))).to.equal(next);
      expect(await canary.app.version()).to.equal(2n);
      expect(await canary.app.total()).to.equal(9n);
    });

    it("RTR-26 UUPS: back to stable, frozen or not", async () => {
      const canary = await live();
      await canary.control.freeze(canary.guardian);
      await canary.app.connect(canary.controller).upgradeToAndCall(await canary.stable.getAddress(), "0x");
      expect(await canary.app.version()).to.equal(1n);
    });

    it("RTR-26 UUPS: a stranger's upgradeToAndCall is answered by the protocol, which refuses", async () => {
      for (const share of [0, 10_000]) {
        const canary = await deployCanary({ share });
        const next = await canary.candidate.getAddress();
        await expect(canary.app.connect(canary.user).upgradeToAndCall(next, "0x")).to.be.revertedWithCustomError(
          canary.stable,
          "UUPSUnauthorizedCallContext",
        );
        expect(addressIn(await slotAt(canary.proxy, Slots.implementation))).to.equal(await canary.router.getAddress());
      }
    });

    it("RTR-26 UUPS: refuses code that could never be upgraded again with NotUups", async () => {
      const canary = await live();
      for (const next of [await canary.puppet.getAddress(), canary.user.address]) {
        await expect(canary.app.connect(canary.controller).upgradeToAndCall(next, "0x")).to.be.reverted;
      }
      await expect(canary.app.connect(canary.controller).upgradeToAndCall(await canary.puppet.getAddress(), "0x"))
        .to.be.revertedWithCustomError(canary.router, "NotUups")
        .withArgs(await canary.puppet.getAddress());
    });

    it("RTR-26 UUPS: refuses with CallInProgress inside a call, so that no callback crosses into other code", async () => {
      const canary = await loadFixture(deployProtocol);
      const controller = await canary.puppet.getAddress();
      const router = await deployRouter({ ...canary, controller }, { share: 1 });
      await canary.app.connect(canary.controller).upgradeToAndCall(await router.getAddress(), "0x");
      await canary.puppet.run([step(canary.proxy, canary.control.installData())]);
      const upgrade = canary.app.interface.encodeFunctionData("upgradeToAndCall", [
        await canary.candidate.getAddress(),
        "0x",
      ]);
      await canary.puppet.setReaction([step(canary.proxy, upgrade, { isCaught: true })], 1);
      const react = canary.puppet.interface.encodeFunctionData("react");
      await canary.app.connect(canary.user).callOut(controller, react);
      const [outcome] = await canary.puppet.outcomes();
      expect(outcome?.data).to.equal(router.interface.getError("CallInProgress")?.selector);
      expect(addressIn(await slotAt(canary.proxy, Slots.implementation))).to.equal(await router.getAddress());
    });
  });
});
