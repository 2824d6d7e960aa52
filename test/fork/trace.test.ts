import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import {
  ContractFactory,
  dataLength,
  getAddress,
  Interface,
  JsonRpcProvider,
  keccak256,
  toBeHex,
  toQuantity,
  ZeroAddress,
} from "ethers";
import { startAnvil } from "../../src/chain/anvil";
import { devProvider, impersonate, mine, setCode, type DevProvider } from "../../src/chain/devChain";
import { SLOTS } from "../../src/chain/erc1967";
import type { LocalNode } from "../../src/chain/localNode";
import { openAnvilFork, type Fork } from "../../src/simulate/openFork";
import { traceByStructLogs, type StructLog } from "../../src/trace/traceByStructLogs";
import { FAULTS, walk, type TracedCall, type TransactionTrace } from "../../src/trace/types";
import { openHardhatFork } from "../../tasks/support/openHardhatFork";
import { compile, type Compiled } from "../helpers/compile";

const ROOT = join(__dirname, "../..");
const SENDER = "0x00000000000000000000000000000000000a11ce";
const HEIR = "0x000000000000000000000000000000000000beef";
const SOURCE = "Hard.sol";

/** Code that fails in one way, with the way; `isStatic`: when it is called so. */
const FAILING: [code: string, fault: string, isStatic?: true][] = [
  ["5b5f56", FAULTS.gas],
  ["63ffffffff51", FAULTS.gas],
  ["60ff63ffffffff5ffd", FAULTS.gas],
  ["60ff63fffffffffd", FAULTS.gas],
  ["6001630ffffffff3", FAULTS.gas],
  ["63ffffffff5f20", FAULTS.gas],
  ["5f6001556001600255600160035560016004556001600555", FAULTS.gas],
  ["fe", FAULTS.opcode],
  ["0c", FAULTS.opcode],
  ["600356", FAULTS.jump],
  ["6001600357", FAULTS.jump],
  ["01", FAULTS.underflow],
  ["5f5ff1", FAULTS.underflow],
  ["5b5f5f56", FAULTS.overflow],
  ["60015f5f3e", FAULTS.returnData],
  ["5f5f55", FAULTS.isStatic, true],
  ["5f5f5d", FAULTS.isStatic, true],
  ["5f5fa0", FAULTS.isStatic, true],
  ["5f5f5ff0", FAULTS.isStatic, true],
  ["5fff", FAULTS.isStatic, true],
  ["5f5f5f5f6001305af1", FAULTS.isStatic, true],
  ["5f5ffd", FAULTS.reverted],
];

/** Code that goes on after what failed, or was odd, one frame below. */
const ODD: Record<string, string> = {
  "a creation that returns 0xEF": "6760ef5f5360015ff35f52600860185ff0",
  "a creation that returns too much": "6461800" + "05ff35f526005601b5ff0",
  "a creation that reverts": "645f5ffd00005f526005601b5ff0",
  "a creation without ether for it": "5f5f6001f0",
  "a creation of nothing": "5f5f5f5ff5",
  "a call without ether for it": "5f5f5f5f6001305af1",
  "CALLCODE of a precompile": "5f5f5f5f5f60045af2",
  "a pairing that fails": "5f5f60015f60085afa",
  "an account that destroys itself in its own favour": "30ff",
  "KECCAK256 of memory that nothing wrote": "60406104005f205060405f20",
  "memory moved over itself": "60ff5f5260205f60105e5f516020526020601060405e60605f20",
};

describe("trace > the same transaction on two engines", function () {
  this.timeout(240_000);
  let remote: LocalNode;
  let anvil: Fork;
  let hardhat: Fork;
  let contracts: Record<string, Compiled>;
  let hard: Interface;
  let child: Interface;

  before(async () => {
    const source = readFileSync(join(__dirname, "../fixtures/trace/Hard.sol"), "utf8");
    contracts = compile({ [SOURCE]: source }).contracts[SOURCE]!;
    hard = new Interface(contracts["Hard"]!.abi);
    child = new Interface(contracts["Child"]!.abi);
    remote = await startAnvil({ root: ROOT, chainId: 4242 });
    const provider = devProvider(remote.url);
    await mine(provider, 3);
    provider.destroy();
    [anvil, hardhat] = await Promise.all([
      openAnvilFork({ url: remote.url, root: ROOT }),
      openHardhatFork({ url: remote.url, root: ROOT }),
    ]);
    // Hardhat's fork mined a block to begin with.
    await mine(anvil.provider);
    for (const { provider: fork } of [anvil, hardhat]) await impersonate(fork, SENDER);
  });

  after(async () => {
    await Promise.all([anvil?.close(), hardhat?.close()]);
    await remote?.stop();
  });

  interface Tx {
    to?: string;
    data?: string;
    value?: bigint;
    gas?: bigint;
    from?: string;
  }

  /** Sends a transaction, whether or not it will fail, and says its hash. */
  async function send({ provider }: Fork, { to, data = "0x", value = 0n, gas = 4_000_000n, from = SENDER }: Tx) {
    const tx = { from, to, data, value: toQuantity(value), gas: toQuantity(gas) };
    await provider.send("eth_sendTransaction", [tx]).catch((error: { message?: string }) => {
      // Hardhat's node mines what fails, and then complains of it.
      if (!/revert|out of gas|invalid|Transaction/i.test(String(error.message))) throw error;
    });
    const block = (await provider.send("eth_getBlockByNumber", ["latest", false])) as { transactions: string[] };
    return block.transactions[0]!;
  }

  /** One transaction on both; the traces must be one. */
  async function both(tx: Tx): Promise<TransactionTrace> {
    const [a, b] = await Promise.all(
      [anvil, hardhat].map(async (fork) => {
        const { preimages, ...trace } = await fork.trace(await send(fork, tx));
        return { ...trace, hash: "", hashed: await preimages() };
      }),
    );
    expect(b).to.deep.equal(a);
    const { hashed, ...trace } = a!;
    for (const [hash, data] of hashed) expect(keccak256(data)).to.equal(hash);
    return { ...trace, preimages: () => Promise.resolve(hashed) };
  }

  async function deploy(name: string, args: unknown[] = [], value = 0n): Promise<string> {
    const { abi, evm } = contracts[name]!;
    const { data } = await new ContractFactory(abi, evm.bytecode.object).getDeployTransaction(...args);
    return (await both({ data, value })).root.to;
  }

  const kinds = (root: TracedCall) =>
    [...walk(root)].map(
      ({ call, depth }) => `${depth} ${call.type}${call.error === undefined ? "" : `: ${call.error}`}`,
    );

  it("TRC-01 nested delegatecalls: the account that owns the storage is the one that is written", async () => {
    const [one, other, target] = [
      await deploy("Child", [1, false]),
      await deploy("Child", [2, false]),
      await deploy("Hard"),
    ];
    const trace = await both({ to: target, data: hard.encodeFunctionData("delegates", [one, other]), value: 3n });
    expect(kinds(trace.root)).to.deep.equal(["0 CALL", "1 DELEGATECALL", "2 DELEGATECALL"]);
    expect(trace.writes).to.deep.equal([
      { account: target, slot: toBeHex(0, 32), before: toBeHex(0, 32), after: toBeHex(42, 32) },
    ]);
    const [inner] = trace.root.calls[0]!.calls;
    expect([inner!.from, inner!.to, inner!.value]).to.deep.equal([target, other, 0n]);
    expect(inner!.logs.map(({ address }) => address)).to.deep.equal([target]);
  });

  it("TRC-02 what a reverted frame wrote and logged is not there, at whatever depth", async () => {
    const [one, target] = [await deploy("Child", [1, false]), await deploy("Hard")];
    const trace = await both({ to: target, data: hard.encodeFunctionData("tries", [one]), value: 9n });
    expect(kinds(trace.root)).to.deep.equal([
      "0 CALL",
      `1 CALL: ${FAULTS.reverted}`,
      "2 CALL",
      `1 CALL: ${FAULTS.reverted}`,
      "2 CALL",
      "2 DELEGATECALL",
      "1 CALL",
    ]);
    const logs = [...walk(trace.root)].flatMap(({ call }) => call.logs);
    expect(logs).to.have.length(1);
    expect(trace.writes.map(({ account, slot, after }) => [account, BigInt(slot), BigInt(after)])).to.have.deep.members(
      [
        [one, 0n, 2n],
        [target, 3n, 2n],
      ],
    );
    expect(trace.root.calls[2]!.value).to.equal(9n);
  });

  it("TRC-03 creations: by CREATE2, onto a taken address, with a constructor that fails, of nothing", async () => {
    const target = await deploy("Hard");
    const trace = await both({ to: target, data: hard.encodeFunctionData("creates", [1]), value: 10n });
    expect(kinds(trace.root)).to.deep.equal([
      "0 CALL",
      "1 CREATE2",
      "1 CALL",
      `1 CREATE: ${FAULTS.reverted}`,
      "2 CALL",
      `1 CREATE2: ${FAULTS.reverted}`,
      "2 CALL",
      "1 CREATE",
      "1 CREATE",
      `1 CREATE2: ${FAULTS.taken}`,
    ]);
    const made = trace.root.calls[0]!;
    expect([made.value, made.input.length > made.output.length, made.to !== ZeroAddress]).to.deep.equal([
      2n,
      true,
      true,
    ]);
    // Inside a constructor that failed, its address was real.
    expect(trace.root.calls[2]!.to).to.equal(ZeroAddress);
    expect(trace.root.calls[2]!.calls[0]!.from).to.not.equal(ZeroAddress);
  });

  it("TRC-04 selfdestruct: of what was just created all goes, of what was there only the balance; and back where it was reverted", async () => {
    const [old, target] = [await deploy("Child", [1, false], 30n), await deploy("Hard")];
    const data = hard.encodeFunctionData("destroys", [old, HEIR]);
    const trace = await both({ to: target, data, value: 20n });
    const ends = [...walk(trace.root)].filter(({ call }) => call.type === "SELFDESTRUCT").map(({ call }) => call);
    expect(ends.map(({ from, to, value }) => [from === to ? "itself" : to, value])).to.deep.equal([
      [getAddress(HEIR), 5n],
      [getAddress(HEIR), 30n],
      ["itself", 5n],
      [getAddress(HEIR), 1n],
    ]);
    expect(trace.writes).to.deep.equal([
      { account: old, slot: toBeHex(0, 32), before: toBeHex(1, 32), after: toBeHex(7, 32) },
    ]);
  });

  it("TRC-05 mappings of mappings and of strings, arrays; transient storage and what ends as it began are no writes", async () => {
    const target = await deploy("Hard");
    const trace = await both({
      to: target,
      data: hard.encodeFunctionData("maps", [SENDER, "a name longer than thirty-two bytes, as names are"]),
    });
    expect(trace.writes).to.have.length(6);
    const sizes = [...(await trace.preimages()).values()].map(dataLength).sort((a, b) => a - b);
    expect(sizes).to.include.members([32, 64, 81]);
  });

  it("TRC-06 precompiles: what they answer is what the code went on with, and what it cost; one that fails, one without ether", async () => {
    const target = await deploy("Hard");
    await both({ to: target, value: 5n });
    const trace = await both({ to: target, data: hard.encodeFunctionData("precompiles", ["0x0102030405"]) });
    expect(
      trace.root.calls.map(({ to, error }) => `${BigInt(to)}${error === undefined ? "" : `: ${error}`}`),
    ).to.deep.equal([
      "2",
      "3",
      "1",
      "4",
      "5",
      "6",
      "7: precompile failed",
      "8: precompile failed",
      "1: precompile failed",
      "2",
      "2: insufficient balance",
    ]);
    expect(await both({ to: toBeHex(2, 20), data: "0x01" })).to.deep.include({ writes: [] });
    expect(await both({ to: HEIR, value: 1n })).to.deep.include({ writes: [] });
  });

  it("TRC-07 gas: a frame that starves, recursion through 63/64, and frames that run out wherever they are", async () => {
    const target = await deploy("Hard");
    const fails = await both({ to: target, data: hard.encodeFunctionData("starve", [3_000]) });
    expect(fails.root.calls[0]!.error).to.equal(FAULTS.gas);
    await both({ to: target, data: hard.encodeFunctionData("deep", [20]), gas: 1_000_000n });
    const starved = await both({ to: target, data: hard.encodeFunctionData("deep", [200]), gas: 120_000n });
    expect(starved.root.error).to.not.equal(undefined);
    expect(starved.writes).to.deep.equal([]);
    const drained = await both({ to: target, data: hard.encodeFunctionData("drains", [14]), gas: 12_000_000n });
    expect(new Set(drained.root.calls.map(({ error }) => error))).to.deep.equal(new Set([FAULTS.gas, undefined]));
  });

  it("TRC-08 code and data that are copied: EXTCODECOPY, CODECOPY, MCOPY, ether refused and sent", async () => {
    const [target, one] = [await deploy("Hard"), await deploy("Child", [1, false])];
    await both({ to: target, data: hard.encodeFunctionData("copies", [one, `0x${"ab".repeat(77)}`]) });
    const paid = await both({ to: target, data: hard.encodeFunctionData("pays", [HEIR]), value: 7n });
    expect(paid.root.calls.map(({ value, error }) => [value, error])).to.deep.equal([
      [1n, undefined],
      [10n ** 18n, FAULTS.balance],
    ]);
  });

  it("TRC-09 an upgrade through a proxy with its initialiser", async () => {
    const [first, second] = [await deploy("Logic"), await deploy("Logic")];
    const proxy = await deploy("Proxy", [first]);
    const logic = new Interface(contracts["Logic"]!.abi);
    await both({ to: proxy, data: logic.encodeFunctionData("begin", [5]) });
    const init = logic.encodeFunctionData("begin", [6]);
    const data = new Interface(contracts["Proxy"]!.abi).encodeFunctionData("upgradeToAndCall", [second, init]);
    const trace = await both({ to: proxy, data });
    expect(kinds(trace.root)).to.deep.equal(["0 CALL", "1 DELEGATECALL"]);
    expect(new Set(trace.writes.map(({ account }) => account))).to.deep.equal(new Set([proxy]));
    expect(trace.writes.map(({ slot }) => slot)).to.include(SLOTS.implementation);
  });

  it("TRC-10 each way to fail has one name, and what is odd one tree", async () => {
    const put = async (code: string, at: number) => {
      const account = toBeHex(0xc0de0000 + at, 20);
      await Promise.all([anvil, hardhat].map((fork) => setCode(fork.provider, account, `0x${code}`)));
      return account.slice(2);
    };
    const callees: string[] = [];
    const all = [...FAILING, ...Object.values(ODD).map((code): [string, string?, true?] => [code])];
    for (const [code] of all) callees.push(await put(code, callees.length));
    const calls = all.map(([, , isStatic], i) =>
      isStatic ? `5f5f5f5f73${callees[i]}61ea60fa50` : `5f5f5f5f5f73${callees[i]}61ea60f150`,
    );
    const caller = `0x${await put(`${calls.join("")}00`, callees.length)}`;
    const { root } = await both({ to: caller });
    expect(root.calls.map(({ error }) => error)).to.deep.equal(all.map(([, fault]) => fault));
    for (const [code, fault] of [FAILING[0]!, FAILING[7]!, FAILING[21]!]) {
      const callee = callees[FAILING.findIndex(([other]) => other === code)];
      expect((await both({ to: `0x${callee}`, gas: 100_000n })).root.error).to.equal(fault);
    }
  });

  it("TRC-11 of several transactions in one block, each begins where the one before it ended", async () => {
    const target = await deploy("Hard");
    const old = await deploy("Child", [1, false]);
    const calls = [
      { to: target, data: hard.encodeFunctionData("creates", [7]), value: 40n },
      { to: old, data: child.encodeFunctionData("set", [5]), value: 3n },
      { to: target, data: hard.encodeFunctionData("destroys", [old, HEIR]) },
      { to: old, data: child.encodeFunctionData("set", [8]) },
    ];
    const traces = await Promise.all(
      [anvil, hardhat].map(async (fork) => {
        await fork.provider.send("evm_setAutomine", [false]);
        for (const { to, data, value = 0n } of calls) {
          const tx = { from: SENDER, to, data, value: toQuantity(value), gas: toQuantity(3_000_000n) };
          await new JsonRpcProvider(fork.url, undefined, { batchMaxCount: 1 }).send("eth_sendTransaction", [tx]);
        }
        await mine(fork.provider);
        await fork.provider.send("evm_setAutomine", [true]);
        const block = (await fork.provider.send("eth_getBlockByNumber", ["latest", false])) as {
          transactions: string[];
        };
        const found: (Omit<TransactionTrace, "preimages"> & { hashed: ReadonlyMap<string, string> })[] = [];
        for (const hash of block.transactions) {
          const { preimages, ...trace } = await fork.trace(hash);
          found.push({ ...trace, hash: "", hashed: await preimages() });
        }
        return found;
      }),
    );
    expect(traces[0]).to.have.length(4);
    expect(traces[1]).to.deep.equal(traces[0]);
    const [, , destroyed, last] = traces[0]!;
    expect(
      [...walk(destroyed!.root)].find(({ call }) => call.from === old && call.type === "SELFDESTRUCT")?.call.value,
    ).to.equal(3n);
    expect(last!.writes.map(({ before, after }) => [BigInt(before), BigInt(after)])).to.deep.equal([[7n, 8n]]);
  });

  it("TRC-12 refuses to tell a trace that its steps do not bear out", async () => {
    const target = await deploy("Hard");
    const hash = await send(hardhat, { to: target, data: hard.encodeFunctionData("maps", [SENDER, "x"]) });
    const { provider } = hardhat;
    const lying = (change: (logs: StructLog[]) => void): DevProvider =>
      new Proxy(provider, {
        get: (on, key) =>
          key !== "send"
            ? Reflect.get(on, key)
            : async (method: string, params: unknown[]) => {
                const answer = (await on.send(method, params)) as { structLogs: StructLog[] };
                if (method === "debug_traceTransaction") change(answer.structLogs);
                return answer;
              },
      });
    const refused = async (change: (logs: StructLog[]) => void) => {
      try {
        await traceByStructLogs(lying(change), hash);
        return "not refused";
      } catch (thrown) {
        return (thrown as Error).message.replace(/.*: /, "");
      }
    };
    const first = (logs: StructLog[], op: string) => logs.findIndex((log) => log.op === op);
    expect(await refused((logs) => logs.splice(first(logs, "MSTORE"), 1))).to.equal("memory differs");
    expect(await refused((logs) => (logs[first(logs, "KECCAK256") + 1]!.stack![0] += "0"))).to.equal("not refused");
    expect(await refused((logs) => logs[first(logs, "KECCAK256") + 1]!.stack!.push("00"))).to.equal("memory differs");
    expect(await refused((logs) => logs.slice(50).forEach((log) => ++log.depth))).to.match(
      /^a frame that \w+ opened differs$/,
    );
  });
});
