import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture, takeSnapshot } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Interface, type JsonRpcSigner, type TransactionRequest, type TransactionResponse } from "ethers";
import { ethers } from "hardhat";
import { historyOf } from "../../../src/journal/history";
import { readJournal, type JournalEntry } from "../../../src/journal/journal";
import { sendOnce, settleJournal, type Step } from "../../../src/journal/sendOnce";
import { withJournal } from "../../../src/journal/withJournal";
import { revertData } from "../../../src/registry/decodeRevert";
import { removeClients, testClient, type TestClient } from "../../helpers/client";
import { expectSlipwayError } from "../../helpers/errors";

/** A step whose effect can be counted: each transaction moves the account's nonce and the module's word. */
async function stepFixture() {
  const [account] = await ethers.getSigners();
  const module = await ethers.deployContract("Module__MockForRegistry", [account!.address]);
  const abi = new Interface(["function set(uint256)", "function value() view returns (uint256)"]);
  const to = await module.getAddress();
  return { account: account!.address, to, abi };
}

class Killed extends Error {}

/** A signer that dies before or after the node got the transaction. */
function dying(client: TestClient, when: "before" | "after"): TestClient {
  const inner = client.signer as JsonRpcSigner;
  const sendTransaction = async (transaction: TransactionRequest): Promise<TransactionResponse> => {
    if (when === "after") await inner.sendTransaction(transaction);
    throw new Killed(when);
  };
  const signer = new Proxy(inner, {
    get: (target, key) => (key === "sendTransaction" ? sendTransaction : (Reflect.get(target, key, target) as unknown)),
  });
  return { ...client, signer };
}

describe("sendOnce", () => {
  let client: TestClient;
  let step: Step;
  let account: string;

  /** Transactions that `account` sent since the step was made. */
  let sentSoFar: () => Promise<number>;

  beforeEach(async () => {
    const fixture = await loadFixture(stepFixture);
    account = fixture.account;
    client = await testClient(account);
    const word = async () =>
      BigInt(await client.provider.call({ to: fixture.to, data: fixture.abi.encodeFunctionData("value") }));
    step = {
      verb: "set",
      journal: join(client.deploymentsDir, "one.jsonl"),
      transaction: { to: fixture.to, data: fixture.abi.encodeFunctionData("set", [5n]) },
      isDone: async () => (await word()) === 5n,
    };
    const start = await client.provider.getTransactionCount(account);
    sentSoFar = async () => (await client.provider.getTransactionCount(account)) - start;
  });
  afterEach(removeClients);

  const kinds = (): string[] => readJournal(step.journal).entries.map(({ kind }) => kind);

  it("JRN-10 writes sending before it sends, then sent and confirmed", async () => {
    const outcome = await sendOnce(client, step);
    expect(outcome.status).to.equal("confirmed");
    expect(kinds()).to.deep.equal(["sending", "sent", "confirmed"]);
    const [sending, sent, confirmed] = readJournal(step.journal).entries;
    expect(sending).to.include({ verb: "set", from: account, to: step.transaction.to });
    expect(sent).to.include({ hash: outcome.receipt?.hash });
    expect(confirmed).to.include({
      hash: outcome.receipt?.hash,
      isOk: true,
      gasUsed: outcome.receipt?.gasUsed.toString(),
    });
  });

  it("JRN-11 sends nothing when the chain shows the effect already", async () => {
    await sendOnce(client, step);
    const again = await sendOnce(client, step);
    expect(again.status).to.equal("already");
    expect(await sentSoFar()).to.equal(1);
    expect(kinds()).to.deep.equal(["sending", "sent", "confirmed"]);
  });

  it("JRN-12 killed before the node got it: the next run sends it once", async () => {
    await expectKilled(sendOnce(dying(client, "before"), step));
    expect(await sentSoFar()).to.equal(0);
    expect(kinds()).to.deep.equal(["sending"]);
    const outcome = await sendOnce(client, step);
    expect(outcome.status).to.equal("confirmed");
    expect(await sentSoFar()).to.equal(1);
    expect(kinds()).to.deep.equal(["sending", "abandoned", "sending", "sent", "confirmed"]);
  });

  it("JRN-13 killed after the node got it and before its hash was written: the next run finds it and sends nothing", async () => {
    await expectKilled(sendOnce(dying(client, "after"), step));
    expect(kinds()).to.deep.equal(["sending"]);
    expect((await sendOnce(client, step)).status).to.equal("already");
    const receipt = await settleJournal(client, step.journal);
    expect(await sentSoFar()).to.equal(1);
    expect(kinds()).to.deep.equal(["sending", "sent", "confirmed"]);
    expect(historyOf(readJournal(step.journal).entries)[0]).to.include({ outcome: "confirmed", hash: receipt?.hash });
  });

  it("JRN-14 killed while it waits in the mempool: the next run waits for it and sends nothing", async () => {
    await client.provider.send("evm_setAutomine", [false]);
    try {
      await expectKilled(sendOnce(dying(client, "after"), step));
      const resumed = sendOnce(client, step);
      await waitFor(() => kinds().includes("sent"));
      await client.provider.send("evm_mine", []);
      const outcome = await resumed;
      expect(outcome.status).to.equal("already");
      expect(outcome.receipt?.status).to.equal(1);
    } finally {
      await client.provider.send("evm_setAutomine", [true]);
    }
    expect(await sentSoFar()).to.equal(1);
    expect(kinds()).to.deep.equal(["sending", "sent", "confirmed"]);
  });

  it("JRN-15 cut at every third byte of its journal: the next run sends at most what is missing", async () => {
    await sendOnce(client, step);
    const whole = readFileSync(step.journal);
    for (let length = 0; length <= whole.length; length += 3) {
      writeFileSync(step.journal, whole);
      truncateSync(step.journal, length);
      await sendOnce(client, step);
      await settleJournal(client, step.journal);
      expect(await sentSoFar(), `cut at byte ${length}`).to.equal(1);
      const open = historyOf(readJournal(step.journal).entries).filter(({ outcome }) => outcome === "open");
      expect(open, `cut at byte ${length}`).to.deep.equal([]);
    }
  });

  it("JRN-16 killed at each write of an undone step, on a chain that never saw it: the next run sends it once", async () => {
    // A chain at which the step was never sent, with the journal of a run that got as far as each line.
    const undone = await takeSnapshot();
    await sendOnce(client, step);
    const lines = readFileSync(step.journal, "utf8").split("\n").slice(0, -1);
    await undone.restore();
    for (let count = 0; count <= lines.length; ++count) {
      const fresh = await takeSnapshot();
      writeFileSync(
        step.journal,
        lines
          .slice(0, count)
          .map((line) => `${line}\n`)
          .join(""),
      );
      expect((await sendOnce(client, step)).status, `after ${count} lines`).to.equal("confirmed");
      expect(await sentSoFar(), `after ${count} lines`).to.equal(1);
      await fresh.restore();
    }
  });

  it("JRN-17 a nonce that another transaction took is abandoned, and the step sent with the next one", async () => {
    await expectKilled(sendOnce(dying(client, "before"), step));
    const signer = await client.provider.getSigner(account);
    await (await signer.sendTransaction({ to: account, value: 0n })).wait();
    expect((await sendOnce(client, step)).status).to.equal("confirmed");
    const abandoned = readJournal(step.journal).entries[1] as Extract<JournalEntry, { kind: "abandoned" }>;
    expect(abandoned.reason).to.equal("its nonce was used by another transaction");
    expect(await sentSoFar()).to.equal(2);
  });

  it("JRN-18 a call that would revert is not sent and leaves no trace", async () => {
    const stranger = (await ethers.getSigners())[9]!.address;
    const other: TestClient = { ...client, signer: await client.provider.getSigner(stranger) };
    let thrown: unknown;
    await sendOnce(other, step).catch((error: unknown) => (thrown = error));
    const module = await ethers.getContractFactory("Module__MockForRegistry");
    const refused = module.interface.encodeErrorResult("NotOwner", [stranger]);
    expect(revertData(thrown)).to.equal(refused);
    expect(kinds()).to.deep.equal([]);
  });

  it("JRN-19 two runs at once send one transaction", async () => {
    const outcomes = await Promise.all([sendOnce(client, step), sendOnce(client, step)]);
    expect(outcomes.map(({ status }) => status).sort()).to.deep.equal(["already", "confirmed"]);
    expect(await sentSoFar()).to.equal(1);
  });

  it("JRN-20 says so when the last line was cut short", async () => {
    await sendOnce(client, step);
    copyFileSync(step.journal, `${step.journal}.copy`);
    truncateSync(step.journal, readFileSync(step.journal).length - 10);
    await settleJournal(client, step.journal);
    expect(client.lines.join("\n")).to.match(/cut short by a kill \(\d+ bytes\)/);
  });

  it("JRN-21 a journal that stays locked by a live run is refused", async function () {
    this.timeout(30_000);
    await withJournal(client, step.journal, async () => {
      const { where } = await expectSlipwayError(sendOnce(client, step), "JournalBusy");
      expect(where).to.equal(step.journal);
    });
    expect(await sentSoFar()).to.equal(0);
  });
});

async function expectKilled(work: Promise<unknown>): Promise<void> {
  let thrown: unknown;
  await work.catch((error: unknown) => (thrown = error));
  expect(thrown).to.be.instanceOf(Killed);
}

async function waitFor(isThere: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !isThere(); ++tries) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isThere(), "waited 5 s").to.equal(true);
}
