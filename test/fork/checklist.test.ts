import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ContractFactory, id, JsonRpcSigner, toBeHex, ZeroHash } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { untilScheduled, waitFor, type Story } from "../../scripts/demo/lifecycle";
import { INVARIANTS, ROOT } from "../../scripts/demo/openWorld";
import { Show } from "../../scripts/demo/show";
import { readAddressBook } from "../../src/chain/addressBook";
import { mine, revertTo, takeSnapshot, warp } from "../../src/chain/devChain";
import { verifyBackup } from "../../src/checklist/backup";
import { readSlots } from "../../src/chain/erc1967";
import type { ErrorRate } from "../../src/checklist/errorRate";
import { POST, type PostWorld } from "../../src/checklist/post";
import { baselineFile, PRE, type PreWorld } from "../../src/checklist/pre";
import { checklistFolder } from "../../src/checklist/run";
import { readChecklist } from "../../src/checklist/schema";
import type { ChecklistReport, Item } from "../../src/checklist/types";
import type { Client } from "../../src/client";
import { buildPlan } from "../../src/plan/buildPlan";
import { exposition } from "../../src/metrics/exposition";
import { readMetrics } from "../../src/metrics/readMetrics";
import { modulesOf } from "../../src/plan/moduleOf";
import { readPlanFile, type LoadedPlanFile } from "../../src/plan/readPlanFile";
import { advance } from "../../src/registry/advance";
import { readReport } from "../../src/simulate/readReport";
import { canonicalJson } from "../../src/simulate/canonicalJson";
import type { RehearsalReport } from "../../src/simulate/types";
import { openTreasuryWorld, type TreasuryWorld } from "../helpers/treasuryWorld";
import { remoteEnvironment, runJson, runTask } from "../helpers/tasks";

const MOCKS = "contracts/mocks/Treasury__MockForRehearsal.sol";
const NO_NAMES = { file: "", addresses: {} };

type Report = ChecklistReport & { error?: string };

describe("upgrade checklist, on a node that plays the remote chain", () => {
  let world: TreasuryWorld;
  let remote: HardhatRuntimeEnvironment;
  let planFile: string;
  let reportFile: string;
  let proposalId: string;
  let clean: string;
  let story: Story;
  /** What serves before the plan. */
  let stable: string;
  const quiet = new Show(() => undefined, false);
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
    writeFileSync(
      planFile,
      `title: Treasury v2
module: treasury
proposer: "${chain.people.release}"
upgrade:
  contract: ${MOCKS}:TreasuryV2__MockForRehearsal
  replaces: ${MOCKS}:TreasuryV1__MockForRehearsal
  init: { function: "migrate(uint8,address)", args: ["0", "${outsider}"] }
canary: none
readiness: { threshold: 2/3, deadline: 7d, window: 24h }
rollback: auto
journeys:
  - { name: look, as: "${outsider}", steps: [{ call: "version()" }] }
`,
    );
    stable = (await readSlots(chain.provider, world.treasury)).implementation;
    story = await untilScheduled(quiet, { ...chain, registry }, planFile);
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

  describe("once the plan is completed", () => {
    let site: { url: string; close: () => Promise<void> };
    let node: { url: string; close: () => Promise<void>; change?: Change };
    /** An address where nobody listens. */
    let nobody: string;
    const pages: Record<string, { status: number; text: () => Promise<string> | string }> = {};

    before(async () => {
      const gone = await serve(() => Promise.reject(new Error("never asked")));
      await gone.close();
      nobody = gone.url;
      const { chain, registry } = world;
      const keeper = chain.as(chain.people.deployer);
      await run("pre", checklist());
      for (const stage of story.plan.plan.stages.keys()) {
        await waitFor(quiet, { ...chain, registry }, proposalId, "the stage");
        await advance(keeper, registry, { proposalId, stage });
      }
      await waitFor(quiet, { ...chain, registry }, proposalId, "the dwell");
      await advance(keeper, registry, { proposalId });
      await traffic(9, 1);
      site = await serve(async (path) => {
        const page = pages[path.split("?")[0]!];
        return page === undefined ? { status: 404, text: "" } : { status: page.status, text: await page.text() };
      });
      node = await relay(chain.node.url, (request, answer) =>
        node.change === undefined ? answer : node.change(request, answer),
      );
      pages["/health"] = { status: 200, text: () => '{"ok":true}' };
      pages["/metrics"] = { status: 200, text: async () => exposition(await readMetrics(keeper, registry)) };
      pages["/api/v1/query"] = {
        status: 200,
        text: () => JSON.stringify({ status: "success", data: { result: [{ value: [0, "1"] }] } }),
      };
      // What the tests above return to is from before.
      clean = await takeSnapshot(chain.provider);
    });

    after(async () => {
      await site.close();
      await node.close();
    });

    afterEach(() => {
      node.change = undefined;
    });

    const asked = (over: Record<string, string> = {}) =>
      checklist(
        {
          views: `[{ call: "version()", expect: "2" }, { call: "owner()", expect: "\${timelock}" }]`,
          backends: `[{ url: "${site.url}/health", contains: '"ok":true' }]`,
          metrics: `{ url: "${site.url}/metrics", prometheus: "${site.url}", queries: ["slipway_module_version"] }`,
          api: `{ url: "${node.url}", abi: ${MOCKS}:TreasuryV2__MockForRehearsal, openrpc: ${OPENRPC} }`,
          ...over,
        },
        "post.yaml",
      );
    const OPENRPC = join(folder, "openrpc.json");
    const openrpc = (methods: unknown[] = METHODS) =>
      writeFileSync(OPENRPC, JSON.stringify({ openrpc: "1.3.2", methods }));

    it("CKL-10 carries out every item, and writes off what served before once it is told to", async () => {
      openrpc();
      const first = await run("post", asked());
      expect(first.statuses()).to.deep.equal({
        completed: "pass",
        views: "pass",
        transaction: "pass",
        backends: "pass",
        errors: "pass",
        events: "pass",
        metrics: "pass",
        decommissioned: "fail",
        api: "pass",
      });
      expect([first.exitCode, first.item("decommissioned").evidence[0]]).to.deep.equal([
        2,
        `${stable} is not written off`,
      ]);
      const { json, exitCode, item } = await run("post", asked(), { decommission: true });
      expect([exitCode, json.verdict]).to.deep.equal([0, "pass"]);
      expect(item("events").evidence.join()).to.match(/stage 0: 3 events in 0x/);
      expect(item("transaction").evidence).to.deep.equal([`look: version() by ${world.outsider}: ok`]);
      expect(item("errors").evidence.join()).to.include("since: 1 of 10 transactions failed (10%)");
      expect(item("metrics").evidence).to.include("treasury: version 1");
      const [kept] = JSON.parse(readFileSync(join(world.deploymentsDir, "decommissioned.json"), "utf8")) as unknown[];
      expect(kept).to.deep.include({ address: stable, module: "treasury", proposalId });
      // Every view without arguments, where none is listed.
      const every = await run("post", asked({ views: "" }));
      expect(every.item("views").evidence.join()).to.include("PAYER() 0x").and.to.include("version() 2");
    });

    it("CKL-11 fails by name what is broken after an upgrade", async () => {
      openrpc();
      const { chain } = world;
      // Somebody goes on calling the old code, users fail, a proxy still leads there, and nobody serves the pages.
      const signer = new JsonRpcSigner(chain.provider, world.outsider);
      await signer.sendUncheckedTransaction({ to: stable, data: "0x54fd4d50", gasLimit: 100_000 });
      await traffic(0, 5);
      const artifact = await remote.artifacts.readArtifact("ERC1967Proxy");
      const twin = await new ContractFactory(artifact.abi, artifact.bytecode, signer).deploy(stable, "0x54fd4d50");
      const book = join(world.deploymentsDir, "addresses.json");
      const names = readFileSync(book, "utf8");
      writeFileSync(book, JSON.stringify({ ...JSON.parse(names), twin: await twin.getAddress() }));
      const stories = asked({
        views: `[{ call: "version()", expect: "1" }]`,
        transaction: `[{ call: "pay(address,uint256)", as: "${world.outsider}", args: ["${world.outsider}", "1"] }]`,
        backends: `[{ url: "${site.url}/health", contains: degraded }, { url: "${site.url}/gone" }, { url: "${nobody}" }]`,
        metrics: `{ url: "${site.url}/stale", prometheus: "${site.url}/nowhere", queries: ["up"] }`,
      });
      const stale = await exposition([{ name: "slipway_module_version", labels: { module: "treasury" }, value: 0 }]);
      pages["/stale"] = { status: 200, text: () => stale };
      try {
        const { statuses, item, exitCode } = await run("post", stories);
        expect(exitCode).to.equal(2);
        expect(statuses()).to.deep.equal({
          completed: "pass",
          views: "fail",
          transaction: "fail",
          backends: "fail",
          errors: "fail",
          events: "pass",
          metrics: "fail",
          decommissioned: "fail",
          api: "pass",
        });
        expect(item("views").evidence[0]).to.equal("version() 2, expected 1");
        expect(item("transaction").evidence[0]).to.include("OwnableUnauthorizedAccount").and.to.include("expected ok");
        expect(item("backends").evidence).to.deep.equal([
          `${site.url}/health: HTTP 200, without "degraded"`,
          `${site.url}/gone: HTTP 404, expected 200`,
          `${nobody}: ECONNREFUSED, expected 200`,
        ]);
        expect(item("errors").evidence.join()).to.include("since: 6 of 15 transactions failed (40%)");
        expect(item("metrics").evidence.join()).to.include("version 0, 1 on chain").and.to.include("up: HTTP 404");
        expect(item("decommissioned").evidence.join()).to.include(`still points to ${stable}`);
        expect(item("decommissioned").evidence.join()).to.include("1 transactions were sent to it since");
      } finally {
        writeFileSync(book, names);
      }
    });

    it("CKL-12 compares what stages logged with what the rehearsal logged: every event, its topics and its data", async () => {
      const { report } = readReport(reportFile);
      const at = async (change: (copy: RehearsalReport) => void, over: Partial<PostWorld> = {}) => {
        const copy = structuredClone(report);
        change(copy);
        const file = join(folder, "other.json");
        writeFileSync(file, canonicalJson(copy));
        // A report that the proposal does not cite is refused before anything is compared: here it cites none.
        const contract = new Proxy(world.registry.contract, {
          get: (target, key) => {
            if (key !== "getFunction") return Reflect.get(target, key) as unknown;
            return (name: string) => {
              const own = target.getFunction(name);
              if (name !== "proposalOf") return own;
              return async (...args: unknown[]) => ({ ...(await own(...args)).toObject(), reportHash: ZeroHash });
            };
          },
        });
        return postAnswer("events", { registry: { ...world.registry, contract }, reportFile: file, ...over });
      };
      const [stage] = report.stages;
      expect(stage!.events.map(({ topics }) => topics[0])).to.include(id("Migrated(uint256)"));
      expect(await at(() => undefined)).to.match(/^pass/);
      const last = (copy: RehearsalReport) =>
        copy.stages[0]!.events.find(({ topics }) => topics[0] === id("Migrated(uint256)"))!;
      expect(await at((copy) => (last(copy).data = toBeHex(3, 32))))
        .to.include("no Migrated(uint256) of")
        .and.to.include("Migrated(uint256) of " + world.treasury + " was not rehearsed");
      const lax = readChecklist(checklist({ events: '{ vary: ["Migrated(uint256)"] }' }), NO_NAMES);
      expect(await at((copy) => (last(copy).data = toBeHex(3, 32)), { checklist: lax })).to.match(/^pass/);
      expect(await at((copy) => copy.stages[0]!.events.pop())).to.include("was not rehearsed");
      expect(await at((copy) => copy.stages[0]!.events.push(last(copy)))).to.include("as rehearsed");
      expect(await at((copy) => (copy.subject = ZeroHash))).to.include("is about plan 0x0000");
      writeFileSync(join(folder, "edited.json"), canonicalJson({ ...report, title: "x" }));
      expect(await postAnswer("events", { reportFile: join(folder, "edited.json") })).to.include(
        "cites another report",
      );
      expect(await postAnswer("events", { reportFile: join(folder, "none.json") })).to.match(/^inconclusive/);
      const loaded = readPlanFile(planFile, NO_NAMES);
      const expect_ = {
        events: [{ stage: "0", event: "Paused(address)" }],
      } as unknown as LoadedPlanFile["plan"]["expect"];
      const stated = { ...loaded, plan: { ...loaded.plan, expect: expect_ } };
      expect(await postAnswer("events", { loaded: stated })).to.include(
        "no Paused(address), which the plan file expects",
      );
    });

    it("CKL-13 takes a baseline only from before the upgrade, of this chain and of the same accounts", async () => {
      const { subject } = story.plan;
      const file = baselineFile(checklistFolder(world.deploymentsDir, subject));
      const kept = readFileSync(file, "utf8");
      const rate = JSON.parse(kept) as ErrorRate;
      const at = async (over: Partial<ErrorRate>, tolerance = "10%") => {
        const other = mkdtempSync(join(folder, "rate-"));
        writeFileSync(baselineFile(other), JSON.stringify({ ...rate, ...over }));
        const stated = readChecklist(checklist({ errorRate: `{ tolerance: ${tolerance} }` }), NO_NAMES);
        return postAnswer("errors", { folder: other, checklist: stated });
      };
      expect(await at({})).to.match(/^pass/);
      const latest = await world.chain.provider.getBlock("latest");
      expect(await at({ to: latest!.number, blockHash: latest!.hash! })).to.match(
        /^fail: .*the first stage ran in block/,
      );
      expect(await at({ blockHash: ZeroHash })).to.include("another chain");
      expect(await at({ accounts: [stable] })).to.match(/^fail/);
      // One of ten more: ten percent are that much, a hundredth of a percent less is not.
      expect(await at({ failed: 0 })).to.match(/^pass/);
      expect(await at({ failed: 0 }, "9.99%")).to.match(/^fail: before: 0 of 10/);
      expect(await postAnswer("errors", { folder: mkdtempSync(join(folder, "none-")) })).to.match(
        /^inconclusive: no base/,
      );
      await expectThrow(at({ failed: 99 }), "more failed than were sent");
    });

    it("CKL-14 finds where the endpoint no longer serves what is published: functions, forms, methods, chain and height", async () => {
      openrpc();
      const api = (over: string) => readChecklist(checklist({ api: over }), NO_NAMES);
      const of = (more: string) => postAnswer("api", { checklist: api(`{ url: "${node.url}", ${more} }`) });
      const abi = `abi: ${MOCKS}:TreasuryV2__MockForRehearsal`;
      expect(await of(abi)).to.match(/^pass/);
      // Another contract's ABI, and the own one with one thing changed.
      const published = JSON.parse(
        JSON.stringify((await remote.artifacts.readArtifact("TreasuryV2__MockForRehearsal")).abi),
      ) as {
        type: string;
        name: string;
        outputs: { type: string }[];
      }[];
      const drift = async (change: (rows: typeof published) => void) => {
        const rows = structuredClone(published);
        change(rows);
        const file = join(folder, "abi.json");
        writeFileSync(file, JSON.stringify(rows));
        return of(`abi: "${file}"`);
      };
      const view = {
        type: "function",
        name: "paused",
        stateMutability: "view",
        inputs: [],
        outputs: [{ type: "bool" }],
      };
      expect(await drift((rows) => rows.push(view))).to.include("paused() is not served any more");
      const named = (rows: typeof published, name: string) => rows.find((row) => row.name === name)!;
      expect(await drift(() => undefined)).to.match(/^pass/);
      expect(await drift((rows) => named(rows, "version").outputs.push({ type: "uint256" }))).to.include("32 bytes");
      expect(await drift((rows) => (named(rows, "version").outputs[0]!.type = "string"))).to.match(/^fail/);
      expect(await drift((rows) => (named(rows, "version").outputs[0]!.type = "uint64"))).to.include(
        "the build of the live",
      );
      expect(await drift((rows) => (named(rows, "Migrated").name = "Moved"))).to.include("has no `event Moved");

      const rpc = async (change: (methods: Method[]) => void) => {
        const methods = structuredClone(METHODS) as Method[];
        change(methods);
        openrpc(methods);
        return of(`${abi}, openrpc: "${OPENRPC}"`);
      };
      expect(await rpc(() => undefined)).to.match(/^pass.*3 methods/);
      expect(await rpc(([first]) => (first!.name = "eth_nothing"))).to.match(/^fail: eth_nothing\(\)/);
      expect(await rpc(([first]) => (first!.result.schema = { type: "integer" }))).to.include("result must be integer");
      expect(await rpc((methods) => (methods[2]!.examples = []))).to.match(/^inconclusive.*has no example/);
      expect(await rpc((methods) => methods.splice(0))).to.match(/^inconclusive/);
      // An endpoint whose answers changed: a number where text was, an older height, another chain, or none.
      const lie = (method: string, result: unknown) =>
        (node.change = (asked_, answer) => (asked_ === method ? result : answer));
      lie("eth_getBlockByNumber", null);
      expect(await rpc(() => undefined)).to.include("result must be object");
      lie("eth_blockNumber", "0x1");
      expect(await rpc(() => undefined)).to.include("is at block 1");
      lie("eth_chainId", "0x1");
      expect(await rpc(() => undefined)).to.include("answers for chain 0x1");
      expect((await run("post", asked({ api: `{ url: "${nobody}" }` }))).item("api").status).to.equal("inconclusive");
    });

    it("CKL-15 does not take a plan that went back, or has not run, for completed", async () => {
      expect(await postAnswer("completed", {})).to.match(/^pass/);
      const { plan } = story.plan;
      const calls = structuredClone(plan);
      calls.stages[0]!.calls[0]!.data = calls.stages[0]!.calls[0]!.data.replace(
        story.plan.deployments[0]!.address.slice(2).toLowerCase(),
        stable.slice(2).toLowerCase(),
      );
      expect(await postAnswer("completed", { plan: calls })).to.match(/^fail: treasury: served by .*, not by/);
      const [module] = await modulesOf(world.registry);
      expect(await postAnswer("completed", { modules: [{ ...module!, version: 0n }] })).to.match(
        /^fail: treasury: version 0/,
      );
    });

    const postAnswer = async (item: string, over: Partial<PostWorld>): Promise<string> => {
      const { chain, registry, deploymentsDir, treasury } = world;
      const { plan, subject } = story.plan;
      const { status, evidence } = await POST.find((kind) => kind.id === item)!.run({
        client: chain.as(chain.people.release),
        registry,
        checklist: readChecklist(checklist(), NO_NAMES),
        loaded: readPlanFile(planFile, readAddressBook(deploymentsDir)),
        plan,
        proposalId,
        subject,
        modules: await modulesOf(registry),
        accounts: [treasury],
        root: ROOT,
        folder: checklistFolder(deploymentsDir, subject),
        reportFile,
        isDecommissioning: false,
        ...over,
      });
      return `${status}: ${evidence.join("; ")}`;
    };
  });

  it("CKL-16 after an upgrade that has not run nothing is passed that depends on it", async () => {
    const { statuses, exitCode, item } = await run("post", checklist({}, "post.yaml"));
    expect(exitCode).to.equal(2);
    expect(statuses()).to.deep.equal({
      completed: "fail",
      views: "pass",
      transaction: "pass",
      backends: "inconclusive",
      errors: "inconclusive",
      events: "fail",
      metrics: "inconclusive",
      decommissioned: "inconclusive",
      api: "inconclusive",
    });
    expect(item("completed").evidence[0]).to.equal("the plan is Scheduled, 0 of 1 stages ran");
  });
});

type Change = (method: string, answer: unknown) => unknown;

interface Method {
  name: string;
  params?: { name: string; required: boolean }[];
  result: { schema: Record<string, unknown> };
  examples?: unknown[];
}

const METHODS: Method[] = [
  { name: "eth_chainId", result: { schema: { type: "string", pattern: "^0x[0-9a-f]+$" } } },
  {
    name: "eth_call",
    params: [{ name: "transaction", required: true }],
    result: { schema: { type: "string", pattern: "^0x[0-9a-f]{64}$" } },
    examples: [{ params: [{ value: { to: "${treasury}", data: "0x54fd4d50" } }, { value: "latest" }] }],
  },
  {
    name: "eth_getBlockByNumber",
    params: [{ name: "number", required: true }],
    result: { schema: { type: "object", required: ["hash", "number", "timestamp"] } },
    examples: [{ params: [{ value: "latest" }, { value: false }] }],
  },
];

/** Pages on the loopback interface. */
async function serve(
  answer: (path: string, body: string) => Promise<{ status: number; text: string }>,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      answer(request.url ?? "", body).then(
        ({ status, text }) => response.writeHead(status).end(text),
        () => response.writeHead(500).end(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** An endpoint before a node, whose results may be changed on the way. */
function relay(url: string, change: Change): Promise<{ url: string; close: () => Promise<void> }> {
  return serve(async (_, body) => {
    const request = JSON.parse(body) as { method: string };
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const json = (await answer.json()) as { result?: unknown };
    if (json.result !== undefined) json.result = change(request.method, json.result);
    return { status: 200, text: JSON.stringify(json) };
  });
}

async function expectThrow(promise: Promise<unknown>, text: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => String(thrown),
  );
  expect(error).to.include(text);
}
