import { expect } from "chai";
import { getAddress, Interface, toBeHex, zeroPadValue } from "ethers";
import { SLOTS } from "../../../src/chain/erc1967";
import { FOREIGN_CHECKS, WITHOUT } from "../../../src/foreign/checks";
import { noFacts } from "../../../src/foreign/noFacts";
import { guardFaults } from "../../../src/guard/guardFaults";
import type { ForeignEvidence, ForeignWorld, GovernanceFacts } from "../../../src/foreign/types";
import { explainCall } from "../../../src/plan/decodeCall";
import { CHECKS } from "../../../src/simulate/checks";
import type { Conclusion, StageRun } from "../../../src/simulate/checks/types";
import type { TracedCall } from "../../../src/trace/types";

const at = (n: number) => getAddress(toBeHex(n, 20));
const [GOVERNOR, TIMELOCK, TARGET, PROXY, OTHER] = [1, 2, 3, 4, 5].map((n) => at(n + 0x10000)) as [
  string,
  string,
  string,
  string,
  string,
];
const CALL = { target: TARGET, value: 7n, data: "0x12345678" };

function frame(over: Partial<TracedCall>): TracedCall {
  return {
    type: "CALL",
    from: OTHER,
    to: GOVERNOR,
    value: 0n,
    gasUsed: 0n,
    input: "0x",
    output: "0x",
    logs: [],
    calls: [],
    ...over,
  };
}

/** The governor has its timelock make the calls. */
function executing(calls: readonly (typeof CALL)[]): TracedCall {
  const made = calls.map(({ target, value, data }) => frame({ from: TIMELOCK, to: target, value, input: data }));
  return frame({ calls: [frame({ from: GOVERNOR, to: TIMELOCK, calls: made })] });
}

/** What a check says of one batch that ran so. */
async function answer(
  id: string,
  over: {
    root?: TracedCall;
    writes?: StageRun["trace"]["writes"];
    facts?: Partial<GovernanceFacts>;
    state?: "new" | "proposed";
  },
): Promise<Conclusion> {
  const { root = executing([CALL]), writes = [], facts, state = "proposed" } = over;
  const run = {
    stage: { index: 0, label: "execution", after: [], pins: [] },
    trace: { hash: "0x", root, writes, preimages: new Map() },
  } as unknown as StageRun;
  const world = {
    driver: {
      governance: { account: GOVERNOR, state },
      facts: { ...noFacts(), ...facts },
      books: [GOVERNOR, TIMELOCK],
    },
    plan: { stages: [{ calls: [CALL] }], rollbacks: [] },
    timelock: TIMELOCK,
    notes: { stages: [run.stage], final: [], initial: [] },
    session: {
      fork: { blockTime: 1_000 },
      // No account here has a loupe.
      client: { provider: { call: () => Promise.reject(new Error("execution reverted")) } },
    },
  } as unknown as ForeignWorld;
  const check = FOREIGN_CHECKS.find((kind) => kind.id === id)!.begin();
  await check.afterStage?.(world, run);
  return check.conclude({ ...world, runs: [run] } as unknown as ForeignEvidence);
}

describe("checks of another governance's batch", () => {
  it("FGN-40 are the checks of a plan, by number, and each that asks nothing says why", async () => {
    expect(FOREIGN_CHECKS.map(({ number, id }) => `${number} ${id}`)).to.deep.equal(
      CHECKS.map(({ number, id }) => `${number} ${id}`),
    );
    // A check that is new has to be asked of other governance too, or be told why not.
    const asked = [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
    const more = [21, 22, 23, 24, 27, 30, 31, 32, 34, 35, 38, 39, 40, 41, 43, 50];
    const rest = CHECKS.filter(({ number }) => ![...asked, ...more].includes(number));
    expect(rest.map(({ id }) => id)).to.have.members(Object.keys(WITHOUT));
    for (const id of Object.keys(WITHOUT)) {
      const { status, evidence } = await answer(id, {});
      expect([status, evidence[0]!.length > 10]).to.deep.equal(["skip", true]);
    }
  });

  it("FGN-41 fails where the executor sends other bytes than were proposed, however small the difference", async () => {
    expect((await answer("integrity", {})).status).to.equal("pass");
    const others = [
      [],
      [CALL, CALL],
      [{ ...CALL, target: OTHER }],
      [{ ...CALL, value: 8n }],
      [{ ...CALL, data: "0x12345679" }],
    ];
    for (const calls of others) {
      expect((await answer("integrity", { root: executing(calls) })).status, JSON.stringify(calls.length)).to.equal(
        "fail",
      );
    }
    // A call that the batch makes by way of its target is the target's own.
    const inner = executing([CALL]);
    inner.calls[0]!.calls[0]!.calls.push(frame({ from: TARGET, to: OTHER, input: "0xdead" }));
    expect((await answer("integrity", { root: inner })).status).to.equal("pass");
  });

  it("FGN-42 fails where an id is not what the bytes make, or the chain keeps other actions", async () => {
    const differing = [{ what: "id", expected: "0x01", found: "0x02" }];
    expect((await answer("integrity", { facts: { hashes: differing } })).status).to.equal("fail");
    expect((await answer("integrity", { facts: { faults: ["a delegatecall to strange code"] } })).status).to.equal(
      "fail",
    );
    expect((await answer("on-chain", { facts: { stored: differing } })).status).to.equal("fail");
    const same = [{ what: "id", expected: "0x01", found: "0x01" }];
    expect((await answer("on-chain", { facts: { stored: same } })).status).to.equal("pass");
    expect((await answer("on-chain", { state: "new" })).status).to.equal("skip");
  });

  it("FGN-43 fails where a proxy's pointer moves and no call says so", async () => {
    const slots = [SLOTS.implementation, SLOTS.admin, SLOTS.beacon];
    for (const slot of slots) {
      const write = { account: PROXY, slot, before: toBeHex(0, 32), after: zeroPadValue(OTHER, 32) };
      const { status, evidence } = await answer("pointers", { writes: [write] });
      expect(status).to.equal("fail");
      expect(evidence.join()).to.contain(`${PROXY}: its`);
    }
    expect(
      (
        await answer("pointers", {
          writes: [{ account: PROXY, slot: toBeHex(9, 32), before: toBeHex(0, 32), after: toBeHex(1, 32) }],
        })
      ).status,
    ).to.equal("pass");
  });

  it("FGN-44 warns of a quorum out of reach, of few who decide, of no delay and of a last day that is near", async () => {
    const voters = (votes: bigint[]) => votes.map((power, i) => ({ account: at(100 + i), votes: power }));
    const quorum = async (votes: bigint[]) =>
      (
        await answer("quorum", {
          facts: { votes: { unit: "votes", quorum: 10n, cast: { inFavour: 0n, against: 0n }, voters: voters(votes) } },
        })
      ).status;
    expect(await quorum([4n, 4n, 4n])).to.equal("pass");
    expect(await quorum([9n, 4n])).to.equal("warn");
    expect(await quorum([4n, 4n])).to.equal("warn");
    const week = [{ name: "the vote", seconds: 7n * 86_400n }];
    const delays = async (delay: bigint, expires?: number) =>
      (await answer("delays", { facts: { delays: { delay, why: "the timelock's", windows: week, expires } } })).status;
    expect(await delays(172_800n)).to.equal("pass");
    expect(await delays(0n)).to.equal("warn");
    expect(await delays(172_800n, 1_000 + 3_600)).to.equal("warn");
    const hasty = { delay: 100n, waited: 50n, why: "the timelock's", windows: week };
    expect((await answer("delays", { facts: { delays: hasty }, state: "new" })).status).to.equal("fail");
  });

  it("FGN-45 warns of what else waits and calls the same accounts, and does not claim to have run it", async () => {
    const facts = { rivals: ["0x01 is pending"], pending: 1 };
    expect((await answer("nonces", { facts })).status).to.equal("warn");
    expect((await answer("stack", { facts })).status).to.equal("inconclusive");
    expect((await answer("stack", { facts: { pending: 1 } })).status).to.equal("pass");
    expect((await answer("stack", {})).status).to.equal("skip");
    expect((await answer("stack", { facts: { apart: ["each alone"], pending: 1 } })).status).to.equal("warn");
  });

  it("FGN-46 fails where somebody else's run does another thing, and warns where a later one does", async () => {
    const none = { tries: 2, others: [], later: [], asked: [] };
    const of = async (over: Partial<typeof none>) =>
      (await answer("determinism", { facts: { circumstances: [none, { ...none, ...over }] } })).status;
    expect(await of({})).to.equal("pass");
    expect(await of({ others: ["another heir"] as never[] })).to.equal("fail");
    expect(await of({ later: ["another heir"] as never[] })).to.equal("warn");
    expect(await of({ asked: ["COINBASE"] as never[] })).to.equal("warn");
  });

  it("FGN-47 finds guards that come too late or too early, twice, or from somewhere else", () => {
    const abi = new Interface([
      "function revalidate((address,bytes32)[] pins)",
      "function assertInvariants((address,bytes32)[] pins)",
    ]);
    const guard = { address: OTHER, abi };
    const call = (name: string, target = OTHER) => ({
      target,
      value: 0n,
      data: abi.encodeFunctionData(name, [[]]),
    });
    const [first, last] = [call("revalidate"), call("assertInvariants")];
    const faults = (...calls: (typeof CALL)[]) => guardFaults(calls, guard).length;
    expect(faults(CALL)).to.equal(0);
    expect(faults(first, CALL, last)).to.equal(0);
    expect(faults(CALL, first, last)).to.equal(2);
    expect(faults(first, last, CALL)).to.equal(2);
    expect(faults(first, CALL)).to.equal(1);
    expect(faults(CALL, last)).to.equal(1);
    expect(faults(last, CALL, first)).to.equal(2);
    expect(faults(first, CALL, last, CALL, last)).to.equal(1);
    expect(faults(call("revalidate", PROXY), CALL, call("assertInvariants", PROXY))).to.equal(2);
    expect(faults(first, CALL, call("assertInvariants", PROXY))).to.equal(2);
    // Bytes that are no call of it.
    expect(faults(first, CALL, { ...last, data: "0x12345678" })).to.equal(1);
  });

  it("FGN-48 tells bytes that begin like a call and are none, and does not end over them", () => {
    const abi = new Interface([
      "function upgradeToAndCall(address to, bytes data)",
      "function transfer(address to, uint256 amount)",
      "function setName(string name)",
    ]);
    const broken = [
      `${abi.getFunction("transfer")!.selector}123456`,
      // Text that is no UTF-8.
      abi.encodeFunctionData("setName", ["aaa"]).replace("616161", "ffffff"),
    ];
    for (const inner of broken) {
      const data = abi.encodeFunctionData("upgradeToAndCall", [OTHER, inner]);
      const { args } = explainCall({ target: PROXY, value: 0n, data }, [abi], (account) => account).data;
      expect([args[1]!.value, args[1]!.inner]).to.deep.equal([inner, undefined]);
      expect(
        explainCall({ target: PROXY, value: 0n, data: inner }, [abi], (account) => account).data.signature,
      ).to.equal(`unknown function ${inner.slice(0, 10)}`);
    }
  });
});
