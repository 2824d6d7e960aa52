import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import Ajv2020 from "ajv-2020/dist/2020";
import { parse, type DefaultTreeAdapterTypes } from "parse5";
import { SaxesParser } from "saxes";
import { ContractFactory, keccak256, ZeroHash } from "ethers";
import hre from "hardhat";
import { governBridge, INVARIANTS, openWorld, PLAN_FILE, ROOT, type World } from "../../scripts/demo/openWorld";
import { readAddressBook } from "../../src/chain/addressBook";
import { revertTo, takeSnapshot } from "../../src/chain/devChain";
import { readSlots } from "../../src/chain/erc1967";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { parsePlanText, readPlanFile } from "../../src/plan/readPlanFile";
import type { Registry } from "../../src/registry/connect";
import { canonicalJson } from "../../src/simulate/canonicalJson";
import type { OpenFork } from "../../src/simulate/openFork";
import { simulate } from "../../src/simulate/simulate";
import type { RehearsalReport } from "../../src/simulate/types";
import { reportHashOf, writeReport } from "../../src/simulate/writeReport";
import { readReport } from "../../src/simulate/readReport";
import { hashesOf, typedDataOf } from "../../src/registry/statements/statement";
import { htmlOf } from "../../src/report/rehearsal/html";
import { junitOf } from "../../src/report/rehearsal/junit";
import { markdownOf } from "../../src/report/rehearsal/markdown";
import { notesPage } from "../../src/report/rehearsal/notesPage";
import { rehearsalPage } from "../../src/report/rehearsal/rehearsalPage";
import { terminalOf } from "../../src/report/rehearsal/terminal";
import { schemaPage } from "../../scripts/docs/schema";
import { artifactsOf } from "../../tasks/support/artifacts";
import type { RunFacts } from "../../src/simulate/runFacts";
import { expectError } from "../helpers/expectError";
import { HOSTILE, hostile } from "../helpers/reports";
import { remoteEnvironment, runJson, runTask } from "../helpers/tasks";

describe("simulate > a canary of the bridge's gateway, on a fork of the remote chain", () => {
  let world: World;
  let registry: Registry;
  let block: number;
  let first: RehearsalReport;
  const deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-test-"));
  const planText = readFileSync(PLAN_FILE, "utf8");

  const rehearse = (text = planText, openFork?: OpenFork) => {
    const loaded = parsePlanText(text, PLAN_FILE, readAddressBook(deploymentsDir));
    return simulate(world.as(world.people.release), registry, loaded, {
      root: ROOT,
      invariantsDir: INVARIANTS,
      url: world.node.url,
      block,
      tool: "slipway test",
      openFork,
    });
  };
  const check = (report: RehearsalReport, id: string) => report.checks.find((entry) => entry.id === id);

  before(async () => {
    world = await openWorld({ artifacts: artifactsOf(hre), deploymentsDir });
    registry = await governBridge(world);
    await world.traffic.prepare();
    await world.traffic.run(30);
    block = await world.provider.getBlockNumber();
    first = await rehearse();
  });

  after(async () => {
    await world.close();
    rmSync(deploymentsDir, { recursive: true, force: true });
  });

  it("SIM-10 runs the plan to its end through the real contracts, by actors of the registry's own data", () => {
    expect(first.failure).to.equal(undefined);
    expect(first.checks.map(({ id, status }) => `${id} ${status}`)).to.deep.equal([
      "provenance pass",
      "integrity pass",
      "on-chain skip",
      "overrides pass",
      "lifecycle pass",
      "negatives pass",
      "quorum pass",
      "delays pass",
      "readiness skip",
      "nonces pass",
      "funds pass",
      "calldata pass",
      "existence pass",
      "pointers pass",
      "code pass",
      // The gateway comes as an artifact of its publisher: no build, no layout, and a lock in a transaction of its own.
      "source inconclusive",
      "initializers warn",
      "storage inconclusive",
      "opcodes pass",
      "selectors pass",
      "state pass",
      "power pass",
      "events pass",
      "value pass",
      "invariants pass",
      "journeys skip",
      "migration skip",
      "rollbacks pass",
      "containments skip",
      "gas pass",
      "size pass",
      "stack skip",
      "messages skip",
      "determinism skip",
      "drift pass",
      "replay skip",
      "fuzz skip",
      "access pass",
      "admins pass",
      "exposure skip",
      "toolchain pass",
      "reached pass",
      "governance pass",
      "retired skip",
      "planted inconclusive",
      "continuity skip",
      "quotes skip",
    ]);
    expect(first.verdict).to.equal("warn");
    const count = (verb: string) => first.steps.filter((step) => step.verb.startsWith(verb)).length;
    // Two thirds of twelve equal seats.
    expect([count("vote for"), count("signal ready")]).to.deep.equal([8, 8]);
    expect([count("propose"), count("attest"), count("schedule"), count("advance")]).to.deep.equal([1, 2, 1, 4]);
    const electors = new Set(world.people.electors);
    expect(
      first.steps.filter(({ verb }) => verb === "vote for").every(({ account }) => electors.has(account)),
    ).to.equal(true);
    expect(first.steps.every(({ gasUsed }) => gasUsed > 21_000n)).to.equal(true);
  });

  it("SIM-11 names where it comes from: chain, block, its hash, engine, registry and plan", async () => {
    const pinned = await world.provider.getBlock(block);
    expect(first.provenance).to.deep.include({ chainId: 42161n, block, blockHash: pinned?.hash });
    expect(first.provenance.engine).to.match(/^anvil \d+\.\d+\.\d+$/);
    expect(first.deployments.map(({ role, isOnChain }) => [role, isOnChain])).to.deep.equal([
      ["candidate", false],
      ["router", false],
    ]);
  });

  it("SIM-12 records the ERC-1967 slots around every stage: router in, router stays, candidate at the end", () => {
    const [candidate, router] = first.deployments.map(({ address }) => address);
    const implementations = first.stages.map(({ before, after }) => [
      before[0]?.slots.implementation,
      after[0]?.slots.implementation,
    ]);
    expect(implementations).to.deep.equal([
      [world.bridge.gatewayImplementation, router],
      [router, router],
      [router, router],
      [router, candidate],
    ]);
    expect(first.stages.flatMap(({ after }) => after.map(({ slots }) => slots.admin))).to.deep.equal(
      Array(4).fill(world.bridge.proxyAdmin),
    );
    const written = first.stages[0]?.writes ?? [];
    expect(written.map(({ account }) => account)).to.include(world.bridge.gateway);
    expect(written.every(({ before, after }) => before !== after)).to.equal(true);
  });

  it("SIM-13 takes every prefix of stages back, and finds code and pointers as they were", () => {
    expect(first.rollbacks.map(({ afterStages, state, isRestored }) => [afterStages, state, isRestored])).to.deep.equal(
      [
        [1, "RolledBack", true],
        [2, "RolledBack", true],
        [3, "RolledBack", true],
      ],
    );
    for (const { after, invariants, residue } of first.rollbacks) {
      expect(after[0]?.slots.implementation).to.equal(world.bridge.gatewayImplementation);
      expect(after[0]).to.deep.include({ version: 1, lockedBy: ZeroHash });
      expect(invariants.map(({ isOk }) => isOk)).to.deep.equal([true, true, true, true, true]);
      // What a router leaves behind is its own policy word, and nothing that the bridge reads.
      expect(residue).to.have.length(1);
    }
  });

  it("SIM-14 is refused what must not work, each with the error that says why", () => {
    const answers = first.negatives.map(({ name, found }) => `${name}: ${found.split("(")[0]}`);
    expect(answers).to.include.members([
      "propose without the release role: Unauthorized",
      "schedule before the vote: ProposalInState",
      "advance before the delay is over: NotYet",
      "schedule a second time: ProposalInState",
      "a stranger executes stage 0 on the timelock: AccessControlUnauthorizedAccount",
      "a stranger executes rollback 0 on the timelock: AccessControlUnauthorizedAccount",
      "advance an edited plan: ProposalUnknown",
      "advance twice at stage 1: NotYet",
      "a stranger takes back a plan in good order, after stage 2: ProposalInState",
      "advance a completed plan: ProposalInState",
    ]);
    expect(first.negatives.filter(({ isRefused }) => !isRefused)).to.deep.equal([]);
  });

  it("SIM-15 gives one report hash however often it runs", async () => {
    const second = await rehearse();
    expect(canonicalJson(second)).to.equal(canonicalJson(first));
    expect(reportHashOf(second)).to.equal(reportHashOf(first));
  });

  it("SIM-16 writes report.json whose bytes have the report's hash, and a page that says so", () => {
    const { json, markdown, reportHash } = writeReport(deploymentsDir, first, "npx hardhat upgrade simulate FILE");
    expect(keccak256(readFileSync(json))).to.equal(reportHash);
    expect(json).to.equal(join(deploymentsDir, "reports", first.subject.slice(0, 12), "report.json"));
    const page = readFileSync(markdown, "utf8");
    expect(page.split("\n")[0]).to.equal(`# [WARN] ${first.title}`);
    expect(page).to.include(reportHash).and.to.include("without its key");
  });

  it("SIM-17 sends nothing to the chain it copies, and leaves nothing in its folder", async () => {
    expect(await world.provider.getBlockNumber()).to.equal(block);
    expect((await readSlots(world.provider, world.bridge.gateway)).implementation).to.equal(
      world.bridge.gatewayImplementation,
    );
    expect(Object.keys(readAddressBook(deploymentsDir).addresses)).to.have.length(7);
    expect(existsSync(join(deploymentsDir, "plans"))).to.equal(false);
  });

  it("SIM-18 lists every override: each impersonated actor, each grant of gas money, the clock", () => {
    const acted = new Set(first.steps.map(({ account }) => account));
    const impersonated = first.overrides.filter(({ kind }) => kind === "impersonation");
    expect(impersonated).to.have.length(acted.size);
    expect(first.overrides.filter(({ kind }) => kind === "balance")).to.have.length(1);
    const [time] = first.overrides.filter((entry) => entry.kind === "time");
    // Vote 3 d, delay 1 d, dwells 6 + 12 + 24 h, less the seconds that the blocks between took.
    expect(time?.kind === "time" && time.seconds).to.be.within(496_000, 496_800);
  });

  it("SIM-19 is inconclusive, not passed, where a gate waits for users", async () => {
    const gate = `gates:\n  - { stage: canary 25%, call: "canaryCalls(address)", args: ["${world.bridge.gateway}"], op: ">=", value: 10 }\n`;
    const report = await rehearse(`${planText}\n${gate}`);
    expect(report.failure).to.deep.include({ error: "GateNotMet" });
    expect(report.verdict).to.equal("inconclusive");
    expect(check(report, "lifecycle")?.status).to.equal("inconclusive");
    expect(check(report, "lifecycle")?.evidence.join("\n")).to.include("nobody came: the plan file states no journeys");
    expect(check(report, "rollbacks")).to.deep.include({ status: "inconclusive" });
    expect(report.stages.map(({ label }) => label)).to.deep.equal(["canary 5%"]);
  });

  it("CTN-80 tries each containment after each stage: a stranger is refused, the incident role is not, and the way back stays open", async function () {
    this.timeout(600_000);
    const { abi, bytecode } = await hre.artifacts.readArtifact("Lane__MockForContainment");
    const client = world.as(world.people.deployer);
    const lane = await new ContractFactory(abi, bytecode, client.signer).deploy(
      readAddressBook(deploymentsDir).addresses["timelock"],
      world.people.deployer,
    );
    await lane.waitForDeployment();
    const before = block;
    block = await world.provider.getBlockNumber();
    const stated = (call: string) =>
      `containments:\n  - { label: stop the lane, breach: asset, calls: [{ target: "${String(lane.target)}", function: "${call}" }] }\n`;
    const report = await rehearse(`${planText}\n${stated("pause()")}`);
    // One that can never run: the lane is not paused.
    const broken = await rehearse(`${planText}\n${stated("unpause()")}`);
    block = before;
    expect(report.failure).to.equal(undefined);
    expect(check(report, "containments")?.status).to.equal("pass");
    expect(report.containments).to.have.length(report.rollbacks.length);
    for (const { by, state, isRestored } of report.containments) {
      expect({ by, state, isRestored }).to.deep.equal({ by: "incident role", state: "RolledBack", isRestored: true });
    }
    const refusals = report.negatives.filter(({ name }) => name.includes("containment 0"));
    expect(refusals).to.have.length(report.containments.length + 1);
    expect(refusals.every(({ isRefused }) => isRefused)).to.equal(true);
    expect(writeReport(deploymentsDir, report, "").json).to.include("report.json");
    expect(broken.verdict).to.equal("fail");
    expect(broken.failure).to.not.equal(undefined);
  });

  it("SIM-20 fails where the registry refuses the plan, with its error", async () => {
    const report = await rehearse(planText.replace("deadline: 7d", "deadline: 1s"));
    expect(report.verdict).to.equal("fail");
    expect(report.failure).to.deep.include({
      error: "ContractRefused",
      where: "propose",
      found: "field readiness.deadline, actual 1, min 60, max 31536000",
    });
  });

  it("SIM-22 names the plan that is built once candidate and router are really deployed", async () => {
    const loaded = readPlanFile(PLAN_FILE, readAddressBook(deploymentsDir));
    const options = { root: ROOT, invariantsDir: INVARIANTS, reportHash: reportHashOf(first) };
    const built = await prepareDeployments(world.as(world.people.release), registry, loaded, options);
    expect(built.isFinal).to.equal(true);
    expect(built.subject).to.equal(first.subject);
    expect(built.plan.evidence.reportHash).to.equal(reportHashOf(first));
  });

  describe("the report's forms", () => {
    const COMMAND = "npx hardhat upgrade simulate upgrades/arbitrum-gateway-1.2.5.yaml";
    const pageOf = (report: RehearsalReport) =>
      rehearsalPage(report, { reportHash: reportHashOf(report), command: COMMAND });
    /** As people see it, and as programs do: text, and elements with their attributes. */
    function parsed(html: string) {
      const errors: string[] = [];
      const document = parse(html, { onParseError: ({ code }) => errors.push(code) });
      const elements: { name: string; attributes: Record<string, string> }[] = [];
      let words = "";
      const walk = (node: DefaultTreeAdapterTypes.Node): void => {
        if ("value" in node) words += node.value;
        if ("tagName" in node) {
          const attributes = Object.fromEntries(node.attrs.map(({ name, value }) => [name, value]));
          elements.push({ name: node.tagName, attributes });
        }
        if ("childNodes" in node) node.childNodes.forEach(walk);
      };
      walk(document);
      return { errors, elements, words };
    }

    it("REP-01 has the form that docs/schema/rehearsal.json publishes: no field more, none less, no other type", () => {
      const schema = JSON.parse(schemaPage()) as object;
      const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
      const json = () => JSON.parse(canonicalJson(first)) as Record<string, unknown>;
      expect(validate(json()), JSON.stringify(validate.errors)).to.equal(true);
      for (const key of Object.keys(json())) {
        const { [key]: gone, ...rest } = json();
        expect(gone, key).to.not.equal(undefined);
        if (key !== "worstRollback") expect(validate(rest), `without ${key}`).to.equal(false);
        expect(validate({ ...rest, [key]: Array.isArray(gone) ? {} : [] }), `${key} of another type`).to.equal(false);
      }
      expect(validate({ ...json(), more: 1 })).to.equal(false);
    });

    it("REP-02 publishes the schema that the program reads with", () => {
      expect(readFileSync(join(ROOT, "docs/schema/rehearsal.json"), "utf8"), "run npm run docs:schema").to.equal(
        schemaPage(),
      );
    });

    it("REP-03 is read from its file as it was written, and names the field that is wrong", async () => {
      const { json, reportHash } = writeReport(deploymentsDir, first, COMMAND);
      const read = readReport(json);
      expect(read.reportHash).to.equal(reportHash);
      expect(canonicalJson(read.report)).to.equal(canonicalJson(first));
      const file = join(deploymentsDir, "edited.json");
      writeFileSync(file, canonicalJson({ ...first, steps: [{ ...first.steps[0], gasUsed: "much" }] }));
      await expectError(() => readReport(file), "ReportInvalid", {
        where: `${file}, steps.0.gasUsed`,
        expected: "a decimal integer as text",
      });
      writeFileSync(file, "{");
      await expectError(() => readReport(file), "ReportInvalid", { where: file, expected: "JSON" });
      await expectError(() => readReport(join(deploymentsDir, "none.json")), "ReportMissing", {});
    });

    it("REP-04 asks for nothing and runs nothing as HTML, whatever a plan's author wrote", () => {
      const plain = parsed(htmlOf(pageOf(first)));
      const attacked = parsed(htmlOf(pageOf(hostile(first))));
      for (const { errors, elements } of [plain, attacked]) {
        expect(errors).to.deep.equal([]);
        expect(elements.map(({ name }) => name)).to.not.include.oneOf(["script", "img", "iframe", "b", "link", "form"]);
        for (const { name, attributes } of elements) {
          expect(
            Object.keys(attributes).filter((key) => /^on|^src$|^style$/.test(key)),
            name,
          ).to.deep.equal([]);
          if ("href" in attributes) expect(attributes["href"]).to.match(/^#[a-z-]+$/);
        }
        const policy = elements.find(({ attributes }) => attributes["http-equiv"] === "Content-Security-Policy");
        expect(policy?.attributes["content"]).to.include("default-src 'none'");
      }
      // The author's words are there as words, but for characters that turn lines round.
      for (const words of HOSTILE.filter((_, i) => i !== 5)) expect(attacked.words).to.include(words);
      expect(attacked.words).to.include("⟨U+202E⟩gpj.exe").and.not.include("\u202e");
      expect(plain.elements.filter(({ name }) => name === "svg").length).to.be.greaterThan(0);
    });

    it("REP-05 keeps its tables and its text in Markdown, whatever a plan's author wrote", () => {
      for (const report of [first, hostile(first)]) {
        const lines = markdownOf(pageOf(report)).split("\n");
        let fence: string | undefined;
        let columns = 0;
        for (const line of lines) {
          const [ticks] = /^`{3,}/.exec(line) ?? [];
          if (fence !== undefined) {
            if (line === fence) fence = undefined;
            continue;
          }
          if (ticks !== undefined) {
            fence = ticks;
            continue;
          }
          const cells = line.startsWith("| ") ? line.split(/(?<!\\)\|/).length : 0;
          if (columns > 0 && cells > 0) expect(cells, line).to.equal(columns);
          columns = cells;
          const bare = line.replaceAll(/\\./g, "");
          expect(bare, line).to.not.match(/[<>]|\]\(|`|https?:\/\//);
        }
        expect(fence).to.equal(undefined);
      }
    });

    it("REP-06 is JUnit for the systems that build: one case a check, a failure for what must not be merged", () => {
      const open: RehearsalReport = {
        ...first,
        checks: first.checks.map((entry, i) => ({
          ...entry,
          status: i === 0 ? "fail" : i < 3 ? "inconclusive" : entry.status,
          isRequired: i !== 2,
          evidence: [HOSTILE[i % HOSTILE.length]!],
        })),
      };
      const counts = (xml: string) => {
        const found: Record<string, number> = {};
        const parser = new SaxesParser();
        parser.on("opentag", ({ name }) => (found[name] = (found[name] ?? 0) + 1));
        parser.on("error", (error) => {
          throw error;
        });
        parser.write(xml).close();
        return found;
      };
      const skipped = first.checks.filter(({ status }) => status === "skip").length;
      expect(counts(junitOf(first))).to.deep.include({ testcase: first.checks.length, skipped });
      expect(counts(junitOf(first))["failure"]).to.equal(undefined);
      const required = open.checks.filter(({ status, isRequired }) => status === "inconclusive" && isRequired).length;
      expect(required).to.be.greaterThan(0);
      expect(counts(junitOf(open))).to.deep.include({ testcase: first.checks.length, failure: 1 + required });
    });

    it("REP-07 tells in its notes what changes, what is watched, when it goes on, and what may be done at once", () => {
      const notes = markdownOf(notesPage(first, reportHashOf(first)));
      const plain = notes.replaceAll("\\", "");
      for (const { name } of first.stages.flatMap(({ invariants }) => invariants)) expect(plain).to.include(name);
      for (const { added } of first.impact.selectors) {
        for (const { selector } of added) expect(plain).to.include(selector);
      }
      for (const { address, codeHash } of first.deployments) {
        expect(plain).to.include(address).and.to.include(codeHash);
      }
      for (const { label, dwell } of first.what.stages) expect(plain).to.include(label).and.to.include(dwell);
      expect(plain)
        .to.match(/proposal 0x[0-9a-f]{64}/)
        .and.to.include("## Where the risk is");
      for (const { text } of first.timeline) expect(plain).to.include(text);
      expect(plain).to.include("the canary frozen").and.to.include("the way back from stages 0 to");
    });

    it("REP-08 is short in a terminal, and no text of it moves the cursor", () => {
      const shown = terminalOf(first);
      expect(shown.split("\n").length).to.be.lessThan(35);
      expect(shown).to.include("back      at worst");
      // eslint-disable-next-line no-control-regex -- that is what must not be there
      expect(terminalOf(hostile(first))).to.not.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    });

    it("REP-09 puts the decision first, names the worst first, and prints none where nothing is unexplained", () => {
      const page = pageOf(hostile(first));
      expect(page.sections.map(({ id }) => id)).to.deep.equal([
        "decision",
        "what",
        "before-after",
        "timeline",
        "signers",
        "checks",
        "unexplained",
        "appendix",
      ]);
      const decided = page.sections[0]!.blocks.find((block) => block.kind === "table");
      expect(decided?.kind === "table" && decided.rows[0]?.[0]).to.equal("FAIL");
      const passed = pageOf({ ...first, overrides: [] });
      expect(passed.sections[6]!.blocks).to.deep.equal([{ kind: "text", text: "none" }]);
    });

    it("REP-10 tells signers the id and the hashes that the registry will see", async () => {
      const loaded = readPlanFile(PLAN_FILE, readAddressBook(deploymentsDir));
      const snapshot = await takeSnapshot(world.provider);
      const options = { root: ROOT, invariantsDir: INVARIANTS, reportHash: reportHashOf(first) };
      const { proposalId } = await prepareDeployments(world.as(world.people.release), registry, loaded, options);
      await revertTo(world.provider, snapshot);
      const shown = JSON.stringify(pageOf(first).sections[4]);
      const vote = typedDataOf({ verb: "vote", proposalId, choice: "for" }, registry.domain);
      expect(shown).to.include(proposalId).and.to.include(hashesOf(vote).digest);
    });
  });

  describe("upgrade simulate", () => {
    const before = process.env["SLIPWAY_DEPLOYMENTS"];
    let on: Awaited<ReturnType<typeof remoteEnvironment>>;

    beforeEach(async () => {
      // The world's folder is that of a network named remote.
      const base = mkdtempSync(join(tmpdir(), "slipway-test-"));
      cpSync(deploymentsDir, join(base, "remote"), { recursive: true });
      process.env["SLIPWAY_DEPLOYMENTS"] = base;
      on = await remoteEnvironment(world.node.url);
    });

    afterEach(() => {
      rmSync(process.env["SLIPWAY_DEPLOYMENTS"] as string, { recursive: true });
      if (before === undefined) delete process.env["SLIPWAY_DEPLOYMENTS"];
      else process.env["SLIPWAY_DEPLOYMENTS"] = before;
    });

    it("SIM-23 prints nothing but JSON with --json, and exits 0 where every check passes", async () => {
      const args = { file: PLAN_FILE, as: world.people.release, block: String(block), fuzz: "0" };
      const { json, exitCode } = await runJson<RehearsalReport & { reportHash: string; json: string; next: string }>(
        "upgrade simulate",
        args,
        on,
      );
      expect(exitCode).to.equal(0);
      expect(json).to.deep.include({ verdict: "warn", subject: first.subject });
      expect(keccak256(readFileSync(json.json))).to.equal(json.reportHash);
      expect(json.next).to.equal(
        `npx hardhat --network remote upgrade propose ${PLAN_FILE} --report ${json.reportHash}`,
      );
    });

    it("REP-11 renders a report in each form, to a file or to stdout, and refuses to overwrite", async () => {
      const { json: file } = writeReport(deploymentsDir, first, "");
      const begins = {
        text: "WARN  ",
        markdown: "# [WARN] ",
        html: "<!doctype html>",
        junit: "<?xml",
        notes: "# [UPGRADE",
      };
      for (const [form, start] of Object.entries(begins)) {
        const { stdout, exitCode } = await runTask("upgrade render", { report: file, form }, on);
        expect(exitCode).to.equal(0);
        expect(stdout.startsWith(start), `${form}: ${stdout.slice(0, 40)}`).to.equal(true);
      }
      const write = join(process.env["SLIPWAY_DEPLOYMENTS"] as string, "page.html");
      const written = await runTask("upgrade render", { report: file, form: "html", write }, on);
      expect(written.exitCode).to.equal(0);
      expect(readFileSync(write, "utf8")).to.include(reportHashOf(first));
      const again = await runJson<{ error: string }>("upgrade render", { report: file, form: "html", write }, on);
      expect([again.exitCode, again.json.error]).to.deep.equal([1, "FileExists"]);
      const unknown = await runJson<{ error: string }>("upgrade render", { report: file, form: "pdf" }, on);
      expect([unknown.exitCode, unknown.json.error]).to.deep.equal([1, "OptionInvalid"]);
    });

    it("SIM-26 counts what its forks ask the remote for, and asks for no history of a block twice", async () => {
      const cache = mkdtempSync(join(tmpdir(), "slipway-test-"));
      const cached = { ...on, config: { ...on.config, paths: { ...on.config.paths, cache } } };
      const args = { file: PLAN_FILE, as: world.people.release, block: String(block) };
      const counts = async () => {
        const { json } = await runJson<{ run: string }>("upgrade simulate", args, cached);
        return (JSON.parse(readFileSync(json.run, "utf8")) as RunFacts).requests!;
      };
      const [once, again] = [await counts(), await counts()];
      rmSync(cache, { recursive: true });
      const history = ["eth_getStorageAt", "eth_getCode", "eth_getBalance", "eth_getTransactionCount"];
      const asked = (of: typeof once) => history.reduce((sum, method) => sum + (of.forwarded[method] ?? 0), 0);
      expect(asked(once)).to.be.greaterThan(20);
      expect(asked(again)).to.equal(0);
    });

    it("SIM-24 exits 4 and says which gate waits where the rehearsal is inconclusive", async () => {
      const file = join(process.env["SLIPWAY_DEPLOYMENTS"] as string, "gated.yaml");
      const gate = `{ stage: promote, call: "canaryCalls(address)", args: ["${world.bridge.gateway}"], op: ">=", value: 1 }`;
      writeFileSync(file, `${planText}\ngates:\n  - ${gate}\n`);
      const { stdout, exitCode } = await runTask("upgrade simulate", { file, as: world.people.release }, on);
      expect(exitCode).to.equal(4);
      expect(stdout).to.include("INCONCLUSIVE").and.to.include("GateNotMet").and.not.to.include("next:");
    });

    it("SIM-25 refuses a network without an RPC URL, an unknown engine and a block that is no number", async () => {
      const refused = async (args: Record<string, string>, environment = on) => {
        const { json, exitCode } = await runJson<{ error: string; where: string }>(
          "upgrade simulate",
          { file: PLAN_FILE, ...args },
          environment,
        );
        expect(exitCode).to.equal(1);
        return `${json.error} ${json.where}`;
      };
      expect(await refused({ engine: "ganache" })).to.equal("OptionInvalid --engine");
      expect(await refused({ block: "latest" })).to.equal("OptionInvalid --block");
      const urlless = { ...on, network: { ...on.network, config: hre.network.config } };
      expect(await refused({}, urlless)).to.equal("OptionInvalid --network remote");
    });
  });
});
