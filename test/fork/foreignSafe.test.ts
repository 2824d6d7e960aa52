import { readFileSync } from "node:fs";
import { expect } from "chai";
import { Contract, Interface, JsonRpcSigner, ZeroAddress, type InterfaceAbi } from "ethers";
import hre from "hardhat";
import { setBalance } from "../../src/chain/devChain";
import { SAFE } from "../../src/foreign/abis";
import { artifactsOf } from "../../tasks/support/artifacts";
import { expectError } from "../helpers/expectError";
import { answersOf, checkOf, openForeignWorld, type ForeignWorld } from "../helpers/foreignWorld";

const TOKEN = new Interface(["function transfer(address,uint256)"]);
/** What a Safe's list of owners begins with. */
const SENTINEL = "0x0000000000000000000000000000000000000001";
const SETUP = new Interface(["function setup(address[],uint256,address,bytes,address,address,uint256,address)"]);

function published(path: string): { abi: InterfaceAbi; bytecode: string } {
  const file = require.resolve(`safe-141/build/artifacts/contracts/${path}.json`);
  return JSON.parse(readFileSync(file, "utf8")) as { abi: []; bytecode: string };
}

/** Safe 1.4.1 with the code it was published with. */
describe("rehearsal of a batch of a Safe, on a fork of the remote chain", () => {
  let world: ForeignWorld;
  let singleton: string;
  let factory: string;
  let multiSend: string;
  let safe: string;
  let above: string;

  const create = async (owners: readonly string[], threshold: number, salt: number) => {
    const args = [owners, threshold, ZeroAddress, "0x", ZeroAddress, ZeroAddress, 0, ZeroAddress];
    const { abi } = published("proxies/SafeProxyFactory.sol/SafeProxyFactory");
    const make = world.at(factory, abi).getFunction("createProxyWithNonce");
    const parameters = [singleton, SETUP.encodeFunctionData("setup", args), salt];
    const account = (await make.staticCall(...parameters)) as string;
    await (await make.send(...parameters)).wait();
    return account;
  };
  const transfer = (amount: bigint, isMade = true) => ({
    to: world.coin,
    value: "0",
    data: isMade ? null : TOKEN.encodeFunctionData("transfer", [world.treasury, amount]),
    contractMethod: {
      name: "transfer",
      payable: false,
      inputs: [
        { name: "to", type: "address", internalType: "address" },
        { name: "amount", type: "uint256", internalType: "uint256" },
      ],
    },
    contractInputsValues: isMade ? { to: world.treasury, amount: String(amount) } : null,
  });
  const batch = (transactions: unknown[], more: object = {}) =>
    world.write("batch.json", {
      version: "1.0",
      chainId: "42161",
      createdAt: 1_700_000_000_000,
      meta: { name: "Pay the treasury", description: "", txBuilderVersion: "1.18.2", createdFromSafeAddress: safe },
      transactions,
      ...more,
    });

  before(async () => {
    world = await openForeignWorld();
    const { users } = world.chain;
    singleton = await world.deployFrom(published("Safe.sol/Safe"));
    factory = await world.deployFrom(published("proxies/SafeProxyFactory.sol/SafeProxyFactory"));
    multiSend = await world.deployFrom(published("libraries/MultiSendCallOnly.sol/MultiSendCallOnly"));
    above = await create(users.slice(3, 6), 2, 1);
    safe = await create([above, users[0]!, users[1]!], 2, 2);
    await (await world.at(world.coin, TOKEN).getFunction("transfer")(safe, 100)).wait();
    await world.handOver(safe);
  });

  after(() => world.close());

  it("FGN-30 runs a batch by the owners' approvals, an owner that is a Safe by its own owners'", async () => {
    const upgrade = world.upgrade();
    const file = batch([{ to: upgrade.target, value: "0", data: upgrade.data }, transfer(5n)]);
    const report = await world.rehearse({ safe: file, multiSend });
    expect(report.failure).to.equal(undefined);
    expect(answersOf(report).filter((line) => / (fail|inconclusive)$/.test(line))).to.deep.equal([]);
    expect(report.governance).to.include({ kind: "Safe 1.4.1", account: safe, state: "new" });
    const { users } = world.chain;
    expect(report.steps.map(({ verb, account }) => `${verb} ${account}`)).to.deep.equal([
      `approve ${users[3]}`,
      `approve ${users[4]}`,
      `approve as a Safe ${report.steps[2]!.account}`,
      `approve ${users[0]}`,
      `execute the batch ${report.steps[2]!.account}`,
    ]);
    expect(report.negatives.map(({ name, isRefused }) => `${name}: ${isRefused}`)).to.deep.equal([
      "execute with too few approvals: true",
      "approve without being an owner: true",
      "execute a second time: true",
    ]);
    expect(report.stages[0]?.after[0]?.slots.implementation).to.equal(world.next);
    expect(report.flows).to.have.length(1);
    // The hashes that owners compare on their devices, those of the Safe above too.
    expect(report.governance?.identifiers.map(({ name }) => name)).to.include.members([
      "Safe transaction hash",
      "domain hash",
      "message hash",
      `approval by the Safe ${above}, nonce 0`,
    ]);
    expect(report.overrides.some(({ kind }) => kind === "time" || kind === "blocks")).to.equal(false);
  });

  it("FGN-31 fails where the Safe would delegate to what Safe has not published", async () => {
    const report = await world.rehearse({ safe: batch([transfer(5n), transfer(6n)]), multiSend: world.next });
    expect(checkOf(report, "integrity").status).to.equal("fail");
    expect(checkOf(report, "integrity").evidence[0]).to.contain(`delegate to ${world.next}`);
    expect(report.verdict).to.equal("fail");
  });

  it("FGN-32 counts approvals that are on chain, and runs what was executed from the block before", async () => {
    const { users, provider } = world.chain;
    const file = batch([transfer(7n, false)]);
    const contract = (account: string) => new Contract(safe, SAFE, new JsonRpcSigner(provider, account));
    const data = TOKEN.encodeFunctionData("transfer", [world.treasury, 7n]);
    const terms = [world.coin, 0, data, 0, 0, 0, 0, ZeroAddress, ZeroAddress];
    const hash = (await contract(users[0]!).getFunction("getTransactionHash")(...terms, 0)) as string;
    for (const owner of users.slice(0, 2)) await (await contract(owner).getFunction("approveHash")(hash)).wait();
    const proposed = await world.rehearse({ safe: file });
    expect(proposed.failure).to.equal(undefined);
    expect(proposed.governance).to.include({ state: "proposed", told: "2 of 2 approvals" });
    expect(proposed.steps.map(({ verb }) => verb)).to.deep.equal(["execute the batch"]);
    const sorted = users.slice(0, 2).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
    const signatures = `0x${sorted.map((owner) => `${owner.slice(2).padStart(64, "0")}${"0".repeat(64)}01`).join("")}`;
    const receipt = await (await contract(users[9]!).getFunction("execTransaction")(...terms, signatures)).wait();
    const executed = await world.rehearse({ safe: file, nonce: 0n });
    expect(executed.failure).to.equal(undefined);
    expect(executed.provenance.block).to.equal(receipt!.blockNumber - 1);
    expect(executed.governance).to.include({ state: "executed" });
    expect(checkOf(executed, "on-chain").status).to.equal("pass");
    // The same batch again is another transaction, and what that nonce was used for is known.
    await expectError(() => world.rehearse({ safe: batch([transfer(8n)]), nonce: 0n }), "GovernanceProposalUnknown", {
      found: "another transaction",
    });
  });

  it("FGN-33 refuses a batch for another chain, and one whose data is not what its method makes", async () => {
    const cases: [() => string, string][] = [
      [() => batch([transfer(5n)], { chainId: "1" }), "1"],
      [() => batch([{ ...transfer(5n), data: "0x12" }]), "0x12"],
      [() => batch([{ ...transfer(5n), contractInputsValues: { to: world.treasury } }]), "none"],
      [() => batch([{ ...transfer(5n), contractInputsValues: null }]), "neither"],
      [() => batch([{ ...transfer(5n), to: "0x12" }]), "an address"],
      [() => batch([]), ">=1"],
      [() => world.write("none.json", "{"), "JSON"],
    ];
    for (const [made, found] of cases) {
      await expectError(() => world.rehearse({ safe: made() }), "GovernanceInputInvalid", { found });
    }
  });

  it("FGN-34 names calls by the code that they reach, whatever the file calls what they pass on", async () => {
    const { users } = world.chain;
    const pay = new Interface(["function pay(address to, uint256 amount)"]);
    const inputs = [
      { name: "refundsNobody", type: "address" },
      { name: "nothing", type: "uint256" },
    ];
    const file = batch([
      {
        to: world.treasury,
        value: "0",
        data: pay.encodeFunctionData("pay", [users[9], 5]),
        contractMethod: { name: "pay", inputs, payable: false },
        contractInputsValues: { refundsNobody: users[9], nothing: "5" },
      },
    ]);
    const report = await world.rehearse({ safe: file });
    expect(report.failure).to.equal(undefined);
    const [call] = report.what.stages[0]!.calls;
    expect(call!.data.args.map(({ name }) => name)).to.deep.equal(["to", "amount"]);
    expect(checkOf(report, "value").status).to.equal("fail");
  });

  it("FGN-35 says that another number comes first, and runs nothing under one that it cannot have", async () => {
    const next = await world.at(safe, SAFE).getFunction("nonce")();
    const found = await expectError(
      () => world.rehearse({ safe: batch([transfer(5n)]), nonce: (next as bigint) + 2n }),
      "GovernanceProposalDead",
      { found: "2 transactions come before it" },
    );
    expect(found.facts.expected).to.include(String(next));
  });

  it("FGN-36 warns of owners whom the calls add, and fails where a module adds one and no call says so", async () => {
    const { users, provider } = world.chain;
    const own = new Interface([
      "function addOwnerWithThreshold(address owner, uint256 threshold)",
      "function enableModule(address module)",
      "function execTransactionFromModule(address to, uint256 value, bytes data, uint8 operation)",
    ]);
    const call = (to: string, data: string) => ({
      to,
      value: "0",
      data,
      contractMethod: null,
      contractInputsValues: null,
    });
    const admit = own.encodeFunctionData("addOwnerWithThreshold", [users[9], 1]);
    const stated = await world.rehearse({ safe: batch([call(safe, admit)]) });
    expect(stated.failure).to.equal(undefined);
    const { status, evidence } = checkOf(stated, "governance");
    expect(status).to.equal("warn");
    expect(evidence.join()).to.include(users[9]).and.to.include("getThreshold: 2, then 1");
    const module = await world.deploy("Puppet__MockForRouter");
    await provider.send("hardhat_impersonateAccount", [safe]);
    await setBalance(provider, safe, 10n ** 18n);
    await (await world.at(safe, own, safe).getFunction("enableModule")(module)).wait();
    const step = {
      target: safe,
      value: 0,
      data: own.encodeFunctionData("execTransactionFromModule", [safe, 0, admit, 0]),
      isStatic: false,
      isCaught: false,
      gas: 0,
    };
    const { abi } = await artifactsOf(hre).read("Puppet__MockForRouter");
    const hidden = new Interface(abi).encodeFunctionData("run", [[step]]);
    const silent = await world.rehearse({ safe: batch([call(module, hidden)]) });
    expect(silent.failure).to.equal(undefined);
    const rules = checkOf(silent, "governance");
    expect([rules.status, rules.evidence[0]].join()).to.include("fail").and.to.include(`no call goes to ${safe}`);
  });

  it("FGN-37 refuses what is no Safe, and Safes that own each other", async () => {
    const { users, provider } = world.chain;
    await expectError(() => world.rehearse({ safe: batch([transfer(5n)]), from: world.coin }), "GovernanceUnknown", {
      found: "another contract",
    });
    await expectError(() => world.rehearse({ safe: batch([transfer(5n)]), from: users[50] }), "GovernanceUnknown", {
      found: "no code there",
    });
    const one = await create([users[10]!], 1, 3);
    const two = await create([one], 1, 4);
    const swap = new Interface(["function swapOwner(address,address,address)"]);
    await provider.send("hardhat_impersonateAccount", [one]);
    await setBalance(provider, one, 10n ** 18n);
    await (await world.at(one, swap, one).getFunction("swapOwner")(SENTINEL, users[10], two)).wait();
    const report = await world.rehearse({ safe: batch([transfer(0n)]), from: one });
    expect(report.failure).to.include({ error: "GovernanceInputInvalid" });
    expect(checkOf(report, "lifecycle").evidence.join()).to.include("a circle of them");
    expect(report.verdict).to.equal("fail");
  });
});
