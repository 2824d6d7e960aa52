import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture, mine, setCode, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id } from "ethers";
import { ethers } from "hardhat";
import { readJournal } from "../../../src/journal/journal";
import { hashPlan } from "../../../src/plan/eip712";
import type { Plan } from "../../../src/plan/types";
import { toJson } from "../../../src/report/toJson";
import { DAY, registryFixture, type RegistryFixture } from "../../fixtures/registry";
import { attest, ready, State, vote } from "../../helpers/lifecycle";
import { define, dialInvariant, dialPlan, addModule } from "../../helpers/plans";
import { booksOf, runJson, runTask, type TaskRun } from "../../helpers/tasks";

interface World extends RegistryFixture {
  plan: Plan;
  proposalId: string;
  /** First six digits. */
  id: string;
  moduleAddress: string;
  invariant: string;
}

/** A registry, a module with one invariant, and a plan of two stages that is not proposed yet. */
async function world(): Promise<World> {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  const invariant = await define(fixture, await dialInvariant(module));
  // Invariants come before the plans they judge, also where a call is tried at the latest block's time.
  await mine();
  const plan = await dialPlan(fixture, module);
  plan.stages[0]!.invariants = [invariant];
  const chainId = (await fixture.registry.runner!.provider!.getNetwork()).chainId;
  const domain = {
    name: "Slipway UpgradeRegistry",
    version: "1",
    chainId,
    verifyingContract: fixture.deployment.registry,
  };
  const proposalId = hashPlan(plan, domain);
  return {
    ...fixture,
    plan,
    proposalId,
    id: proposalId.slice(2, 8),
    moduleAddress: await module.getAddress(),
    invariant,
  };
}

describe("tasks of a plan", () => {
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
  const journal = (): string => {
    const plans = join(folder, "hardhat", "plans");
    const name = readdirSync(plans).find((entry) => entry.endsWith(".jsonl"));
    return join(plans, name!);
  };
  const propose = () => ok("upgrade propose", { file, as: here.release.address });
  /** Past the tasks: how electors and attesters act is CLI-23's question. */
  const approve = async () => {
    await vote(here, here.proposalId);
    await ready(here, here.proposalId);
    await attest(here, here.proposalId);
    await time.increase(3 * DAY);
  };
  const toInProgress = async () => {
    await propose();
    await approve();
    await ok("upgrade schedule", { proposal: here.id });
    await time.increase(DAY);
    await ok("upgrade advance", { proposal: here.id });
  };

  it("CLI-23 carries a plan from its file to completion, and names the next command after every verb", async () => {
    const proposed = await propose();
    expect(proposed.stdout).to.include(`next: npx hardhat upgrade vote ${here.id} --choice for`);
    for (const elector of here.electors.slice(0, 8)) {
      await ok("upgrade vote", { proposal: here.id, choice: "for", as: elector.address });
      await ok("upgrade ready", { proposal: here.id, as: elector.address });
    }
    for (const kind of ["integrity", "simulation"]) {
      await ok("upgrade attest", { proposal: here.id, kind, as: here.attesters[0]!.address });
    }
    await time.increase(3 * DAY);
    const scheduled = await ok("upgrade schedule", { proposal: "turn-the-dial" });
    expect(scheduled.stdout).to.include(`next: npx hardhat upgrade advance ${here.id}`);
    await time.increase(DAY);
    expect((await ok("upgrade revalidate", { proposal: file })).stdout).to.include("are what was voted on");
    await ok("upgrade advance", { proposal: here.proposalId });
    await time.increase(DAY);
    const last = await ok("upgrade advance", { proposal: here.id });
    expect(last.stdout).not.to.include("next:");
    const { json } = await runJson<{ status: { state: string } }>("upgrade status", { proposal: here.id });
    expect(json.status.state).to.equal("Completed");
    expect(journal()).to.match(new RegExp(`${here.proposalId.slice(2, 12)}-turn-the-dial\\.jsonl$`));
  });

  it("CLI-24 a verb run twice says already done, exits 0 and sends nothing", async () => {
    await propose();
    const votes = async () => (await here.registry.proposalOf(here.proposalId)).voters;
    const args = { proposal: here.id, choice: "for", as: here.electors[0]!.address };
    await ok("upgrade vote", args);
    const lines = readJournal(journal()).entries.length;
    const again = await ok("upgrade vote", args);
    expect(again.stdout).to.include(`vote ${here.id}: already done`);
    expect(await votes()).to.equal(1n);
    expect(readJournal(journal()).entries.length).to.equal(lines);
    expect((await propose()).stdout).to.include("already done");
  });

  it("CLI-03 --dry-run simulates, shows what would be sent, and sends nothing", async () => {
    const { stdout } = await ok("upgrade propose", { file, as: here.release.address, dryRun: true });
    expect(stdout).to.include("simulated, nothing sent").and.to.include(here.deployment.registry);
    expect((await here.registry.stateOf(here.proposalId)).state).to.equal(State.Unknown);
    expect(existsSync(join(folder, "hardhat", "plans"))).to.equal(false);
  });

  it("CLI-04 --dry-run of a call that would revert ends with the contract's error", async () => {
    const run = await runTask("upgrade propose", { file, as: here.stranger.address, dryRun: true });
    expect(run).to.deep.include({ stdout: "", exitCode: 1 });
    expect(run.stderr).to.include("error Unauthorized (SLIP-216)").and.to.include("role RELEASE");
  });

  it("CLI-05 --out raw writes the unsigned transaction of an account whose key is elsewhere", async () => {
    await propose();
    await approve();
    const as = "0x00000000000000000000000000000000000000aa";
    const { stdout, exitCode } = await runTask("upgrade schedule", { proposal: here.id, as, out: "raw" });
    expect(exitCode).to.equal(0);
    expect(JSON.parse(stdout)).to.deep.equal({
      from: as,
      to: here.deployment.registry,
      data: here.registry.interface.encodeFunctionData("schedule", [here.plan]),
      value: "0",
      chainId: "31337",
    });
    expect((await here.registry.stateOf(here.proposalId)).state).to.equal(State.Approved);
  });

  it("CLI-06 --out safe writes a batch for Safe's Transaction Builder and needs no account", async () => {
    await propose();
    await approve();
    const { stdout, exitCode } = await runTask("upgrade schedule", { proposal: here.id, out: "safe" });
    expect(exitCode).to.equal(0);
    const batch = JSON.parse(stdout) as {
      chainId: string;
      transactions: { to: string; data: string; value: string }[];
    };
    expect(batch).to.include({ version: "1.0", chainId: "31337" });
    expect(batch.transactions).to.have.length(1);
    expect(batch.transactions[0]).to.include({
      to: here.deployment.registry,
      value: "0",
      data: here.registry.interface.encodeFunctionData("schedule", [here.plan]),
    });
    expect((await here.registry.stateOf(here.proposalId)).state).to.equal(State.Approved);
  });

  it("CLI-07 collects signed ballots and submits them in one transaction", async () => {
    await propose();
    const ballots = join(folder, "ballots");
    for (const [index, elector] of here.electors.slice(0, 3).entries()) {
      const sign = join(ballots, `${index}.json`);
      const { stdout } = await ok("upgrade vote", { proposal: here.id, choice: "for", as: elector.address, sign });
      expect(stdout).to.include("digest").and.to.include("signed, in");
    }
    expect((await here.registry.proposalOf(here.proposalId)).voters).to.equal(0n);
    await ok("upgrade vote", { proposal: here.id, choice: "for", submit: ballots, as: here.stranger.address });
    expect((await here.registry.proposalOf(here.proposalId)).voters).to.equal(3n);
    const again = await ok("upgrade vote", { proposal: here.id, choice: "for", submit: ballots });
    expect(again.stdout).to.include("already done");
  });

  it("CLI-08 refuses a signed file for another choice, and one whose signature is another's", async () => {
    await propose();
    const sign = join(folder, "one.json");
    await ok("upgrade vote", { proposal: here.id, choice: "against", as: here.electors[0]!.address, sign });
    const other = await runTask("upgrade vote", { proposal: here.id, choice: "for", submit: sign });
    expect(other.exitCode).to.equal(1);
    expect(other.stderr).to.include("SignatureFileInvalid").and.to.include("expected  choice for");

    const forged = JSON.parse(readFileSync(sign, "utf8")) as { signer: string };
    writeFileSync(sign, JSON.stringify({ ...forged, signer: here.electors[1]!.address }));
    const run = await runTask("upgrade vote", { proposal: here.id, choice: "against", submit: sign });
    expect(run.stderr).to.include("SignatureFileInvalid").and.to.include(here.electors[0]!.address);
    expect((await here.registry.proposalOf(here.proposalId)).voters).to.equal(0n);
  });

  it("CLI-09 submits signed attestations and signals of readiness", async () => {
    await propose();
    const signed = { attest: join(folder, "a.json"), ready: join(folder, "r.json") };
    const attester = here.attesters[0]!.address;
    await ok("upgrade attest", { proposal: here.id, kind: "integrity", as: attester, sign: signed.attest });
    await ok("upgrade ready", { proposal: here.id, as: here.electors[0]!.address, sign: signed.ready });
    await ok("upgrade attest", { proposal: here.id, kind: "integrity", submit: signed.attest });
    await ok("upgrade ready", { proposal: here.id, submit: signed.ready });
    const facts = await here.registry.proposalOf(here.proposalId);
    expect([facts.integrityAttestations, facts.readySeats]).to.deep.equal([1n, 1n]);
  });

  it("CLI-10 revalidate after a pinned account changed: exit 3, CodeHashMismatch with place, both hashes and blocks", async () => {
    await propose();
    await approve();
    await ok("upgrade schedule", { proposal: here.id });
    const expected = here.plan.stages[0]!.pins[0]!.codeHash;
    const { proposedAtBlock } = await here.registry.proposalOf(here.proposalId);
    await setCode(here.moduleAddress, "0x6001");
    const run = await runTask("upgrade revalidate", { proposal: here.id });
    expect(run.exitCode).to.equal(3);
    expect(run.stdout).to.include("error CodeHashMismatch (SLIP-301)").and.to.include("stage 0, pin 0");
    expect(run.stdout).to.include(`${expected} (proposed at block ${proposedAtBlock})`);
    expect(run.stdout).to.include(`next: npx hardhat upgrade invalidate ${here.id}`);

    await time.increase(DAY);
    const stopped = await runTask("upgrade advance", { proposal: here.id });
    expect(stopped.exitCode).to.equal(3);
    expect(stopped.stderr).to.include(`stage 0, pin 0, account ${here.moduleAddress}`);
    expect(stopped.stderr).to.include(`${expected} (proposed at block ${proposedAtBlock})`);
    await ok("upgrade invalidate", { proposal: here.id });
    expect((await runTask("upgrade status", { proposal: here.id })).exitCode).to.equal(3);
  });

  it("CLI-11 advance before its time waits with exit 4 and the time", async () => {
    await propose();
    await approve();
    await ok("upgrade schedule", { proposal: here.id });
    const { notBefore } = await here.registry.stateOf(here.proposalId);
    const run = await runTask("upgrade advance", { proposal: here.id });
    expect(run.exitCode).to.equal(4);
    expect(run.stderr).to.include("error NotYet (SLIP-210)");
    expect(run.stderr).to.include(new Date(Number(notBefore) * 1000).toISOString().slice(0, 19));
  });

  it("CLI-12 the council stops a plan in progress by signatures, and anyone takes it back", async () => {
    await toInProgress();
    const acts = join(folder, "acts");
    for (const [index, member] of here.council.slice(0, 3).entries()) {
      const args = { proposal: here.id, reason: "odd numbers", as: member.address, sign: join(acts, `${index}.json`) };
      await ok("emergency veto", args);
    }
    await ok("emergency veto", { proposal: here.id, reason: "odd numbers", submit: acts, as: here.stranger.address });
    expect((await runTask("upgrade status", { proposal: here.id })).exitCode).to.equal(5);
    const refused = await runTask("upgrade advance", { proposal: here.id });
    expect(refused.exitCode).to.equal(5);
    expect(refused.stderr).to.include("error PlanContained (SLIP-231)").and.to.include("found     state Stalled");
    await ok("upgrade rollback", { proposal: here.id, as: here.stranger.address });
    expect((await runTask("upgrade status", { proposal: here.id })).stdout).to.include("RolledBack");
  });

  it("CLI-13 members approve an act one by one, and each is told how many are missing", async () => {
    await toInProgress();
    const [first, second, third] = here.council.map(({ address }) => address);
    const one = await ok("emergency rollback", { proposal: here.id, reason: "it drifts", as: first! });
    expect(one.stdout).to.include("1 of 3 members have approved").and.to.include("--as ANOTHER_MEMBER");
    const status = await runJson<{ modules: { actions: { action: string; have: number; need: number }[] }[] }>(
      "emergency status",
    );
    const action = status.json.modules[0]!.actions.find((entry) => entry.action === "rollback");
    expect(action).to.include({ have: 1, need: 3 });
    await ok("emergency rollback", { proposal: here.id, reason: "it drifts", as: second! });
    await ok("emergency rollback", { proposal: here.id, reason: "it drifts", as: third! });
    expect((await here.registry.stateOf(here.proposalId)).state).to.equal(State.RolledBack);
  });

  it("CLI-14 halt and lift: nothing advances meanwhile, and a stranger may do neither", async () => {
    await toInProgress();
    await time.increase(DAY);
    const stranger = await runTask("emergency halt", { scope: "dial", reason: "look", as: here.stranger.address });
    expect(stranger.exitCode).to.equal(1);
    expect(stranger.stderr).to.include("error NotCouncilMember (SLIP-501)");
    for (const member of here.council.slice(0, 2)) {
      await ok("emergency halt", { scope: "dial", reason: "look", as: member.address });
    }
    const halted = await runTask("upgrade advance", { proposal: here.id });
    expect(halted.exitCode).to.equal(4);
    expect(halted.stderr).to.include("error ProposalHalted (SLIP-209)");
    expect((await runTask("emergency status")).exitCode).to.equal(5);
    for (const member of here.council.slice(0, 3)) await ok("emergency lift", { scope: "dial", as: member.address });
    expect((await runTask("emergency status")).exitCode).to.equal(0);
  });

  it("CLI-15 keep sends what is due, once, and gives the reason where it waits", async () => {
    await propose();
    const voting = await ok("upgrade keep", { once: true });
    expect(voting.stdout).to.match(new RegExp(`^${here.id} turn-the-dial: waits: the vote ends at `));
    await approve();
    expect((await ok("upgrade keep", { once: true })).stdout).to.include("schedule sent 0x");
    const early = await ok("upgrade keep", { once: true });
    expect(early.stdout).to.include("advance 0 waits: NotYet (SLIP-210)");
    await time.increase(DAY);
    expect((await ok("upgrade keep", { once: true })).stdout).to.include("advance 0 sent 0x");
    await time.increase(DAY);
    expect((await ok("upgrade keep", { once: true, dryRun: true })).stdout).to.include("advance 1 due, not sent");
    expect((await ok("upgrade keep", { once: true })).stdout).to.include("advance 1 sent 0x");
    expect((await ok("upgrade keep", { once: true })).stdout).to.include("nothing to keep");
  });

  it("CLI-16 keep pokes a broken invariant in two blocks and then leaves it [gas]", async () => {
    await toInProgress();
    const module = await ethers.getContractAt("Module__MockForRegistry", here.moduleAddress);
    await module.corrupt(99n);
    expect((await ok("upgrade keep", { once: true })).stdout).to.include("poke, first sight sent");
    await mine();
    expect((await ok("upgrade keep", { once: true })).stdout).to.include("poke, proof sent");
    const topics = [id("BreachProven(bytes32,bytes32,uint8,uint256,uint256)"), here.proposalId, here.invariant];
    const address = here.deployment.registry;
    expect(await ethers.provider.getLogs({ address, topics, fromBlock: 0 })).to.have.length(1);
    await mine();
    expect((await ok("upgrade keep", { once: true })).stdout).to.include("advance 1 waits: NotYet");
  });

  it("CLI-17 keep closes a plan whose pinned code changed", async () => {
    await propose();
    await approve();
    await ok("upgrade keep", { once: true });
    await setCode(here.moduleAddress, "0x6001");
    expect((await ok("upgrade keep", { once: true })).stdout)
      .to.include("invalidate sent")
      .and.to.include("stage 0");
    expect((await here.registry.stateOf(here.proposalId)).state).to.equal(State.Invalidated);
  });

  it("CLI-18 a file that was edited after it was proposed is refused", async () => {
    await propose();
    const stored = join(folder, "hardhat", "plans", `${here.proposalId}.plan.json`);
    const kept = JSON.parse(readFileSync(stored, "utf8")) as { plan: { executionWindow: string } };
    kept.plan.executionWindow = "3600";
    const edited = join(folder, "edited.json");
    writeFileSync(edited, JSON.stringify(kept));
    const run = await runTask("upgrade vote", { proposal: edited, choice: "for", as: here.electors[0]!.address });
    expect(run.exitCode).to.equal(3);
    expect(run.stderr).to.include("error PlanEdited (SLIP-302)").and.to.include(`expected  ${here.proposalId}`);
  });

  it("CLI-19 a name that fits two proposals lists both and does nothing", async () => {
    await propose();
    const second = join(folder, "second.json");
    writeFileSync(second, toJson({ ...here.plan, nonce: 1n }));
    await ok("upgrade propose", { file: second, as: here.release.address });
    const run = await runTask("upgrade cancel", { proposal: "turn-the-dial", as: here.release.address });
    expect(run.exitCode).to.equal(1);
    expect(run.stderr).to.include("error ProposalAmbiguous (SLIP-206)").and.to.include(here.id);
    expect((await here.registry.stateOf(here.proposalId)).state).to.equal(State.Voting);
    const list = await runJson<{ proposals: { proposalId: string }[] }>("upgrade list", { live: true });
    expect(list.json.proposals).to.have.length(2);
  });

  for (const [name, expected] of [
    ["abcdef", "ProposalUnknown"],
    ["abc", "ProposalUnknown"],
    ["no-such-title", "ProposalUnknown"],
    ["missing.yaml", "PlanFileMissing"],
  ] as const) {
    it(`CLI-20 a proposal named ${name} is one clear error in JSON, and nothing on stderr`, async () => {
      await propose();
      const run = await runJson<{ error: string; code: string; next: string }>("upgrade status", { proposal: name });
      expect(run.exitCode).to.equal(1);
      expect(run.stderr).to.equal("");
      expect(run.json.error).to.equal(expected);
    });
  }

  it("CLI-21 an elector without a seat, a wrong choice and a wrong account are refused before anything is sent", async () => {
    await propose();
    const cast = (args: Record<string, string>) =>
      runTask("upgrade vote", { proposal: here.id, choice: "for", ...args });
    expect((await cast({ as: here.stranger.address })).stderr).to.include("error SeatMissing (SLIP-219)");
    expect((await cast({ choice: "yes", as: here.electors[0]!.address })).stderr).to.include(
      "one of against, for, abstain",
    );
    expect((await cast({ as: "0x12" })).stderr).to.include("error OptionInvalid (SLIP-228)");
    expect((await cast({ out: "mail", as: here.electors[0]!.address })).stderr).to.include("one of send, raw, safe");
    expect((await here.registry.proposalOf(here.proposalId)).voters).to.equal(0n);
  });

  it("CLI-22 schedule before readiness waits and says who has to act", async () => {
    await propose();
    await vote(here, here.proposalId);
    await time.increase(3 * DAY);
    const run = await runTask("upgrade schedule", { proposal: here.id });
    expect(run.exitCode).to.equal(4);
    expect(run.stderr).to.include("error AttestationsMissing (SLIP-213)").and.to.include("--kind integrity");
    const status = await runTask("upgrade status");
    expect(status.exitCode).to.equal(4);
    expect(status.stdout).to.include("0/1200 = 0.0%, needs 2/3");
  });
});
