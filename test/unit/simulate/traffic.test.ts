import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { AbiCoder, id, Interface, toBeHex, zeroPadValue } from "ethers";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { Op } from "../../../src/plan/types";
import { RightKind, type Condition } from "../../../src/invariants/types";
import { compareRuns } from "../../../src/simulate/journeys/compareJourneys";
import { readJourneys } from "../../../src/simulate/journeys/readJourneys";
import type { Journey, JourneyRun, StepRun } from "../../../src/simulate/journeys/types";
import { CallMaker } from "../../../src/simulate/fuzz/callMaker";
import { Random } from "../../../src/simulate/fuzz/random";
import { shrink } from "../../../src/simulate/fuzz/shrink";
import { holds } from "../../../src/simulate/fuzz/watch";
import type { Fork } from "../../../src/simulate/openFork";
import { compareSent } from "../../../src/simulate/replay/compareSent";
import { quantilesOf } from "../../../src/simulate/replay/quantiles";
import { fileOf } from "../../../src/simulate/replay/readTransactions";
import { replay, type ReplayRequest } from "../../../src/simulate/replay/replay";
import type { Sent } from "../../../src/simulate/sendAs";
import { expectError } from "../../helpers/expectError";

const USER = "0x1111111111111111111111111111111111111111";
const OTHER = "0x2222222222222222222222222222222222222222";
const MODULE = "0x3333333333333333333333333333333333333333";
const ABI = new Interface([
  "function deposit(uint256 assets, address receiver) returns (uint256)",
  "function version() view returns (uint256)",
  "error LimitExceeded(uint256 assets, uint256 limit)",
]);
const TRANSFER = id("Transfer(address,address,uint256)");

const BOOK = { file: "addresses.json", addresses: {} };
const planText = (journeys: string) =>
  `title: a plan\nmodule: vault\nupgrade: { contract: contracts/examples/VaultV2.sol:VaultV2 }\n${journeys}`;
const load = (journeys: string) => parsePlanText(planText(journeys), "plan.yaml", BOOK);
const step = (more: string) => `journeys:\n  - name: in\n    as: "${USER}"\n    steps:\n      - { ${more} }\n`;

describe("rehearsal > journeys in a plan file", () => {
  it("DYN-07 reads who, what, what is expected, and puts the sender in the place of self", () => {
    const call = `call: "deposit(uint256,address)", args: [7, self], value: 2 gwei, expect: LimitExceeded, wait: 1h`;
    const text = `${step(call)}    tolerance: 0.5%\n`;
    const [journey] = readJourneys(load(text), MODULE, [ABI]) as [Journey];
    expect(journey).to.deep.include({ name: "in", users: [USER], tolerance: 50 });
    const [first] = journey.steps;
    expect(first).to.include({ target: MODULE, value: 2_000_000_000n, expect: "LimitExceeded", wait: 3_600n });
    expect(first!.dataFor(OTHER)).to.equal(ABI.encodeFunctionData("deposit", [7, OTHER]));
  });

  it("DYN-07 is no part of the plan's form that is voted on: a plan file without them reads the same", () => {
    const { journeys, ...rest } = load(step(`call: "deposit(uint256,address)", args: [7, self]`)).plan;
    expect(journeys).to.have.length(1);
    expect(rest).to.deep.equal(load("").plan);
  });

  it("DYN-08 names line and key of what does not fit", async () => {
    const fault = (text: string, where: string, error: "PlanFileInvalid" | "ArgumentInvalid" | "FunctionUnknown") =>
      expectError(() => readJourneys(load(text), MODULE, [ABI]), error, { where });
    await fault(step(`call: "deposit(uint256,address)", arguments: [7]`), "plan.yaml:8:", "PlanFileInvalid");
    await fault(step(`call: "deposit(uint256,address)", wait: soon`), "plan.yaml:8:", "PlanFileInvalid");
    await fault(step(`call: "deposit(uint256,address)", args: [7]`), "plan.yaml:8:", "ArgumentInvalid");
    await fault(step(`call: "deposit(uint256,address)", args: [seven, self]`), "plan.yaml:8:", "ArgumentInvalid");
    await fault(step("call: deposits"), "plan.yaml:8:", "FunctionUnknown");
    await fault(
      `journeys:\n  - { name: in, as: nobody, steps: [{ call: version }] }\n`,
      "plan.yaml:5:",
      "PlanFileInvalid",
    );
    await fault(`journeys:\n  - { name: in, as: "${USER}", steps: [] }\n`, "plan.yaml:5:", "PlanFileInvalid");
  });
});

describe("rehearsal > a journey beside the same one before the plan", () => {
  const ran = (more: Partial<StepRun> = {}): StepRun => ({
    text: "deposit",
    isOk: true,
    output: toBeHex(1_000, 32),
    gasUsed: 100_000n,
    events: [],
    ...more,
  });
  const run = (steps: StepRun[], amount: bigint): JourneyRun => ({
    journey: "in",
    user: USER,
    moment: "at the end",
    steps,
    changes: [{ asset: MODULE, amount }],
  });
  const journey = {
    ...(readJourneys(load(step(`call: "deposit(uint256,address)", args: [7, self]`)), MODULE, [ABI])[0] as Journey),
    tolerance: 100,
  };
  const kinds = (now: JourneyRun, expectedErrors: string[] = [], isLast = true) =>
    compareRuns(run([ran()], 1_000n), now, { journey, expectedErrors, isLast }).map(
      ({ kind, isExpected }) => `${kind}${isExpected ? " expected" : ""}`,
    );

  it("DYN-09 takes what is within the tolerance for the same, and less for a loss", () => {
    expect(kinds(run([ran()], 990n))).to.deep.equal([]);
    expect(kinds(run([ran()], 989n))).to.deep.equal(["loss"]);
    expect(kinds(run([ran({ output: toBeHex(990, 32) })], 1_000n))).to.deep.equal([]);
    expect(kinds(run([ran({ output: toBeHex(1_011, 32) })], 1_000n))).to.deep.equal(["returned"]);
  });

  it("DYN-09 warns of a fifth more gas at the end, not on the way there, and of other events", () => {
    expect(kinds(run([ran({ gasUsed: 120_000n })], 1_000n))).to.deep.equal([]);
    expect(kinds(run([ran({ gasUsed: 120_001n })], 1_000n))).to.deep.equal(["gas"]);
    expect(kinds(run([ran({ gasUsed: 120_001n })], 1_000n), [], false)).to.deep.equal([]);
    expect(kinds(run([ran({ events: ["x"] })], 1_000n))).to.deep.equal(["events"]);
  });

  it("DYN-09 tells an error that the plan brings from one that it does not", () => {
    const refused = run([ran({ isOk: false, error: { name: "LimitExceeded", text: "LimitExceeded(7, 5)" } })], 0n);
    expect(kinds(refused)).to.deep.equal(["revert"]);
    expect(kinds(refused, ["LimitExceeded"])).to.deep.equal(["revert expected"]);
  });
});

describe("rehearsal > one transaction on two versions", () => {
  const sent = (more: Partial<Sent> = {}): Sent => ({
    isOk: true,
    hash: id("hash"),
    output: "0x",
    gasUsed: 50_000n,
    fee: 0n,
    logs: [],
    ...more,
  });
  const transfer = (amount: bigint) => ({
    address: MODULE,
    topics: [TRANSFER, zeroPadValue(USER, 32), zeroPadValue(OTHER, 32)],
    data: toBeHex(amount, 32),
  });
  const limit = ABI.encodeErrorResult("LimitExceeded", [7, 5]);
  const because = (reason: string) => `0x08c379a0${AbiCoder.defaultAbiCoder().encode(["string"], [reason]).slice(2)}`;
  const kinds = (stable: Sent, candidate: Sent, expectedErrors: string[] = []) =>
    compareSent(stable, candidate, { errors: [ABI], expectedErrors }).map(
      ({ kind, isExpected }) => `${kind}${isExpected ? " expected" : ""}`,
    );

  it("DYN-13 tells a refusal, other amounts, an acceptance, another reason, other data and other events apart", () => {
    const refused = sent({ isOk: false, output: limit });
    expect(kinds(sent(), sent())).to.deep.equal([]);
    expect(kinds(sent(), refused)).to.deep.equal(["revert"]);
    expect(kinds(sent(), refused, ["LimitExceeded"])).to.deep.equal(["revert expected"]);
    expect(kinds(refused, sent())).to.deep.equal(["accepts"]);
    expect(kinds(refused, refused)).to.deep.equal([]);
    expect(
      kinds(sent({ isOk: false, output: because("a") }), sent({ isOk: false, output: because("b") })),
    ).to.deep.equal(["reason"]);
    expect(kinds(sent({ output: "0x01" }), sent({ output: "0x02" }))).to.deep.equal(["returned"]);
    expect(kinds(sent({ logs: [transfer(5n)] }), sent({ logs: [transfer(4n)] }))).to.deep.equal(["value"]);
    expect(kinds(sent(), sent({ logs: [transfer(5n)] }))).to.deep.equal(["value"]);
    const event = { address: MODULE, topics: [id("E()")], data: "0x" };
    expect(kinds(sent({ logs: [event] }), sent())).to.deep.equal(["events"]);
  });

  it("DYN-14 reads a file line by line, and names the line that is no transaction", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-test-"));
    const file = join(folder, "t.jsonl");
    const good = JSON.stringify({
      from: USER,
      to: MODULE,
      input: "0x1234",
      value: "0x5",
      blockNumber: 9,
      timestamp: 77,
    });
    writeFileSync(file, `${good}\n\n{"from": 3}\n`);
    try {
      const reader = fileOf(file);
      const first = (await reader.next()).value;
      expect(first).to.deep.include({ name: `${file}:1`, data: "0x1234", value: 5n, block: 9, timestamp: 77 });
      await expectError(() => reader.next(), "OptionInvalid", { where: `${file}:3` });
      await expectError(() => fileOf(`${file}.not`).next(), "OptionInvalid", { where: "--replay" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("DYN-15 keeps a hundred rows of 5,000 differing transactions, and counts the others", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-test-"));
    const file = join(folder, "t.jsonl");
    const line = JSON.stringify({ from: USER, to: MODULE, data: "0x12345678" });
    writeFileSync(file, `${line}\n`.repeat(5_000));
    // A node that mines at once, and on which the candidate refuses everything.
    let opened = 0;
    const openFork = () => {
      const isCandidate = opened++ === 1;
      let block = 5;
      const answers: Record<string, () => unknown> = {
        eth_getBlockByNumber: () => ({ timestamp: "0x10" }),
        eth_sendTransaction: () => toBeHex(++block, 32),
        eth_getTransactionReceipt: () => ({
          status: isCandidate ? "0x0" : "0x1",
          gasUsed: "0xc350",
          effectiveGasPrice: "0x1",
          logs: [],
        }),
        debug_traceTransaction: () => ({ output: "0x" }),
      };
      const provider = {
        send: (method: string) => Promise.resolve(answers[method]?.() ?? null),
        getBalance: () => Promise.resolve(10n ** 30n),
        getBlockNumber: () => Promise.resolve(block),
        getCode: () => Promise.resolve("0x"),
      };
      const fork = { provider, hasTracer: false, block: 5, close: () => Promise.resolve() };
      return Promise.resolve(fork as unknown as Fork);
    };
    const request = {
      remote: {},
      url: "",
      root: "",
      openFork,
      source: file,
      block: 5,
      deployed: {},
      deployments: [],
      plan: { stages: [] },
      timelock: OTHER,
      module: MODULE,
      governance: [],
      errors: [],
      expectedErrors: [],
    } as unknown as ReplayRequest;
    try {
      const notes = await replay(request);
      expect(notes).to.include({ transactions: 5_000, same: 0, more: 4_900, senders: 1 });
      expect(notes.rows).to.have.length(100);
      expect(notes.kinds).to.deep.equal({ revert: 5_000 });
      expect(notes.gas.stable).to.deep.equal({ p50: 50_000, p90: 50_000, p99: 50_000, max: 50_000 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("DYN-16 gives quantiles by the nearest rank", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantilesOf(hundred)).to.deep.equal({ p50: 50, p90: 90, p99: 99, max: 100 });
    expect(quantilesOf([])).to.deep.equal({ p50: 0, p90: 0, p99: 0, max: 0 });
  });
});

describe("rehearsal > random calls", () => {
  it("DYN-22 draws the same calls from the same seed, and others from another", () => {
    const draw = (seed: string) => {
      const maker = new CallMaker(new Random(seed), {
        targets: [MODULE],
        senders: [USER],
        accounts: [OTHER],
        candidate: ABI,
        known: [],
      });
      return Array.from({ length: 20 }, () => maker.next()!.text);
    };
    expect(draw("a")).to.deep.equal(draw("a"));
    expect(draw("a")).to.not.deep.equal(draw("b"));
  });

  it("DYN-23 shrinks a sequence to the calls that it takes, in their order", async () => {
    const needs = (wanted: number[]) => (sequence: readonly number[]) =>
      Promise.resolve(
        wanted.every((one, i) => i === 0 || sequence.indexOf(wanted[i - 1]!) < sequence.indexOf(one)) &&
          wanted.every((one) => sequence.includes(one)),
      );
    const sequence = Array.from({ length: 40 }, (_, i) => i);
    expect(await shrink(sequence, needs([7, 21, 39]), 500)).to.deep.equal([7, 21, 39]);
    expect(await shrink(sequence, needs([39]), 500)).to.deep.equal([39]);
    let asked = 0;
    const never = () => {
      asked += 1;
      return Promise.resolve(false);
    };
    expect(await shrink(sequence, never, 10)).to.deep.equal(sequence);
    expect(asked).to.equal(10);
  });

  it("DYN-24 compares as the contracts do: a margin for the left side, sums that stop at the largest word", () => {
    const probe = { target: MODULE, data: "0x", gas: 0n };
    const condition = (op: Condition["op"], tolerance: bigint, toleranceBps = 0): Condition => ({
      left: probe,
      op,
      rightKind: RightKind.Before,
      right: probe,
      constantValue: 0n,
      tolerance,
      toleranceBps,
    });
    const most = 2n ** 256n - 1n;
    expect(holds(condition(Op.Gte, 0n, 1), 9_999n, 10_000n)).to.equal(true);
    expect(holds(condition(Op.Gte, 0n, 1), 9_998n, 10_000n)).to.equal(false);
    expect(holds(condition(Op.Gt, 1n), 10n, 10n)).to.equal(true);
    expect(holds(condition(Op.Lte, 2n), 12n, 10n)).to.equal(true);
    expect(holds(condition(Op.Lt, 2n), 12n, 10n)).to.equal(false);
    expect(holds(condition(Op.Eq, 2n), 8n, 10n)).to.equal(true);
    expect(holds(condition(Op.Ne, 2n), 8n, 10n)).to.equal(false);
    expect(holds(condition(Op.Lte, most), most, most)).to.equal(true);
  });
});
