import { loadFixture, mine, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { Plan } from "../../../src/plan/types";
import type { Board, Dashboard } from "../../../src/registry/dashboard";
import { DAY, HOUR, registryFixture, type RegistryFixture } from "../../fixtures/registry";
import { builtIn, nodeArtifact, PROTOCOL, VERSION } from "../../helpers/artifact";
import { attest, propose, vote } from "../../helpers/lifecycle";
import { addModule, dialPlan } from "../../helpers/plans";
import { booksOf, runTask } from "../../helpers/tasks";

interface World extends RegistryFixture {
  plan: Plan;
  proposalId: string;
}

async function world(): Promise<World> {
  const fixture = await registryFixture();
  const plan = await dialPlan(fixture, await addModule(fixture));
  return { ...fixture, plan, proposalId: await propose(fixture, plan) };
}

describe("upgrade list --watch", () => {
  let here: World;
  let remove: () => void;

  beforeEach(async () => {
    here = await loadFixture(world);
    ({ remove } = booksOf(here.deployment));
  });
  afterEach(() => remove());

  const look = async (): Promise<Dashboard> => {
    const run = await runTask("upgrade list", { watch: true, once: true, json: true });
    expect(run.exitCode, run.stdout + run.stderr).to.equal(0);
    expect(run.stdout.split("\n")).to.have.length(2);
    return JSON.parse(run.stdout) as Dashboard;
  };
  const only = async (): Promise<Board> => (await look()).boards[0]!;

  it("TOO-60 tells who is ready and since when, and of the others when they were last seen, and with what", async () => {
    const { electors, registry, proposalId } = here;
    await registry.connect(electors[0]!).signalReady(proposalId, 0);
    await time.increase(2 * HOUR);
    await registry.connect(electors[1]!).signalReady(proposalId, 1);
    await registry.connect(electors[2]!).castVote(proposalId, 1, 2);
    await time.increase(5 * 60 - 1);
    await mine();
    const { boards, now } = await look();
    const [board] = boards;
    expect(board).to.deep.include({ proposalId, state: "Voting", unnamed: 0 });
    expect(board!.ready).to.deep.equal({ power: "200", total: "1200", seats: 2, threshold: "2/3", isMet: false });
    expect(
      board!.readyElectors.map(({ account, seat, since }) => [account, seat, Math.round((now - since) / 60)]),
    ).to.deep.equal([
      [electors[0]!.address, 0, 125],
      [electors[1]!.address, 1, 5],
    ]);
    expect(board!.pending.map(({ account }) => account)).to.deep.equal(electors.slice(2).map(({ address }) => address));
    expect(board!.pending[0]).to.deep.include({ lastDid: "voted" });
    expect(now - board!.pending[0]!.lastSeen!).to.be.within(290, 310);
    expect(board!.pending[1]).not.to.have.property("lastSeen");
    const { stdout } = await runTask("upgrade list", { watch: true, once: true });
    expect(stdout).to.include("ready     200/1200 = 16%, needs 2/3: not met");
    expect(stdout).to.match(new RegExp(`ready {3}${electors[0]!.address} +for 2h 5m`));
    expect(stdout).to.match(new RegExp(`pending ${electors[2]!.address} +last seen 5m( \\d+s)? ago: voted`));
    expect(stdout).to.match(new RegExp(`pending ${electors[3]!.address} +never seen`));
  });

  it("TOO-61 tells when a keeper will schedule, once only time is missing, and what else is missing until then", async () => {
    const { electors, registry, proposalId, plan } = here;
    const before = await only();
    expect(before).not.to.have.property("schedulesAt");
    expect(before.waitsFor.map((line) => line.split(":")[0])).to.deep.equal([
      "votes",
      "ready",
      "integrity attestations",
      "simulation attestations",
    ]);
    await vote(here, proposalId);
    await attest(here, proposalId);
    for (const [seat, elector] of electors.slice(0, 8).entries()) {
      await registry.connect(elector).signalReady(proposalId, seat);
    }
    const waiting = await only();
    const { votingEndsAt } = await registry.proposalOf(proposalId);
    expect(waiting).to.deep.include({ schedulesAt: Number(votingEndsAt), waitsFor: [] });
    expect(waiting.ready.isMet).to.equal(true);
    await time.increase(3 * DAY);
    await registry.schedule(plan);
    const scheduled = await only();
    expect(scheduled).not.to.have.property("schedulesAt");
    expect(scheduled.next!.earliest).to.equal(Number((await registry.stateOf(proposalId)).notBefore));
  });

  it("TOO-62 tells the height of the next stage where its gates count blocks, and the version that each elector runs", async () => {
    const { electors, registry, release } = here;
    const gates = [builtIn("blocksSinceSchedule()", 40n)];
    const [first, ...others] = here.plan.stages;
    const plan: Plan = { ...here.plan, nonce: 1n, artifact: nodeArtifact(), stages: [{ ...first!, gates }, ...others] };
    await registry.connect(release).propose(plan);
    const proposalId = await registry.proposalIdOf(plan);
    await vote(here, proposalId);
    await attest(here, proposalId);
    for (const [seat, elector] of electors.slice(0, 8).entries()) {
      await registry.connect(elector).signalReady(proposalId, seat);
    }
    await time.increase(3 * DAY);
    await registry.schedule(plan);
    await registry.connect(electors[9]!).advertise(proposalId, 9, VERSION, PROTOCOL);
    const board = (await look()).boards.find((one) => one.proposalId === proposalId)!;
    const { scheduledAtBlock, eta } = await registry.proposalOf(proposalId);
    expect(board.version).to.equal(VERSION);
    expect(board.nextHeight!.block).to.equal(Number(scheduledAtBlock) + 40);
    expect(board.nextHeight!.estimate).to.be.at.least(Number(eta));
    expect(board.pending.find(({ account }) => account === electors[9]!.address)).to.deep.include({
      version: VERSION,
      lastDid: "advertised a version",
    });
  });

  it("TOO-63 goes on until it is interrupted, with one line of JSON a round, and ends with 0", async () => {
    const known = process.listeners("SIGINT");
    const running = runTask("upgrade list", { watch: true, every: "1", json: true });
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    // The task's own listener alone: the test runner has one too.
    const own = process.listeners("SIGINT").filter((listener) => !known.includes(listener));
    expect(own).to.have.length(1);
    own[0]!("SIGINT");
    const { stdout, exitCode } = await running;
    const lines = stdout.trim().split("\n");
    expect(lines.length).to.be.greaterThan(1);
    for (const line of lines) expect((JSON.parse(line) as Dashboard).boards).to.have.length(1);
    expect(exitCode).to.equal(0);
  });

  it("TOO-64 says so where nothing is live, and refuses an interval that is none", async () => {
    const { registry, release, proposalId } = here;
    await registry.connect(release).cancel(proposalId);
    expect((await runTask("upgrade list", { watch: true, once: true })).stdout).to.include("no live proposals");
    const wrong = await runTask("upgrade list", { watch: true, every: "0" });
    expect(wrong.exitCode).to.equal(1);
    expect(wrong.stderr).to.include("--every");
  });
});
