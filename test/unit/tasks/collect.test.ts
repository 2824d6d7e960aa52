import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { hashPlan } from "../../../src/plan/eip712";
import type { Plan } from "../../../src/plan/types";
import { packSeats, unpackSeat } from "../../../src/registry/seats";
import { toJson } from "../../../src/report/toJson";
import { DAY, POWER, registryFixture, type RegistryFixture } from "../../fixtures/registry";
import { artifactPlan, reported, toLastDwell, VERSION } from "../../helpers/artifact";
import { asTimelock } from "../../helpers/asTimelock";
import { attest, AttestationKind, Choice, propose, State, stateOf } from "../../helpers/lifecycle";
import { addModule, REPORT } from "../../helpers/plans";
import { deploySafe, signAsSafe } from "../../helpers/safe";
import { domainOf } from "../../helpers/signatures";
import { booksOf, runJson, runTask, type TaskRun } from "../../helpers/tasks";

interface World extends RegistryFixture {
  owners: HardhatEthersSigner[];
  safe: string;
  /** Accounts by seat: twelve keys and the Safe. */
  seats: string[];
  plan: Plan;
  proposalId: string;
  id: string;
}

/** Twelve keys and a Safe of two of three as electors; the Safe reviews as well. The plan has a program and a rehearsal. */
async function world(): Promise<World> {
  const fixture = await registryFixture();
  const owners = fixture.others.slice(0, 3);
  const safe = await deploySafe(owners, 2);
  const governed = await asTimelock(fixture);
  const accounts = [...fixture.electors.map(({ address }) => address), safe];
  const packed = packSeats(accounts.map((account) => ({ account, power: POWER })));
  await governed.setElectorate(packed, ZeroHash);
  await governed.grantRole(id("ATTESTER"), safe);
  const base = await artifactPlan(fixture, await addModule(fixture), { artifact: reported() });
  const rehearsal = { rehearsalChainId: 314_159n, rehearsalProposal: id("there"), minAge: BigInt(DAY) };
  const plan = { ...base, evidence: { ...base.evidence, ...rehearsal } };
  const proposalId = hashPlan(plan, await domainOf(fixture));
  const seats = packed.map((word) => unpackSeat(word).account);
  return { ...fixture, owners, safe, seats, plan, proposalId, id: proposalId.slice(2, 8) };
}

interface SignedFile {
  signer: string;
  signature: string | null;
  digest: string;
}

describe("tasks that collect signatures", () => {
  let here: World;
  let folder: string;
  let remove: () => void;
  let signed: string;

  beforeEach(async () => {
    here = await loadFixture(world);
    ({ folder, remove } = booksOf(here.deployment));
    signed = join(folder, "signed");
    mkdirSync(signed);
  });
  afterEach(() => remove());

  const ok = async (command: string, args: Record<string, string | boolean> = {}): Promise<TaskRun> => {
    const run = await runTask(command, args);
    expect(run.exitCode, run.stderr).to.equal(0);
    return run;
  };
  const proposed = () => propose(here, here.plan);
  const tally = async () => {
    const { forPower, voters } = await here.registry.proposalOf(here.proposalId);
    return [forPower, voters];
  };
  const file = (name: string) => join(signed, `${name}.json`);
  const edit = (name: string, change: (content: SignedFile) => Partial<SignedFile>) => {
    const content = JSON.parse(readFileSync(file(name), "utf8")) as SignedFile;
    writeFileSync(file(name), JSON.stringify({ ...content, ...change(content) }));
  };
  /** A key's file: written and signed by the task. */
  const byKey = (name: string, verb: string, args: Record<string, string>, key: HardhatEthersSigner) =>
    ok(`upgrade ${verb}`, { proposal: here.id, ...args, as: key.address, sign: file(name) });
  /** The Safe's file: written by the task, signed by its owners elsewhere. */
  const bySafe = async (name: string, verb: string, args: Record<string, string>, owners = here.owners.slice(0, 2)) => {
    const run = await ok(`upgrade ${verb}`, { proposal: here.id, ...args, as: here.safe, sign: file(name) });
    expect(run.stderr).to.include("not signed here");
    const { digest } = JSON.parse(readFileSync(file(name), "utf8")) as SignedFile;
    const signature = await signAsSafe(here.safe, owners, digest);
    edit(name, () => ({ signature }));
  };
  const submit = (args: Record<string, string | boolean> = {}) =>
    runTask("upgrade vote", {
      proposal: here.id,
      choice: "for",
      submit: signed,
      as: here.stranger.address,
      ...args,
    });
  /** One error on stderr, nothing on stdout, no stack, nothing sent. */
  const refused = async (run: TaskRun, ...texts: string[]) => {
    expect(run.exitCode).to.equal(1);
    expect(run.stdout).to.equal("");
    expect(run.stderr).to.match(/^error SignatureFileInvalid \(SLIP-224\)\n/);
    expect(run.stderr).not.to.match(/\n {4}at /);
    for (const text of texts) expect(run.stderr).to.include(text);
    expect(await tally()).to.deep.equal([0n, 0n]);
  };

  describe("upgrade vote --submit", () => {
    it("CLI-60 counts ballots of keys and of a Safe in one transaction; a second time sends nothing", async () => {
      await proposed();
      for (const [i, elector] of here.electors.slice(0, 3).entries()) {
        await byKey(`key${i}`, "vote", { choice: "for" }, elector);
      }
      await bySafe("safe", "vote", { choice: "for" });
      const before = await here.stranger.getNonce();
      expect((await submit()).exitCode).to.equal(0);
      expect(await tally()).to.deep.equal([4n * POWER, 4n]);
      expect(await here.registry.hasVoted(here.proposalId, here.seats.indexOf(here.safe))).to.equal(true);
      const again = await submit();
      expect(again.stdout).to.include("already done");
      expect(await here.stranger.getNonce()).to.equal(before + 1);
    });

    it("CLI-60 sends only what does not count yet, and its JSON is all that is on stdout", async () => {
      await proposed();
      const [first, second] = here.electors as [HardhatEthersSigner, HardhatEthersSigner];
      await byKey("first", "vote", { choice: "for" }, first);
      await byKey("second", "vote", { choice: "for" }, second);
      await bySafe("safe", "vote", { choice: "for" });
      await here.registry.connect(first).castVote(here.proposalId, Choice.For, here.seats.indexOf(first.address));
      const run = await runJson<{ status: string; hash: string }>("upgrade vote", {
        proposal: here.id,
        choice: "for",
        submit: [file("first"), file("second"), file("safe")].join(","),
        as: here.stranger.address,
      });
      expect(run.json.status).to.equal("confirmed");
      const receipt = await here.stranger.provider.getTransactionReceipt(run.json.hash);
      // One event for two ballots, and none for a ballot that was skipped.
      expect(receipt?.logs).to.have.length(1);
      expect(await tally()).to.deep.equal([3n * POWER, 3n]);
    });

    it("CLI-61 a file that is not signed, no file of ours, or with a changed signer sends nothing", async () => {
      await proposed();
      const key = here.electors[0]!;
      await byKey("key", "vote", { choice: "for" }, key);
      const good = readFileSync(file("key"), "utf8");
      const bad = async (content: string, text: string) => {
        writeFileSync(file("key"), content);
        await refused(await submit(), file("key"), text);
      };
      await bad("{", "no JSON");
      await bad("[]", "something else");
      const content = JSON.parse(good) as SignedFile;
      await bad(JSON.stringify({ ...content, signature: null }), "none yet");
      await bad(JSON.stringify({ ...content, signature: "mine" }), "hexadecimal");
      await bad(JSON.stringify({ ...content, signature: "0x1234" }), "a signature of 65 bytes");
      await bad(JSON.stringify({ ...content, signer: "somebody" }), "a signer's address");
      await bad(JSON.stringify({ ...content, signer: here.electors[1]!.address }), `one of ${key.address}`);
      await refused(await submit({ submit: join(folder, "nowhere") }), "nothing there");
      writeFileSync(file("key"), good);
      writeFileSync(file("copy"), good);
      await refused(await submit(), "one file a signer");
      rmSync(file("copy"));
      const run = await runJson<{ error: string }>("upgrade vote", {
        proposal: here.id,
        choice: "against",
        submit: signed,
      });
      expect([run.exitCode, run.json.error, run.stderr]).to.deep.equal([1, "SignatureFileInvalid", ""]);
      expect((await submit()).exitCode).to.equal(0);
    });

    it("CLI-61 a Safe whose owners did not all sign, or signed for the other choice, is refused before it is sent", async () => {
      await proposed();
      await bySafe("safe", "vote", { choice: "for" }, here.owners.slice(0, 1));
      await refused(await submit(), file("safe"), `wallet ${here.safe}`, "its refusal");
      await bySafe("safe", "vote", { choice: "against" });
      const against = (JSON.parse(readFileSync(file("safe"), "utf8")) as SignedFile).signature;
      await bySafe("safe", "vote", { choice: "for" });
      edit("safe", () => ({ signature: against }));
      await refused(await submit(), "its refusal");
    });

    it("CLI-62 of a mixture it names every bad file and no good one; without them the good ones count", async () => {
      await proposed();
      await byKey("good", "vote", { choice: "for" }, here.electors[0]!);
      await bySafe("safe", "vote", { choice: "for" });
      await byKey("other", "vote", { choice: "against" }, here.electors[1]!);
      await byKey("forged", "vote", { choice: "for" }, here.electors[2]!);
      edit("forged", () => ({ signer: here.electors[3]!.address }));
      const run = await submit();
      await refused(run, "2 of 4 files", `${file("other")}: choice against`, `${file("forged")}: one of`);
      expect(run.stderr).not.to.include(file("good"));
      expect(run.stderr).not.to.include(file("safe"));
      for (const name of ["other", "forged"]) rmSync(file(name));
      expect((await submit()).exitCode).to.equal(0);
      expect(await tally()).to.deep.equal([2n * POWER, 2n]);
    });

    it("CLI-62 a signer without a seat is refused, whoever he is", async () => {
      await proposed();
      await byKey("good", "vote", { choice: "for" }, here.electors[0]!);
      await ok("upgrade vote", { proposal: here.id, choice: "for", as: here.stranger.address, sign: file("outsider") });
      const run = await submit();
      expect(run.exitCode).to.equal(1);
      expect(run.stderr).to.include("error SeatMissing (SLIP-219)").and.to.include(file("outsider"));
      expect(await tally()).to.deep.equal([0n, 0n]);
    });
  });

  it("CLI-63 a Safe's file serves every statement: ready, attest, advertise, report, override", async () => {
    await proposed();
    const both = async (verb: string, args: Record<string, string>, key: HardhatEthersSigner) => {
      rmSync(signed, { recursive: true });
      mkdirSync(signed);
      await byKey("key", verb, args, key);
      await bySafe("safe", verb, args);
      const send = () =>
        ok(`upgrade ${verb}`, { proposal: here.id, ...args, submit: signed, as: here.stranger.address });
      const nonce = await here.stranger.getNonce();
      await send();
      expect((await send()).stdout, verb).to.include("already done");
      expect(await here.stranger.getNonce(), verb).to.equal(nonce + 1);
    };
    const elector = here.electors[0]!;
    await both("ready", {}, elector);
    await both("attest", { kind: "integrity" }, here.attesters[1]!);
    await both("advertise", { node: VERSION }, elector);
    const facts = await here.registry.proposalOf(here.proposalId);
    expect([facts.readySeats, facts.integrityAttestations]).to.deep.equal([2n, 2n]);
    expect((await here.registry.artifactOf(here.proposalId)).adoptedSeats).to.equal(2n);

    const seatOf = (account: string) => here.seats.indexOf(account);
    for (const key of here.electors.slice(1)) {
      await here.registry.connect(key).castVote(here.proposalId, Choice.For, seatOf(key.address));
      await here.registry.connect(key).signalReady(here.proposalId, seatOf(key.address));
    }
    await attest(here, here.proposalId);
    const completedAt = BigInt((await time.latest()) - 2 * DAY);
    await here.registry.connect(here.attesters[0]).attestRehearsal(here.proposalId, completedAt);
    await time.increase(3 * DAY);
    await here.registry.schedule(here.plan);
    await toLastDwell(here, here.plan);
    await both("report", { outcome: "success", stage: "1" }, elector);
    await both("override", {}, elector);
    const counts = await here.registry.artifactOf(here.proposalId);
    expect([counts.successSeats, counts.overrideSeats]).to.deep.equal([2n, 2n]);
  });

  describe("upgrade attest, each kind", () => {
    const completedAt = async () => String((await time.latest()) - 2 * DAY);
    const KINDS: [kind: keyof typeof AttestationKind, who: (world: World) => HardhatEthersSigner][] = [
      ["Integrity", ({ attesters }) => attesters[0]!],
      ["Simulation", ({ attesters }) => attesters[0]!],
      ["Artifact", ({ maintainers }) => maintainers[0]!],
      ["Audit", ({ auditor }) => auditor],
      ["Rehearsal", ({ attesters }) => attesters[0]!],
    ];
    for (const [name, who] of KINDS) {
      const kind = name.toLowerCase();
      it(`CLI-64 ${kind}: by call and by signature, once, and by nobody without its role`, async () => {
        await proposed();
        const attester = who(here);
        const args: Record<string, string> = { proposal: here.id, kind };
        if (name === "Audit") args["report"] = id("the audit");
        if (name === "Rehearsal") args["completed"] = await completedAt();
        const has = (account: string) => here.registry.hasAttested(here.proposalId, AttestationKind[name], account);
        const stranger = await runTask("upgrade attest", { ...args, as: here.stranger.address });
        expect(stranger.exitCode).to.equal(1);
        expect(stranger.stderr)
          .to.match(/^error Unauthorized \(SLIP-\d+\)\n/)
          .and.not.to.match(/\n {4}at /);
        await ok("upgrade attest", { ...args, as: attester.address });
        expect(await has(attester.address)).to.equal(true);
        expect((await ok("upgrade attest", { ...args, as: attester.address })).stdout).to.include("already done");

        const role = { Artifact: "MAINTAINER", Audit: "AUDITOR" }[name as string] ?? "ATTESTER";
        const second = here.others[7]!;
        await (await asTimelock(here)).grantRole(id(role), second.address);
        await ok("upgrade attest", { ...args, as: second.address, sign: file("second") });
        expect(await has(second.address)).to.equal(false);
        const run = await runJson<{ status: string }>("upgrade attest", {
          ...args,
          submit: file("second"),
          as: here.stranger.address,
        });
        expect([run.exitCode, run.json.status]).to.deep.equal([0, "confirmed"]);
        expect(await has(second.address)).to.equal(true);
        // Signed for this kind, it is no other: neither in a file nor on chain.
        const other = name === "Integrity" ? "simulation" : "integrity";
        const wrong = await runTask("upgrade attest", { proposal: here.id, kind: other, submit: file("second") });
        expect(wrong.stderr).to.match(/^error SignatureFileInvalid \(SLIP-224\)\n/);
      });
    }

    it("CLI-64 a wrong kind, an audit without a report, a rehearsal without a time: one clear error each", async () => {
      await proposed();
      const run = async (args: Record<string, string>, text: string) => {
        const { exitCode, stdout, stderr } = await runTask("upgrade attest", { proposal: here.id, ...args });
        expect([exitCode, stdout]).to.deep.equal([1, ""]);
        expect(stderr)
          .to.match(/^error OptionInvalid \(SLIP-228\)\n/)
          .and.to.include(text);
      };
      await run({ kind: "taste" }, "one of integrity, simulation, artifact, audit, rehearsal");
      await run({ kind: "audit" }, "--report");
      await run({ kind: "rehearsal" }, "--completed");
      await run({ kind: "rehearsal", completed: "yesterday" }, "yesterday");
    });

    it("CLI-64 the report of a simulation is the plan's, unless another is stated, which the contract refuses", async () => {
      await proposed();
      const args = { proposal: here.id, kind: "simulation", as: here.attesters[0]!.address };
      const run = await runTask("upgrade attest", { ...args, report: id("another") });
      expect(run.exitCode).to.equal(2);
      expect(run.stderr).to.include("error EvidenceMismatch (SLIP-222)").and.to.include(REPORT);
      await ok("upgrade attest", args);
    });
  });

  describe("upgrade propose by an elector", () => {
    const write = (proposer: string): string => {
      const path = join(folder, "elector.plan.json");
      writeFileSync(path, toJson({ ...here.plan, proposer }));
      return path;
    };

    it("CLI-65 with enough power he proposes from his own seat, once", async () => {
      await (await asTimelock(here)).setProposalThreshold({ numerator: 1, denominator: 13 });
      const elector = here.electors[5]!;
      const plan = write(elector.address);
      const other = await runTask("upgrade propose", { file: plan, as: here.electors[6]!.address });
      expect(other.exitCode).to.equal(1);
      expect(other.stderr).to.match(/^error \w+ \(SLIP-\d+\)\n/);
      await ok("upgrade propose", { file: plan, as: elector.address });
      const proposalId = hashPlan({ ...here.plan, proposer: elector.address }, await domainOf(here));
      expect(await stateOf(here, proposalId)).to.equal(State.Voting);
      expect((await here.registry.proposalOf(proposalId)).proposer).to.equal(elector.address);
      expect((await ok("upgrade propose", { file: plan, as: elector.address })).stdout).to.include("already done");
    });

    it("CLI-65 with too little he is told how much it takes, and where electors may not propose, that he has no role", async () => {
      const elector = here.electors[5]!;
      const plan = write(elector.address);
      const closed = await runTask("upgrade propose", { file: plan, as: elector.address });
      expect(closed.exitCode).to.equal(1);
      expect(closed.stderr).to.include("error Unauthorized").and.to.include("RELEASE");
      await (await asTimelock(here)).setProposalThreshold({ numerator: 1, denominator: 12 });
      const poor = await runTask("upgrade propose", { file: plan, as: elector.address });
      expect(poor.exitCode).to.equal(1);
      expect(poor.stderr).to.include("error PowerBelowThreshold (SLIP-284)");
      const outsider = write(here.stranger.address);
      const run = await runTask("upgrade propose", { file: outsider, as: here.stranger.address });
      expect(run.stderr).to.include("error Unauthorized");
    });
  });
});
