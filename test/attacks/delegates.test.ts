import { loadFixture, setBalance, setCode, setStorageAt } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { concat, encodeBytes32String, getCreate2Address, id, keccak256, toBeHex, ZeroAddress, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { readAddressBook } from "../../src/chain/addressBook";
import { SLOTS } from "../../src/chain/erc1967";
import { buildPlan } from "../../src/plan/buildPlan";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { parsePlanText } from "../../src/plan/readPlanFile";
import { ModuleKind, PlanClass, type Plan } from "../../src/plan/types";
import { selfUpgrade } from "../../src/registry/selfUpgrade";
import { exitOf, revalidate } from "../../src/revalidate/revalidate";
import { withOwnFolder, CATALOGUE, ROOT } from "../fixtures/bridgeModule";
import { counterFixture, counterPlan, registerCounter, type CounterFixture } from "../fixtures/counterModule";
import { DAY } from "../fixtures/registry";
import { expectError } from "../helpers/expectError";
import { propose, toApproved, toInProgress, toNextStep, toScheduled, vote } from "../helpers/lifecycle";
import { addModule, dialPlan, dialStage, REPORT } from "../helpers/plans";

const OPTIONS = { root: ROOT, invariantsDir: CATALOGUE, reportHash: REPORT };

const own = async () => withOwnFolder(await loadFixture(counterFixture));

function load({ client }: CounterFixture, text: string) {
  return parsePlanText(text, "plan.yaml", readAddressBook(client.deploymentsDir));
}

/** The plan of a file, everything it needs deployed. */
async function built(fixture: CounterFixture, text: string): Promise<Plan> {
  return (await prepareDeployments(fixture.client, fixture.connected, load(fixture, text), OPTIONS)).plan;
}

const preview = (fixture: CounterFixture, text: string) =>
  buildPlan(fixture.client, fixture.connected, load(fixture, text), OPTIONS);

/** The plan without the pins of these accounts, as somebody would write it who forgot them. */
function without(plan: Plan, ...accounts: string[]): Plan {
  const stages = plan.stages.map((stage) => ({
    ...stage,
    pins: stage.pins.filter(({ account }) => !accounts.includes(account)),
  }));
  return { ...plan, nonce: plan.nonce + 1n, stages };
}

/** The plan agreed and its first stage due. */
async function due(fixture: CounterFixture, plan: Plan): Promise<string> {
  const proposalId = await toScheduled(fixture, plan);
  await toNextStep(fixture, proposalId);
  return proposalId;
}

async function pinOf(account: string) {
  return { account, codeHash: keccak256(await ethers.provider.getCode(account)) };
}

const address = async (deployed: Promise<{ getAddress(): Promise<string> }>) => (await deployed).getAddress();

describe("attacks on what code delegates to", () => {
  it("ATK-140 tag_zero_or_empty: neither file nor plan pins an account that has no code, though a call into it would succeed", async () => {
    const fixture = await own();
    const { registry, release } = fixture;
    const nobody = ethers.Wallet.createRandom().address;
    // What makes it dangerous: a delegatecall into nothing succeeds.
    const shadow = await ethers.deployContract("Shadow__MockForPlan");
    await shadow.hide(nobody);
    const asCounter = await ethers.getContractAt("CounterV1__MockForPlan", await shadow.getAddress());
    await asCounter.increment();

    for (const funds of [0n, 1n]) {
      await setBalance(nobody, funds);
      await expectError(
        () => preview(fixture, counterPlan(undefined, [], [`pins: ["${nobody}"]`])),
        "AddressWithoutCode",
        {
          where: "key pins.0",
          found: nobody,
        },
      );
    }
    const plan = await built(fixture, counterPlan());
    for (const codeHash of [ZeroHash, keccak256("0x")]) {
      const pins = [...plan.stages[0]!.pins, { account: nobody, codeHash }];
      await expect(registry.connect(release).propose({ ...plan, stages: [{ ...plan.stages[0]!, pins }] }))
        .to.be.revertedWithCustomError(registry, "PinEmpty")
        .withArgs(nobody);
    }
  });

  it("ATK-141 delegated_eoa_7702: a key that delegates is no code, whether named, linked or behind a proxy", async () => {
    const fixture = await own();
    const { registry, stable, others } = fixture;
    const key = others[0]!.address;
    const delegation = concat(["0xef0100", stable]);
    await setCode(key, delegation);
    await expectError(() => preview(fixture, counterPlan(undefined, [], [`pins: ["${key}"]`])), "AccountDelegated", {
      where: "key pins.0",
      found: `${key} delegating to ${stable.toLowerCase()}`,
    });
    const proxy = await address(ethers.deployContract("ERC1967Proxy", [stable, id("count()").slice(0, 10)]));
    await setStorageAt(proxy, SLOTS.implementation, toBeHex(key, 32));
    await expectError(() => preview(fixture, counterPlan(undefined, [], [`pins: ["${proxy}"]`])), "AccountDelegated", {
      where: `implementation of ${proxy}`,
    });
    const linked = [`libraries: { Steps__MockForPlan: "${key}" }`];
    await expectError(() => preview(fixture, counterPlan("CounterV2Linked__MockForPlan", linked)), "AccountDelegated", {
      where: "key upgrade.libraries.Steps__MockForPlan",
    });

    // The hash of such an account is that of a pointer: it stays whatever the code behind it becomes.
    await setCode(stable, "0x00");
    expect(keccak256(await ethers.provider.getCode(key))).to.equal(keccak256(delegation));
    const module = await addModule(fixture);
    const stage = await dialStage(module, 1n, { pins: [{ account: key, codeHash: keccak256(delegation) }] });
    const plan = await dialPlan(fixture, module, { stages: [stage], rollbacks: [] });
    await toApproved(fixture, plan);
    await expect(registry.schedule(plan)).to.be.revertedWithCustomError(registry, "DelegatedAccount").withArgs(key);
  });

  describe("proxy_target_impl_swap", () => {
    async function behindBeacon() {
      const fixture = await own();
      const { stable, others } = fixture;
      const beacon = await ethers.deployContract("UpgradeableBeacon", [stable, others[1]!.address]);
      const target = await address(
        ethers.deployContract("BeaconProxy", [await beacon.getAddress(), id("count()").slice(0, 10)]),
      );
      const evil = await address(ethers.deployContract("CounterV2__MockForPlan"));
      return { ...fixture, beacon: beacon.connect(others[1]) as typeof beacon, target, evil };
    }

    it("ATK-142 proxy_target_impl_swap: a beacon and its implementation are pinned, and a beacon that moves holds the plan", async () => {
      const fixture = await behindBeacon();
      const { registry, beacon, target, evil, stable } = fixture;
      const plan = await built(fixture, counterPlan(undefined, [], [`pins: ["${target}"]`]));
      const [stage] = plan.stages;
      expect(stage!.pins.map(({ account }) => account)).to.include.members([target, await beacon.getAddress(), stable]);
      const gate = stage!.gates.find(({ probe }) => probe.target !== fixture.proxy);
      expect([gate!.probe.target, gate!.bound]).to.deep.equal([await beacon.getAddress(), BigInt(stable)]);
      const proposalId = await due(fixture, plan);
      await beacon.upgradeTo(evil);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "GateNotMet");
      const report = await revalidate(fixture.client, fixture.connected, proposalId);
      const broken = report.rows.filter(({ isOk }) => !isOk).map(({ kind, account }) => [kind, account]);
      expect(broken).to.deep.equal([["gate", await beacon.getAddress()]]);
      await beacon.upgradeTo(stable);
      await registry.advance(plan);
    });

    it("ATK-142 proxy_target_impl_swap: with the proxy's own pin alone the plan runs beside the foreign code", async () => {
      const fixture = await behindBeacon();
      const { registry, beacon, target, evil } = fixture;
      const plan = await built(fixture, counterPlan(undefined, [], [`pins: ["${target}"]`]));
      const bare = { ...plan, stages: [{ ...plan.stages[0]!, gates: [] }] };
      await due(fixture, bare);
      await beacon.upgradeTo(evil);
      await registry.advance(bare);
    });

    it("ATK-142 proxy_target_impl_swap: of an account that a stage calls, the beacon is gated in that stage", async () => {
      const fixture = await behindBeacon();
      const { registry, beacon, target, evil } = fixture;
      const call = ["calls:", `  - { stage: "0", target: "${target}", function: "count()" }`];
      const plan = await built(fixture, counterPlan(undefined, [], ["class: critical", ...call]));
      const gates = plan.stages[0]!.gates.filter(({ probe }) => probe.target !== fixture.proxy);
      expect(gates.map(({ probe }) => probe.target)).to.deep.equal([await beacon.getAddress()]);
      await due(fixture, plan);
      await beacon.upgradeTo(evil);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "GateNotMet");
    });

    it("ATK-142 proxy_target_impl_swap: where no getter tells the pointer, the engine does, and says who enforces it", async () => {
      const fixture = await own();
      const { client, connected, stable } = fixture;
      const other = await address(ethers.deployContract("CounterV1__MockForPlan"));
      const target = await address(ethers.deployContract("ERC1967Proxy", [other, id("count()").slice(0, 10)]));
      const { plan, explain } = await prepareDeployments(
        client,
        connected,
        load(fixture, counterPlan(undefined, [], [`pins: ["${target}"]`])),
        OPTIONS,
      );
      expect(plan.stages[0]!.pins.map(({ account }) => account)).to.include.members([target, other]);
      expect(explain.offchainPointers).to.deep.include({
        account: target,
        slot: SLOTS.implementation,
        name: "implementation",
        expected: other,
      });
      const proposalId = await due(fixture, plan);
      const pointerOf = async () => {
        const { rows } = await revalidate(client, connected, proposalId);
        return rows.find(({ kind, account }) => kind === "pointer" && account === target)!;
      };
      expect(await pointerOf()).to.include({ isOk: true, enforcedBy: "off-chain check" });
      await setStorageAt(target, SLOTS.implementation, toBeHex(stable, 32));
      expect(await pointerOf()).to.include({ isOk: false, actual: `${stable} (implementation)` });
      expect(exitOf(await revalidate(client, connected, proposalId))).to.equal(3);
    });

    it("ATK-142 proxy_target_impl_swap: of a diamond that is called, the facet that serves the call is pinned and gated", async () => {
      const fixture = await own();
      const { deployment } = fixture;
      const facet = deployment.facets.ProposalViewFacet;
      const { selector } = fixture.registry.interface.getFunction("stateOf");
      const rollback = [
        "class: critical",
        "rollback:",
        "  calls:",
        `    - { target: "${deployment.registry}", function: "stateOf(bytes32)", args: ["${ZeroHash}"] }`,
      ];
      const { plan } = await preview(fixture, counterPlan(undefined, [], rollback));
      expect(plan.rollbacks[0]!.pins.map(({ account }) => account)).to.include(facet);
      expect(plan.rollbacks[0]!.pins.map(({ account }) => account)).to.not.include(deployment.facets.BallotFacet);
      const gate = plan.stages[0]!.gates.find(({ probe }) => probe.target === deployment.registry);
      expect(gate!.bound).to.equal(BigInt(facet));
      expect(gate!.probe.data).to.contain(selector.slice(2));
    });
  });

  it("ATK-143 stale_base: code that moved since the vote is no base, by another plan or past all plans", async () => {
    const fixture = await own();
    const { registry, client, connected, proxy } = fixture;
    const plan = await built(fixture, counterPlan());
    const rival = { ...plan, nonce: 1n, stages: [{ ...plan.stages[0]!, dwell: 0n }], rollbacks: [] };
    await due(fixture, rival);
    const proposalId = await propose(fixture, plan);
    await registry.advance(rival);
    await vote(fixture, proposalId, 10);
    await expect(toApproved(fixture, { ...plan, nonce: 2n }))
      .to.be.revertedWithCustomError(registry, "StaleBase")
      .withArgs(plan.targets[0]!.module, 0, 1);

    const fresh = await own();
    const next = await built(fresh, counterPlan());
    expect(next.stages[0]!.pins).to.deep.include({
      account: fresh.stable,
      codeHash: keccak256(await ethers.provider.getCode(fresh.stable)),
    });
    const id = await due(fresh, next);
    const elsewhere = await address(ethers.deployContract("CounterV1__MockForPlan"));
    await setStorageAt(proxy, SLOTS.implementation, toBeHex(elsewhere, 32));
    const report = await revalidate(client, connected, id);
    expect(report.rows.filter(({ isOk }) => !isOk).map(({ kind, actual }) => [kind, actual])).to.deep.equal([
      ["pointer", elsewhere],
    ]);
  });

  it("ATK-144 code_changed_in_batch: a call cannot make the code that the next one runs, nor move what a later stage relies on", async () => {
    const fixture = await own();
    const { registry, release, deployment } = fixture;
    const module = await addModule(fixture);
    const factory = await ethers.deployContract("Factory__MockForPlan");
    // Runtime code: returns at once.
    const code = "0x6001600c60003960016000f300";
    const created = getCreate2Address(await factory.getAddress(), ZeroHash, keccak256(code));
    const deploy = {
      target: await factory.getAddress(),
      value: 0n,
      data: factory.interface.encodeFunctionData("deploy", [code, ZeroHash]),
    };
    const run = { target: created, value: 0n, data: "0x12345678" };
    const planWith = async (pins: { account: string; codeHash: string }[], nonce: bigint) =>
      dialPlan(fixture, module, {
        nonce,
        stages: [await dialStage(module, 1n, { calls: [deploy, run], pins: [await pinOf(deploy.target), ...pins] })],
        rollbacks: [],
      });
    await expect(registry.connect(release).propose(await planWith([], 0n)))
      .to.be.revertedWithCustomError(registry, "CallUnpinned")
      .withArgs("stages", 0, created);
    const pinned = await planWith([{ account: created, codeHash: keccak256("0x00") }], 1n);
    await toApproved(fixture, pinned);
    await expect(registry.schedule(pinned)).to.be.revertedWithCustomError(registry, "CodeHashMismatch");

    // What a call can move is a pointer: the stage after it sees that.
    const beacon = await ethers.deployContract("UpgradeableBeacon", [fixture.stable, deployment.timelock]);
    const evil = await address(ethers.deployContract("CounterV2__MockForPlan"));
    const gate = {
      probe: { target: await beacon.getAddress(), data: id("implementation()").slice(0, 10), gas: 100_000n },
      op: 0 as const,
      bound: BigInt(fixture.stable),
    };
    const move = {
      target: await beacon.getAddress(),
      value: 0n,
      data: beacon.interface.encodeFunctionData("upgradeTo", [evil]),
    };
    const first = await dialStage(module, 1n, { gates: [gate], dwell: BigInt(DAY) });
    const base = await dialPlan(fixture, module, { nonce: 2n });
    const plan = {
      ...base,
      stages: [
        { ...first, calls: [...first.calls, move], pins: [...first.pins, await pinOf(move.target)] },
        await dialStage(module, 2n, { gates: [gate] }),
      ],
    };
    const proposalId = await toInProgress(fixture, plan);
    await toNextStep(fixture, proposalId);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "GateNotMet");
  });

  describe("init_hash_unpinned", () => {
    async function cut() {
      const fixture = await own();
      const { registry, release, deployment } = fixture;
      const name = encodeBytes32String("registry");
      await registry
        .connect(release)
        .registerModule(name, ModuleKind.Diamond, deployment.registry, deployment.timelock);
      const facet = await ethers.deployContract("Facet__MockForDiamond", [7]);
      const init = await ethers.deployContract("Init__MockForRegistry");
      const target = await init.getAddress();
      const live = (await registry.facets()).map(({ facetAddress, functionSelectors }) => ({
        facetAddress,
        functionSelectors: [...functionSelectors],
      }));
      const facets = [...live, { facetAddress: await facet.getAddress(), functionSelectors: ["0x11111111"] }];
      const data = init.interface.encodeFunctionData("store", [id("slot"), id("agreed")]);
      const { stage, rollback } = await selfUpgrade(ethers.provider, deployment.registry, {
        facets,
        init: { target, data },
        dwell: BigInt(DAY),
      });
      const plan = await dialPlan(fixture, await addModule(fixture), {
        planClass: PlanClass.Critical,
        targets: [{ module: name, baseVersion: 0n }],
        stages: [stage],
        rollbacks: [rollback],
      });
      // Answers as an initialiser does, and stores what it likes.
      const answer = keccak256(Buffer.from("slipway.diamond.initialised"));
      const evil = concat(["0x7f", id("evil"), "0x7f", id("slot"), "0x557f", answer, "0x60005260206000f3"]);
      return { ...fixture, plan, target, evil };
    }

    it("ATK-145 init_hash_unpinned: an initialiser whose code changed since the vote does not run", async () => {
      const fixture = await cut();
      const { registry, plan, target, evil } = fixture;
      await due(fixture, plan);
      await setCode(target, evil);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "CodeHashMismatch");
    });

    it("ATK-145 init_hash_unpinned: without its pin it would", async () => {
      const fixture = await cut();
      const { registry, plan, target, evil, deployment } = fixture;
      const bare = without(plan, target);
      await due(fixture, bare);
      await setCode(target, evil);
      await registry.advance(bare);
      expect(await ethers.provider.getStorage(deployment.registry, id("slot"))).to.equal(id("evil"));
    });
  });

  describe("unlinked_library_swap", () => {
    async function linked() {
      const fixture = await own();
      const ones = await address(ethers.deployContract("Ones__MockForPlan"));
      const factory = await ethers.getContractFactory("Steps__MockForPlan", {
        libraries: { Ones__MockForPlan: ones },
      });
      const steps = await address(factory.deploy());
      const text = counterPlan("CounterV2Linked__MockForPlan", [`libraries: { Steps__MockForPlan: "${steps}" }`]);
      // `one()` answers 1000.
      const evil = "0x6103e860005260206000f3";
      return { ...fixture, ones, steps, text, evil };
    }

    it("ATK-146 unlinked_library_swap: libraries of libraries are pinned, and one that changed stops the stage", async () => {
      const fixture = await linked();
      const { registry, ones, steps, text, evil } = fixture;
      const plan = await built(fixture, text);
      expect(plan.stages[0]!.pins.map(({ account }) => account)).to.include.members([ones, steps]);
      expect(plan.rollbacks[0]!.pins.map(({ account }) => account)).to.not.include(ones);
      const proposalId = await due(fixture, plan);
      await setCode(ones, evil);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "CodeHashMismatch");
      const report = await revalidate(fixture.client, fixture.connected, proposalId);
      expect(report.rows.filter(({ isOk }) => !isOk).map(({ kind, account }) => [kind, account])).to.deep.equal([
        ["pin", ones],
      ]);
    });

    it("ATK-146 unlinked_library_swap: with the candidate's own pin alone the foreign library counts", async () => {
      const fixture = await linked();
      const { registry, counter, ones, steps, text, evil } = fixture;
      const bare = without(await built(fixture, text), ones, steps);
      await due(fixture, bare);
      await setCode(ones, evil);
      await registry.advance(bare);
      await counter.increment();
      expect(await counter.count()).to.equal(1000n);
    });

    it("ATK-146 unlinked_library_swap: code with a hole, a library of another name and one without code are refused", async () => {
      const fixture = await linked();
      const { steps } = fixture;
      const build = (...upgrade: string[]) => preview(fixture, counterPlan("CounterV2Linked__MockForPlan", upgrade));
      await expectError(() => build(), "ArtifactUnlinked", {
        found: "holes for Steps__MockForPlan",
        next: 'upgrade.libraries: { Steps__MockForPlan: "0x…" }',
      });
      await expectError(() => build(`libraries: { Step__MockForPlan: "${steps}" }`), "ArtifactUnlinked", {
        found: "a library Step__MockForPlan",
        next: "Steps__MockForPlan",
      });
      const nobody = ethers.Wallet.createRandom().address;
      await expectError(() => build(`libraries: { Steps__MockForPlan: "${nobody}" }`), "AddressWithoutCode", {
        where: "key upgrade.libraries.Steps__MockForPlan",
      });
    });
  });

  it("ATK-147 no_code_target_succeeds: the timelock alone would call nobody and report success; the registry refuses", async () => {
    const fixture = await own();
    const { registry, deployer, release } = fixture;
    const nobody = ethers.Wallet.createRandom().address;
    const call = { target: nobody, value: 0n, data: "0x12345678" };
    const bare = await ethers.deployContract("TimelockController", [
      0,
      [deployer.address],
      [deployer.address],
      ZeroAddress,
    ]);
    await bare.schedule(call.target, 0, call.data, ZeroHash, ZeroHash, 0);
    await bare.execute(call.target, 0, call.data, ZeroHash, ZeroHash);
    expect(
      await bare.isOperationDone(await bare.hashOperation(call.target, 0, call.data, ZeroHash, ZeroHash)),
    ).to.equal(true);

    const module = await addModule(fixture);
    const planWith = async (codeHash?: string) => {
      const pins = codeHash === undefined ? [] : [{ account: nobody, codeHash }];
      return dialPlan(fixture, module, {
        stages: [await dialStage(module, 1n, { calls: [call], pins })],
        rollbacks: [],
      });
    };
    const asRelease = registry.connect(release);
    await expect(asRelease.propose(await planWith())).to.be.revertedWithCustomError(registry, "CallUnpinned");
    await expect(asRelease.propose(await planWith(keccak256("0x")))).to.be.revertedWithCustomError(
      registry,
      "PinEmpty",
    );
    const promised = await planWith(keccak256("0x00"));
    await toApproved(fixture, promised);
    await expect(registry.schedule(promised)).to.be.revertedWithCustomError(registry, "CodeHashMismatch");
    // Its code is there when the vote is over, and gone when the stage is due.
    await setCode(nobody, "0x00");
    await registry.schedule(promised);
    await toNextStep(fixture, await registry.proposalIdOf(promised));
    await setCode(nobody, "0x");
    await expect(registry.advance(promised)).to.be.revertedWithCustomError(registry, "CodeHashMismatch");
    const rollback = ["rollback:", "  calls:", `    - { target: "${nobody}", function: "undo()" }`];
    await expectError(() => preview(fixture, counterPlan(undefined, [], rollback)), "AddressWithoutCode", {
      where: "key rollback.calls.0.target",
    });
  });

  it("ATK-148 a chain that leads back to itself is refused with its accounts, clones, beacons and proxies alike", async () => {
    const fixture = await own();
    const { stable } = fixture;
    const [one, other] = [ethers.Wallet.createRandom().address, ethers.Wallet.createRandom().address];
    const clone = (target: string) => concat(["0x363d3d373d3d3d363d73", target, "0x5af43d82803e903d91602b57fd5bf3"]);
    await setCode(one, clone(other));
    await setCode(other, clone(one));
    const pinning = (account: string) => () => preview(fixture, counterPlan(undefined, [], [`pins: ["${account}"]`]));
    await expectError(pinning(one), "DelegateCycle", { found: `${one} → ${other} → ${one}` });

    const beacon = await ethers.deployContract("UpgradeableBeacon", [stable, fixture.deployer.address]);
    const at = await beacon.getAddress();
    const proxy = await address(ethers.deployContract("BeaconProxy", [at, id("count()").slice(0, 10)]));
    await beacon.upgradeTo(proxy);
    await expectError(pinning(proxy), "DelegateCycle", { found: `${proxy} → ${at} → ${proxy}` });

    const inner = await address(ethers.deployContract("ERC1967Proxy", [stable, id("count()").slice(0, 10)]));
    const outer = await address(ethers.deployContract("ERC1967Proxy", [stable, id("count()").slice(0, 10)]));
    await setStorageAt(outer, SLOTS.implementation, toBeHex(inner, 32));
    await expectError(pinning(outer), "DelegateCycle", { found: `${outer} → ${inner} → ${inner}` });

    // A clone of a clone is none.
    await setCode(other, clone(stable));
    const { plan } = await preview(fixture, counterPlan(undefined, [], [`pins: ["${one}"]`]));
    expect(plan.stages[0]!.pins.map(({ account }) => account)).to.include.members([one, other, stable]);
  });

  describe("cpimp_spoofed_slot", () => {
    /** A proxy that was taken before its team initialised it, and looks as if it had not been. */
    async function taken() {
      const fixture = await own();
      const { stranger, deployment, stable } = fixture;
      const shadow = await ethers.deployContract("Shadow__MockForPlan");
      const proxy = await address(ethers.deployContract("ERC1967Proxy", [stable, id("count()").slice(0, 10)]));
      const counter = (await ethers.getContractAt("CounterV1__MockForPlan", proxy)).connect(stranger);
      await counter.initialize(stranger.address);
      const hide = shadow.interface.encodeFunctionData("hide", [stable]);
      await counter.upgradeToAndCall(await shadow.getAddress(), hide);
      await counter.transferOwnership(deployment.timelock);
      // The last event and the older slot show the audited code, and the owner is who it should be.
      expect(await counter.owner()).to.equal(deployment.timelock);
      const legacy = await ethers.provider.getStorage(proxy, id("org.zeppelinos.proxy.implementation"));
      expect(BigInt(legacy)).to.equal(BigInt(stable));
      await registerCounter(fixture, proxy, encodeBytes32String("taken"));
      const text = counterPlan().replace("module: counter", "module: taken");
      return { ...fixture, taken: counter, shadow: await shadow.getAddress(), text, stable };
    }

    it("ATK-149 cpimp_spoofed_slot: a proxy hidden between proxy and implementation is found and named", async () => {
      const fixture = await taken();
      const { text, shadow, stable } = fixture;
      await expectError(() => preview(fixture, text), "HiddenDelegate", {
        expected: `${shadow} to do its work itself`,
        found: `calls go on to ${stable}, by slot ${id("shadow.implementation")}`,
        next: `pins: ["${stable}"]`,
      });
    });

    it("ATK-149 cpimp_spoofed_slot: as it happened, the upgrade seems to succeed, and the hidden code takes the module later", async () => {
      const fixture = await taken();
      const { registry, text, taken: counter, shadow, stranger, stable } = fixture;
      const accepted = `${text}pins: ["${stable}"]\n`;
      // Whoever writes down that it belongs there has it pinned, and looked at.
      const { plan, explain } = await prepareDeployments(
        fixture.client,
        fixture.connected,
        load(fixture, accepted),
        OPTIONS,
      );
      expect(explain.offchainPointers.map(({ name }) => name)).to.include("delegate");
      await due(fixture, plan);
      await registry.advance(plan);
      const slot = await ethers.provider.getStorage(await counter.getAddress(), SLOTS.implementation);
      expect(BigInt(slot)).to.equal(BigInt(shadow));
      const hidden = await ethers.getContractAt("Shadow__MockForPlan", await counter.getAddress());
      await hidden.connect(stranger).seize(stranger.address);
      expect(await counter.owner()).to.equal(stranger.address);
    });

    it("ATK-149 cpimp_spoofed_slot: a proxy whose slot is only for show is found, whatever its slot says", async () => {
      const fixture = await own();
      const { stable, deployment } = fixture;
      const real = await address(ethers.deployContract("CounterV2__MockForPlan"));
      const counter = await ethers.getContractAt("CounterV1__MockForPlan", stable);
      const init = counter.interface.encodeFunctionData("initialize", [deployment.timelock]);
      const proxy = await address(ethers.deployContract("SpoofedProxy__MockForPlan", [stable, real, init]));
      await registerCounter(fixture, proxy, encodeBytes32String("taken"));
      const text = counterPlan().replace("module: counter", "module: taken");
      await expectError(() => preview(fixture, text), "ImplementationSpoofed", {
        where: "key module",
        expected: `${proxy} to run ${stable}`,
      });
    });
  });

  it("ATK-150 uups_to_sterile: code that could not be replaced again is refused before the vote", async () => {
    const fixture = await own();
    await expectError(() => preview(fixture, counterPlan("CounterV2Sterile__MockForPlan")), "CallReverts", {
      where: "rollback 0 after stage 0, call 0",
      found: "Sterile",
    });
  });

  it("ATK-150 uups_to_sterile: as it happened, the upgrade runs, and no plan ever gets the module back", async () => {
    const fixture = await own();
    const { registry, council, proxy } = fixture;
    const plan = await built(fixture, counterPlan());
    const sterile = await ethers.deployContract("CounterV2Sterile__MockForPlan");
    const { target } = plan.stages[0]!.calls[0]!;
    const data = sterile.interface.encodeFunctionData("upgradeToAndCall", [await sterile.getAddress(), "0x"]);
    const forced = { ...plan, stages: [{ ...plan.stages[0]!, calls: [{ target, value: 0n, data }] }] };
    await due(fixture, forced);
    await registry.advance(forced);
    for (const member of council.slice(0, 2)) await registry.connect(member).rollbackByCouncil(forced, "why", 0, []);
    await expect(registry.connect(council[2]!).rollbackByCouncil(forced, "why", 0, [])).to.be.revertedWithCustomError(
      sterile,
      "Sterile",
    );
    const slot = await ethers.provider.getStorage(proxy, SLOTS.implementation);
    expect(BigInt(slot)).to.equal(BigInt(await sterile.getAddress()));
  });
});
