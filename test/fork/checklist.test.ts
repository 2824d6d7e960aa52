import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { JsonRpcSigner } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { untilScheduled } from "../../scripts/demo/lifecycle";
import { INVARIANTS, ROOT } from "../../scripts/demo/openWorld";
import { Show } from "../../scripts/demo/show";
import { readAddressBook } from "../../src/chain/addressBook";
import { mine, revertTo, takeSnapshot, warp } from "../../src/chain/devChain";
import { verifyBackup } from "../../src/checklist/backup";
import { PRE, type PreWorld } from "../../src/checklist/pre";
import { readChecklist } from "../../src/checklist/schema";
import type { ChecklistReport, Item } from "../../src/checklist/types";
import type { Client } from "../../src/client";
import { buildPlan } from "../../src/plan/buildPlan";
import { readPlanFile } from "../../src/plan/readPlanFile";
import { readReport } from "../../src/simulate/readReport";
import { canonicalJson } from "../../src/simulate/canonicalJson";
import type { RehearsalReport } from "../../src/simulate/types";
import { openTreasuryWorld, type TreasuryWorld } from "../helpers/treasuryWorld";
import { remoteEnvironment, runJson, runTask } from "../helpers/tasks";

const NO_NAMES = { file: "", addresses: {} };

type Report = ChecklistReport & { error?: string };

describe("upgrade checklist, on a node that plays the remote chain", () => {
  let world: TreasuryWorld;
  let remote: HardhatRuntimeEnvironment;
  let planFile: string;
  let reportFile: string;
  let proposalId: string;
  let clean: string;
  const folder = mkdtempSync(join(tmpdir(), "slipway-checklist-"));
  const before_ = process.env["SLIPWAY_DEPLOYMENTS"];

  const lcov = (covered: number, total = 100) =>
    `SF:a.sol\n${Array.from({ length: total }, (_, i) => `DA:${i + 1},${i < covered ? 3 : 0}`).join("\n")}\nLF:1\nLH:1\nend_of_record\n`;
  /** A shell command that writes a file anew. */
  const writes = (covered: number) => {
    const source = join(folder, `${covered}.info`);
    writeFileSync(source, lcov(covered));
    return `cat ${source} > ${join(folder, "lcov.info")}`;
  };
  /** A checklist that passes, but for the sections that are given. */
  const checklist = (over: Record<string, string> = {}, name = "checklist.yaml"): string => {
    const sections: Record<string, string> = {
      commands: "{ tests: 'true', lint: 'true', format: 'true' }",
      coverage: `{ command: "${writes(95)}", file: "${join(folder, "lcov.info")}" }`,
      errorRate: "{ blocks: 20, tolerance: 10% }",
      ...over,
    };
    const file = join(folder, name);
    const rows = Object.entries(sections).filter(([, text]) => text !== "");
    writeFileSync(file, `${rows.map(([key, text]) => `${key}: ${text}`).join("\n")}\n`);
    return file;
  };
  const run = async (phase: string, file: string, more: Record<string, string | boolean> = {}) => {
    const args = { phase, file: planFile, checklist: file, as: world.chain.people.release, ...more };
    const { json, exitCode, stderr } = await runJson<Report>("upgrade checklist", args, remote);
    const item = (id: string): Item => {
      const found = json.items?.find((one) => one.id === id);
      if (found === undefined) throw new Error(`no item ${id} in ${JSON.stringify(json)}`);
      return found;
    };
    const statuses = () => Object.fromEntries((json.items ?? []).map(({ id, status }) => [id, status]));
    return { json, exitCode, stderr, item, statuses };
  };
  /** What an item before an upgrade says of a world. */
  const answerOf = async (id: string, of: Partial<PreWorld>): Promise<string> => {
    const { status, evidence } = await PRE.find((kind) => kind.id === id)!.run(of as PreWorld);
    return `${status}: ${evidence.join("; ")}`;
  };
  const preWorld = async (over: Partial<PreWorld> = {}): Promise<PreWorld> => {
    const { chain, registry, deploymentsDir, treasury } = world;
    const client = chain.as(chain.people.release);
    const loaded = readPlanFile(planFile, readAddressBook(deploymentsDir));
    return {
      client,
      registry,
      loaded,
      built: await buildPlan(client, registry, loaded, { root: ROOT, invariantsDir: INVARIANTS }),
      checklist: readChecklist(checklist(), NO_NAMES),
      proposalId,
      root: ROOT,
      configuration: [planFile],
      folder: join(folder, "records"),
      reportFile,
      maxAge: 7 * 24 * 3_600,
      accounts: [treasury],
      ...over,
    };
  };
  /** Somebody's transactions to the treasury, so many of which fail. */
  const traffic = async (good: number, bad: number) => {
    const signer = new JsonRpcSigner(world.chain.provider, world.outsider);
    for (let i = 0; i < good + bad; ++i) {
      // The function that pays is not the outsider's.
      const data = i < good ? "0x" : `0xc4076876${"0".repeat(128)}`;
      await signer.sendUncheckedTransaction({ to: world.treasury, data, gasLimit: 200_000 });
    }
    await mine(world.chain.provider);
  };

  before(async () => {
    world = await openTreasuryWorld();
    const { chain, registry, deploymentsDir, outsider } = world;
    process.env["SLIPWAY_DEPLOYMENTS"] = join(folder, "books");
    mkdirSync(join(folder, "books"));
    symlinkSync(deploymentsDir, join(folder, "books", "remote"));
    remote = await remoteEnvironment(chain.node.url);
    planFile = join(folder, "treasury.yaml");
    const mocks = "contracts/mocks/Treasury__MockForRehearsal.sol";
    writeFileSync(
      planFile,
      `title: Treasury v2
module: treasury
proposer: "${chain.people.release}"
upgrade:
  contract: ${mocks}:TreasuryV2__MockForRehearsal
  replaces: ${mocks}:TreasuryV1__MockForRehearsal
  init: { function: "migrate(uint8,address)", args: ["0", "${outsider}"] }
canary: none
readiness: { threshold: 2/3, deadline: 7d, window: 24h }
rollback: auto
journeys:
  - { name: look, as: "${outsider}", steps: [{ call: "version()" }] }
`,
    );
    const story = await untilScheduled(new Show(() => undefined, false), { ...chain, registry }, planFile);
    ({ proposalId } = story);
    reportFile = story.report.json;
    await traffic(9, 1);
    clean = await takeSnapshot(chain.provider);
  });

  after(async () => {
    if (before_ === undefined) delete process.env["SLIPWAY_DEPLOYMENTS"];
    else process.env["SLIPWAY_DEPLOYMENTS"] = before_;
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(async () => {
    await revertTo(world.chain.provider, clean);
    clean = await takeSnapshot(world.chain.provider);
  });

  it("CKL-01 before an upgrade carries out every item, with its evidence, and keeps what it found", async () => {
    const file = checklist();
    const { json, exitCode, item, statuses } = await run("pre", file);
    expect(statuses()).to.deep.equal({
      tests: "pass",
      coverage: "pass",
      lint: "pass",
      format: "pass",
      size: "pass",
      state: "pass",
      backup: "pass",
      rollback: "pass",
      baseline: "pass",
    });
    expect([exitCode, json.verdict, proposalId.length]).to.deep.equal([0, "pass", 66]);
    // Sums that the writer states are not taken at their word: LF and LH of the file say 100%.
    expect(item("coverage").evidence.join()).to.include("95 of 100 lines (95.00%)");
    expect(item("size").evidence.join()).to.match(/candidate TreasuryV2__MockForRehearsal: code \d+ of 24576 bytes/);
    expect(item("state").evidence.join()).to.match(/\d+ values read again, 0 differ/);
    const sources = item("backup").evidence.join();
    for (const name of ["addresses.json", "registry.json", "treasury.yaml", "checklist.yaml", "hardhat.config.ts"]) {
      expect(sources).to.include(name);
    }
    expect(item("rollback").evidence.join()).to.include("after stage 0: RolledBack and restored, by council, 3 of 5");
    expect(item("baseline").evidence.join()).to.include("1 of 10 transactions failed (10%)");
    expect(JSON.parse(readFileSync(join(json.folder, "pre.json"), "utf8"))).to.deep.include({ verdict: "pass" });
  });

  it("CKL-02 fails by name what is broken, and takes for unknown what could not be carried out", async () => {
    const broken = checklist({
      commands: `{ tests: "echo one is red; exit 3", lint: "sleep 20", format: "nobody-has-this-command" }`,
      timeout: "1s",
      coverage: `{ command: "${writes(94)}", file: "${join(folder, "lcov.info")}" }`,
      budgets: "{ TreasuryV2__MockForRehearsal: 100 }",
      backup: "[not/there.yaml]",
      errorRate: "{ blocks: 20, least: 11 }",
    });
    const { exitCode, json, item, statuses } = await run("pre", broken, { maxAge: "1h" });
    expect(statuses()).to.deep.equal({
      tests: "fail",
      coverage: "fail",
      lint: "inconclusive",
      format: "inconclusive",
      size: "fail",
      state: "pass",
      backup: "fail",
      rollback: "fail",
      baseline: "inconclusive",
    });
    expect([exitCode, json.verdict]).to.deep.equal([2, "fail"]);
    expect(item("tests").evidence).to.include("one is red");
    expect(item("coverage").evidence.join()).to.include("94 of 100 lines (94.00%), at least 95%");
    expect(item("lint").evidence.join()).to.include("killed after 1s");
    expect(item("size").evidence.join()).to.match(/budget \d+ of 100 bytes/);
    expect(item("backup").evidence).to.deep.equal(["not/there.yaml: no file there"]);
    expect(item("rollback").evidence[0]).to.match(/rehearsed at block \d+, .* ago, at most 1h/);
    expect(item("baseline").evidence.join()).to.include("at least 11 make a rate");
    for (const { status, remedy } of json.items) expect(remedy !== "", status).to.equal(status !== "pass");
    // What is unknown alone does not pass either, and a text run exits the same.
    const unknown = checklist({ commands: "{ tests: 'true', lint: 'exit 127', format: 'true' }" });
    const text = await runTask(
      "upgrade checklist",
      { phase: "pre", file: planFile, checklist: unknown, as: world.chain.people.release },
      remote,
    );
    expect(text.exitCode).to.equal(4);
    expect(text.stdout)
      .to.match(/^\[INCONCLUSIVE\]/)
      .and.to.match(/\nUNKNOWN lint /);
  });

  it("CKL-03 reads coverage only from what this run wrote", async () => {
    const coverage = async (command: string, name: string, text?: string) => {
      const file = join(folder, name);
      if (text !== undefined) writeFileSync(file, text);
      const stated = text === undefined ? command : `touch ${file}; ${command}`;
      const checks = readChecklist(checklist({ coverage: `{ command: "${stated}", file: "${file}" }` }), NO_NAMES);
      return answerOf("coverage", { checklist: checks, root: ROOT });
    };
    const stale = join(folder, "stale.info");
    expect(await coverage(`touch -d 2001-01-01 ${stale}`, "stale.info", lcov(100))).to.include(
      "is older than this run",
    );
    expect(await coverage("true", "none.info")).to.match(/^inconclusive: .*not written$/);
    expect(await coverage("true", "empty.info", "SF:a.sol\nLF:100\nLH:100\n")).to.match(/^inconclusive: .*no lines$/);
    const summary = (covered: number) => JSON.stringify({ total: { lines: { total: 200, covered, pct: 100 } } });
    expect(await coverage("true", "summary.json", summary(189))).to.match(/^fail: .*; 189 of 200 lines \(94.50%\)/);
    expect(await coverage("true", "summary.json", summary(190))).to.match(/^pass: .*; 190 of 200 lines/);
    expect(await coverage("exit 1", "summary.json", summary(190))).to.match(/^fail/);
  });

  it("CKL-04 takes a way back for tested only by a young report of this very plan, in which each was carried out", async () => {
    const { report } = readReport(reportFile);
    const other = join(folder, "other.json");
    const answer = async (change: (copy: RehearsalReport) => void) => {
      const copy = structuredClone(report);
      change(copy);
      writeFileSync(other, canonicalJson(copy));
      return answerOf("rollback", await preWorld({ reportFile: other }));
    };
    // Whatever is changed in a report, the proposal cites another one.
    expect(await answer((copy) => (copy.title = "x"))).to.match(/^fail: the proposal cites another report/);
    expect(await answer((copy) => (copy.subject = `0x${"11".repeat(32)}`))).to.include("it is about plan 0x1111");
    expect(await answer((copy) => (copy.provenance.blockHash = `0x${"22".repeat(32)}`))).to.include("is another one");
    expect(await answer((copy) => (copy.rollbacks = []))).to.include("after stage 0: not carried out");
    expect(await answer((copy) => (copy.rollbacks[0]!.isRestored = false))).to.include("RolledBack, not restored");
    expect(await answer((copy) => (copy.rollbacks[0]!.state = "InProgress"))).to.include("after stage 0: InProgress");
    expect(await answer((copy) => (copy.verdict = "inconclusive"))).to.include("verdict is inconclusive");
    const missing = await preWorld({ reportFile: join(folder, "none.json") });
    expect(await answerOf("rollback", missing)).to.match(/^inconclusive: no rehearsal of plan/);
    expect(await answerOf("rollback", await preWorld())).to.match(/^pass/);
    await warp(world.chain.provider, 8 * 24 * 3_600);
    expect(await answerOf("rollback", await preWorld())).to.match(/^fail: rehearsed at block .* ago, at most 7d;/);
  });

  it("CKL-05 trusts no export and no backup that does not read back the same", async () => {
    const sound = await preWorld();
    const { client } = sound;
    let asked = 0;
    // A node that tells of the treasury's balance something else each time.
    const provider = new Proxy(client.provider, {
      get: (target, key) => {
        const value = Reflect.get(target, key) as unknown;
        if (key === "getBalance") return () => Promise.resolve(BigInt(++asked));
        return typeof value === "function" ? (value as () => unknown).bind(target) : value;
      },
    }) as Client["provider"];
    const found = await answerOf("state", { ...sound, client: { ...client, provider } });
    expect(found).to.match(/^fail/).and.to.include(`${world.treasury} balance: `);
    expect(await answerOf("state", sound)).to.match(/^pass/);

    const { json } = await run("pre", checklist());
    const backup = join(json.folder, "backup");
    expect(verifyBackup(backup, ROOT)).to.deep.equal([]);
    appendFileSync(join(backup, "project", "hardhat.config.ts"), " ");
    expect(verifyBackup(backup, ROOT)).to.deep.equal(["project/hardhat.config.ts: not as the manifest says"]);
    rmSync(join(backup, "project", "hardhat.config.ts"));
    appendFileSync(planFile, "# a note\n");
    try {
      expect(verifyBackup(backup, ROOT).sort()).to.have.length(2);
    } finally {
      writeFileSync(planFile, readFileSync(planFile, "utf8").replace("# a note\n", ""));
    }
  });

  it("CKL-06 answers a bad checklist with one error, and waives only what a project may not have", async () => {
    const errorOf = async (file: string) => {
      const args = { phase: "pre", file: planFile, checklist: file };
      const { exitCode, stdout, stderr } = await runTask("upgrade checklist", args, remote);
      expect([exitCode, stdout]).to.deep.equal([1, ""]);
      return stderr;
    };
    expect(await errorOf(join(folder, "nowhere.yaml"))).to.include("error ChecklistInvalid (SLIP-155)");
    expect(await errorOf(checklist({ commands: "{ tests: 'true', lint: 'true' }" }))).to.include("commands.format");
    expect(await errorOf(checklist({ comands: "{}" }))).to.include("write commands instead of comands");
    expect(await errorOf(checklist({ waive: "{ tests: none }" }))).to.include("one of baseline, transaction, backends");
    expect(await errorOf(checklist({ backends: "[{ url: nowhere }]" }))).to.include("an http or https address");
    expect(await errorOf(checklist({ views: "[{ call: '${nobody}' }]" }))).to.include("error AddressNameUnknown");
    const example = readChecklist(join(ROOT, "upgrades", "checklist.yaml"), NO_NAMES);
    expect(example.commands.tests).to.equal("npm test");

    const { item, statuses } = await run("pre", checklist({ waive: "{ baseline: nobody uses it yet }" }));
    expect(item("baseline")).to.deep.include({ status: "waived", evidence: ["nobody uses it yet"] });
    expect(Object.values(statuses()).filter((status) => status === "pass")).to.have.length(8);
  });
});
