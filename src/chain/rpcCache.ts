import { appendFile, mkdir, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface RelayOptions {
  /** Endpoint of the remote chain. */
  url: string;
  /** Folder of what was answered before; several processes may share it. Without one, nothing outlives the relay. */
  folder?: string;
  chainId: bigint;
  /** Block that is forked at: what is at it or before it cannot change while it has this hash. */
  block: number;
  blockHash: string;
  /** How often a request is tried where the endpoint cannot be reached; 5 unless stated. */
  attempts?: number;
  /** Milliseconds before the second try; twice as many before each that follows. 250 unless stated. */
  backoff?: number;
}

/** What a fork asked for, and what of it the remote was asked for. */
export interface RequestCounts {
  total: number;
  /** Answered without the remote. */
  cached: number;
  /** All of them by method. */
  byMethod: Record<string, number>;
  /** What went to the remote, by method; more than the rest of the total where the relay itself asked. */
  forwarded: Record<string, number>;
}

/** Stands between a fork and its remote, on this machine only. */
export interface RpcRelay {
  url: string;
  requests(): RequestCounts;
  /** Writes what is not written yet, and stops. */
  close(): Promise<void>;
}

interface Request {
  id?: unknown;
  method: string;
  params?: unknown;
}

interface Answer {
  result?: unknown;
  error?: unknown;
}

/** Lines that are kept back before they are written. */
const BATCH = 512;
const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Starts a relay that keeps what a pinned block's chain can never answer otherwise. */
export async function startRelay(options: RelayOptions): Promise<RpcRelay> {
  const relay = new Relay(options);
  await relay.load();
  const server = createServer((request, response) => void relay.serve(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => relay.counts(),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await relay.settle();
    },
  };
}

/** File of a block's answers: another hash at the same number is another file. */
export function cacheFile(folder: string, { chainId, block, blockHash }: RelayOptions): string {
  return join(folder, `${chainId}-${block}-${blockHash.toLowerCase()}.jsonl`);
}

class Relay {
  private readonly kept = new Map<string, unknown>();
  private readonly pending = new Map<string, Promise<Answer>>();
  private unwritten: string[] = [];
  private flushing: Promise<void> = Promise.resolve();
  private readonly asked: Record<string, number> = {};
  private readonly forwarded: Record<string, number> = {};
  private cached = 0;

  constructor(private readonly options: RelayOptions) {}

  counts(): RequestCounts {
    const total = Object.values(this.asked).reduce((sum, count) => sum + count, 0);
    return { total, cached: this.cached, byMethod: sorted(this.asked), forwarded: sorted(this.forwarded) };
  }

  async load(): Promise<void> {
    if (this.options.folder === undefined) return;
    await mkdir(this.options.folder, { recursive: true });
    for (const line of (await textOf(cacheFile(this.options.folder, this.options))).split("\n")) {
      const entry = parse(line);
      if (entry !== undefined) this.kept.set(entry[0], entry[1]);
    }
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = JSON.parse(await read(request)) as Request | Request[];
      const answers = await this.all(Array.isArray(body) ? body : [body]);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(Array.isArray(body) ? answers : answers[0]));
    } catch (thrown) {
      response.statusCode = 400;
      response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32700, message: String(thrown) } }));
    }
  }

  /** Appends new answers, if the remote still has the pinned block: what came after a reorganisation is of another chain. */
  flush(): Promise<void> {
    return (this.flushing = this.flushing.then(() => this.write()));
  }

  /** Waits for what is on its way, whoever asked for it and left, and writes it. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.pending.values());
    await this.flush();
  }

  private async write(): Promise<void> {
    const { folder, block, blockHash } = this.options;
    if (folder === undefined || this.unwritten.length === 0) return;
    const lines = this.unwritten;
    this.unwritten = [];
    const asked = { method: "eth_getBlockByNumber", params: [`0x${block.toString(16)}`, false] };
    const [now] = await this.forward([asked]);
    const hash = (now?.result as { hash?: string } | null | undefined)?.hash;
    if (hash?.toLowerCase() !== blockHash.toLowerCase()) return;
    // A line that another process left torn must not swallow the first of these.
    await appendFile(cacheFile(folder, this.options), `\n${lines.join("\n")}\n`);
  }

  private async all(requests: readonly Request[]): Promise<object[]> {
    const missing: { request: Request; key?: string; settle: (answer: Answer) => void }[] = [];
    const answers = requests.map((request): Promise<Answer> => {
      this.asked[request.method] = (this.asked[request.method] ?? 0) + 1;
      if (DENIED.has(request.method)) {
        ++this.cached;
        return Promise.resolve({ error: { code: -32_601, message: `${request.method} is not asked here` } });
      }
      const key = this.keyOf(request);
      if (key !== undefined && this.kept.has(key)) {
        ++this.cached;
        return Promise.resolve({ result: this.kept.get(key) });
      }
      const known = key === undefined ? undefined : this.pending.get(key);
      if (known !== undefined) {
        ++this.cached;
        return known;
      }
      const answer = new Promise<Answer>((settle) => missing.push({ request, key, settle }));
      if (key !== undefined) this.pending.set(key, answer);
      return answer;
    });
    if (missing.length > 0) {
      const found = await this.forward(missing.map(({ request }) => request));
      missing.forEach(({ request, key, settle }, index) => {
        const answer = found[index]!;
        if (key !== undefined) {
          this.keep(key, request.method, answer);
          this.pending.delete(key);
        }
        settle(answer);
      });
    }
    const done = await Promise.all(answers);
    return done.map((answer, index) => ({ jsonrpc: "2.0", id: requests[index]!.id ?? null, ...answer }));
  }

  private keep(key: string, method: string, { result, error }: Answer): void {
    if (error !== undefined || result === null || result === undefined) return;
    if (BY_HASH.has(method) && !(blockOf(result) <= this.options.block)) return;
    this.kept.set(key, result);
    this.unwritten.push(JSON.stringify([key, result]));
    if (this.unwritten.length >= BATCH) void this.flush();
  }

  /** Under which an answer is kept; undefined where it may be another one tomorrow. */
  private keyOf({ method, params = [] }: Request): string | undefined {
    if (!Array.isArray(params)) return undefined;
    const at = BLOCK_ARGUMENT[method];
    const isFixed =
      CONSTANT.has(method) ||
      BY_HASH.has(method) ||
      (at !== undefined && this.isPast(params[at] as unknown)) ||
      (method === "eth_getLogs" && this.isPastRange(params[0]));
    return isFixed ? JSON.stringify([method, params]).toLowerCase() : undefined;
  }

  /** Whether a block is the pinned one or before it. Names of blocks ("latest", "safe") are not numbers. */
  private isPast(tag: unknown): boolean {
    const { block, blockHash } = this.options;
    if (typeof tag === "object" && tag !== null) {
      const { blockNumber, blockHash: hash } = tag as { blockNumber?: unknown; blockHash?: unknown };
      return hash === undefined ? this.isPast(blockNumber) : String(hash).toLowerCase() === blockHash.toLowerCase();
    }
    return typeof tag === "string" && /^0x[0-9a-f]{1,12}$/i.test(tag) && Number(tag) <= block;
  }

  /** Whether logs are asked for of blocks that are all mined; of one block by its hash they are too, if it is there. */
  private isPastRange(filter: unknown): boolean {
    const { fromBlock, toBlock } = (filter ?? {}) as { fromBlock?: unknown; toBlock?: unknown };
    return typeof toBlock === "string" && this.isPast(toBlock) && (fromBlock === undefined || this.isPast(fromBlock));
  }

  /** Asks the remote; what cannot be reached is tried again, and then says so to each that asked. */
  private async forward(requests: readonly Request[]): Promise<Answer[]> {
    for (const { method } of requests) this.forwarded[method] = (this.forwarded[method] ?? 0) + 1;
    const calls = requests.map(({ method, params = [] }, id) => ({ jsonrpc: "2.0", id, method, params }));
    const body = JSON.stringify(calls.length === 1 ? calls[0] : calls);
    const { attempts = 5, backoff = 250 } = this.options;
    // What is sent may have been taken although no answer came.
    const tries = requests.some(({ method }) => method.startsWith("eth_send")) ? 1 : attempts;
    let fault = "";
    for (let attempt = 0; attempt < tries; ++attempt) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, backoff * 2 ** (attempt - 1)));
      try {
        const headers = { "content-type": "application/json" };
        const response = await fetch(this.options.url, { method: "POST", headers, body });
        if (BUSY.has(response.status)) {
          fault = `HTTP ${response.status}`;
          continue;
        }
        return matched(await response.json(), calls.length);
      } catch (thrown) {
        fault = causeOf(thrown);
      }
    }
    const message = `the remote endpoint at ${new URL(this.options.url).host} gave no answer in ${tries} tries: ${fault}`;
    return requests.map(() => ({ error: { code: -32_000, message } }));
  }
}

const CONSTANT: ReadonlySet<string> = new Set(["eth_chainId", "net_version"]);
/** Anvil asks for an account in one request or in three, whichever answered faster the first time; in three every answer is kept. */
const DENIED: ReadonlySet<string> = new Set(["eth_getAccountInfo"]);
/** Fixed once it is mined at the pinned block or before. */
const BY_HASH: ReadonlySet<string> = new Set([
  "eth_getBlockByHash",
  "eth_getTransactionByHash",
  "eth_getTransactionReceipt",
]);
/** Where the block stands among the arguments. */
const BLOCK_ARGUMENT: Readonly<Record<string, number>> = {
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getTransactionCount: 1,
  eth_getStorageAt: 2,
  eth_getProof: 2,
  eth_getBlockByNumber: 0,
  eth_getBlockReceipts: 0,
  eth_getBlockTransactionCountByNumber: 0,
};

/** Number of the block that a block, transaction or receipt is or lies in; not a number while it is not mined. */
function blockOf(result: unknown): number {
  const { number, blockNumber } = result as { number?: string | null; blockNumber?: string | null };
  const found = blockNumber ?? number;
  return typeof found === "string" ? Number(found) : NaN;
}

/** Answers in the order of the requests. */
function matched(answer: unknown, count: number): Answer[] {
  const list = (Array.isArray(answer) ? answer : Array<unknown>(count).fill(answer)) as (Answer & { id?: unknown })[];
  return Array.from({ length: count }, (_, id) => {
    const { result, error } = (Array.isArray(answer) ? list.find((one) => one.id === id) : list[id]) ?? {};
    if (error !== undefined && error !== null) return { error };
    return result === undefined
      ? { error: { code: -32_000, message: "the remote endpoint left this out" } }
      : { result };
  });
}

function parse(line: string): [string, unknown] | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string"
      ? [entry[0], entry[1]]
      : undefined;
  } catch {
    return undefined;
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw thrown;
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function causeOf(thrown: unknown): string {
  const { message, cause } = thrown as { message?: string; cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message ?? String(thrown);
}

function sorted(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
