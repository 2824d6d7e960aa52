import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture, mine, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { PlanClass, type Plan } from "../../../src/plan/types";
import { deployRegistry, type RegistryDeployment } from "../../../src/registry/deployRegistry";
import {
  artifacts,
  connectRegistry,
  DAY,
  HOUR,
  namedActors,
  registryParameters,
  silent,
  type RegistryFixture,
} from "../../fixtures/registry";
import { asTimelock } from "../../helpers/asTimelock";
import { propose, State, stateOf, toApproved, toInProgress } from "../../helpers/lifecycle";
import { argsOf, readCommands } from "../../helpers/commands";
import { addModule, dialPlan, MODULE } from "../../helpers/plans";
import { booksOf, runJson, runTask, type TaskRun } from "../../helpers/tasks";
import type { Module__MockForRegistry, RecoveryProposer } from "../../../typechain-types";

const MONTH = 30 * DAY;

interface World extends RegistryFixture {
  owner: HardhatEthersSigner;
  recovery: RecoveryProposer;
  successor: RegistryDeployment;
  module: Module__MockForRegistry;
  plan: Plan;
  proposalId: string;
  id: string;
}

/** A registry with a recovery proposer and a row for emergencies, a module with a canary, and a plan in its first dwell. */
async function world(): Promise<World> {
  const actors = await namedActors();
  const owner = actors.others[0] as HardhatEthersSigner;
  const base = registryParameters(actors);
  const parameters = { ...base, recoveryOwner: owner.address };
  const client = { artifacts, signer: actors.deployer, log: silent };
  const deployment = await deployRegistry(client, parameters);
  const fixture = { ...actors, ...(await connectRegistry(deployment, actors.stranger)), deployment, parameters };
  const { standard } = base.policies;
  const urgent = { ...standard, approval: { numerator: 4, denominator: 5 }, votingPeriod: HOUR, delay: HOUR };
  await (await asTimelock(fixture)).setClassPolicy(PlanClass.Emergency, urgent);
  const next = { ...base, timelock: deployment.timelock };
  const successor = await deployRegistry(client, next, { known: deployment.facets });
  const module = await addModule(fixture);
  const plan = await dialPlan(fixture, module);
  plan.stages[0]!.dwell = BigInt(5 * DAY);
  const proposalId = await toInProgress(fixture, plan);
  await module.setCanary(1);
  await mine();
  const recovery = (await ethers.getContractAt(
    "RecoveryProposer",
    deployment.recovery!,
  )) as unknown as RecoveryProposer;
  return { ...fixture, owner, recovery, successor, module, plan, proposalId, id: proposalId.slice(2, 8) };
}

describe("tasks of emergencies", () => {
  let here: World;
  let folder: string;
  let remove: () => void;

  beforeEach(async () => {
    here = await loadFixture(world);
    ({ folder, remove } = booksOf(here.deployment, { recovery: here.deployment.recovery! }));
  });
  afterEach(() => remove());

  const ok = async (command: string, args: Record<string, string | boolean> = {}): Promise<TaskRun> => {
    const run = await runTask(`emergency ${command}`, args);
    expect(run.exitCode, run.stderr).to.equal(0);
    return run;
  };
  /** One clear error and nothing else; with `--json`, on stdout alone. */
  const refused = async (command: string, args: Record<string, string>, error: string, exit = 1): Promise<string> => {
    const run = await runTask(`emergency ${command}`, args);
    expect([run.exitCode, run.stdout], run.stderr).to.deep.equal([exit, ""]);
    expect(run.stderr.split("\n")[0]).to.match(new RegExp(`^error ${error} \\(SLIP-\\d+\\)$`));
    expect(run.stderr).not.to.match(/\n {4}at /);
    const json = await runJson<{ error: string }>(`emergency ${command}`, args);
    expect([json.exitCode, json.json.error, json.stderr]).to.deep.equal([exit, error, ""]);
    return run.stderr;
  };
  const members = (count: number) => here.council.slice(0, count).map(({ address }) => address);
  /** Each of so many members by his own transaction. */
  const byCalls = async (command: string, args: Record<string, string>, count: number): Promise<TaskRun> => {
    let last: TaskRun | undefined;
    for (const as of members(count)) last = await ok(command, { ...args, as });
    return last!;
  };
  /** Each signs a file; anyone submits them in one transaction. */
  const bySignatures = async (command: string, args: Record<string, string>, count: number): Promise<TaskRun> => {
    const acts = join(folder, "acts");
    mkdirSync(acts, { recursive: true });
    for (const [i, as] of members(count).entries()) await ok(command, { ...args, as, sign: join(acts, `${i}.json`) });
    const nonce = await here.stranger.getNonce();
    const run = await ok(command, { ...args, as: here.stranger.address, submit: acts });
    expect(await here.stranger.getNonce()).to.equal(nonce + 1);
    return run;
  };
  const state = () => stateOf(here, here.proposalId);
  const isHalted = async (scope = MODULE) => (await here.registry.haltOf(scope)).until !== 0n;

  describe("stop", () => {
    const REASON = { reason: "odd numbers" };

    it("EMG-93 by collected signatures: plan stalled, module halted, canary frozen, and a second time sends nothing", async () => {
      await bySignatures("stop", { proposal: here.id, ...REASON }, 3);
      expect(await state()).to.equal(State.Stalled);
      expect([await isHalted(), await here.module.isFrozen()]).to.deep.equal([true, true]);
      const status = await runJson<{
        modules: { state: string; haltedUntil: number; actions: { command: string }[] }[];
      }>("emergency status");
      expect([status.exitCode, status.stderr]).to.deep.equal([5, ""]);
      expect(status.json.modules[0]!.state).to.equal("Stalled");
      const commands = status.json.modules[0]!.actions.map(({ command }) => command);
      expect(commands)
        .to.include(`npx hardhat upgrade rollback ${here.id}`)
        .and.to.include("npx hardhat emergency lift dial");
      const again = await ok("stop", { proposal: here.id, ...REASON, as: members(1)[0]! });
      expect(again.stdout).to.include("already done");
    });

    it("EMG-93 member by member, each told how many are missing, and the same member does not count twice", async () => {
      const args = { proposal: here.id, ...REASON, as: members(1)[0]! };
      expect((await ok("stop", args)).stdout).to.include("1 of 3 members have approved");
      expect((await ok("stop", args)).stdout)
        .to.include("already done")
        .and.to.include("1 of 3");
      expect(await state()).to.equal(State.InProgress);
      await byCalls("stop", { proposal: here.id, ...REASON }, 3);
      expect(await state()).to.equal(State.Stalled);
    });

    it("EMG-93 refuses outsiders, plans that nobody knows, and signatures of another act", async () => {
      const proposal = here.id;
      await refused("stop", { proposal, ...REASON, as: here.stranger.address }, "NotCouncilMember");
      await refused("stop", { proposal: "abcdef", ...REASON, as: members(1)[0]! }, "ProposalUnknown");
      const sign = join(folder, "veto.json");
      await ok("veto", { proposal, ...REASON, as: members(1)[0]!, sign });
      await refused("stop", { proposal, ...REASON, submit: sign }, "SignatureFileInvalid");
      await refused("stop", { proposal, ...REASON, submit: sign, deadline: "tomorrow" }, "OptionInvalid");
      expect([await state(), await isHalted()]).to.deep.equal([State.InProgress, false]);
    });
  });

  describe("cosign", () => {
    const urgent = async (): Promise<string> => {
      for (const member of here.council.slice(0, 3)) {
        await here.registry.connect(member).rollbackByCouncil(here.plan, "why", 0, []);
      }
      const targets = [{ module: MODULE, baseVersion: 1n }];
      const over = { nonce: 5n, planClass: PlanClass.Emergency, targets, title: "Close the hole" };
      return propose(here, await dialPlan(here, here.module, over));
    };

    it("EMG-94 member by member and by signatures, and a second time sends nothing", async () => {
      const proposalId = await urgent();
      const proposal = proposalId.slice(2, 8);
      expect((await ok("cosign", { proposal, as: members(1)[0]! })).stdout).to.include("1 of 3 members have approved");
      expect(await here.registry.isCoSigned(proposalId)).to.equal(false);
      const run = await bySignatures("cosign", { proposal }, 3);
      expect(run.stdout).not.to.include("members have approved");
      expect(await here.registry.isCoSigned(proposalId)).to.equal(true);
      const again = await runJson<{ status: string }>("emergency cosign", { proposal, as: members(1)[0]! });
      expect([again.exitCode, again.json.status]).to.deep.equal([0, "already"]);
    });

    it("EMG-94 refuses outsiders, and plans of another class", async () => {
      await refused("cosign", { proposal: here.id, as: members(1)[0]! }, "CoSignUnneeded");
      const proposalId = await urgent();
      const proposal = proposalId.slice(2, 8);
      await refused("cosign", { proposal, as: here.stranger.address }, "NotCouncilMember");
      expect(await here.registry.isCoSigned(proposalId)).to.equal(false);
    });
  });

  describe("recovery", () => {
    const start = (over: Record<string, string> = {}) => ({
      verb: "start",
      successor: here.successor.registry,
      as: here.owner.address,
      ...over,
    });

    it("EMG-95 says that none is under way, starts one, waits thirty days, and gives the successor its roles", async () => {
      expect((await ok("recovery")).stdout)
        .to.include("no recovery under way")
        .and.to.include(here.owner.address);
      await ok("recovery", start());
      expect((await ok("recovery", start())).stdout).to.include("already done");
      const waiting = await runJson<{ status: string; successor: string; next: string }>("emergency recovery");
      expect([waiting.exitCode, waiting.json.status, waiting.stderr]).to.deep.equal([4, "Waiting", ""]);
      expect(waiting.json.successor).to.equal(here.successor.registry);
      expect(waiting.json.next).to.include("emergency recovery veto");
      const early = await refused("recovery", { verb: "execute", as: here.owner.address }, "RecoveryInStatus", 4);
      expect(early).to.include("waiting");
      await time.increase(MONTH);
      expect((await runTask("emergency recovery")).stdout)
        .to.include("ready")
        .and.to.include("execute");
      await refused("recovery", { verb: "execute", as: here.stranger.address }, "NotRecoveryOwner");
      await ok("recovery", { verb: "execute", as: here.owner.address });
      expect(await here.timelock.hasRole(id("PROPOSER_ROLE"), here.successor.registry)).to.equal(true);
      await refused("recovery", { verb: "execute", as: here.owner.address }, "RecoveryMissing");
    });

    it("EMG-95 is shown by emergency status, and vetoed by the council's signatures, once", async () => {
      await ok("recovery", start());
      const shown = await runTask("emergency status");
      expect(shown.stdout).to.include("RECOVERY UNDER WAY").and.to.include("npx hardhat emergency recovery veto");
      await bySignatures("recovery", { verb: "veto" }, 3);
      expect((await runTask("emergency recovery")).stdout).to.include("cancelled");
      expect((await ok("recovery", { verb: "veto", as: members(1)[0]! })).stdout).to.include("already done");
      expect((await runTask("emergency status")).stdout).not.to.include("RECOVERY");
    });

    it("EMG-95 is withdrawn by its owner, and by nobody else", async () => {
      await refused("recovery", { verb: "withdraw", as: here.owner.address }, "RecoveryMissing");
      await ok("recovery", start());
      await refused("recovery", { verb: "withdraw", as: here.stranger.address }, "NotRecoveryOwner");
      await ok("recovery", { verb: "withdraw", as: here.owner.address });
      expect(await here.recovery.successor()).to.equal(ethers.ZeroAddress);
    });

    it("EMG-95 refuses a wrong verb, no successor or none that fits, another's start, and a network without one", async () => {
      await refused("recovery", { verb: "begin" }, "OptionInvalid");
      await refused("recovery", { verb: "start", as: here.owner.address }, "OptionInvalid");
      await refused("recovery", start({ successor: "0x12" }), "OptionInvalid");
      await refused("recovery", start({ successor: here.stranger.address }), "SuccessorInvalid");
      await refused("recovery", start({ as: here.stranger.address }), "NotRecoveryOwner");
      await refused("recovery", { verb: "execute", as: here.owner.address }, "RecoveryMissing");
      await refused("recovery", { verb: "status", recovery: "0x12" }, "OptionInvalid");
      const { registry, timelock } = here.deployment;
      writeFileSync(join(folder, "hardhat", "addresses.json"), JSON.stringify({ registry, timelock }));
      await refused("recovery", {}, "RecoveryMissing");
    });
  });

  describe("halt and lift", () => {
    it("EMG-96 halt everything by signatures, and lift it; each a second time sends nothing", async () => {
      await bySignatures("halt", { scope: "all", reason: "look" }, 2);
      expect(await isHalted(ZeroHash)).to.equal(true);
      const as = members(1)[0]!;
      expect((await ok("halt", { scope: "all", reason: "look", as })).stdout).to.include("already done");
      const shown = await runTask("emergency status");
      expect(shown.exitCode).to.equal(5);
      expect(shown.stdout).to.include("EVERYTHING IS HALTED until").and.to.include("npx hardhat emergency lift all");
      expect(await here.module.isFrozen()).to.equal(true);
      await byCalls("lift", { scope: "all" }, 3);
      expect(await isHalted(ZeroHash)).to.equal(false);
      expect((await ok("lift", { scope: "all", as })).stdout).to.include("already done");
    });

    it("EMG-96 refuse a module that nobody registered, and signatures whose deadline is over", async () => {
      const as = members(1)[0]!;
      await refused("halt", { scope: "no-such-module", reason: "look", as }, "ModuleUnknown");
      const sign = join(folder, "late.json");
      const deadline = String((await time.latest()) + HOUR);
      await ok("halt", { scope: "dial", reason: "look", as, sign, deadline });
      await time.increase(2 * HOUR);
      await refused("halt", { scope: "dial", reason: "look", submit: sign }, "ApprovalExpired");
      expect(await isHalted()).to.equal(false);
    });

    it("EMG-96 a halt is not renewed at once, and the error says from when", async () => {
      await byCalls("halt", { scope: "dial", reason: "look" }, 2);
      await time.increase(2 * DAY + 1);
      expect(await isHalted()).to.equal(false);
      await ok("halt", { scope: "dial", reason: "again", as: members(1)[0]! });
      await refused("halt", { scope: "dial", reason: "again", as: members(2)[1]! }, "HaltTooSoon", 4);
    });
  });

  describe("veto and rollback", () => {
    it("EMG-97 a plan that has not begun is cancelled, once; one that has is taken back in one act, without a file", async () => {
      await bySignatures("rollback", { proposal: here.id, reason: "why" }, 3);
      expect(await state()).to.equal(State.RolledBack);
      expect((await ok("rollback", { proposal: here.id, reason: "why", as: members(1)[0]! })).stdout).to.include(
        "already done",
      );
      const targets = [{ module: MODULE, baseVersion: 1n }];
      const plan = await dialPlan(here, here.module, { nonce: 5n, targets, title: "Another turn" });
      const proposalId = await toApproved(here, plan);
      const args = { proposal: proposalId.slice(2, 8), reason: "no" };
      await refused("rollback", { proposal: args.proposal, reason: "why", as: members(1)[0]! }, "ProposalInState", 4);
      await byCalls("veto", args, 3);
      expect(await stateOf(here, proposalId)).to.equal(State.Cancelled);
      expect((await ok("veto", { ...args, as: members(1)[0]! })).stdout).to.include("already done");
      await refused("veto", { ...args, proposal: "abcdef", as: members(1)[0]! }, "ProposalUnknown");
    });
  });

  describe("docs/runbook.md", () => {
    const RUNBOOK = readCommands("docs/runbook.md");
    /** Short of the threshold by one: the command of the page is the last member's. */
    const almost = async (command: string, args: Record<string, string>, need: number) => {
      for (const as of members(need).slice(0, -1)) await ok(command, { ...args, as });
    };
    const REASON = { reason: "odd numbers" };
    const stalled = async () => void (await bySignatures("veto", { proposal: here.id, ...REASON }, 3));
    const halted = async () => void (await byCalls("halt", { scope: "all", ...REASON }, 2));
    const started = async () => {
      await here.recovery.connect(here.owner).start(here.successor.registry);
      await almost("recovery", { verb: "veto" }, 3);
    };
    const waiting = async (): Promise<string> => {
      await byCalls("rollback", { proposal: here.id, ...REASON }, 3);
      const plan = await dialPlan(here, here.module, { nonce: 5n, targets: [{ module: MODULE, baseVersion: 1n }] });
      const proposal = (await toApproved(here, plan)).slice(2, 8);
      await almost("veto", { proposal, ...REASON }, 3);
      return proposal;
    };
    const isIn = (expected: bigint) => async () => expect(await state()).to.equal(expected);

    /** What must be so before a command of the page, and what is after it; the exit code is 0 unless stated. */
    const CASES: Record<
      string,
      { before?: () => Promise<string | void>; after?: () => Promise<unknown>; exit?: number }
    > = {
      "emergency status": {},
      "emergency stop": {
        before: () => almost("stop", { proposal: here.id, ...REASON }, 3),
        after: async () => {
          await isIn(State.Stalled)();
          expect([await isHalted(), await here.module.isFrozen()]).to.deep.equal([true, true]);
        },
      },
      "emergency stop --sign": { after: isIn(State.InProgress) },
      "emergency stop --submit": {
        before: async () => {
          mkdirSync("acts", { recursive: true });
          for (const [i, as] of members(3).entries()) {
            await ok("stop", { proposal: here.id, ...REASON, as, sign: join("acts", `${i}.json`) });
          }
        },
        after: isIn(State.Stalled),
      },
      "emergency rollback": {
        before: () => almost("rollback", { proposal: here.id, ...REASON }, 3),
        after: isIn(State.RolledBack),
      },
      "emergency veto": { before: waiting },
      "emergency halt all": {
        before: () => almost("halt", { scope: "all", ...REASON }, 2),
        after: async () => expect(await isHalted(ZeroHash)).to.equal(true),
      },
      "emergency halt MODULE": {
        before: () => almost("halt", { scope: "dial", ...REASON }, 2),
        after: async () => expect(await isHalted()).to.equal(true),
      },
      "emergency lift": {
        before: async () => {
          await halted();
          await almost("lift", { scope: "all" }, 3);
        },
        after: async () => expect(await isHalted(ZeroHash)).to.equal(false),
      },
      "emergency recovery veto": {
        before: started,
        after: async () => expect(await here.recovery.status()).to.equal(4n),
      },
      "emergency recovery": {},
      "upgrade rollback": { before: stalled, after: isIn(State.RolledBack) },
      "upgrade status": { exit: 4 },
      "invariant check": {},
      "registry roles": {},
      "registry module": {},
    };
    const ELSEWHERE: Record<string, string> = {
      "canary freeze": "CLI-54 freezes a real router",
      "canary status": "CLI-54 asks a real router",
      "canary tighten": "CLI-78 tightens a real router",
      "emergency contain": "CTN-70 contains a plan that has containments",
      "invariant poke": "CLI-16 breaks an invariant for it",
      "upgrade invalidate": "ART-33 and PIN-07 give it a reason",
    };
    const keyOf = (words: readonly string[]): string => {
      const [scope, task, first] = words as [string, string, string | undefined];
      const mode = ["--sign", "--submit"].find((option) => words.includes(option));
      const long = [`${scope} ${task} ${mode ?? first}`, `${scope} ${task}`].find((key) => key in CASES);
      return long ?? `${scope} ${task}`;
    };

    let start: string;
    beforeEach(() => {
      start = process.cwd();
      process.chdir(folder);
    });
    afterEach(() => process.chdir(start));

    for (const { line, words } of RUNBOOK) {
      const key = keyOf(words);
      if (`${words[0]} ${words[1]}` in ELSEWHERE) continue;
      it(`EMG-98 its line ${line} works as written: ${words.join(" ")}`, async () => {
        const { before, after, exit = 0 } = CASES[key]!;
        const proposal = (await before?.()) ?? here.id;
        const names: Record<string, string> = {
          PROPOSAL: proposal,
          MODULE: "dial",
          // The last whose approval is missing.
          MEMBER: here.council[words.includes("halt") ? 1 : 2]!.address,
          ACCOUNT: here.stranger.address,
        };
        const { command, args } = argsOf(words.map((word) => word.replace(/[A-Z]{6,}/, (name) => names[name] ?? name)));
        const run = await runTask(command, args);
        expect(run.exitCode, run.stderr).to.equal(exit);
        await after?.();
      });
    }

    it("EMG-98 each of its commands is run here, or by a test that is named here", () => {
      expect(RUNBOOK.length).to.be.greaterThan(15);
      for (const { words } of RUNBOOK) {
        const key = keyOf(words);
        expect(key in CASES || `${words[0]} ${words[1]}` in ELSEWHERE, key).to.equal(true);
      }
    });
  });
});
