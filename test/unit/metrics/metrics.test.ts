import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture, mine, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { missingPower } from "../../../src/metrics/readMetrics";
import type { Sample } from "../../../src/metrics/metrics";
import { serveMetrics } from "../../../src/metrics/serve";
import { Op } from "../../../src/plan/types";
import { DAY, registryFixture, type RegistryFixture } from "../../fixtures/registry";
import { attest, propose, ready, toApproved, vote } from "../../helpers/lifecycle";
import { addModule, dialPlan } from "../../helpers/plans";
import { runJson, runTask, temporaryDeployments } from "../../helpers/tasks";

const BLOCKS_SINCE_SCHEDULE = id("blocksSinceSchedule()").slice(0, 10);

describe("upgrade metrics", () => {
  let here: RegistryFixture;
  let remove: () => void;

  beforeEach(async () => {
    here = await loadFixture(registryFixture);
    const temporary = temporaryDeployments();
    remove = temporary.remove;
    const { registry, timelock, block } = here.deployment;
    mkdirSync(join(temporary.folder, "hardhat"));
    writeFileSync(join(temporary.folder, "hardhat", "addresses.json"), JSON.stringify({ registry, timelock }));
    writeFileSync(join(temporary.folder, "hardhat", "registry.json"), JSON.stringify({ registry, timelock, block }));
  });
  afterEach(() => remove());

  const plan = async () => dialPlan(here, await addModule(here));
  const samples = async (): Promise<Record<string, number>> => {
    const { json } = await runJson<{ samples: Sample[] }>("upgrade metrics");
    return Object.fromEntries(json.samples.map(({ name, value }) => [name, value]));
  };

  it("MET-01 has series for live proposals alone: nothing of one that ended, and nothing where there is none", async () => {
    const proposed = await plan();
    expect(Object.keys(await samples())).to.deep.equal([
      "ipc_upgrade_proposal_count",
      "ipc_upgrade_rollbacks",
      "ipc_current_height",
      "slipway_module_version",
    ]);
    const proposalId = await propose(here, proposed);
    expect(await samples()).to.include({ ipc_upgrade_proposal_count: 1, slipway_proposal_state: 1 });
    await here.registry.connect(here.release).cancel(proposalId);
    const after = await samples();
    expect(after).to.include({ ipc_upgrade_proposal_count: 1 });
    expect(after).not.to.have.any.keys("slipway_proposal_state", "slipway_ready_power_ratio", "ipc_total_validators");
  });

  it("MET-02 says how much power is missing to the plan's own threshold: 8 of 12 are two thirds, 7 are not", async () => {
    const proposalId = await propose(here, await plan());
    await ready(here, proposalId, 7);
    expect(await samples()).to.include({
      ipc_total_validators: 12,
      ipc_upgrade_validators_ready: 7,
      slipway_ready_power_ratio: 7 / 12,
      slipway_ready_power_missing: 100,
    });
    await here.registry.connect(here.electors[7]!).signalReady(proposalId, 7);
    expect(await samples()).to.include({ slipway_ready_power_ratio: 8 / 12, slipway_ready_power_missing: 0 });
  });

  it("MET-02 rounds the missing power up, in whole units, whatever the size of the electorate", () => {
    const threshold = { numerator: 2, denominator: 3 };
    const missing = (readyPower: bigint, clippedTotal: bigint) => missingPower(threshold, { readyPower, clippedTotal });
    expect(missing(66n, 100n)).to.equal(1n);
    expect(missing(67n, 100n)).to.equal(0n);
    expect(missing(2n ** 71n - 1n, 3n * 2n ** 70n)).to.equal(1n);
    expect(missing(2n ** 71n, 3n * 2n ** 70n)).to.equal(0n);
    expect(missingPower({ numerator: 0, denominator: 1 }, { readyPower: 0n, clippedTotal: 9n })).to.equal(0n);
  });

  it("MET-03 names the block that a stage waits for, once it is scheduled", async () => {
    const proposed = await plan();
    const probe = { target: ZeroAddress, data: BLOCKS_SINCE_SCHEDULE, gas: 0n };
    proposed.stages[0]!.gates = [{ probe, op: Op.Gte, bound: 500n }];
    const proposalId = await toApproved(here, proposed);
    expect(await samples()).not.to.have.property("ipc_upgrade_target_height");
    await here.registry.schedule(proposed);
    const { scheduledAtBlock, eta } = await here.registry.proposalOf(proposalId);
    await mine(20);
    const now = await samples();
    expect(now).to.include({
      ipc_upgrade_target_height: Number(scheduledAtBlock) + 500,
      ipc_current_height: Number(scheduledAtBlock) + 20,
      slipway_next_step_timestamp_seconds: Number(eta),
    });
    expect(now).not.to.have.property("slipway_ready_power_missing");
  });

  it("MET-04 counts a rollback for ever", async () => {
    const proposed = await plan();
    await toApproved(here, proposed);
    await here.registry.schedule(proposed);
    await time.increase(DAY);
    await here.registry.advance(proposed);
    // The window between two stages lapses, which stalls the plan, and anyone takes it back.
    await time.increase(60 * DAY);
    expect((await samples())["ipc_upgrade_rollbacks"]).to.equal(0);
    await here.registry.rollback(proposed);
    expect((await samples())["ipc_upgrade_rollbacks"]).to.equal(1);
  });

  it("MET-05 is Prometheus' text format", async () => {
    const proposed = await plan();
    proposed.title = 'A "quoted" \\ title';
    const proposalId = await propose(here, proposed);
    await vote(here, proposalId);
    await attest(here, proposalId);
    const { stdout } = await runTask("upgrade metrics");
    expect(stdout).to.include("# TYPE ipc_upgrade_proposal_count counter\nipc_upgrade_proposal_count 1\n");
    expect(stdout).to.include(
      `slipway_proposal_state{proposal_id="${proposalId}",title="A \\"quoted\\" \\\\ title",state="Voting"} 1\n`,
    );
  });

  it("MET-06 answers scrapes, each read anew, and fails one that it cannot read", async () => {
    let reads = 0;
    const lines: string[] = [];
    const read = (): Promise<string> =>
      ++reads === 2 ? Promise.reject(new Error("node gone")) : Promise.resolve(`up ${reads}\n`);
    const server = await serveMetrics({ host: "127.0.0.1", port: 0, read, log: (line) => lines.push(line) });
    try {
      expect(await (await fetch(server.url)).text()).to.equal("up 1\n");
      expect((await fetch(server.url)).status).to.equal(503);
      expect(lines).to.deep.equal(["scrape failed: node gone"]);
      expect(await (await fetch(server.url)).text()).to.equal("up 3\n");
      expect((await fetch(server.url.replace("/metrics", "/"))).status).to.equal(404);
      const port = new URL(server.url).port;
      const run = await runTask("upgrade metrics", { listen: port });
      expect(run.exitCode).to.equal(1);
      expect(run.stderr).to.include("error OptionInvalid").and.to.include("EADDRINUSE");
    } finally {
      await server.close();
    }
    expect((await runTask("upgrade metrics", { listen: "70000" })).stderr).to.match(/found\s+70000/);
  });
});
