import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture, mine, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { toBeHex } from "ethers";
import { ethers } from "hardhat";
import { hashPlan } from "../../../src/plan/eip712";
import type { Plan } from "../../../src/plan/types";
import { toJson } from "../../../src/report/toJson";
import { connectRegistry, DAY, registryFixture, UNIT, type RegistryFixture } from "../../fixtures/registry";
import { asTimelock } from "../../helpers/asTimelock";
import { State, stateOf } from "../../helpers/lifecycle";
import { addModule, dialPlan } from "../../helpers/plans";
import { domainOf } from "../../helpers/signatures";
import { booksOf, runJson, runTask, type TaskRun } from "../../helpers/tasks";

const EXAMPLE = join(__dirname, "..", "..", "..", "deployments", "registry.example.yaml");

interface World extends RegistryFixture {
  plan: Plan;
  proposalId: string;
  id: string;
}

/** Twelve delegates of a token with equal shares, and a plan that is not proposed yet. */
async function world(): Promise<World> {
  const fixture = await registryFixture();
  const token = await ethers.deployContract("BlockVotesToken");
  for (const elector of fixture.electors) {
    await token.mint(elector.address, 100n);
    await token.connect(elector).delegate(elector.address);
  }
  await mine();
  await (await asTimelock(fixture)).setTokenElectorate({ token, tokenUnit: 1n }, UNIT);
  const plan = await dialPlan(fixture, await addModule(fixture));
  const proposalId = hashPlan(plan, await domainOf(fixture));
  return { ...fixture, plan, proposalId, id: proposalId.slice(2, 8) };
}

describe("tasks of electorates", () => {
  let here: World;
  let folder: string;
  let remove: () => void;
  let file: string;

  beforeEach(async () => {
    here = await loadFixture(world);
    ({ folder, remove } = booksOf(here.deployment));
    file = join(folder, "dial.plan.json");
    writeFileSync(file, toJson(here.plan));
  });
  afterEach(() => remove());

  const ok = async (command: string, args: Record<string, string | boolean> = {}): Promise<TaskRun> => {
    const run = await runTask(command, args);
    expect(run.exitCode, run.stderr).to.equal(0);
    return run;
  };
  const propose = async () => {
    await ok("upgrade propose", { file, as: here.release.address });
    await mine();
  };

  it("ELE-50 finds a token's delegates, lists the strongest, and each votes by its seat", async () => {
    await propose();
    const early = await runTask("upgrade vote", {
      proposal: here.id,
      choice: "for",
      as: here.electors[0]!.address,
    });
    expect(early.exitCode).to.equal(4);
    expect(early.stderr).to.include("SnapshotMissing").and.to.include(`npx hardhat upgrade snapshot ${here.id}`);
    const before = await runTask("upgrade status", { proposal: here.id });
    expect(before.stdout).to.include("the list of delegates");
    await ok("upgrade snapshot", { proposal: here.id });
    expect((await ok("upgrade snapshot", { proposal: here.id })).stdout).to.include("already done");
    for (const elector of here.electors.slice(0, 8)) {
      await ok("upgrade vote", { proposal: here.id, choice: "for", as: elector.address });
    }
    const { forPower, voters, electorate } = await here.registry.proposalOf(here.proposalId);
    expect([forPower, voters]).to.deep.equal([800n, 8n]);
    expect((await here.registry.electorateHeader(electorate)).seats).to.equal(12n);
    await time.increase(3 * DAY);
    expect(await stateOf(here, here.proposalId)).to.equal(State.Approved);
  });

  it("ELE-51 a delegate who was not listed votes all the same, by call and by signature, once", async () => {
    await propose();
    const [listed, unlisted] = [here.electors.slice(0, 6), here.electors.slice(6)];
    const delegates = listed.map(({ address }) => address).join(",");
    await ok("upgrade snapshot", { proposal: here.id, delegates });
    const args = { proposal: here.id, choice: "for" };
    await ok("upgrade vote", { ...args, as: unlisted[0]!.address });
    expect((await ok("upgrade vote", { ...args, as: unlisted[0]!.address })).stdout).to.include("already done");
    const signed = join(folder, "signed");
    mkdirSync(signed);
    for (const [i, elector] of [listed[0]!, unlisted[1]!, unlisted[2]!].entries()) {
      await ok("upgrade vote", { ...args, as: elector.address, sign: join(signed, `${i}.json`) });
    }
    expect(readdirSync(signed)).to.have.length(3);
    await ok("upgrade vote", { ...args, as: here.stranger.address, submit: signed });
    expect((await here.registry.proposalOf(here.proposalId)).forPower).to.equal(400n);
    const again = await ok("upgrade vote", { ...args, as: here.stranger.address, submit: signed });
    expect(again.stdout).to.include("already done");
    const stranger = await runTask("upgrade vote", { ...args, as: here.stranger.address });
    expect(stranger.stderr).to.include("PowerMissing");
    await ok("upgrade ready", { proposal: here.id, as: unlisted[3]!.address });
    expect((await ok("upgrade ready", { proposal: here.id, as: unlisted[3]!.address })).stdout).to.include(
      "already done",
    );
    expect((await here.registry.proposalOf(here.proposalId)).readyPower).to.equal(100n);
    const ready = await runTask("upgrade ready", { proposal: here.id, as: here.stranger.address });
    expect(ready.stderr).to.include("PowerMissing");
  });

  it("ELE-52 deploys a registry whose electorate is a token, with caps by class and a unit", async () => {
    const token = await ethers.deployContract("TimeVotesToken");
    await token.mint(here.stranger, 1_000n);
    await mine();
    const text = readFileSync(EXAMPLE, "utf8");
    const from = /electorate:\n {2}maxPower: 1\/2\n {2}seats:\n( {4}- .*\n)+/;
    expect(text).to.match(from);
    const write = (electorate: string) => {
      const path = join(folder, "registry.yaml");
      writeFileSync(path, text.replace(from, `electorate:\n  maxPower: 1/2\n${electorate}`));
      return path;
    };
    const address = await token.getAddress();
    const stated = [
      "  maxPowerOf: { critical: 1/10 }",
      '  unit: "ten of the token"',
      `  token: { address: "${address}", unit: 10 }`,
      "",
    ].join("\n");
    for (const wrong of ["", `${stated}  seats:\n    - { account: "${here.stranger.address}", power: 1 }\n`]) {
      writeFileSync(join(folder, "hardhat", "addresses.json"), "{}");
      const run = await runTask("registry deploy", { file: write(wrong) });
      expect(run.stderr).to.include("ConfigInvalid").and.to.include("seats, or a token");
    }
    const run = await runJson<{ registry: string; timelock: string; facets: never }>("registry deploy", {
      file: write(stated),
    });
    expect(run.exitCode, run.stderr).to.equal(0);
    const { registry } = await connectRegistry({ ...here.deployment, registry: run.json.registry }, here.stranger);
    const { pointer } = await registry.electorate();
    const header = await registry.electorateHeader(pointer);
    expect([header.kind, header.token, header.tokenUnit]).to.deep.equal([2n, address, 10n]);
    expect(await registry.maxPowerOf(0)).to.deep.equal([1n, 2n]);
    expect(await registry.maxPowerOf(1)).to.deep.equal([1n, 10n]);
    const shown = await ok("registry electorate");
    expect(shown.stdout).to.include(`delegates of ${address}`).and.to.include("ten of the token");
  });

  it("ELE-53 stores a long list in chunks, goes on after an interruption, and gives the call for a plan", async () => {
    const seats = Array.from({ length: 1_100 }, (_, i) => ({ account: toBeHex(i + 1, 20), power: 1 + (i % 5) }));
    const list = join(folder, "validators.json");
    writeFileSync(list, JSON.stringify({ unit: "validator", seats }));
    const dry = await ok("registry draft", { file: list, dryRun: true });
    expect(dry.stdout).to.include("0 of 1100 seats stored, in 3 chunks");
    const first = await runJson<{ data: string }>("registry draft", {
      file: list,
      out: "raw",
      as: here.stranger.address,
    });
    await here.stranger.sendTransaction({ to: here.deployment.registry, data: first.json.data });
    const run = await runJson<{ stored: number; activation: { target: string; data: string } }>("registry draft", {
      file: list,
    });
    expect(run.json.stored).to.equal(1_100);
    const governed = await asTimelock(here);
    await governed.runner!.sendTransaction!({ to: run.json.activation.target, data: run.json.activation.data });
    const { pointer, kind } = await here.registry.electorate();
    expect(kind).to.equal(1n);
    expect((await here.registry.electorateHeader(pointer)).seats).to.equal(1_100n);
    const shown = await ok("registry electorate");
    expect(shown.stdout).to.include("1100 seats, power 3300, each validator").and.to.include("and 100 more");
    expect((await ok("registry draft", { file: list })).stdout).to.include("1100 of 1100 seats stored");
  });
});
