import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { impersonateAccount, loadFixture, setBalance, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import {
  encodeBytes32String,
  Interface,
  id,
  MaxUint256,
  ParamType,
  ZeroAddress,
  ZeroHash,
  type FunctionFragment,
  type Signer,
} from "ethers";
import { ethers } from "hardhat";
import { revertData } from "../../src/registry/decodeRevert";
import { FACETS } from "../../src/registry/registryAbi";
import { artifacts, registryFixture } from "../fixtures/registry";
import { artifactPlan, PROTOCOL, toLastDwell, VERSION } from "../helpers/artifact";
import { BreachClass, PlanClass } from "../../src/plan/types";
import { asTimelock } from "../helpers/asTimelock";
import { Choice, propose, toInProgress } from "../helpers/lifecycle";
import { deployRouter, installRouter, interfaces, steer, type Canary } from "../helpers/canary";
import { addModule, dialInvariant, dialPlan, dialStage, MODULE, pinned } from "../helpers/plans";
import { domainOf, signApproval } from "../helpers/signatures";
import type { RecoveryProposer, UpgradeTimelock } from "../../typechain-types";

const OTHER = encodeBytes32String("other");
const HALTED = encodeBytes32String("halted");

/** What a caller without the right to call is told. Any other error means: he may, and something else is missing. */
const ACCESS_ERRORS = [
  "Unauthorized",
  "NotTimelock",
  "NotRegistry",
  "NotProposer",
  "NotCouncilMember",
  "BreachUnproven",
  "SeatMismatch",
  "ConflictOfInterest",
  // The timelock's and the router's.
  "AccessControlUnauthorizedAccount",
  "AccessControlBadConfirmation",
  "TimelockUnauthorizedCaller",
  "TrafficUnauthorized",
  "NotRecoveryOwner",
  "NotOwner",
  // OpenZeppelin's UUPS, while a router is the implementation.
  "UUPSUnauthorizedCallContext",
];

/** Every class of account that there is. The columns of docs/access.md, in this order. */
const ACTORS = [
  "deployer",
  // Holds the release role, and proposed the plans.
  "release",
  // Holds the release role, and proposed nothing.
  "releaser",
  "risk",
  "incident",
  "attester",
  "maintainer",
  "auditor",
  // One member alone.
  "council",
  // Nobody's key, with as many signatures of members as the act needs.
  "quorum",
  // Sits at the seat that is named.
  "elector",
  // Sits elsewhere.
  "neighbour",
  "timelock",
  // The registry's own account: the guardian of the routers.
  "registry",
  "module",
  // Owns the recovery proposer.
  "recoverer",
  "stranger",
] as const;
type Actor = (typeof ACTORS)[number];

/** A call that goes through for one who may, and who may. Its quorum signs `act`: kind and subject. */
interface Row {
  args: unknown[];
  by: readonly Actor[];
  act?: readonly [kind: string, subject: string];
}

const ANYONE: readonly Actor[] = ACTORS;
const TIMELOCK: readonly Actor[] = ["timelock"];

/** One plan in the vote, one in progress, one module halted: so that every verb has something to act on. */
async function accessFixture() {
  const fixture = await registryFixture();
  const { registry, council, release } = fixture;
  const module = await addModule(fixture);
  const other = await addModule(fixture, OTHER);
  await addModule(fixture, HALTED);
  const shape = await artifactPlan(fixture, module);
  const { calls } = await dialStage(module, 5n);
  const containment = { breach: BreachClass.Asset, label: ZeroHash, calls, pins: [], minGas: 0n };
  const running = await pinned({ ...shape, containments: [containment] });
  const runningId = await toInProgress(fixture, running);
  await toLastDwell(fixture, running);
  const voting = await dialPlan(fixture, other, { nonce: 1n, targets: [{ module: OTHER, baseVersion: 0n }] });
  const votingId = await propose(fixture, voting);
  const rehearsed = await dialPlan(fixture, other, {
    nonce: 3n,
    targets: [{ module: OTHER, baseVersion: 0n }],
    evidence: { reportHash: id("report"), rehearsalChainId: 1n, rehearsalProposal: id("there"), minAge: 0n },
  });
  const rehearsedId = await propose(fixture, rehearsed);
  const { proposedAt } = await registry.proposalOf(rehearsedId);
  for (const member of council.slice(0, 2)) await registry.connect(member).halt(HALTED, "look", 0, []);
  const fresh = await ethers.deployContract("Module__MockForRegistry", [ZeroAddress]);
  const next = await dialPlan(fixture, other, {
    nonce: 2n,
    targets: [{ module: OTHER, baseVersion: 0n }],
    stages: [await dialStage(other, 1n)],
    rollbacks: [],
    proposer: release.address,
  });
  const urgent = await dialPlan(fixture, other, {
    nonce: 3n,
    planClass: PlanClass.Emergency,
    targets: [{ module: OTHER, baseVersion: 0n }],
  });
  await (
    await asTimelock(fixture)
  ).setClassPolicy(PlanClass.Emergency, { ...fixture.parameters.policies.critical, delay: 3_600 });
  const urgentId = await propose(fixture, urgent);
  const { timelock } = fixture.deployment;
  const accountOf = async (address: string) => {
    await impersonateAccount(address);
    await setBalance(address, 10n ** 18n);
    return ethers.getSigner(address);
  };
  const releaser = fixture.others[0]!;
  await registry.connect(await accountOf(timelock)).setProposalThreshold({ numerator: 1, denominator: 12 });
  await registry.connect(await accountOf(timelock)).grantRole(id("RELEASE"), releaser.address);
  const recovery = (await ethers.deployContract("RecoveryProposer", [
    timelock,
    fixture.others[2]!.address,
  ])) as unknown as RecoveryProposer;
  const self = fixture.timelock.connect(await accountOf(timelock)) as UpgradeTimelock;
  await self.grantRole(id("PROPOSER_ROLE"), await recovery.getAddress());
  await recovery.connect(fixture.others[2]).start(fixture.deployment.registry);
  const signers: Record<Actor, Signer> = {
    deployer: fixture.deployer,
    release,
    releaser,
    risk: fixture.risk,
    incident: fixture.incident,
    attester: fixture.attesters[0] as Signer,
    maintainer: fixture.maintainers[0] as Signer,
    auditor: fixture.auditor,
    council: council[2] as Signer,
    quorum: fixture.others[1]!,
    elector: fixture.electors[0] as Signer,
    neighbour: fixture.electors[1] as Signer,
    timelock: await accountOf(timelock),
    registry: await accountOf(fixture.deployment.registry),
    module: await accountOf(await module.getAddress()),
    recoverer: fixture.others[2]!,
    stranger: fixture.stranger,
  };
  const { parameters } = fixture;
  const invariant = await dialInvariant(module);
  const role = id("INCIDENT");
  const draft = { root: ZeroHash, seats: 1, total: 1n, caps: [1n, 1n, 1n], unit: ZeroHash };
  const drain = (await interfaces()).control.encodeFunctionData("drain", [60]);
  const table: Record<string, Row> = {
    diamondCut: { args: [[], ZeroAddress, "0x"], by: TIMELOCK },
    rehearseCut: { args: [[], []], by: TIMELOCK },
    grantRole: { args: [role, fixture.stranger.address], by: TIMELOCK },
    revokeRole: { args: [role, fixture.stranger.address], by: TIMELOCK },
    setClassPolicy: { args: [0, parameters.policies.standard], by: TIMELOCK },
    setElectorate: { args: [[], ZeroHash], by: TIMELOCK },
    setTokenElectorate: { args: [{ token: ZeroAddress, tokenUnit: 1n }, ZeroHash], by: TIMELOCK },
    addChunk: { args: [draft, [], ZeroHash], by: ANYONE },
    activateElectorate: { args: [draft], by: TIMELOCK },
    setProposalThreshold: { args: [{ numerator: 1, denominator: 12 }], by: TIMELOCK },
    setLateExtension: { args: [60], by: TIMELOCK },
    setMaxPower: { args: [0, { numerator: 1, denominator: 1 }], by: TIMELOCK },
    snapshotDelegates: { args: [votingId, []], by: ANYONE },
    castUnlistedVote: { args: [votingId, Choice.For, 0], by: ANYONE },
    castUnlistedVotesByWalletSig: { args: [votingId, Choice.For, []], by: ANYONE },
    signalReadyUnlisted: { args: [votingId, 0], by: ANYONE },
    castUnlistedVotesBySig: { args: [votingId, Choice.For, []], by: ANYONE },
    enableFlag: { args: [id("flag"), 0], by: TIMELOCK },
    clearFlag: { args: [id("flag")], by: ["incident", "council", "timelock"] },
    setRequirements: { args: [MODULE, ZeroHash, []], by: TIMELOCK },
    setMinInterval: { args: [3600n], by: TIMELOCK },
    setCouncil: { args: [parameters.council], by: TIMELOCK },
    refillHaltBudget: { args: [ZeroHash], by: TIMELOCK },
    refillVetoBudget: { args: [], by: TIMELOCK },
    retireModule: { args: [HALTED], by: TIMELOCK },
    registerModule: {
      args: [encodeBytes32String("fresh"), 0, await fresh.getAddress(), fixture.deployment.timelock],
      by: ["release", "releaser", "timelock"],
    },
    propose: { args: [next], by: ["release"] },
    proposeAsElector: { args: [{ ...next, proposer: fixture.electors[0]!.address }, 0], by: ["elector"] },
    cancel: { args: [votingId], by: ["release"] },
    castVote: { args: [votingId, Choice.For, 0], by: ["elector"] },
    castVoteWithReason: { args: [votingId, Choice.For, 0, "why"], by: ["elector"] },
    castVotesByWalletSig: { args: [votingId, Choice.For, []], by: ANYONE },
    castVotesBySig: { args: [votingId, Choice.For, []], by: ANYONE },
    signalReady: { args: [votingId, 0], by: ["elector"] },
    signalReadyByWalletSig: { args: [votingId, []], by: ANYONE },
    signalReadyBySig: { args: [votingId, []], by: ANYONE },
    advertise: { args: [runningId, 0, VERSION, PROTOCOL], by: ["elector"] },
    advertiseByWalletSig: { args: [runningId, VERSION, PROTOCOL, []], by: ANYONE },
    advertiseBySig: { args: [runningId, VERSION, PROTOCOL, []], by: ANYONE },
    reportSuccess: { args: [runningId, 1, 0, true], by: ["elector"] },
    reportSuccessByWalletSig: { args: [runningId, 1, true, []], by: ANYONE },
    reportSuccessBySig: { args: [runningId, 1, true, []], by: ANYONE },
    overrideSuccess: { args: [runningId, 0], by: ["elector"] },
    overrideSuccessByWalletSig: { args: [runningId, []], by: ANYONE },
    overrideSuccessBySig: { args: [runningId, []], by: ANYONE },
    invalidateOrphan: { args: [runningId], by: ANYONE },
    attest: { args: [votingId, 0, id("review")], by: ["attester"] },
    attestBySig: { args: [votingId, 0, id("review"), []], by: ANYONE },
    attestRehearsal: { args: [rehearsedId, proposedAt], by: ["attester"] },
    attestRehearsalBySig: { args: [rehearsedId, proposedAt, []], by: ANYONE },
    cite: { args: [rehearsedId, 0, rehearsed.artifact, rehearsed.evidence], by: ["registry"] },
    schedule: { args: [voting], by: ANYONE },
    advance: { args: [running], by: ANYONE },
    rollback: { args: [running], by: ANYONE },
    invalidate: { args: [running, 1, 0], by: ANYONE },
    sweep: { args: [running], by: ANYONE },
    poke: { args: [running, ZeroHash], by: ANYONE },
    defineInvariant: { args: [invariant], by: ["risk"] },
    retireInvariant: { args: [ZeroHash], by: ["risk"] },
    halt: { args: [MODULE, "look", 0, []], by: ["council", "quorum"], act: ["halt", MODULE] },
    lift: { args: [HALTED, 0, []], by: ["council", "quorum", "timelock"], act: ["lift", HALTED] },
    veto: { args: [votingId, "no", 0, []], by: ["council", "quorum"], act: ["veto", votingId] },
    emergencyHalt: { args: [votingId, "no", 0, []], by: ["council", "quorum"], act: ["stop", votingId] },
    coSign: { args: [urgentId, 0, []], by: ["council", "quorum"], act: ["coSign", urgentId] },
    rollbackByCouncil: { args: [running, "why", 0, []], by: ["council", "quorum"], act: ["rollback", runningId] },
    freeze: { args: [MODULE], by: ["incident", "council"] },
    tighten: {
      args: [MODULE, drain, 0, []],
      by: ["incident", "council", "quorum"],
      act: ["pause", await registry.tighteningOf(MODULE, drain)],
    },
    contain: { args: [running, 0], by: ["incident", "council"] },
    vetoRecovery: {
      args: [await recovery.getAddress(), fixture.deployment.registry, 1, 0, []],
      by: ["council", "quorum", "timelock"],
      act: ["veto", await recovery.operation()],
    },
  };
  return { ...fixture, signers, table, running, runningId, module, recovery };
}

type AccessFixture = Awaited<ReturnType<typeof accessFixture>>;

/** A canary whose controller is the timelock and whose guardian is the registry, as a plan installs it. */
async function canaryFixture() {
  const fixture = await accessFixture();
  const { timelock, registry } = fixture.signers;
  const stable = await ethers.deployContract("Stable__MockForRouter");
  const candidate = await ethers.deployContract("Candidate__MockForRouter");
  const controller = await timelock.getAddress();
  const init = stable.interface.encodeFunctionData("initialize", [controller]);
  const proxy = await (await ethers.deployContract("ERC1967Proxy", [await stable.getAddress(), init])).getAddress();
  const router = await deployRouter({ stable, candidate, controller, guardian: registry });
  const app = candidate.attach(proxy);
  const canary = { app, router, control: await steer(proxy), controller: timelock } as unknown as Canary;
  await installRouter(canary, router);
  await ethers.provider.send("hardhat_mine", ["0x1"]);
  return { ...fixture, proxy, router, stable, candidate, control: canary.control };
}

/** The name of the error that the call ends with; undefined where it goes through. */
async function refusalOf(from: Signer, to: string, data: string, iface: Interface): Promise<string | undefined> {
  try {
    await from.call({ to, data });
    return undefined;
  } catch (thrown) {
    const reason = revertData(thrown);
    const name = reason === undefined ? undefined : iface.parseError(reason)?.name;
    return name ?? `an error that no contract here declares: ${reason}`;
  }
}

const mayCall = (refusal: string | undefined) => refusal === undefined || !ACCESS_ERRORS.includes(refusal);

/** Arguments of nothing, for functions that only read. */
function nothing(param: ParamType): unknown {
  if (param.isArray())
    return param.arrayLength === -1 ? [] : Array(param.arrayLength).fill(nothing(param.arrayChildren));
  if (param.isTuple()) return param.components.map(nothing);
  if (param.type === "address") return ZeroAddress;
  if (param.type === "bool") return false;
  if (param.type === "string") return "";
  if (param.type === "bytes") return "0x";
  if (param.type.startsWith("bytes")) return `0x${"00".repeat(Number(param.type.slice(5)))}`;
  return 0;
}

function isWriting({ stateMutability }: FunctionFragment): boolean {
  return stateMutability !== "view" && stateMutability !== "pure";
}

function functionsOf(iface: Interface): FunctionFragment[] {
  const found: FunctionFragment[] = [];
  iface.forEachFunction((fragment) => found.push(fragment));
  return found;
}

/** Says what is missing, so that whoever adds a function knows what to write. */
function expectRows(iface: Interface, table: Record<string, Row>): void {
  const writing = functionsOf(iface).filter(isWriting);
  const missing = writing.filter(({ name }) => table[name] === undefined).map((fragment) => fragment.format("sighash"));
  expect(
    missing,
    "functions without a row: add `name: { args: [a call that goes through], by: [who may] }` to `table` in " +
      "test/unit/access.test.ts, then run `npm run docs:access`",
  ).to.deep.equal([]);
  const names = new Set(writing.map(({ name }) => name));
  expect(
    Object.keys(table).filter((name) => !names.has(name)),
    "rows of functions that are gone",
  ).to.deep.equal([]);
}

/** The call of a row; the quorum brings its signatures along. */
async function callOf(fixture: AccessFixture, verb: string, row: Row, actor: Actor): Promise<string> {
  const { registry, council } = fixture;
  if (actor !== "quorum" || row.act === undefined)
    return registry.interface.encodeFunctionData(verb as never, row.args as never);
  const { act, need } = await registry.actOf(id(row.act[0]), row.act[1]);
  const domain = await domainOf(fixture);
  const signatures = [];
  for (const member of council.slice(0, Number(need)))
    signatures.push(await signApproval(domain, member, act, MaxUint256));
  const args = [...row.args.slice(0, -2), MaxUint256, signatures];
  return registry.interface.encodeFunctionData(verb as never, args as never);
}

type Measured = Record<string, readonly Actor[]>;

/** Who may call what of the registry, as it is. */
async function measureRegistry(fixture: AccessFixture): Promise<Measured> {
  const { registry, signers, table } = fixture;
  const measured: Measured = {};
  for (const [verb, row] of Object.entries(table)) {
    const allowed: Actor[] = [];
    for (const actor of ACTORS) {
      const data = await callOf(fixture, verb, row, actor);
      const refusal = await refusalOf(
        signers[actor],
        await registry.getAddress(),
        data,
        registry.interface as Interface,
      );
      expect(refusal, `${verb} by ${actor}`).to.not.match(/^an error/);
      if (mayCall(refusal)) allowed.push(actor);
    }
    measured[verb] = allowed;
  }
  return measured;
}

/** OpenZeppelin's timelock: the registry proposes, cancels and executes; what changes it comes from itself. */
function timelockRows({ deployment, stranger }: AccessFixture): Record<string, Row> {
  const role = id("PROPOSER_ROLE");
  const one = [ZeroAddress, 0, "0x", ZeroHash, id("salt")];
  const many = [[], [], [], ZeroHash, id("salt")];
  const registry: readonly Actor[] = ["registry"];
  const batch = "0x";
  return {
    schedule: { args: [...one, 86_400], by: registry },
    scheduleBatch: { args: [...many, 86_400], by: registry },
    cancel: { args: [id("operation")], by: registry },
    execute: { args: one, by: registry },
    executeBatch: { args: many, by: registry },
    updateDelay: { args: [0], by: TIMELOCK },
    grantRole: { args: [role, stranger.address], by: TIMELOCK },
    revokeRole: { args: [role, deployment.registry], by: TIMELOCK },
    // Of oneself alone.
    renounceRole: { args: [role, deployment.registry], by: registry },
    onERC721Received: { args: [ZeroAddress, ZeroAddress, 0, batch], by: ANYONE },
    onERC1155Received: { args: [ZeroAddress, ZeroAddress, 0, 0, batch], by: ANYONE },
    onERC1155BatchReceived: { args: [ZeroAddress, ZeroAddress, [], [], batch], by: ANYONE },
  };
}

/** The way out of a bricked registry: its owner's alone. */
function recoveryRows({ deployment }: AccessFixture): Record<string, Row> {
  const by: readonly Actor[] = ["recoverer"];
  return {
    // Once: an account that is bound refuses everyone alike.
    bind: { args: [], by: ANYONE },
    start: { args: [deployment.registry], by },
    withdraw: { args: [], by },
    execute: { args: [], by },
  };
}

async function measureRecovery(fixture: AccessFixture): Promise<Measured> {
  const { recovery, signers } = fixture;
  const iface = recovery.interface as unknown as Interface;
  const measured: Measured = {};
  for (const [verb, { args }] of Object.entries(recoveryRows(fixture))) {
    measured[verb] = await measure(signers, await recovery.getAddress(), iface.encodeFunctionData(verb, args), iface);
  }
  return measured;
}

async function measure(signers: Record<Actor, Signer>, to: string, data: string, iface: Interface): Promise<Actor[]> {
  const allowed: Actor[] = [];
  for (const actor of ACTORS) if (mayCall(await refusalOf(signers[actor], to, data, iface))) allowed.push(actor);
  return allowed;
}

async function measureTimelock(fixture: AccessFixture): Promise<Measured> {
  const { timelock, signers } = fixture;
  const iface = timelock.interface as unknown as Interface;
  const measured: Measured = {};
  for (const [verb, { args }] of Object.entries(timelockRows(fixture))) {
    measured[verb] = await measure(signers, await timelock.getAddress(), iface.encodeFunctionData(verb, args), iface);
  }
  return measured;
}

/** The messages that a router takes through its proxy. */
async function routerRows({ control, stable }: Awaited<ReturnType<typeof canaryFixture>>) {
  const proxy = "through the proxy";
  const controller: readonly Actor[] = ["timelock"];
  const upgrade = stable.interface.encodeFunctionData("upgradeToAndCall", [await stable.getAddress(), "0x"]);
  const say = (name: string, args: unknown[]) =>
    control.wrap((control.control as Interface).encodeFunctionData(name, args));
  const rows: Record<string, { data: string; by: readonly Actor[] }> = {
    install: { data: control.installData(), by: controller },
    setShare: { data: control.shareData(1, 100), by: controller },
    freeze: { data: control.freezeData(), by: ["timelock", "registry"] },
    pauseLane: { data: say("pauseLane", [1, false]), by: ["timelock", "registry"] },
    drain: { data: say("drain", [60]), by: ["timelock", "registry"] },
    lockSelector: { data: say("lockSelector", ["0x12345678"]), by: ["timelock", "registry"] },
    lowerCap: { data: say("lowerCap", [1]), by: ["timelock", "registry"] },
    lowerShare: { data: say("lowerShare", [1]), by: ["timelock", "registry"] },
    resume: { data: say("resume", [1]), by: controller },
    [`upgradeToAndCall, ${proxy}`]: { data: upgrade, by: controller },
  };
  return rows;
}

async function measureRouter(fixture: Awaited<ReturnType<typeof canaryFixture>>): Promise<Measured> {
  const errors = Interface.from((await artifacts.read("TrafficErrors")).abi);
  const iface = new Interface([...errors.fragments, ...fixture.stable.interface.fragments]);
  const measured: Measured = {};
  for (const [name, { data }] of Object.entries(await routerRows(fixture))) {
    measured[name] = await measure(fixture.signers, fixture.proxy, data, iface);
  }
  return measured;
}

/** docs/access.md, from what was measured. */
function accessPage(tables: [title: string, text: string, measured: Measured][]): string {
  const lines = tables.flatMap(([title, text, measured]) => [
    `## ${title}`,
    "",
    text,
    "",
    "| function | who may call it |",
    "| --- | --- |",
    ...Object.entries(measured).map(([name, by]) => {
      const who = by.length === ACTORS.length ? "anyone" : ACTORS.filter((actor) => by.includes(actor)).join(", ");
      return `| \`${name}\` | ${who} |`;
    }),
    "",
  ]);
  return [
    "# Access",
    "",
    "Written by `npm run docs:access` from calls that every class of account made to every function that writes, on a live registry",
    "with a plan in the vote, one in progress and one module halted; a test compares it. Everyone who is not named is refused; where",
    "anyone may call, the state of the plan decides. Functions that only read answer everyone alike.",
    "",
    `The classes: ${ACTORS.join(", ")}.`,
    "`release` proposed the plans and `releaser` holds the same role; `council` is one member alone (his approval counts once) and",
    "`quorum` anyone who brings enough signatures of members; `elector` sits at the seat that is named and `neighbour` at another;",
    "`registry` is the registry's own account, the guardian of routers; `module` is the account of an upgraded contract; `recoverer`",
    "owns the recovery proposer.",
    "",
    ...lines,
  ].join("\n");
}

describe("access", () => {
  /** What an earlier test of this file measured is what the page shows. */
  const measurements = new Map<string, Promise<Awaited<ReturnType<typeof measureRegistry>>>>();
  function once(what: string, measure: () => ReturnType<typeof measureRegistry>) {
    const measured = measurements.get(what) ?? measure();
    measurements.set(what, measured);
    return measured;
  }

  it("ACC-12 every external function by every actor: who may, may, and nobody else", async () => {
    const fixture = await loadFixture(accessFixture);
    expectRows(fixture.registry.interface as Interface, fixture.table);
    const measured = await once("registry", () => measureRegistry(fixture));
    for (const [verb, { by }] of Object.entries(fixture.table)) {
      expect([...measured[verb]!].sort(), verb).to.deep.equal([...by].sort());
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

  it("ACC-12 a council's quorum acts, and one member alone does not", async () => {
    const fixture = await loadFixture(accessFixture);
    const { registry, signers, table, module } = fixture;
    // A router to tighten.
    await module.setCanary(1);
    const results = async (verb: string, row: Row, actor: Actor) => {
      const data = await callOf(fixture, verb, row, actor);
      const answer = await signers[actor].call({ to: await registry.getAddress(), data });
      return [...registry.interface.decodeFunctionResult(verb as never, answer)];
    };
    const acts = Object.entries(table).filter(([, { act }]) => act !== undefined);
    expect(acts.map(([verb]) => verb)).to.include.members(["halt", "lift", "veto", "rollbackByCouncil"]);
    for (const [verb, row] of acts) {
      expect(await results(verb, row, "quorum"), verb).to.deep.equal([true]);
      expect(await results(verb, row, "council"), verb).to.deep.equal([false]);
    }
  });

  it("ACC-13 every function that reads answers every actor alike", async () => {
    const { registry, signers } = await loadFixture(accessFixture);
    const iface = registry.interface as Interface;
    const reading = functionsOf(iface).filter((fragment) => !isWriting(fragment));
    expect(reading.length).to.be.greaterThan(25);
    for (const fragment of reading) {
      const data = iface.encodeFunctionData(fragment, fragment.inputs.map(nothing));
      const answers = new Set<string>();
      for (const actor of ACTORS) {
        const answer = signers[actor].call({ to: await registry.getAddress(), data });
        answers.add(await answer.catch((thrown: unknown) => `reverts with ${revertData(thrown)}`));
      }
      expect(answers.size, fragment.format()).to.equal(1);
    }
  });

  it("ACC-14 every function of the timelock by every actor: the registry moves plans, and what changes it comes from itself", async () => {
    const fixture = await loadFixture(accessFixture);
    const rows = timelockRows(fixture);
    expectRows(fixture.timelock.interface as unknown as Interface, rows);
    const measured = await once("timelock", () => measureTimelock(fixture));
    for (const [verb, { by }] of Object.entries(rows)) expect(measured[verb], verb).to.deep.equal([...by]);
  });

  it("ACC-15 every message of a router by every actor: the timelock steers, the registry may freeze, nobody else", async () => {
    const fixture = await loadFixture(canaryFixture);
    const { control } = await interfaces();
    const rows = await routerRows(fixture);
    const writing = functionsOf(control as unknown as Interface).filter(isWriting);
    expect(Object.keys(rows)).to.include.members(writing.map(({ name }) => name));
    const measured = await once("router", () => measureRouter(fixture));
    for (const [name, { by }] of Object.entries(rows)) expect(measured[name], name).to.deep.equal([...by]);
  });

  it("ACC-18 every function of the recovery proposer by every actor: its owner, and nobody else", async () => {
    const fixture = await loadFixture(accessFixture);
    const rows = recoveryRows(fixture);
    expectRows(fixture.recovery.interface as unknown as Interface, rows);
    const measured = await once("recovery", () => measureRecovery(fixture));
    for (const [verb, { by }] of Object.entries(rows)) expect(measured[verb], verb).to.deep.equal([...by]);
  });

  it("ACC-16 a facet that is called past the registry does nothing for anyone", async () => {
    const { deployment, signers, table, registry } = await loadFixture(accessFixture);
    for (const name of FACETS) {
      const iface = Interface.from((await artifacts.read(name)).abi);
      for (const fragment of functionsOf(iface).filter(isWriting)) {
        const data = registry.interface.encodeFunctionData(fragment.name as never, table[fragment.name]!.args as never);
        for (const actor of ["timelock", "council", "release", "stranger"] as const) {
          const call = signers[actor].call({ to: deployment.facets[name], data });
          await expect(call, `${name}.${fragment.name} by ${actor}`).to.be.rejected;
        }
      }
    }
  });

  it("ACC-17 docs/access.md shows what was measured", async () => {
    const fixture = await loadFixture(canaryFixture);
    const page = accessPage([
      [
        "Registry",
        "Each function of each facet, called through the registry.",
        await once("registry", () => measureRegistry(fixture)),
      ],
      [
        "Timelock",
        "OpenZeppelin's functions, on the timelock that the registry deployed.",
        await once("timelock", () => measureTimelock(fixture)),
      ],
      [
        "Recovery proposer",
        "The way out of a bricked registry.",
        await once("recovery", () => measureRecovery(fixture)),
      ],
      [
        "Router",
        "Messages to a running canary, and what its account answers itself. Every other selector is the protocol's own.",
        await once("router", () => measureRouter(fixture)),
      ],
    ]);
    const file = join(__dirname, "..", "..", "docs", "access.md");
    if (process.env["SLIPWAY_UPDATE_SNAPSHOTS"] === "1") writeFileSync(file, page);
    expect(readFileSync(file, "utf8"), "run `npm run docs:access`").to.equal(page);
  });
});
