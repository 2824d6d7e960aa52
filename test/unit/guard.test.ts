import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture, mine, setCode, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import {
  concat,
  ContractFactory,
  getAddress,
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
/** An address that nothing was deployed to. */
const placeOf = (n: number) => getAddress(ethers.toBeHex(n, 20));
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

    it(`GRD-03 a value that a gate asks for, moved after the vote, stops a batch of ${name}, and nothing else does`, async () => {
      const here = await loadFixture(fixture);
      const file = await written(here, [here.upgrade]);
      const execute = await here.ruled.agree(file);
      await here.token.mint(here.vault, 101n);
      expect(await guardError(file, here.ruled.executor)).to.equal("GateNotMet");
      await expect(execute()).to.be.reverted;
      await here.token.burn(here.vault, 1n);
      await execute();
      expect(await versionOf(here)).to.equal(2);

      const open = await loadFixture(fixture);
      const attack = await open.ruled.agree(bare(open, [open.upgrade]));
      await open.token.mint(open.vault, 101n);
      await attack();
      expect(await versionOf(open)).to.equal(2);
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
    const puppet = await ethers.deployContract("Puppet__MockForRouter");
    /** Calls of one sender in one transaction. */
    const inOne = async (...calls: [BaseContract, string, unknown[]][]) => {
      const steps = calls.map(async ([to, name, args]) => ({
        target: await to.getAddress(),
        value: 0n,
        data: (to.interface as Interface).encodeFunctionData(name, args),
        isStatic: false,
        isCaught: false,
        gas: 0n,
      }));
      return puppet.run(await Promise.all(steps));
    };
    const pins = [{ account: here.stable, codeHash: ethers.keccak256(await ethers.provider.getCode(here.stable)) }];
    return { ...here, own, pins, inOne, guard: await ethers.getContractAt("UpgradeGuard", own.address) };
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
    await refused(guard.assertInvariants([delegated], []), "DelegatedAccount");
    const unmet = { probe: probe(asset, "totalSupply()"), op: Op.Gt, bound: 0n };
    await refused(guard.revalidate([], [unmet], []), "GateNotMet");
  });

  it("GRD-15 has one batch of a sender in a transaction, and compares at its end all that was noted at its beginning", async () => {
    const { guard, own, token, asset, pins, inOne, outsider } = await loadFixture(alone);
    const supply = condition(asset, "totalSupply()");
    const begin: [BaseContract, string, unknown[]] = [guard, "revalidate", [pins, [], [supply]]];
    const end: [BaseContract, string, unknown[]] = [guard, "assertInvariants", [pins, [supply]]];
    const harm: [BaseContract, string, unknown[]] = [token, "mint", [outsider, 2n]];
    const refused = (calls: Promise<unknown>, error: string) =>
      expect(calls, error).to.be.revertedWithCustomError(guard, error);
    await inOne(begin, end);
    await refused(inOne(begin, harm, end), "InvariantViolated");
    // First and last are the guard's, and the harm lies between two guarded parts.
    await refused(inOne(begin, end, harm, begin, end), "GuardedAlready");
    await refused(inOne(begin, end, end), "GuardedAlready");
    await refused(inOne(end, harm, begin), "InvariantViolated");
    const constant = { ...supply, rightKind: RightKind.Constant, op: Op.Gte };
    await refused(inOne([guard, "assertInvariants", [pins, [constant]]], harm, begin), "GuardedAlready");
    // The last call leaves out what the first one noted, all of it or some.
    await refused(inOne(begin, harm, [guard, "assertInvariants", [pins, []]]), "BaselineLeft");
    const price = condition(asset, "decimals()");
    await refused(
      inOne([guard, "revalidate", [pins, [], [supply, price]]], harm, [guard, "assertInvariants", [pins, [price]]]),
      "BaselineLeft",
    );
    // Nor does one that is compared twice stand for another.
    const twice = [price, price];
    await refused(
      inOne([guard, "revalidate", [pins, [], [supply, price]]], harm, [guard, "assertInvariants", [pins, twice]]),
      "InvariantViolated",
    );
    // Nearly the same condition is another one.
    const wide = { ...supply, tolerance: 5n };
    await refused(inOne(begin, harm, [guard, "assertInvariants", [pins, [wide]]]), "InvariantViolated");
    // Another sender has a batch of his own, and moves nothing of this one.
    const other = await ethers.deployContract("Puppet__MockForRouter");
    const step = (name: string, args: unknown[]) => ({
      target: own.address,
      value: 0n,
      data: guard.interface.encodeFunctionData(name as "revalidate", args as never),
      isStatic: false,
      isCaught: false,
      gas: 0n,
    });
    const meddling = [step("revalidate", begin[2]), step("assertInvariants", end[2])];
    await refused(inOne(begin, harm, [other, "run", [meddling]], end), "InvariantViolated");
    await inOne(begin, [other, "run", [meddling]], end);
    // What is noted, and where the batch stands, ends with the transaction.
    await inOne(begin);
    await inOne(begin, end);
  });

  it("GRD-16 is not reached by delegatecall, where what it notes could be written over", async () => {
    const { guard, pins, own } = await loadFixture(alone);
    const account = placeOf(0xc10ae);
    await setCode(account, concat(["0x363d3d373d3d3d363d73", own.address, "0x5af43d82803e903d91602b57fd5bf3"]));
    const through = guard.attach(account) as typeof guard;
    await expect(through.revalidate(pins, [], [])).to.be.revertedWithCustomError(guard, "Delegated");
    await expect(through.assertInvariants(pins, [])).to.be.revertedWithCustomError(guard, "Delegated");
    await guard.revalidate(pins, [], []);
  });

  it("GRD-17 reads what answers too much, and takes silence, too little and too little gas for no answer", async () => {
    const { guard, asset, pins } = await loadFixture(alone);
    const account = placeOf(0xc0de1);
    const gate = (over: object = {}) => ({ probe: probe(account, "word()"), op: Op.Eq, bound: 0n, ...over });
    const answers: [string, string][] = [
      // 64 KB of zeros: the first word is read, and the rest costs the caller nothing.
      ["0x620100005ff3", "none"],
      ["0x601f5ff3", "GateNotMet"],
      ["0x5f5ff3", "GateNotMet"],
      ["0x5f5ffd", "GateNotMet"],
      ["0x5b5f56", "GateNotMet"],
      ["0xfe", "GateNotMet"],
      // A word that is no bool is not false.
      ["0x60025f5260205ff3", "GateNotMet"],
    ];
    for (const [code, error] of answers) {
      await setCode(account, code);
      const held = guard.revalidate(pins, [gate()], []);
      if (error === "none") await held;
      else await expect(held, code).to.be.revertedWithCustomError(guard, error);
      const broken = condition(account, "word()", { rightKind: RightKind.Constant });
      const compared = guard.assertInvariants(pins, [broken]);
      if (error === "none") await compared;
      else await expect(compared, code).to.be.revertedWithCustomError(guard, "InvariantViolated");
      if (error === "none" || code.startsWith("0x60025f")) continue;
      const before = condition(account, "word()");
      await expect(guard.revalidate(pins, [], [before])).to.be.revertedWithCustomError(guard, "InvariantViolated");
    }
    // A precompile, and an account that is not there.
    for (const target of ["0x0000000000000000000000000000000000000004", placeOf(0xc0de2)]) {
      const asked = guard.revalidate(pins, [gate({ probe: probe(target, "word()"), op: Op.Gte })], []);
      await expect(asked).to.be.revertedWithCustomError(guard, "GateNotMet");
      const pin = { account: target, codeHash: ethers.ZeroHash };
      await expect(guard.assertInvariants([pin], [])).to.be.reverted;
    }
    // Whoever carries it out cannot make an answer fail by giving little gas.
    const starving = { ...probe(asset, "totalSupply()"), gas: 1_000_000n };
    const options = { gasLimit: 500_000n };
    await expect(
      guard.revalidate(pins, [{ probe: starving, op: Op.Eq, bound: 0n }], [], options),
    ).to.be.revertedWithCustomError(guard, "ProbeStarved");
    const rich = condition(asset, "totalSupply()", { left: starving, rightKind: RightKind.Constant });
    await expect(guard.assertInvariants(pins, [rich], options)).to.be.revertedWithCustomError(guard, "ProbeStarved");
    await guard.assertInvariants(pins, [rich]);
  });

  it("GRD-18 pins what calls inside calls name and what beacons lead to, and tells what it cannot compare", async () => {
    const here = await loadFixture(alone);
    const { ruled, vault, stable, candidate, asset, outsider } = here;
    const beacon = await ethers.deployContract("UpgradeableBeacon", [stable, (await ethers.getSigners())[0]!.address]);
    const init = VAULT.encodeFunctionData("initialize", [asset, ruled.executor]);
    const behind = await (await ethers.deployContract("BeaconProxy", [beacon, init])).getAddress();
    const wrapped = new Interface(["function run(bytes[])"]).encodeFunctionData("run", [["0x", here.upgrade.data]]);
    const seized = VAULT.encodeFunctionData("transferOwnership", [outsider]);
    await setCode(outsider, concat(["0xef0100", asset]));
    const calls = [
      { target: vault, value: 0n, data: wrapped },
      { target: behind, value: 0n, data: seized },
      { target: placeOf(0xc0de2), value: 0n, data: "0x12345678" },
    ];
    const file = await written(here, calls);
    const told = await runTask("upgrade guard", { calls: join(books.folder, "calls.json"), for: "calls" });
    const { abi } = here.own;
    const [pins, gates] = abi.decodeFunctionData("revalidate", file.calldatas[0]!) as unknown as [
      { account: string }[],
      { probe: { target: string }; bound: bigint }[],
    ];
    const at = await beacon.getAddress();
    expect(pins.map(({ account }) => account)).to.have.members([vault, stable, candidate, behind, at]);
    expect(gates.map(({ probe: { target }, bound }) => `${target} ${bound}`)).to.include(`${at} ${BigInt(stable)}`);
    expect(told.stderr)
      .to.include(`not guarded: ${outsider}, passed on: its key moves its code`)
      .and.to.include(`not guarded: ${placeOf(0xc0de2)}, called: no code there`)
      .and.to.include(`not guarded: implementation of ${vault}: ${stable} now, and no getter tells`);
    expect(await guardError(file, ruled.executor)).to.equal("none");
    await beacon.upgradeTo(candidate);
    expect(await guardError(file, ruled.executor)).to.equal("GateNotMet");
  });

  it("GRD-19 refuses an order of signed words, another chain's calls, and keeps what a file says of itself", async () => {
    const here = await loadFixture(alone);
    await written(here, [here.upgrade]);
    const [terms, calls] = [join(books.folder, "signed.yaml"), join(books.folder, "stated.json")];
    const signed = (call: string, op: string) =>
      writeFileSync(terms, `gates: [{ target: "\${vaultAsset}", call: "${call}", op: "${op}", value: 0 }]`);
    const args = { calls: join(books.folder, "calls.json"), terms, for: "oz-governor" };
    for (const op of ["<", "<=", ">", ">="]) {
      signed("totalSupply()(int256)", op);
      expect((await runTask("upgrade guard", args)).stderr, op).to.include("an unsigned word before");
    }
    for (const [call, op] of [
      ["totalSupply()(int256)", "=="],
      ["totalSupply()(uint256)", ">="],
    ] as const) {
      signed(call, op);
      expect((await runTask("upgrade guard", args)).exitCode).to.equal(0);
    }
    const stated = { title: "T", description: "All of it", calls: [{ ...here.upgrade, value: "0" }] };
    writeFileSync(calls, JSON.stringify({ ...stated, chainId: 1 }));
    expect((await runTask("upgrade guard", { calls, for: "calls" })).stderr).to.include("the network's");
    const { chainId } = await ethers.provider.getNetwork();
    writeFileSync(calls, JSON.stringify({ ...stated, chainId: Number(chainId) }));
    const { json } = await runJson<Batches>("upgrade guard", { calls, for: "oz-governor" });
    expect(json.description).to.equal("All of it");
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
    const yaml = join(books.folder, "plan.yaml");
    writeFileSync(yaml, text);
    const asFile = await runJson("upgrade guard", { plan: yaml, for: "calls" });
    expect(asFile.json, JSON.stringify(asFile.json)).to.deep.equal(json);
    writeFileSync(yaml, text.replaceAll("VaultV2.sol:VaultV2", "VaultV2ParDeposits.sol:VaultV2ParDeposits"));
    expect((await runTask("upgrade guard", { plan: yaml, for: "calls" })).stderr).to.include("error PlanNotDeployed");
    writeFileSync(file.replace(".json", ".txt"), "a plan");
    const neither = await runTask("upgrade guard", { plan: file.replace(".json", ".txt"), for: "calls" });
    expect(neither.stderr).to.include("error PlanFileInvalid");
    await setCode(stage!.pins.at(-1)!.account, "0x00");
    expect((await run())[0]).to.equal(false);
    const refused = async (args: Record<string, string>) =>
      (await runTask("upgrade guard", { for: "calls", plan: file, ...args })).stderr;
    expect(await refused({ stage: "7" })).to.include("the index of one of 1 stages");
    expect(await refused({ calls: file })).to.include("--calls or --terms beside it");
  });
});
