import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { id, Interface } from "ethers";
import hre from "hardhat";
import { INVARIANTS, ROOT } from "../../scripts/demo/openWorld";
import { readAddressBook } from "../../src/chain/addressBook";
import { warpTo } from "../../src/chain/devChain";
import { breakInvariant } from "../../src/drill/breakInvariant";
import { runDrill } from "../../src/drill/runDrill";
import { FIELDS, lintStatement, statementOf, tabletopOf } from "../../src/drill/statement";
import { CLASSES, type DrillReport } from "../../src/drill/types";
import { defineInvariants } from "../../src/invariants/defineInvariants";
import { loadInvariants } from "../../src/invariants/loadInvariants";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { readPlanFile } from "../../src/plan/readPlanFile";
import { attest } from "../../src/registry/attest";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { propose } from "../../src/registry/propose";
import { ready } from "../../src/registry/ready";
import { schedule } from "../../src/registry/schedule";
import { readStatus } from "../../src/registry/state";
import { vote } from "../../src/registry/vote";
import { ForkSession } from "../../src/simulate/forkSession";
import { openAnvilFork, type Fork } from "../../src/simulate/openFork";
import { expectError } from "../helpers/expectError";
import { remoteEnvironment, runJson, runTask } from "../helpers/tasks";
import { openVaultWorld, type VaultWorld } from "../helpers/vaultWorld";

const ONE = "1000000000000000000";

/** A row of each class that the vault's own catalogue has not, all of them seen between stages. */
const ROWS: Record<string, string> = {
  "vault-covers-shares": `category: asset
action: freeze
left: { target: "\${vaultAsset}", call: "balanceOf(address)(uint256)", args: ["\${vault}"] }
op: ">="
right: { target: "\${vault}", call: "totalSupply()(uint256)" }`,
  "share-worth": `category: pricing
action: freeze
left: { target: "\${vault}", call: "convertToAssets(uint256)(uint256)", args: ["${ONE}"] }
op: ">="
right: 999000000000000000`,
  "delay-kept": `category: upgrade
action: rollback
left: { target: "\${timelock}", call: "getMinDelay()(uint256)" }
op: ">="
right: 3600`,
  "vault-lets-out": `category: liveness
action: rollback
left: { target: "\${vault}", call: "maxWithdraw(address)(uint256)", args: ["\${holder}"] }
op: ">="
right: 1`,
};

describe("drill run, on a fork of a chain on which a plan is under way", () => {
  let world: VaultWorld;
  let registry: Registry;
  let fork: Fork;
  let proposalId: string;
  let planFile: string;
  const folder = mkdtempSync(join(tmpdir(), "slipway-drill-"));
  const outside = process.env["SLIPWAY_DEPLOYMENTS"];
  const drills = new Map<string, DrillReport>();

  before(async () => {
    world = await openVaultWorld();
    const { people, as, deploymentsDir, provider } = world;
    ({ registry } = world);
    process.env["SLIPWAY_DEPLOYMENTS"] = join(folder, "books");
    mkdirSync(join(folder, "books"));
    symlinkSync(deploymentsDir, join(folder, "books", "remote"));
    const catalogue = join(folder, "invariants");
    cpSync(INVARIANTS, catalogue, { recursive: true });
    for (const [name, text] of Object.entries(ROWS)) {
      writeFileSync(join(catalogue, `${name}.yaml`), `name: ${name}\nseverity: critical\nowner: vault risk\n${text}\n`);
    }
    const book = readAddressBook(deploymentsDir);
    book.addresses["holder"] = world.user(0);
    const rows = loadInvariants(catalogue, Object.keys(ROWS), book);
    await defineInvariants(as(people.risk), registry, rows);

    const control = new Interface((await hre.artifacts.readArtifact("ITrafficControl")).abi);
    const inner = (name: string, args: unknown[]) =>
      `{ target: "${world.traffic.vault}", function: "traffic(bytes)", args: ["${control.encodeFunctionData(name, args)}"] }`;
    planFile = join(folder, "plan.yaml");
    writeFileSync(
      planFile,
      `title: Vault v2, drilled
module: vault
upgrade:
  contract: contracts/examples/VaultV2.sol:VaultV2
  replaces: contracts/examples/VaultV1.sol:VaultV1
  init: { function: migrateV2(uint256), args: ["1000${ONE.slice(1)}"] }
canary:
  steps: [{ share: 50%, dwell: 6h }]
  budget:
    per: 1h
    cap: 10000 ether
    meters: [{ function: "deposit(uint256,address)", arg: assets }]
    free: ["transfer(address,uint256)", "transferFrom(address,address,uint256)", "approve(address,uint256)", "mint(uint256,address)", "withdraw(uint256,address,address)", "redeem(uint256,address,address)"]
  lanes:
    pause: 1h
    groups:
      - { name: entry, functions: ["deposit(uint256,address)", "mint(uint256,address)"] }
      - { name: exit, exit: true, functions: ["withdraw(uint256,address,address)", "redeem(uint256,address,address)"] }
  lockable: ["transferOwnership(address)"]
invariants: [${["owner-unchanged", ...Object.keys(ROWS)].join(", ")}]
rollback: auto
containments:
  - { label: close the entry, breach: asset, calls: [${inner("pauseLane", [1, false])}] }
  - { label: lock the owner, breach: authorization, calls: [${inner("lockSelector", [id("transferOwnership(address)").slice(0, 10)])}] }
journeys:
  - { name: in, as: "${world.user(0)}", steps: [{ call: "deposit(uint256,address)", args: ["${ONE}", self] }] }
  - { name: out, as: "${world.user(0)}", steps: [{ call: "withdraw(uint256,address,address)", args: ["${ONE}", self, self] }] }
`,
    );
    const release = as(people.release);
    writeFileSync(book.file, JSON.stringify(book.addresses));
    const loaded = readPlanFile(planFile, book);
    const options = { root: ROOT, invariantsDir: catalogue, reportHash: id("a rehearsal") };
    const built = await prepareDeployments(release, registry, loaded, options);
    ({ proposalId } = built);
    await propose(release, registry, built.plan);
    for (const account of people.electors.slice(0, 9)) await vote(as(account), registry, { proposalId, choice: "for" });
    const [first, second] = people.attesters;
    await attest(as(first!), registry, { proposalId, kind: "integrity" });
    await attest(as(second!), registry, { proposalId, kind: "simulation" });
    for (const account of people.electors.slice(0, 8)) await ready(as(account), registry, { proposalId });
    await warpTo(provider, (await readStatus(registry, proposalId)).notBefore);
    await schedule(release, registry, { proposalId });
    fork = await openAnvilFork({ url: world.node.url, root: ROOT });
  });

  after(async () => {
    if (outside === undefined) delete process.env["SLIPWAY_DEPLOYMENTS"];
    else process.env["SLIPWAY_DEPLOYMENTS"] = outside;
    await fork?.close();
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const onFork = async () => {
    const client = { ...world.as(world.people.release), provider: fork.provider, signer: undefined };
    return { session: new ForkSession(fork, client), there: await connectRegistry(client, registry.address) };
  };

  for (const kind of CLASSES) {
    it(`DRL-01 a break of class ${kind} is contained in two blocks by what the plan committed to, by anyone; what is only frozen the council takes back`, async () => {
      const { session, there } = await onFork();
      await session.onSnapshot(async () => {
        const report = await runDrill(session, there, { class: kind, proposalId, within: 3, journeys: [] });
        drills.set(kind, report);
        const isBack = ["authorization", "upgrade", "liveness"].includes(kind);
        expect(report).to.include({ verdict: "pass", class: kind, blocksToContain: 2 });
        expect(report.state).to.equal(isBack ? "RolledBack" : "InProgress");
        expect(report.isFrozen).to.equal(!isBack);
        expect(report.humans).to.deep.equal(
          isBack ? [] : [1, 2, 3].map((i) => `the council approves the way back, ${i} of 3`),
        );
        expect(report.end).to.equal("RolledBack");
        expect(report.steps.slice(0, 2).map(({ by, blocks }) => [by, blocks])).to.deep.equal([
          ["anyone", 1],
          ["anyone", 2],
        ]);
        expect(report.containments).to.deep.equal(
          kind === "asset" ? ["close the entry"] : kind === "authorization" ? ["lock the owner"] : [],
        );
        expect(report.broken.was).to.not.equal(report.broken.is);
      });
    });
  }

  it("DRL-02 tells what users were served meanwhile, and what was at risk, and sends nothing to the chain", async () => {
    const before = await world.provider.getBlockNumber();
    const remote = await remoteEnvironment(world.node.url);
    const out = join(folder, "out");
    const args = { class: "asset", proposal: planFile, write: out };
    const { json, exitCode } = await runJson<DrillReport>("drill run", args, remote);
    expect(exitCode, JSON.stringify(json)).to.equal(0);
    expect(
      json.calls.map(({ moment, served, refused, errors }) => [moment, served, refused, errors.join()]),
    ).to.deep.equal([
      ["before", 2, 0, ""],
      ["broken", 1, 1, json.calls[1]!.errors.join()],
      ["seen", 1, 1, json.calls[1]!.errors.join()],
      ["contained", 0, 2, json.calls[3]!.errors.join()],
    ]);
    expect(json.calls[3]!.errors.length).to.be.greaterThan(0);
    expect(json.atRisk).to.deep.include({ share: 5_000, cap: "10000000000000000000000" });
    expect(await world.provider.getBlockNumber()).to.equal(before);
    expect(lintStatement(readFileSync(join(out, "statement.md"), "utf8"))).to.deep.equal([]);
    expect(readFileSync(join(out, "tabletop.md"), "utf8")).to.include("| contained | 0 | 2 |");
    const late = await runTask("drill run", { ...args, write: undefined, within: "1" }, remote);
    expect([late.exitCode, late.stdout.slice(0, 6)]).to.deep.equal([2, "[FAIL]"]);
    for (const [wrong, name] of [
      [{ class: "weather" }, "one of asset, authorization"],
      [{ within: "ever" }, "a number of blocks"],
    ] as const) {
      const run = await runTask("drill run", { ...args, ...wrong }, remote);
      expect(run.stderr).to.include("error OptionInvalid").and.to.include(name);
    }
  });

  it("DRL-03 breaks nothing else than the copy's words, and says so where no word breaks the invariant", async () => {
    const { session, there } = await onFork();
    const broken = drills.get("asset")!.broken;
    expect(broken.account).to.equal(world.traffic.asset);
    // Nothing that the probe of a constant reads can be moved.
    const nothing = { target: world.traffic.vault, data: id("decimals()").slice(0, 10), gas: 100_000n };
    const anyId = drills.get("asset")!.invariant.id;
    await session.onSnapshot(() =>
      expectError(
        () =>
          breakInvariant(fork.provider, there, { proposalId, id: anyId, condition: { left: nothing, right: nothing } }),
        "DrillImpossible",
        { found: "none does" },
      ),
    );
  });

  it("DRL-04 refuses a plan that has no such invariant in force, and one that is not under way", async () => {
    const { session, there } = await onFork();
    const answering = (function_: string, answer: unknown) => ({
      ...there,
      contract: new Proxy(there.contract, {
        get: (target, key) => {
          if (key !== "getFunction") return Reflect.get(target, key) as unknown;
          const fixed = Object.assign(() => Promise.resolve(answer), { staticCall: () => Promise.resolve(answer) });
          return (name: string) => (name === function_ ? fixed : target.getFunction(name));
        },
      }),
    });
    const waiting = { state: 1n, isHalted: false, nextStage: 0n, stageCount: 2n, notBefore: 0n, notAfter: 0n };
    const broken = { isAvailable: true, isOk: false, left: 0n, right: 1n };
    for (const [changed, found] of [
      [answering("stateOf", waiting), "Voting"],
      [answering("check", broken), "5 invariants, none of them"],
    ] as const) {
      await session.onSnapshot(() =>
        expectError(
          () => runDrill(session, changed, { class: "asset", proposalId, within: 3, journeys: [] }),
          "DrillImpossible",
          { found },
        ),
      );
    }
  });

  it("DRL-05 generates a statement with every field that passes the lint, and a script that names every step", () => {
    for (const kind of CLASSES) {
      const report = drills.get(kind)!;
      const text = statementOf(report);
      expect(text).to.include(
        report.humans.length === 0 ? "Nothing of it waits for people" : "3 members have to approve",
      );
      expect(lintStatement(text), text).to.deep.equal([]);
      for (const field of FIELDS) {
        expect(lintStatement(text.replace(`## ${field}`, "## Else")).join()).to.include(`no "## ${field}"`);
      }
      const script = tabletopOf(report);
      for (const { what } of report.steps) expect(script).to.include(what);
    }
    const open = statementOf({ ...drills.get("asset")!, blocksToContain: undefined });
    expect(open).to.include("Not contained.");
    expect(lintStatement(open)).to.deep.equal([]);
  });

  it("DRL-06 refuses words that could mean anything, each with what to write, and fields that name nothing", async () => {
    const sound = statementOf(drills.get("asset")!);
    for (const vague of [
      "Some users were affected.",
      "A small number of accounts lost money.",
      "Balances may have changed.",
      "Funds possibly moved.",
      "The vault appears to be fine.",
      "We believe that it is over.",
      "More follows shortly.",
      "Funds are safe.",
      "Out of an abundance of caution we stopped it.",
      "We are aware of an issue.",
      "There was unusual activity.",
      "We are looking into it.",
    ]) {
      const found = lintStatement(`${sound}${vague}\n`);
      expect(found, vague).to.have.length(1);
      expect(found[0]).to.match(/^line \d+: ".*": \S/);
    }
    const without = (from: RegExp, to: string) => lintStatement(sound.replace(from, to)).join();
    expect(without(/0x[0-9a-fA-F]{40}/g, "the vault")).to.include("name the affected accounts by address");
    expect(without(/Contained \d+/, "Stopped")).to.include("say contained, partly contained or not contained");
    expect(without(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/, "tomorrow")).to.include("Next update: say when");
    const file = join(folder, "statement.md");
    writeFileSync(file, `${sound}Some funds moved.\n`);
    const remote = await remoteEnvironment(world.node.url);
    const run = await runTask("drill lint", { file }, remote);
    expect([run.exitCode, run.stdout.trim()]).to.deep.equal([2, lintStatement(readFileSync(file, "utf8")).join("\n")]);
    writeFileSync(file, sound);
    expect((await runTask("drill lint", { file }, remote)).exitCode).to.equal(0);
  });
});
