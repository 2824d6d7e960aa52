import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { toBeHex, type JsonRpcProvider } from "ethers";
import { startAnvil } from "../../src/chain/anvil";
import { devProvider, mine, setCode } from "../../src/chain/devChain";
import type { LocalNode } from "../../src/chain/localNode";
import { cacheFile, startRelay, type RpcRelay } from "../../src/chain/rpcCache";
import { openAnvilFork, type Fork, type OpenFork } from "../../src/simulate/openFork";
import { openHardhatFork } from "../../tasks/support/openHardhatFork";

const ROOT = join(__dirname, "../..");
const CODE = "0x00000000000000000000000000000000000c0de1";
const NOBODY = "0x00000000000000000000000000000000000000aa";

const HISTORY =
  /^\["eth_get(storageat|code|balance|transactioncount|proof|transactionbyhash|transactionreceipt|blockbyhash)"/;

/** A remote that notes what it is asked for, and fails as often as it is told to. */
class Remote {
  readonly methods: string[] = [];
  /** Methods with their arguments. */
  readonly asked: string[] = [];
  failures = 0;
  status = 0;
  private server!: Server;

  constructor(private readonly target: string) {}

  async start(): Promise<this> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        if (this.failures-- > 0) {
          if (this.status === 0) return void request.socket.destroy();
          response.statusCode = this.status;
          return void response.end("busy");
        }
        const asked = [JSON.parse(body) as { method: string; params: unknown }].flat();
        this.methods.push(...asked.map(({ method }) => method));
        this.asked.push(...asked.map(({ method, params }) => JSON.stringify([method, params]).toLowerCase()));
        void fetch(this.target, { method: "POST", headers: { "content-type": "application/json" }, body })
          .then((answer) => answer.text())
          .then((text) => response.end(text));
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

describe("rpcCache > a relay between a fork and its remote", function () {
  this.timeout(300_000);
  let node: LocalNode;
  let chain: JsonRpcProvider;
  let remote: Remote;
  let folder: string;
  let block: number;
  let blockHash: string;
  let hash: string;
  const relays: RpcRelay[] = [];

  before(async () => {
    node = await startAnvil({ root: ROOT, chainId: 4243 });
    chain = devProvider(node.url);
    // Answers with the word in its slot 0.
    await setCode(chain, CODE, "0x5f545f5260205ff3");
    await chain.send("anvil_setStorageAt", [CODE, toBeHex(0, 32), toBeHex(77, 32)]);
    const [from] = (await chain.send("eth_accounts", [])) as string[];
    hash = String(await chain.send("eth_sendTransaction", [{ from, to: CODE, value: "0x1" }]));
    await mine(chain, 2);
    block = await chain.getBlockNumber();
    blockHash = (await chain.getBlock(block))!.hash!;
    await mine(chain, 2);
    remote = await new Remote(node.url).start();
  });

  after(async () => {
    remote.stop();
    chain.destroy();
    await node.stop();
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-rpc-"));
    remote.methods.length = 0;
    remote.asked.length = 0;
  });

  afterEach(async () => {
    await Promise.all(relays.splice(0).map((relay) => relay.close()));
    rmSync(folder, { recursive: true });
  });

  const options = () => ({ url: remote.url, folder, chainId: 4243n, block, blockHash, backoff: 5 });

  async function open(more: object = {}): Promise<RpcRelay> {
    const relay = await startRelay({ ...options(), ...more });
    relays.push(relay);
    return relay;
  }

  async function ask(relay: RpcRelay, body: object): Promise<unknown> {
    const answer = await fetch(relay.url, { method: "POST", body: JSON.stringify(body) });
    return answer.json();
  }

  const one = async (relay: RpcRelay, method: string, ...params: unknown[]) =>
    (await ask(relay, { jsonrpc: "2.0", id: 7, method, params })) as {
      id: number;
      result?: unknown;
      error?: { message: string };
    };
  const at = (number: number) => `0x${number.toString(16)}`;

  for (const [name, openFork] of Object.entries({ anvil: openAnvilFork, hardhat: openHardhatFork })) {
    it(`TRC-30 a second fork of ${name} at the same block asks the remote for no history`, async () => {
      const use = async (from: OpenFork): Promise<Fork> => {
        const fork = await from({ url: remote.url, block, root: ROOT, cacheDir: folder });
        expect(await fork.provider.call({ to: CODE })).to.equal(toBeHex(77, 32));
        expect(await fork.provider.getBalance(CODE)).to.equal(1n);
        expect((await fork.provider.getTransaction(hash))?.hash).to.equal(hash);
        const found = fork.requests()!;
        expect(Object.values(found.byMethod).reduce((a, b) => a + b, 0)).to.equal(found.total);
        await fork.close();
        return fork;
      };
      const first = (await use(openFork)).requests()!;
      expect(first.total).to.be.greaterThan(3);
      expect(remote.methods).to.include("eth_getStorageAt");
      const before = new Set(remote.asked.splice(0));
      const second = (await use(openFork)).requests()!;
      // Which block it is, and what the chain's present is, is asked again; what was then is not. What anvil reads ahead
      // depends on its time.
      const again = remote.asked.filter((asked) => before.has(asked) && HISTORY.test(asked));
      expect(again).to.deep.equal([]);
      expect(remote.asked.filter((asked) => asked.startsWith('["eth_getstorageat"'))).to.deep.equal([]);
      expect(second.forwarded["eth_getBlockByNumber"] ?? 0).to.be.lessThanOrEqual(1);
      expect(second.cached).to.be.greaterThan(0);
    });
  }

  it("TRC-31 keeps what is at the pinned block or before it, by whichever way, and nothing that may change", async () => {
    const relay = await open();
    const twice = async (method: string, ...params: unknown[]) => {
      const before = remote.methods.length;
      const answers = [await one(relay, method, ...params), await one(relay, method, ...params)];
      expect(answers[1]).to.deep.equal(answers[0]);
      return remote.methods.length - before;
    };
    const slot = toBeHex(0, 32);
    for (const [method, ...params] of [
      ["eth_getStorageAt", CODE, slot, at(block)],
      ["eth_getStorageAt", CODE, slot, at(block - 1)],
      ["eth_getCode", CODE, { blockHash }],
      ["eth_getCode", NOBODY, at(block)],
      ["eth_getBalance", CODE, { blockNumber: at(block) }],
      ["eth_getTransactionCount", CODE, at(block)],
      ["eth_getProof", CODE, [slot], at(block)],
      ["eth_getBlockByNumber", at(block), true],
      ["eth_getBlockByHash", blockHash, false],
      ["eth_getTransactionByHash", hash],
      ["eth_getTransactionReceipt", hash],
      ["eth_chainId"],
    ] as [string, ...unknown[]][]) {
      expect(await twice(method, ...params), `${method} ${JSON.stringify(params)}`).to.equal(1);
    }
    for (const [method, ...params] of [
      ["eth_getStorageAt", CODE, slot, at(block + 1)],
      ["eth_getStorageAt", CODE, slot, "latest"],
      ["eth_getBalance", CODE, "safe"],
      ["eth_getBlockByNumber", "latest", false],
      ["eth_blockNumber"],
      ["eth_gasPrice"],
      // Of what is not there, it is not said that it will never be.
      ["eth_getTransactionReceipt", toBeHex(5, 32)],
      ["eth_getBlockByNumber", at(block + 1_000), false],
      ["eth_noSuchMethod"],
    ] as [string, ...unknown[]][]) {
      expect(await twice(method, ...params), `${method} ${JSON.stringify(params)}`).to.equal(2);
    }
    const later = (await chain.getBlock(block + 1))!.hash!;
    expect(await twice("eth_getBlockByHash", later, false)).to.equal(2);
  });

  it("TRC-32 answers batches in their order, and asks the remote for the same thing once", async () => {
    const relay = await open();
    const call = (id: number, method: string, ...params: unknown[]) => ({ jsonrpc: "2.0", id, method, params });
    const body = [
      call(3, "eth_getBalance", CODE, at(block)),
      call(1, "eth_noSuchMethod"),
      call(9, "eth_getBalance", CODE, at(block)),
      call(2, "eth_chainId"),
    ];
    const answers = (await ask(relay, body)) as { id: number; result?: string; error?: object }[];
    expect(answers.map(({ id, result }) => [id, result])).to.deep.equal([
      [3, "0x1"],
      [1, undefined],
      [9, "0x1"],
      [2, at(4243)],
    ]);
    expect(answers[1]!.error).to.not.equal(undefined);
    expect(remote.methods.sort()).to.deep.equal(["eth_chainId", "eth_getBalance", "eth_noSuchMethod"]);
    expect(relay.requests()).to.deep.include({
      total: 4,
      cached: 1,
      byMethod: { eth_chainId: 1, eth_getBalance: 2, eth_noSuchMethod: 1 },
    });
  });

  it("TRC-33 reads nothing of another hash at the same number, and writes nothing once the pinned block is gone", async () => {
    const first = await open();
    await one(first, "eth_getBalance", CODE, at(block));
    await first.close();
    const other = await open({ blockHash: toBeHex(1, 32) });
    remote.methods.length = 0;
    await one(other, "eth_getBalance", CODE, at(block));
    expect(remote.methods).to.deep.equal(["eth_getBalance"]);
    await other.close();
    // The remote's block has another hash than this relay was told: what it answered is of another chain.
    expect(readdirSync(folder)).to.deep.equal([`4243-${block}-${blockHash}.jsonl`]);
    const again = await open();
    remote.methods.length = 0;
    await one(again, "eth_getBalance", CODE, at(block));
    expect(remote.methods).to.deep.equal([]);
  });

  it("TRC-34 ignores a torn last line, and two relays that write at once lose nothing of each other", async () => {
    const first = await open();
    await one(first, "eth_getBalance", CODE, at(block));
    await first.close();
    const file = cacheFile(folder, options());
    truncateSync(file, readFileSync(file).length - 6);
    const torn = await open();
    remote.methods.length = 0;
    await one(torn, "eth_getBalance", CODE, at(block));
    expect(remote.methods).to.deep.equal(["eth_getBalance"]);
    await torn.close();
    appendFileSync(file, '["eth_get');
    const [left, right] = [await open(), await open()];
    for (let slot = 0; slot < 20; ++slot) {
      await Promise.all([
        one(left, "eth_getStorageAt", CODE, toBeHex(slot, 32), at(block)),
        one(right, "eth_getStorageAt", CODE, toBeHex(slot + 20, 32), at(block)),
      ]);
    }
    await Promise.all([left.close(), right.close()]);
    const all = await open();
    remote.methods.length = 0;
    await one(all, "eth_getBalance", CODE, at(block));
    for (let slot = 0; slot < 40; ++slot) await one(all, "eth_getStorageAt", CODE, toBeHex(slot, 32), at(block));
    expect(remote.methods).to.deep.equal([]);
  });

  it("TRC-35 tries again where the remote is not reached or busy, so often and no more, and keeps no error", async () => {
    const relay = await open({ attempts: 3 });
    for (const status of [0, 429, 503]) {
      Object.assign(remote, { failures: 2, status });
      expect((await one(relay, "eth_getBalance", NOBODY, at(block - (status % 2)))).result).to.equal("0x0");
    }
    Object.assign(remote, { failures: 3, status: 503 });
    const { error, id } = await one(relay, "eth_getCode", NOBODY, at(block));
    expect(id).to.equal(7);
    expect(error!.message).to.match(/^the remote endpoint at 127\.0\.0\.1:\d+ gave no answer in 3 tries: HTTP 503$/);
    expect((await one(relay, "eth_getCode", NOBODY, at(block))).result).to.equal("0x");
    // What is sent may have been taken.
    Object.assign(remote, { failures: 1, status: 0 });
    expect((await one(relay, "eth_sendRawTransaction", "0x")).error!.message).to.include("in 1 tries");
  });
});
