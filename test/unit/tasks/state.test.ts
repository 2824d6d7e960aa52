import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFixture, mine } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, keccak256, toBeHex, zeroPadValue } from "ethers";
import { ethers } from "hardhat";
import { SLOTS } from "../../../src/chain/erc1967";
import { prepareDeployments } from "../../../src/plan/prepareDeployments";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { readAddressBook } from "../../../src/chain/addressBook";
import { canonicalJson } from "../../../src/simulate/canonicalJson";
import { hashOf } from "../../../src/state/takeSnapshot";
import type { Snapshot } from "../../../src/state/types";
import { CATALOGUE, ROOT, withOwnFolder } from "../../fixtures/bridgeModule";
import { counterFixture, counterPlan, type CounterFixture } from "../../fixtures/counterModule";
import { toInProgress } from "../../helpers/lifecycle";
import { REPORT } from "../../helpers/plans";
import { runJson, runTask } from "../../helpers/tasks";

describe("state snapshot and verify", () => {
  const before = process.env["SLIPWAY_DEPLOYMENTS"];
  after(() => {
    if (before === undefined) delete process.env["SLIPWAY_DEPLOYMENTS"];
    else process.env["SLIPWAY_DEPLOYMENTS"] = before;
  });

  async function world(): Promise<CounterFixture & { folder: string; file: string }> {
    const fixture = withOwnFolder(await loadFixture(counterFixture));
    const folder = mkdtempSync(join(tmpdir(), "slipway-"));
    cpSync(fixture.client.deploymentsDir, join(folder, "hardhat"), { recursive: true });
    process.env["SLIPWAY_DEPLOYMENTS"] = folder;
    return { ...fixture, folder, file: join(folder, "state.json") };
  }
  const take = async (file: string, args: Record<string, string> = {}) => {
    const run = await runJson<Snapshot>("state snapshot", { file, ...args });
    expect(run.exitCode, run.stdout).to.equal(0);
    expect(run.json).to.deep.include({ next: `npx hardhat state verify ${file}` });
    return JSON.parse(readFileSync(file, "utf8")) as Snapshot;
  };
  interface Verified {
    isEqual: boolean;
    differences: { account: string; what: string; before: string; after: string }[];
  }

  it("TOO-20 writes the same bytes twice for one block: code, balance, nonce, ERC-1967 and plain slots, answers to calls", async () => {
    const { proxy, stable, counter, file, folder, deployment } = await world();
    await counter.increment();
    const block = `${await ethers.provider.getBlockNumber()}`;
    const args = { accounts: "counter", calls: "counter count()(uint256)", block };
    const snapshot = await take(file, args);
    await counter.increment();
    await take(join(folder, "again.json"), args);
    expect(readFileSync(file, "utf8")).to.equal(readFileSync(join(folder, "again.json"), "utf8"));

    const state = snapshot.accounts[proxy]!;
    expect(state.codeHash).to.equal(keccak256(await ethers.provider.getCode(proxy)));
    expect(state.slots[SLOTS.implementation]).to.equal(zeroPadValue(stable.toLowerCase(), 32));
    expect(snapshot.names[proxy]![toBeHex(1, 32)]).to.equal("storage.count");
    expect(state.slots[toBeHex(1, 32)]).to.equal(toBeHex(1, 32));
    // isInitialized and owner share the first slot.
    expect(snapshot.names[proxy]![toBeHex(0, 32)]).to.equal("storage.isInitialized, storage.owner");
    expect(BigInt(state.slots[toBeHex(0, 32)]!) >> 8n).to.equal(BigInt(deployment.timelock));
    expect(snapshot.calls.map(({ call, result }) => [call, result])).to.deep.equal([["count()", toBeHex(1, 32)]]);
    expect(snapshot.hash).to.equal(hashOf(snapshot));
  });

  it("TOO-21 names each thing that is not as it was, and exits 3", async () => {
    const { proxy, counter, file } = await world();
    const extra = id("nothing there");
    await take(file, { accounts: "counter", calls: "counter count()", slots: `counter:${extra}` });
    expect((await runTask("state verify", { file })).exitCode).to.equal(0);
    await counter.increment();
    await ethers.provider.send("hardhat_setStorageAt", [proxy, extra, toBeHex(9, 32)]);
    await ethers.provider.send("hardhat_setBalance", [proxy, "0x7"]);
    const { json, exitCode } = await runJson<Verified>("state verify", { file });
    expect(exitCode).to.equal(3);
    expect(json.differences).to.deep.equal([
      { account: proxy, what: "balance", before: "0", after: "7" },
      ...[
        { account: proxy, what: `slot ${toBeHex(1, 32)} storage.count`, before: toBeHex(0, 32), after: toBeHex(1, 32) },
        { account: proxy, what: `slot ${extra}`, before: toBeHex(0, 32), after: toBeHex(9, 32) },
      ].sort((a, b) => (a.what < b.what ? -1 : 1)),
      { account: proxy, what: "call count()", before: toBeHex(0, 32), after: toBeHex(1, 32) },
    ]);
    const ignoring = await runJson<Verified>("state verify", { file, ignore: "balance" });
    expect(ignoring.json.differences).to.have.length(3);
    const { stdout } = await runTask("state verify", { file });
    expect(stdout).to.match(/^DRIFT {2}block \d+ against block \d+: \d+ values compared, 4 differ/);
    // Code counts as well.
    await ethers.provider.send("hardhat_setCode", [proxy, "0x6001"]);
    expect((await runJson<Verified>("state verify", { file })).json.differences[0]).to.include({ what: "code" });
  });

  it("TOO-22 refuses a file that was changed after it was taken, wherever it was changed", async () => {
    const { file, folder } = await world();
    const snapshot = await take(file, { accounts: "counter,registry", calls: "counter count()" });
    const changed = join(folder, "changed.json");
    let tried = 0;
    const visit = async (value: unknown, put: (value: unknown) => void): Promise<void> => {
      if (typeof value === "object" && value !== null) {
        for (const [key, entry] of Object.entries(value)) {
          await visit(entry, (next) => ((value as Record<string, unknown>)[key] = next));
        }
        return;
      }
      put(typeof value === "number" ? value + 1 : flipped(String(value)));
      writeFileSync(changed, canonicalJson(snapshot));
      put(value);
      const run = await runTask("state verify", { file: changed });
      expect(run.exitCode, String(value)).to.equal(1);
      expect(run.stderr).to.include("error SnapshotInvalid (SLIP-270)");
      ++tried;
    };
    await visit(snapshot, () => undefined);
    expect(tried).to.be.greaterThan(30);
    expect((await runTask("state verify", { file })).exitCode).to.equal(0);
  });

  it("TOO-23 shows that a way back restored what the upgrade changed: equal after it, and not in between", async () => {
    const fixture = await world();
    const { client, connected, council, registry, file } = fixture;
    const options = { root: ROOT, invariantsDir: CATALOGUE, reportHash: REPORT };
    const loaded = parsePlanText(counterPlan(), "plan.yaml", readAddressBook(client.deploymentsDir));
    const { plan } = await prepareDeployments(client, connected, loaded, options);
    const planFile = join(fixture.folder, "plan.json");
    writeFileSync(planFile, canonicalJson(plan));
    const snapshot = await take(file, { fromPlan: planFile });
    expect(Object.keys(snapshot.accounts)).to.include.members([fixture.proxy, fixture.deployment.timelock]);

    await toInProgress(fixture, plan);
    const between = await runJson<Verified>("state verify", { file });
    expect(between.exitCode).to.equal(3);
    expect(between.json.differences.map(({ what }) => what)).to.deep.equal([
      `slot ${SLOTS.implementation} eip1967.proxy.implementation`,
    ]);

    for (const member of council.slice(0, 3)) await registry.connect(member).rollbackByCouncil(plan, "back", 0, []);
    await mine();
    const restored = await runJson<Verified>("state verify", { file });
    expect(restored.json.differences).to.deep.equal([]);
    expect(restored.exitCode).to.equal(0);
  });

  it("TOO-24 says what no list of slots can hold, and what is wrong with what it was given", async () => {
    const { file, folder } = await world();
    const ledger = await (await ethers.deployContract("HookToken__MockForRouter")).getAddress();
    const snapshot = await take(file, { accounts: ledger });
    expect(snapshot.unread[ledger]!.join()).to.match(/mapping\(address => uint256\)/);
    const errorOf = async (command: string, args: Record<string, string>) => {
      const run = await runTask(command, args);
      expect(run).to.include({ exitCode: 1, stdout: "" });
      return run.stderr;
    };
    const fresh = join(folder, "fresh.json");
    expect(await errorOf("state snapshot", { file: fresh })).to.include("error SnapshotEmpty");
    expect(await errorOf("state snapshot", { file, accounts: ledger })).to.include("error FileExists");
    expect(await errorOf("state snapshot", { file: fresh, accounts: "nobody" })).to.include("error OptionInvalid");
    expect(await errorOf("state snapshot", { file: fresh, slots: `${ledger}:x` })).to.include("account:slot");
    expect(await errorOf("state snapshot", { file: fresh, calls: `${ledger} total` })).to.include("FunctionUnknown");
    expect(await errorOf("state snapshot", { file: fresh, accounts: ledger, block: "99999999" })).to.include("--block");
    expect(await errorOf("state verify", { file: fresh })).to.include("no file there");
    expect(await errorOf("state verify", { file, ignore: "code" })).to.include("one of balance, nonce");
    const { hash: _hash, ...other } = { ...snapshot, chainId: "1" };
    writeFileSync(fresh, canonicalJson({ ...other, hash: hashOf(other) }));
    expect(await errorOf("state verify", { file: fresh })).to.include("one of chain 1");
  });
});

/** The text with its last character changed, still of the same kind. */
function flipped(text: string): string {
  const last = text.at(-1) ?? "";
  return `${text.slice(0, -1)}${/[0-9a-f]/i.test(last) ? (last === "1" ? "2" : "1") : `${last}x`}`;
}
