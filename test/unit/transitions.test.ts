import { loadFixture, takeSnapshot } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { PROTOCOL, VERSION } from "../helpers/artifact";
import { AttestationKind, Choice } from "../helpers/lifecycle";
import { breakPin, PLACES, planWorld, signedAct, veto, type PlanWorld } from "../helpers/states";
import { MODULE, REPORT } from "../helpers/plans";

/** Each verb, sent by somebody who may, with everything else it needs. */
const VERBS: Record<string, (world: PlanWorld) => Promise<unknown>> = {
  propose: ({ registry, release, plan }) => registry.connect(release).propose(plan),
  castVote: ({ registry, electors, proposalId }) =>
    registry.connect(electors[11]!).castVote(proposalId, Choice.Against, 11),
  cancel: ({ registry, release, proposalId }) => registry.connect(release).cancel(proposalId),
  attest: ({ registry, attesters, proposalId }) =>
    registry.connect(attesters[1]!).attest(proposalId, AttestationKind.Integrity, REPORT),
  signalReady: ({ registry, electors, proposalId }) => registry.connect(electors[11]!).signalReady(proposalId, 11),
  advertise: ({ registry, electors, proposalId }) =>
    registry.connect(electors[11]!).advertise(proposalId, 11, VERSION, PROTOCOL),
  reportSuccess: async ({ registry, electors, proposalId }) => {
    const { nextStage } = await registry.stateOf(proposalId);
    const stage = nextStage === 0n ? 0n : nextStage - 1n;
    return registry.connect(electors[11]!).reportSuccess(proposalId, stage, 11, true);
  },
  schedule: ({ registry, plan }) => registry.schedule(plan),
  advance: ({ registry, plan }) => registry.advance(plan),
  rollback: ({ registry, plan }) => registry.rollback(plan),
  rollbackByCouncil: async (world) => {
    const [deadline, signatures] = await signedAct(world, "rollback", world.proposalId);
    return world.registry.rollbackByCouncil(world.plan, "why", deadline, signatures);
  },
  veto,
  invalidate: async (world) => {
    await breakPin(world);
    const { nextStage } = await world.registry.stateOf(world.proposalId);
    return world.registry.invalidate(world.plan, nextStage, 0);
  },
  sweep: ({ registry, plan }) => registry.sweep(plan),
  contain: ({ registry, incident, plan }) => registry.connect(incident).contain(plan, 0),
  poke: ({ registry, plan, invariant }) => registry.poke(plan, invariant),
};

const STATES = [
  ...["Unknown", "Voting", "Defeated", "Approved", "Scheduled", "InProgress", "Stalled", "Completed", "RolledBack"],
  ...["Cancelled", "Expired", "Invalidated"],
];

/** For each place the verbs that work there, with the state they lead to ("" where it stays). All others are refused. */
const ALLOWED: Record<keyof typeof PLACES, Record<string, string>> = {
  Unknown: { propose: "Voting" },
  Voting: { castVote: "", cancel: "Cancelled", attest: "", signalReady: "", advertise: "", veto: "Cancelled" },
  Defeated: {},
  Approved: { attest: "", signalReady: "", advertise: "", schedule: "Scheduled", veto: "Cancelled" },
  Scheduled: { signalReady: "", advertise: "", advance: "InProgress", veto: "Cancelled", invalidate: "Invalidated" },
  InProgress: {
    signalReady: "",
    advertise: "",
    reportSuccess: "",
    advance: "",
    rollbackByCouncil: "RolledBack",
    veto: "Stalled",
    invalidate: "Stalled",
    contain: "",
    poke: "",
  },
  // No further stage, and no second time.
  "InProgress, contained": {
    signalReady: "",
    advertise: "",
    reportSuccess: "",
    rollbackByCouncil: "RolledBack",
    veto: "Stalled",
    invalidate: "Stalled",
    poke: "",
  },
  "InProgress, last dwell": {
    signalReady: "",
    advertise: "",
    reportSuccess: "",
    rollbackByCouncil: "RolledBack",
    veto: "Stalled",
    contain: "",
  },
  "InProgress, last dwell over": { signalReady: "", advertise: "", reportSuccess: "", advance: "Completed" },
  "Stalled by veto": { rollback: "RolledBack", rollbackByCouncil: "RolledBack", contain: "", poke: "" },
  "Stalled by a lapsed window": { rollback: "RolledBack", rollbackByCouncil: "RolledBack", contain: "", poke: "" },
  Completed: { advertise: "" },
  RolledBack: {},
  "Cancelled by its proposer": {},
  "Cancelled by veto": { sweep: "" },
  "Expired before it was scheduled": {},
  "Expired before its first stage": { sweep: "" },
  Invalidated: { sweep: "" },
};

/** Refusals that say what is wrong with the state itself; any other would be the wrong answer. */
const REFUSALS = [
  ...["ProposalInState", "ProposalUnknown", "ProposalExists", "RollbackClosed", "NotYet"],
  ...["StageUnknown", "InvariantNotInForce", "PlanContained", "ContainmentRan"],
];

describe("every verb in every state", () => {
  const nameOf = async ({ registry, proposalId }: PlanWorld) =>
    STATES[Number((await registry.stateOf(proposalId)).state)] as string;
  /** Facts of the proposal and of its module that no refused verb may move. */
  const facts = async ({ registry, proposalId, module }: PlanWorld) =>
    JSON.stringify(
      [await registry.stateOf(proposalId), await registry.moduleOf(MODULE), await module.value().catch(() => "broken")],
      (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value),
    );

  for (const [place, reach] of Object.entries(PLACES)) {
    const allowed = ALLOWED[place] as Record<string, string>;
    const list = Object.keys(allowed).join(", ") || "nothing";
    it(`GOV-60 ${place}: takes ${list}, and refuses every other verb`, async () => {
      const world = await loadFixture(planWorld);
      await reach(world);
      const state = await nameOf(world);
      expect(place.startsWith(state), `${place} is ${state}`).to.equal(true);
      const here = await takeSnapshot();
      for (const [verb, send] of Object.entries(VERBS)) {
        const next = allowed[verb];
        if (next !== undefined) {
          await send(world);
          expect(await nameOf(world), `${place}, ${verb}`).to.equal(next || state);
        } else {
          if (verb === "invalidate") await breakPin(world);
          const before = await facts(world);
          const refusal = await send(world).then(
            () => `${verb} went through`,
            (thrown: Error) => REFUSALS.find((name) => thrown.message.includes(`'${name}(`)) ?? thrown.message,
          );
          expect(REFUSALS, `${place}, ${verb}`).to.include(refusal);
          expect(await facts(world), `${place}, ${verb}`).to.equal(before);
        }
        await here.restore();
      }
    });
  }

  it("GOV-61 covers each state that there is", () => {
    const states = new Set(Object.keys(PLACES).map((place) => STATES.find((state) => place.startsWith(state))));
    expect([...states].sort()).to.deep.equal([...STATES].sort());
  });
});
