import { impersonateAccount, loadFixture, setBalance, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, id, ZeroAddress, ZeroHash, type Signer } from "ethers";
import { ethers } from "hardhat";
import { revertData } from "../../src/registry/decodeRevert";
import { registryFixture } from "../fixtures/registry";
import { artifactPlan, PROTOCOL, toLastDwell, VERSION } from "../helpers/artifact";
import { Choice, propose, toInProgress } from "../helpers/lifecycle";
import { addModule, dialInvariant, dialPlan, dialStage, MODULE } from "../helpers/plans";

const OTHER = encodeBytes32String("other");
const HALTED = encodeBytes32String("halted");

/** What a caller without the right to call is told. Any other error means: he may, and something else is missing. */
const ACCESS_ERRORS = ["Unauthorized", "NotTimelock", "NotProposer", "NotCouncilMember", "SeatMismatch"];

const ACTORS = [
  "deployer",
  "release",
  "risk",
  "incident",
  "attester",
  "council",
  "elector",
  "timelock",
  "stranger",
] as const;
type Actor = (typeof ACTORS)[number];

const ANYONE: readonly Actor[] = ACTORS;
const TIMELOCK: readonly Actor[] = ["timelock"];

/** One plan in the vote, one in progress, one module halted: so that every verb has something to act on. */
async function accessFixture() {
  const fixture = await registryFixture();
  const { registry, council, release } = fixture;
  const module = await addModule(fixture);
  const other = await addModule(fixture, OTHER);
  await addModule(fixture, HALTED);
  const running = await artifactPlan(fixture, module);
  const runningId = await toInProgress(fixture, running);
  await toLastDwell(fixture, running);
  const voting = await dialPlan(fixture, other, { nonce: 1n, targets: [{ module: OTHER, baseVersion: 0n }] });
  const votingId = await propose(fixture, voting);
  for (const member of council.slice(0, 2)) await registry.connect(member).halt(HALTED, "look", 0, []);
  const fresh = await ethers.deployContract("Module__MockForRegistry", [ZeroAddress]);
  const next = await dialPlan(fixture, other, {
    nonce: 2n,
    targets: [{ module: OTHER, baseVersion: 0n }],
    stages: [await dialStage(other, 1n)],
    rollbacks: [],
    proposer: release.address,
  });
  await impersonateAccount(fixture.deployment.timelock);
  await setBalance(fixture.deployment.timelock, 10n ** 18n);
  const signers: Record<Actor, Signer> = {
    deployer: fixture.deployer,
    release,
    risk: fixture.risk,
    incident: fixture.incident,
    attester: fixture.attesters[0] as Signer,
    council: council[2] as Signer,
    elector: fixture.electors[0] as Signer,
    timelock: await ethers.getSigner(fixture.deployment.timelock),
    stranger: fixture.stranger,
  };
  const { parameters } = fixture;
  const invariant = await dialInvariant(module);
  const role = id("INCIDENT");
  const table: Record<string, { args: unknown[]; by: readonly Actor[] }> = {
    diamondCut: { args: [[], ZeroAddress, "0x"], by: TIMELOCK },
    rehearseCut: { args: [[], []], by: TIMELOCK },
    grantRole: { args: [role, fixture.stranger.address], by: TIMELOCK },
    revokeRole: { args: [role, fixture.stranger.address], by: TIMELOCK },
    setClassPolicy: { args: [0, parameters.policies.standard], by: TIMELOCK },
    setElectorate: { args: [[]], by: TIMELOCK },
    setMaxPower: { args: [{ numerator: 1, denominator: 1 }], by: TIMELOCK },
    setMinInterval: { args: [3600n], by: TIMELOCK },
    setCouncil: { args: [parameters.council], by: TIMELOCK },
    refillHaltBudget: { args: [ZeroHash], by: TIMELOCK },
    retireModule: { args: [HALTED], by: TIMELOCK },
    registerModule: {
      args: [encodeBytes32String("fresh"), 0, await fresh.getAddress(), fixture.deployment.timelock],
      by: ["release", "timelock"],
    },
    propose: { args: [next], by: ["release"] },
    cancel: { args: [votingId], by: ["release"] },
    castVote: { args: [votingId, Choice.For, 0], by: ["elector"] },
    castVotesBySig: { args: [votingId, Choice.For, []], by: ANYONE },
    signalReady: { args: [votingId, 0], by: ["elector"] },
    signalReadyBySig: { args: [votingId, []], by: ANYONE },
    advertise: { args: [runningId, 0, VERSION, PROTOCOL], by: ["elector"] },
    advertiseBySig: { args: [runningId, VERSION, PROTOCOL, []], by: ANYONE },
    reportSuccess: { args: [runningId, 0, true], by: ["elector"] },
    reportSuccessBySig: { args: [runningId, true, []], by: ANYONE },
    overrideSuccess: { args: [runningId, 0], by: ["elector"] },
    overrideSuccessBySig: { args: [runningId, []], by: ANYONE },
    invalidateOrphan: { args: [runningId], by: ANYONE },
    attest: { args: [votingId, 0, id("review")], by: ["attester"] },
    attestBySig: { args: [votingId, 0, id("review"), []], by: ANYONE },
    schedule: { args: [voting], by: ANYONE },
    advance: { args: [running], by: ANYONE },
    rollback: { args: [running], by: ANYONE },
    invalidate: { args: [running, 1, 0], by: ANYONE },
    sweep: { args: [running], by: ANYONE },
    poke: { args: [running, ZeroHash], by: ANYONE },
    defineInvariant: { args: [invariant], by: ["risk"] },
    retireInvariant: { args: [ZeroHash], by: ["risk"] },
    halt: { args: [MODULE, "look", 0, []], by: ["council"] },
    lift: { args: [HALTED, 0, []], by: ["council", "timelock"] },
    veto: { args: [votingId, "no", 0, []], by: ["council"] },
    rollbackByCouncil: { args: [running, 0, []], by: ["council"] },
    freeze: { args: [MODULE], by: ["incident", "council"] },
  };
  return { ...fixture, signers, table };
}

describe("access", () => {
  it("ACC-12 every external function by every actor: who may, may, and nobody else", async () => {
    const { registry, signers, table } = await loadFixture(accessFixture);
    const verbs: string[] = [];
    registry.interface.forEachFunction(({ name, stateMutability }) => {
      if (stateMutability !== "view" && stateMutability !== "pure") verbs.push(name);
    });
    expect(verbs.sort(), "the table names every function that writes").to.deep.equal(Object.keys(table).sort());

    for (const [verb, { args, by }] of Object.entries(table)) {
      const allowed: Actor[] = [];
      for (const actor of ACTORS) {
        const call = registry.connect(signers[actor]).getFunction(verb as never) as unknown as {
          staticCall(...args: unknown[]): Promise<unknown>;
        };
        const refusal = await call.staticCall(...args).then(
          () => undefined,
          (thrown: unknown) => registry.interface.parseError(revertData(thrown) ?? "0x")?.name ?? "unknown error",
        );
        expect(refusal, `${verb} by ${actor}`).to.not.equal("unknown error");
        if (refusal === undefined || !ACCESS_ERRORS.includes(refusal)) allowed.push(actor);
      }
      expect(allowed, verb).to.deep.equal([...by]);
    }
  });

  it("ACC-12 the table is not vacuous: most of its verbs go through for one who may", async () => {
    const { registry, signers, table } = await loadFixture(accessFixture);
    await time.increase(1);
    const through: string[] = [];
    for (const [verb, { args, by }] of Object.entries(table)) {
      const signer = signers[by[0] as Actor];
      const call = registry.connect(signer).getFunction(verb as never) as unknown as {
        staticCall(...args: unknown[]): Promise<unknown>;
      };
      await call.staticCall(...args).then(
        () => through.push(verb),
        () => undefined,
      );
    }
    expect(through.length).to.be.greaterThan(18);
  });
});
