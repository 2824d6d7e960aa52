import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFixture, mine } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import { readAddressBook } from "../../../src/chain/addressBook";
import { prepareDeployments } from "../../../src/plan/prepareDeployments";
import { readPlanFile } from "../../../src/plan/readPlanFile";
import type { Plan } from "../../../src/plan/types";
import { compareBundles, type Mismatch } from "../../../src/prove/checkBundle";
import { hashOf } from "../../../src/prove/prove";
import type { Bundle } from "../../../src/prove/types";
import { canonicalJson } from "../../../src/simulate/canonicalJson";
import { CATALOGUE, ROOT, withOwnFolder } from "../../fixtures/bridgeModule";
import { vaultFixture, type VaultFixture } from "../../fixtures/vaultModule";
import { toInProgress, toNextStep } from "../../helpers/lifecycle";
import { REPORT } from "../../helpers/plans";
import { runJson, runTask } from "../../helpers/tasks";

const ONE = 10n ** 18n;

interface World extends VaultFixture {
  plan: Plan;
  proposalId: string;
  deposit: (amount: bigint) => Promise<void>;
}

/** The vault's own plan file, its first stage run: 5% of users are on the candidate. */
async function world(): Promise<World> {
  const fixture = await vaultFixture();
  const { client, connected, others, vault, asset } = fixture;
  const options = { root: ROOT, invariantsDir: CATALOGUE, reportHash: REPORT };
  const loaded = readPlanFile(join(ROOT, "upgrades", "vault-v2.yaml"), readAddressBook(client.deploymentsDir));
  const { plan } = await prepareDeployments(client, connected, loaded, options);
  const token = await ethers.getContractAt("HookToken__MockForRouter", asset);
  const proxy = await ethers.getContractAt("VaultV1", vault);
  for (const user of others) {
    await token.mint(user.address, 1_000_000n * ONE);
    await token.connect(user).getFunction("approve")(vault, ethers.MaxUint256);
  }
  const deposit = async (amount: bigint) => {
    for (const user of others.slice(0, 4)) await proxy.connect(user).getFunction("deposit")(amount, user.address);
  };
  const proposalId = await toInProgress(fixture, plan);
  return { ...fixture, plan, proposalId, deposit };
}

/** All three shares with deposits in each, the promotion, and the end. */
async function completed(): Promise<World> {
  const here = await world();
  const { registry, plan, proposalId, stranger } = here;
  await here.deposit(10n * ONE);
  for (let stage = 1; stage < plan.stages.length; ++stage) {
    await toNextStep(here, proposalId);
    await registry.connect(stranger).advance(plan);
    await here.deposit(7n * ONE);
  }
  const { state } = await registry.stateOf(proposalId);
  if (state === 5n) {
    await toNextStep(here, proposalId);
    await registry.connect(stranger).advance(plan);
  }
  await mine(3);
  return here;
}

describe("upgrade prove", function () {
  // Whole lives of a plan, and each of them read again at every block that counts.
  this.timeout(600_000);
  const before = process.env["SLIPWAY_DEPLOYMENTS"];
  after(() => {
    if (before === undefined) delete process.env["SLIPWAY_DEPLOYMENTS"];
    else process.env["SLIPWAY_DEPLOYMENTS"] = before;
  });

  async function open(fixture: () => Promise<World>): Promise<World & { id: string; file: string }> {
    const here = withOwnFolder(await loadFixture(fixture));
    const folder = mkdtempSync(join(tmpdir(), "slipway-"));
    cpSync(here.client.deploymentsDir, join(folder, "hardhat"), { recursive: true });
    process.env["SLIPWAY_DEPLOYMENTS"] = folder;
    return { ...here, id: here.proposalId.slice(2, 8), file: join(folder, "bundle.json") };
  }
  const bundleOf = (file: string) => JSON.parse(readFileSync(file, "utf8")) as Bundle;
  const verdicts = ({ bounds }: Bundle) => Object.fromEntries(bounds.map(({ bound, verdict }) => [bound, verdict]));

  it("TOO-40 proves of a promoted plan that it kept every bound: votes, times, code, invariants, budget", async () => {
    const { id, file, plan, vault, stable, proposalId } = await open(completed);
    const run = await runTask("upgrade prove", { proposal: id, write: file });
    expect(run.exitCode, run.stderr + run.stdout).to.equal(0);
    expect(run.stdout).to.match(/^YES {2}Vault v2, a limit on withdrawals stayed within its policy: yes/);
    const bundle = bundleOf(file);
    expect(new Set(Object.values(verdicts(bundle)))).to.deep.equal(new Set(["yes"]));
    expect(bundle).to.include({ proposalId, state: "Completed", verdict: "yes", hash: hashOf(bundle) });
    expect(bundle.hypothesis.modules[0]).to.include({ module: "vault", account: vault, from: stable });
    expect(bundle.executions.map(({ kind, index }) => [kind, index])).to.deep.equal(
      plan.stages.map((_stage, index) => ["stage", index]),
    );
    expect(
      bundle.executions.every(({ pins }) => pins.length > 0 && pins.every((pin) => pin.before === pin.expected)),
    ).to.equal(true);
    const events = bundle.transitions.map(({ event }) => event);
    for (const event of [
      "ProposalCreated",
      "VoteCast",
      "Attested",
      "ReadySignalled",
      "ProposalScheduled",
      "StageAdvanced",
      "PlanCompleted",
    ]) {
      expect(events).to.include(event);
    }
    const [canary] = bundle.canaries;
    expect(canary!.samples.map(({ share }) => share)).to.include.members([500, 2_500, 10_000]);
    // Four deposits of 7 at 100%, by meter of assets.
    expect(canary!.samples.some(({ used }) => BigInt(used) >= 28n * ONE)).to.equal(true);
    const checked = await runTask("upgrade prove", { check: file });
    expect(checked.exitCode, checked.stdout).to.equal(0);
    expect(checked.stdout).to.include("is what the chain says");
  });

  it("TOO-41 writes the same bytes again, also when the chain went on", async () => {
    const { id, file } = await open(completed);
    await runTask("upgrade prove", { proposal: id, write: file });
    await mine(5);
    const again = `${file}.again.json`;
    await runTask("upgrade prove", { proposal: id, write: again });
    expect(readFileSync(again, "utf8")).to.equal(readFileSync(file, "utf8"));
  });

  it("TOO-42 a bundle in which any one field was changed fails the check, which names the field", async () => {
    const { id, file } = await open(completed);
    await runTask("upgrade prove", { proposal: id, write: file });
    const genuine = bundleOf(file);
    const leaves = leavesOf(genuine, []);
    expect(leaves.length).to.be.greaterThan(500);
    // Every kind of field, and one in nine of the others; a forger also makes the hash fit.
    const shape = (path: readonly string[]) => path.filter((key) => !/^(\d+|0x.*)$/.test(key)).join(".");
    const chosen = leaves.filter(
      (path, i) => i % 9 === 4 || leaves.findIndex((other) => shape(other) === shape(path)) === i,
    );
    expect(chosen.length).to.be.greaterThan(150);
    for (const path of chosen) {
      const fields = compareBundles(forge(genuine, path), genuine).map(({ field }) => field);
      expect(fields, path.join(".")).to.deep.equal(path[0] === "hash" ? ["hash"] : [path.join(".")]);
    }
    // Through the task, which asks the chain: those that say what to ask for, and some of the others.
    const asked = [
      "format",
      "chainId",
      "registry",
      "proposalId",
      "block.number",
      "block.hash",
      "block.timestamp",
      "hash",
    ];
    const others = [
      "verdict",
      "plan.title",
      "transitions.3.by",
      "executions.1.pins.0.before",
      "canaries.0.samples.2.used",
    ];
    for (const path of [...asked, ...others]) {
      expect(leaves.map((leaf) => leaf.join("."))).to.include(path);
      const forgery = `${file}.${path}.json`;
      writeFileSync(forgery, canonicalJson(forge(genuine, path.split("."))));
      const { json, exitCode } = await runJson<{ mismatches: Mismatch[] }>("upgrade prove", { check: forgery });
      expect(exitCode, path).to.equal(2);
      expect(
        json.mismatches.map(({ field }) => field),
        path,
      ).to.deep.equal([path]);
    }
    // What was left out or put in shows as well.
    const { journal: _journal, ...less } = genuine;
    writeFileSync(`${file}.less.json`, canonicalJson(less));
    const missing = await runTask("upgrade prove", { check: `${file}.less.json` });
    expect(missing.stdout).to.include("error BundleMismatch (SLIP-310)").and.to.include("where     journal");
    const more = { ...genuine, executions: [...genuine.executions, genuine.executions[0]] };
    writeFileSync(`${file}.more.json`, canonicalJson(more));
    expect((await runTask("upgrade prove", { check: `${file}.more.json` })).exitCode).to.equal(2);
  });

  it("TOO-43 cannot tell while the plan runs, and can once it was taken back after a freeze", async () => {
    const here = await open(world);
    const { id, file, registry, plan, council, incident, vault } = here;
    await here.deposit(3n * ONE);
    const running = await runJson<Bundle>("upgrade prove", { proposal: id });
    expect(running.exitCode).to.equal(4);
    expect(running.json.verdict).to.equal("cannot tell");
    expect(Object.entries(verdicts(running.json)).filter(([, verdict]) => verdict !== "yes")).to.deep.equal([
      ["the plan has ended", "cannot tell"],
    ]);

    await registry.connect(incident).freeze(ethers.encodeBytes32String("vault"));
    for (const member of council.slice(0, 3)) await registry.connect(member).rollbackByCouncil(plan, "back", 0, []);
    const { json, exitCode } = await runJson<Bundle>("upgrade prove", { proposal: id, write: file });
    expect(exitCode, JSON.stringify(json.bounds)).to.equal(0);
    expect(json.executions.map(({ kind }) => kind)).to.deep.equal(["stage", "rollback"]);
    expect(json.transitions.map(({ event }) => event)).to.include.members([
      "CanaryFrozen",
      "PlanRolledBack",
      "ActApproved",
    ]);
    expect(json.canaries[0]).to.include({ account: vault });
    expect(json.canaries[0]!.events.map(({ event }) => event)).to.deep.equal(["CanaryInstalled", "CanaryFrozen"]);
    expect((await runTask("upgrade prove", { check: file })).exitCode).to.equal(0);
  });

  it("TOO-44 says what is wrong with what it was given", async () => {
    const { id, file } = await open(world);
    const run = await runTask("upgrade prove", { check: file });
    expect(run.stderr).to.include("error BundleMismatch (SLIP-310)").and.to.include("no file there");
    writeFileSync(file, "no JSON");
    expect((await runTask("upgrade prove", { check: file })).stderr).to.include("no JSON");
    expect((await runTask("upgrade prove", { proposal: id, write: file })).stderr).to.include("error FileExists");
    expect((await runTask("upgrade prove", { proposal: "abcdef" })).stderr).to.include("error ProposalUnknown");
    writeFileSync(file, "{}");
    const empty = await runTask("upgrade prove", { check: file });
    expect(empty).to.deep.include({ exitCode: 2 });
    expect(empty.stdout).to.include("where     format");
  });
});

/** Paths of all values that are no lists and no objects. */
function leavesOf(value: unknown, path: string[]): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, entry]) => leavesOf(entry, [...path, key]));
}

/** The bundle with one value changed, and, but for the hash itself, the hash of the forgery. */
function forge(bundle: Bundle, path: readonly string[]): Bundle {
  const copy = JSON.parse(JSON.stringify(bundle)) as Bundle;
  let place = copy as unknown as Record<string, unknown>;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string, unknown>;
  const last = path.at(-1)!;
  const value = place[last];
  if (typeof value === "number") place[last] = value + 1;
  else if (typeof value === "boolean") place[last] = !value;
  else {
    const text = String(value);
    place[last] = `${text.slice(0, -1)}${text.endsWith("1") ? "2" : "1"}`;
  }
  return last === "hash" && path.length === 1 ? copy : { ...copy, hash: hashOf(copy) };
}
