import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture, mine, setCode, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import {
  concat,
  ContractFactory,
  getCreateAddress,
  id,
  Interface,
  solidityPacked,
  ZeroAddress,
  type BaseContract,
} from "ethers";
import hre, { ethers } from "hardhat";
import { readAddressBook } from "../../src/chain/addressBook";
import { simulateSequence } from "../../src/chain/simulateSequence";
import { batchFile, GOVERNANCES, type Governance } from "../../src/guard/batchFile";
import { DEPLOYER, deploymentData, guardOf } from "../../src/guard/guardContract";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { parsePlanText } from "../../src/plan/readPlanFile";
import { Op, type Call } from "../../src/plan/types";
import { canonicalJson } from "../../src/simulate/canonicalJson";
import { RightKind, type Condition } from "../../src/invariants/types";
import { clientFor } from "../../tasks/support/runTask";
import { CATALOGUE, ROOT } from "../fixtures/bridgeModule";
import { vaultFixture } from "../fixtures/vaultModule";
import { deploySafe } from "../helpers/safe";
import { runJson, runTask, temporaryDeployments } from "../helpers/tasks";

const DAY = 86_400;
/** What Arachnid's deterministic deployer runs; test chains do not all come with it. */
const DEPLOYER_CODE =
  "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";
const VAULT = new Interface([
  "function initialize(address,address)",
  "function upgradeToAndCall(address,bytes)",
  "function migrateV2(uint256)",
  "function transferOwnership(address)",
  "function owner() view returns (address)",
  "function version() view returns (uint256)",
  "function previewDeposit(uint256) view returns (uint256)",
]);
const MULTI_SEND = new Interface(["function multiSend(bytes)"]);

interface Batches {
  targets: string[];
  values: string[];
  signatures: string[];
  calldatas: string[];
  description: string;
  transactions: { to: string; value: string; data: string }[];
}

/** A governance of its makers' own code, that owns the vault. */
interface Ruled {
  kind: Governance;
  executor: string;
  /** Brings the batch as far as everybody has agreed to it; what comes back carries it out. */
  agree(file: Batches): Promise<() => Promise<unknown>>;
}

async function published(path: string, args: unknown[] = [], prefix = ""): Promise<BaseContract> {
  const json = JSON.parse(readFileSync(require.resolve(path), "utf8")) as { abi: []; bytecode: string };
  const [signer] = await ethers.getSigners();
  const contract = await new ContractFactory(json.abi, prefix + json.bytecode, signer).deploy(...args);
  await contract.waitForDeployment();
  return contract;
}

/** OpenZeppelin's governor with its timelock. */
async function openZeppelin(): Promise<Ruled> {
  const [admin, voter] = await ethers.getSigners();
  const token = await ethers.deployContract("VotesToken__MockForBench");
  await token.endow([voter!.address], 10n ** 18n);
  const timelock = await ethers.deployContract("TimelockController", [DAY, [], [], admin!.address]);
  const executor = await timelock.getAddress();
  const args = [await token.getAddress(), executor];
  const governor: BaseContract = await ethers.deployContract("Governor__MockForBench", args);
  await timelock.grantRole(id("PROPOSER_ROLE"), await governor.getAddress());
  await timelock.grantRole(id("EXECUTOR_ROLE"), ZeroAddress);
  return {
    kind: "oz-governor",
    executor,
    agree: async ({ targets, values, calldatas, description }) => {
      const call = [targets, values, calldatas];
      await governor.getFunction("propose")(...call, description);
      await mine(2);
      const hashed = [...call, id(description)];
      await (governor.connect(voter!) as BaseContract).getFunction("castVote")(
        await governor.getFunction("hashProposal")(...hashed),
        1,
      );
      await mine(10_001);
      await governor.getFunction("queue(address[],uint256[],bytes[],bytes32)")(...hashed);
      await time.increase(DAY);
      return () => governor.getFunction("execute(address[],uint256[],bytes[],bytes32)")(...hashed);
    },
  };
}

/** Uniswap's GovernorAlpha and Timelock, as published. */
async function compound(): Promise<Ruled> {
  const [admin, proposer] = await ethers.getSigners();
  const build = (name: string) => `@uniswap/governance/build/${name}.json`;
  const later = (await time.latest()) + 365 * DAY;
  const token = await published(build("Uni"), [admin!.address, admin!.address, later], "0x");
  await token.getFunction("transfer")(proposer!.address, 900_000_000n * 10n ** 18n);
  await (token.connect(proposer!) as BaseContract).getFunction("delegate")(proposer!.address);
  const nonce = await admin!.getNonce();
  const alpha = getCreateAddress({ from: admin!.address, nonce: nonce + 1 });
  const timelock = await published(build("Timelock"), [alpha, 2 * DAY], "0x");
  const executor = await timelock.getAddress();
  const governor = await published(build("GovernorAlpha"), [executor, await token.getAddress()], "0x");
  const as = governor.connect(proposer!) as BaseContract;
  return {
    kind: "compound",
    executor,
    agree: async ({ targets, values, signatures, calldatas, description }) => {
      await as.getFunction("propose")(targets, values, signatures, calldatas, description);
      await mine(2);
      await as.getFunction("castVote")(1, true);
      await mine(40_321);
      await as.getFunction("queue")(1);
      await time.increase(2 * DAY);
      return () => as.getFunction("execute")(1);
    },
  };
}

/** A Safe of three owners, as published; its batches go through its own MultiSendCallOnly. */
async function safe(): Promise<Ruled> {
  const owners = (await ethers.getSigners()).slice(3, 6);
  const executor = await deploySafe(owners, 2);
  const artifacts = "@safe-global/safe-smart-account/build/artifacts/contracts";
  const multiSend = await published(`${artifacts}/libraries/MultiSendCallOnly.sol/MultiSendCallOnly.json`);
  const { abi } = JSON.parse(readFileSync(require.resolve(`${artifacts}/Safe.sol/Safe.json`), "utf8")) as { abi: [] };
  const wallet = new ethers.Contract(executor, abi, owners[0]);
  return {
    kind: "safe",
    executor,
    agree: async ({ transactions }) => {
      const packed = transactions.map(({ to, value, data }) =>
        solidityPacked(
          ["uint8", "address", "uint256", "uint256", "bytes"],
          [0, to, value, (data.length - 2) / 2, data],
        ),
      );
      const data = MULTI_SEND.encodeFunctionData("multiSend", [concat(packed)]);
      const call = [await multiSend.getAddress(), 0, data, 1, 0, 0, 0, ZeroAddress, ZeroAddress];
      const hash = (await wallet.getFunction("getTransactionHash")(...call, 0)) as string;
      const two = owners.slice(0, 2).sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
      const signed = await Promise.all(
        two.map(async (owner) => {
          const { v, r, s } = ethers.Signature.from(await owner.signMessage(ethers.getBytes(hash)));
          return concat([r, s, ethers.toBeHex(v + 4, 1)]);
        }),
      );
      return () => wallet.getFunction("execTransaction")(...call, concat(signed));
    },
  };
}

describe("UpgradeGuard", () => {
  let books: { folder: string; remove: () => void };
  before(() => (books = temporaryDeployments()));
  after(() => books.remove());

  async function ground(rule: () => Promise<Ruled>) {
    const ruled = await rule();
    await setCode(DEPLOYER, DEPLOYER_CODE);
    const token = await ethers.deployContract("HookToken__MockForRouter");
    const stable = await (await ethers.deployContract("VaultV1")).getAddress();
    const candidate = await (await ethers.deployContract("VaultV2")).getAddress();
    const asset = await token.getAddress();
    const init = VAULT.encodeFunctionData("initialize", [asset, ruled.executor]);
    const vault = await (await ethers.deployContract("ERC1967Proxy", [stable, init])).getAddress();
    const outsider = (await ethers.getSigners())[9]!.address;
    const migrate = VAULT.encodeFunctionData("migrateV2", [1_000]);
    const upgrade = {
      target: vault,
      value: 0n,
      data: VAULT.encodeFunctionData("upgradeToAndCall", [candidate, migrate]),
    };
    return { ruled, token, stable, candidate, asset, vault, outsider, upgrade };
  }
  type Ground = Awaited<ReturnType<typeof ground>>;

  /** Writes calls and terms, and lets the task make the batch of them. */
  async function written({ ruled, vault, asset }: Ground, calls: readonly Call[], kind = ruled.kind): Promise<Batches> {
    mkdirSync(join(books.folder, "hardhat"), { recursive: true });
    const at = (name: string) => join(books.folder, name);
    writeFileSync(join(books.folder, "hardhat", "addresses.json"), JSON.stringify({ vault, vaultAsset: asset }));
    writeFileSync(at("calls.json"), JSON.stringify(calls.map((call) => ({ ...call, value: call.value.toString() }))));
    writeFileSync(
      at("terms.yaml"),
      [
        `gates: [{ target: "\${vaultAsset}", call: "balanceOf(address)(uint256)", args: ["\${vault}"], op: "<=", value: 100 }]`,
        "invariants: [owner-unchanged, share-price-kept, vault-solvent]",
      ].join("\n"),
    );
    const args = { calls: at("calls.json"), terms: at("terms.yaml"), for: kind, deploy: true };
    const run = await runJson<Batches>("upgrade guard", args);
    expect(run.exitCode, run.stdout).to.equal(0);
    return run.json;
  }
  /** The same batch without the guard. */
  const bare = ({ ruled }: Ground, calls: readonly Call[]) =>
    batchFile(ruled.kind, calls, { title: "bare", chainId: 31337n, createdAt: 0 }) as Batches;
  const vaultAt = (address: string) => new ethers.Contract(address, VAULT, ethers.provider);
  const versionOf = async ({ vault }: Ground) => Number(await vaultAt(vault).getFunction("version")());

  /** Puts other code at the candidate's address; what a contract holds of its own address follows it. */
  async function swap({ candidate }: Ground): Promise<void> {
    const other = await (await ethers.deployContract("VaultV2ParDeposits")).getAddress();
    const code = await ethers.provider.getCode(other);
    await setCode(candidate, code.replaceAll(other.slice(2).toLowerCase(), candidate.slice(2).toLowerCase()));
  }
  const guardError = async (file: Batches, executor: string): Promise<string> => {
    const { address, abi } = await guardOf(await clientFor(hre));
    const data = file.calldatas?.[0] ?? file.transactions[0]!.data;
    try {
      await ethers.provider.call({ to: address, from: executor, data });
      return "none";
    } catch (thrown) {
      return abi.parseError((thrown as { data: string }).data)?.name ?? "unknown";
    }
  };

  const ofGovernor = () => ground(openZeppelin);
  const ofTimelock = () => ground(compound);
  const ofSafe = () => ground(safe);
  const RULED = { "OpenZeppelin's governor": ofGovernor, "Compound's timelock": ofTimelock, "a Safe": ofSafe };
  // The first one, for nobody has deployed the guard yet.
  it("GRD-12 stands where its code says, on every chain, and no batch is written where it does not stand", async () => {
    const here = await loadFixture(ofGovernor);
    const { address, codeHash } = await guardOf(await clientFor(hre));
    const missing = await runTask("upgrade guard", { for: "calls" });
    expect(missing.exitCode).to.not.equal(0);
    expect(missing.stderr).to.include("error AddressWithoutCode").and.to.include("a call of no code succeeds");
    // What the error is about: the unguarded batch goes through, and says nothing.
    const { abi } = await guardOf(await clientFor(hre));
    const dead = { target: address, value: 0n, data: abi.encodeFunctionData("revalidate", [[], [], []]) };
    await (
      await here.ruled.agree(bare(here, [dead, here.upgrade]))
    )();
    expect(await versionOf(here)).to.equal(2);

    await loadFixture(alone);
    expect(ethers.keccak256(await ethers.provider.getCode(address))).to.equal(codeHash);
    expect((await runJson("upgrade guard", { for: "calls" })).json).to.deep.equal({ guard: address, codeHash });
    await setCode(address, "0x00");
    expect((await runTask("upgrade guard", { for: "calls" })).stderr).to.include("found     code hash");
    expect((await runTask("upgrade guard", { for: "dao" })).stderr).to.include("one of oz-governor, compound, safe");
  });

  for (const [name, fixture] of Object.entries(RULED)) {
    it(`GRD-01 a guarded batch of ${name} is carried out where nothing was touched`, async () => {
      const here = await loadFixture(fixture);
      const execute = await here.ruled.agree(await written(here, [here.upgrade]));
      expect(await versionOf(here)).to.equal(1);
      await execute();
      expect(await versionOf(here)).to.equal(2);
    });

    it(`GRD-02 code that is swapped after the vote stops a batch of ${name}, and runs where nothing guards it`, async () => {
      const here = await loadFixture(fixture);
      const file = await written(here, [here.upgrade]);
      const execute = await here.ruled.agree(file);
      await swap(here);
      expect(await guardError(file, here.ruled.executor)).to.equal("CodeHashMismatch");
      await expect(execute()).to.be.reverted;
      expect(await versionOf(here)).to.equal(1);

      const open = await loadFixture(fixture);
      const attack = await open.ruled.agree(bare(open, [open.upgrade]));
      await swap(open);
      await attack();
      expect(await versionOf(open)).to.equal(2);
      await open.token.mint(open.vault, 10n ** 18n);
      // Deposits at par: the swapped code is what users meet.
      expect(await vaultAt(open.vault).getFunction("previewDeposit")(7n)).to.equal(7n);
    });

    it(`GRD-03 a value that a gate asks for, moved after the vote, stops a batch of ${name}`, async () => {
      const here = await loadFixture(fixture);
      const file = await written(here, [here.upgrade]);
      const execute = await here.ruled.agree(file);
      await here.token.mint(here.vault, 101n);
      expect(await guardError(file, here.ruled.executor)).to.equal("GateNotMet");
      await expect(execute()).to.be.reverted;
      await here.token.burn(here.vault, 1n);
      await execute();
      expect(await versionOf(here)).to.equal(2);
    });

    it(`GRD-04 an invariant that a batch of ${name} breaks undoes all of it, and stays broken without a guard`, async () => {
      const here = await loadFixture(fixture);
      const theft = {
        target: here.vault,
        value: 0n,
        data: VAULT.encodeFunctionData("transferOwnership", [here.outsider]),
      };
      const execute = await here.ruled.agree(await written(here, [here.upgrade, theft]));
      await expect(execute()).to.be.reverted;
      expect(await versionOf(here)).to.equal(1);
      expect(await vaultAt(here.vault).getFunction("owner")()).to.equal(here.ruled.executor);

      const open = await loadFixture(fixture);
      const attack = await open.ruled.agree(bare(open, [open.upgrade, { ...theft, target: open.vault }]));
      await attack();
      expect(await vaultAt(open.vault).getFunction("owner")()).to.equal(open.outsider);
    });
  }

  async function alone() {
    const here = await ground(openZeppelin);
    const client = await clientFor(hre);
    const own = await guardOf(client);
    await (await ethers.getSigners())[0]!.sendTransaction({ to: DEPLOYER, data: deploymentData(own) });
    return { ...here, own, guard: await ethers.getContractAt("UpgradeGuard", own.address) };
  }
  const probe = (target: string, call: string) => ({ target, data: id(call).slice(0, 10), gas: 100_000n });
  const NOTHING = { target: ZeroAddress, data: "0x", gas: 0n };
  const condition = (target: string, call: string, over: Partial<Condition> = {}): Condition => ({
    left: probe(target, call),
    op: Op.Eq,
    rightKind: RightKind.Before,
    right: NOTHING,
    constantValue: 0n,
    tolerance: 0n,
    toleranceBps: 0,
    ...over,
  });

  it("GRD-10 compares with before only what the same sender noted in the same transaction", async () => {
    const { guard, asset, stable, token, ruled, outsider } = await loadFixture(alone);
    const pins = [{ account: stable, codeHash: ethers.keccak256(await ethers.provider.getCode(stable)) }];
    const supply = condition(asset, "totalSupply()");
    const conditionId = await guard.conditionId(supply);
    await guard.revalidate(pins, [], [supply]);
    // Noted in another transaction, it is gone.
    await expect(guard.assertInvariants([], [supply]))
      .to.be.revertedWithCustomError(guard, "InvariantViolated")
      .withArgs(conditionId, 0, 0, false);
    await expect(guard.revalidate(pins, [], [supply, supply]))
      .to.be.revertedWithCustomError(guard, "BaselineTaken")
      .withArgs(conditionId);
    const batch = async (allowed: Condition) => {
      const calls = [
        { to: guard, name: "revalidate", args: [pins, [], [allowed]] },
        { to: token, name: "mint", args: [outsider, 2n] },
        { to: guard, name: "assertInvariants", args: [pins, [allowed]] },
      ];
      const made = calls.map(async ({ to, name, args }) => ({
        target: await to.getAddress(),
        value: 0n,
        data: (to.interface as Interface).encodeFunctionData(name, args),
      }));
      return ruled.agree(bare({ ruled } as Ground, await Promise.all(made)));
    };
    const broken = await batch(supply);
    await expect(broken()).to.be.revertedWithCustomError(guard, "InvariantViolated").withArgs(conditionId, 2, 0, true);
    await (
      await batch({ ...supply, tolerance: 2n })
    )();
    expect(await token.totalSupply()).to.equal(2n);
    await expect(guard.assertInvariants([], [{ ...supply, rightKind: RightKind.AtPropose }])).to.be.reverted;
    await guard.assertInvariants([], [{ ...supply, rightKind: RightKind.Constant, constantValue: 2n }]);
    const other = { ...supply, rightKind: RightKind.Constant, constantValue: 1n };
    await expect(guard.assertInvariants([], [other]))
      .to.be.revertedWithCustomError(guard, "InvariantViolated")
      .withArgs(await guard.conditionId(other), 2, 1, true);
  });

  it("GRD-11 refuses pins that pin nothing, code that a key can change, gates that only a registry answers, and silence", async () => {
    const { guard, asset, outsider } = await loadFixture(alone);
    const hash = ethers.keccak256(await ethers.provider.getCode(asset));
    const pin = { account: asset, codeHash: hash };
    const refused = (calls: Promise<unknown>, error: string) =>
      expect(calls, error).to.be.revertedWithCustomError(guard, error);
    await guard.revalidate([pin], [], []);
    await refused(guard.revalidate([{ ...pin, codeHash: id("") }], [], []), "PinEmpty");
    await refused(guard.revalidate([{ ...pin, codeHash: id("other") }], [], []), "CodeHashMismatch");
    await setCode(outsider, concat(["0xef0100", asset]));
    const delegated = { account: outsider, codeHash: ethers.keccak256(concat(["0xef0100", asset])) };
    await refused(guard.revalidate([delegated], [], []), "DelegatedAccount");
    const builtIn = { probe: { ...NOTHING, data: id("readyPower()").slice(0, 10) }, op: Op.Gte, bound: 0n };
    await refused(guard.revalidate([], [builtIn], []), "GateUnknown");
    const silent = { probe: probe(asset, "nobodyHasThis()"), op: Op.Gte, bound: 0n };
    await refused(guard.revalidate([], [silent], []), "GateNotMet");
    await refused(guard.revalidate([], [], [condition(asset, "totalSupply()")]), "NothingGuarded");
    await refused(guard.assertInvariants([], []), "NothingGuarded");
    await refused(guard.assertInvariants([{ ...pin, codeHash: id("other") }], []), "CodeHashMismatch");
  });

  it("GRD-13 writes the same calls in each form, guard first and last, and pins what the calls name and lead to", async () => {
    const here = await loadFixture(ofGovernor);
    const { address, abi } = await guardOf(await clientFor(hre));
    const forms = new Map<string, string[]>();
    for (const kind of GOVERNANCES) {
      const file = await written(here, [here.upgrade], kind);
      const list = Array.isArray(file) ? (file as { target: string; data: string }[]) : undefined;
      const targets = list?.map(({ target }) => target) ?? file.targets ?? file.transactions.map(({ to }) => to);
      forms.set(kind, list?.map(({ data }) => data) ?? file.calldatas ?? file.transactions.map(({ data }) => data));
      expect(targets, kind).to.deep.equal([address, here.vault, address]);
    }
    const all = [...forms.values()];
    for (const form of all) expect(form).to.deep.equal(all[0]);
    const [pins] = abi.decodeFunctionData("revalidate", all[0]![0]!) as unknown as [{ account: string }[]];
    expect(pins.map(({ account }) => account)).to.have.members([here.vault, here.stable, here.candidate]);
  });

  it("GRD-14 takes a stage of a plan with the pins, gates and invariants that it has", async () => {
    const fixture = await loadFixture(vaultFixture);
    const { client, connected, deployment } = fixture;
    await setCode(DEPLOYER, DEPLOYER_CODE);
    const text = `title: Vault v2
module: vault
upgrade:
  contract: contracts/examples/VaultV2.sol:VaultV2
  replaces: contracts/examples/VaultV1.sol:VaultV1
  init: { function: migrateV2(uint256), args: ["1000"] }
canary: none
invariants: [owner-unchanged, share-price-kept]
rollback: auto
`;
    const loaded = parsePlanText(text, "plan.yaml", readAddressBook(client.deploymentsDir));
    const built = await prepareDeployments(client, connected, loaded, { root: ROOT, invariantsDir: CATALOGUE });
    const own = join(books.folder, "hardhat");
    cpSync(client.deploymentsDir, own, { recursive: true });
    const file = join(books.folder, "plan.json");
    writeFileSync(file, canonicalJson(built.plan));
    const { json, exitCode } = await runJson<{ target: string; value: string; data: string }[]>("upgrade guard", {
      plan: file,
      for: "calls",
      deploy: true,
    });
    expect(exitCode, JSON.stringify(json)).to.equal(0);
    const [stage] = built.plan.stages;
    expect(json.slice(1, -1).map(({ data }) => data)).to.deep.equal(stage!.calls.map(({ data }) => data));
    const run = async () => {
      const steps = json.map(({ target, data }) => ({ sender: deployment.timelock, target, data }));
      return (await simulateSequence(client, steps)).map(({ isOk }) => isOk);
    };
    expect(await run()).to.deep.equal([true, true, true]);
    const { abi } = await guardOf(client);
    const [pins] = abi.decodeFunctionData("revalidate", json[0]!.data) as unknown as [{ account: string }[]];
    expect(pins.map(({ account }) => account)).to.deep.equal(stage!.pins.map(({ account }) => account));
    const owner = abi.decodeFunctionData("assertInvariants", json.at(-1)!.data)[1][0] as { constantValue: bigint };
    expect(owner.constantValue).to.equal(BigInt(deployment.timelock));
    await setCode(stage!.pins.at(-1)!.account, "0x00");
    expect((await run())[0]).to.equal(false);
    const refused = async (args: Record<string, string>) =>
      (await runTask("upgrade guard", { for: "calls", plan: file, ...args })).stderr;
    expect(await refused({ stage: "7" })).to.include("the index of one of 1 stages");
    expect(await refused({ calls: file })).to.include("--calls or --terms beside it");
  });
});
