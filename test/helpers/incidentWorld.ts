import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Contract, id, Interface, JsonRpcSigner } from "ethers";
import hre from "hardhat";
import { openChain, parametersOf, ROOT, type Chain } from "../../scripts/demo/openWorld";
import { deployArtifact } from "../../scripts/remote/artifact";
import { readAddressBook, writeAddresses } from "../../src/chain/addressBook";
import { decodeRevert } from "../../src/chain/decodeRevert";
import { mine, revertTo, takeSnapshot, tickBySecond, warpTo } from "../../src/chain/devChain";
import { rollbackByCouncil } from "../../src/emergency/acts";
import type { Artifact, Client } from "../../src/client";
import { SlipwayError } from "../../src/errors";
import { defineInvariants } from "../../src/invariants/defineInvariants";
import { loadInvariants } from "../../src/invariants/loadInvariants";
import type { BuiltPlan } from "../../src/plan/buildPlan";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { parsePlanText, type LoadedPlanFile } from "../../src/plan/readPlanFile";
import { ModuleKind } from "../../src/plan/types";
import { advance } from "../../src/registry/advance";
import { attest } from "../../src/registry/attest";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { writeDeployment } from "../../src/registry/deploymentRecord";
import { deployRegistry } from "../../src/registry/deployRegistry";
import { registerModule } from "../../src/registry/registerModule";
import { readStatus } from "../../src/registry/state";
import { openAnvilFork, type OpenFork } from "../../src/simulate/openFork";
import { simulate, type SimulateOptions } from "../../src/simulate/simulate";
import type { RehearsalReport } from "../../src/simulate/types";
import { traceByTracers } from "../../src/trace/traceByTracers";
import { artifactsOf } from "../../tasks/support/artifacts";
import { brokenArtifacts, layerOf, without, type Layer } from "./layers";
import { expectSnapshot } from "./snapshot";
import type { Found } from "../../scripts/docs/incidents";

/** The chain of all exhibits of one process, with a registry on it. Starting both is what costs. */
interface Ground {
  chain: Chain;
  registry: string;
  timelock: string;
  block: number;
}

let ground: Promise<Ground> | undefined;

async function openGround(artifacts = artifactsOf(hre)): Promise<Ground> {
  const deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-incidents-"));
  const chain = await openChain({ artifacts, deploymentsDir });
  await tickBySecond(chain.provider);
  const deployed = await deployRegistry(chain.as(chain.people.deployer), parametersOf(chain.people));
  rmSync(deploymentsDir, { recursive: true, force: true });
  return { chain, ...deployed };
}

export interface Governed {
  account: string;
  kind?: ModuleKind;
  /** Rows of the catalogue, as YAML. */
  invariants?: readonly string[];
}

/** What the rehearsal says, or the error that ended the plan before it. */
export interface Verdict {
  /** Ids of the checks that fail; "plan:Error" where there is no plan to rehearse. */
  layers: string[];
  report?: RehearsalReport;
  error?: SlipwayError;
}

/** A plan that was voted, attested, declared ready and scheduled. */
export interface Shipped {
  built: BuiltPlan;
  proposalId: string;
  /** Runs the next stage as soon as it is due. */
  advance(): Promise<void>;
  state(): Promise<string>;
}

export interface ShipOptions {
  proposer?: string;
  /** Electors who vote for it; nine of twelve unless told, which is enough for every class. */
  voters?: number;
  /** Accounts without a seat that try to vote. */
  borrowers?: string[];
  /** Whether attesters sign for it; they do not where it is not what they rehearsed. */
  attested?: boolean;
}

/** What somebody tries, from the plan's file to the harm. */
export interface Change {
  /** Without it there is no plan: he goes straight to the harm. */
  text?: string;
  rehearsal?: Partial<SimulateOptions>;
  /** Nobody looks at it before the vote. */
  isUnseen?: boolean;
  ship?: ShipOptions;
  /** After it is scheduled, before its first stage. */
  meanwhile?(): Promise<void>;
  /** Stages that run, one unless told. */
  stages?: number;
  /** Once it serves. Answers what was lost, in the exhibit's unit. */
  harm(shipped?: Shipped): Promise<bigint>;
}

/** What came of it. */
export interface Outcome {
  /** What ended it; nothing where it got as far as the harm. */
  endedBy: string[];
  lost: bigint;
  verdict?: Verdict;
}

/** Errors of the contracts by the rule that they are of. */
const RULES: Readonly<Record<string, string>> = {
  ProxyKindMismatch: "register",
  Unauthorized: "propose",
  ProposalInState: "vote",
  AttestationsMissing: "attestation",
  NotReady: "readiness",
  CodeHashMismatch: "stage:pin",
  InvariantViolated: "stage:invariant",
};

/** The rule that refused; anything else goes on as it is. */
function ruleOf(thrown: unknown, iface: Interface): string {
  const { data, message } = thrown as Error & { data?: string };
  const text = `${thrown instanceof SlipwayError ? thrown.errorName : ""} ${data ? decodeRevert(data, [iface]) : ""} ${message}`;
  const name = Object.keys(RULES).find((known) => new RegExp(`\\b${known}\\b`).test(text));
  if (name === undefined) throw thrown;
  return RULES[name]!;
}

/** One exhibit's world: the shared chain, put back when the exhibit is over. */
export class IncidentWorld {
  readonly registry: Registry;

  private constructor(
    readonly ground: Ground,
    registry: Registry,
    readonly deploymentsDir: string,
  ) {
    this.registry = registry;
  }

  static async open(on = (ground ??= openGround())): Promise<IncidentWorld> {
    const shared = await on;
    const deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-incident-"));
    mkdirSync(join(deploymentsDir, "invariants"));
    const client = { ...shared.chain.as(shared.chain.people.deployer), deploymentsDir };
    const { registry, timelock, block } = shared;
    writeAddresses(deploymentsDir, { registry, timelock });
    writeDeployment(deploymentsDir, { registry, timelock, block });
    return new IncidentWorld(shared, await connectRegistry(client), deploymentsDir);
  }

  get provider() {
    return this.ground.chain.provider;
  }

  get people() {
    return this.ground.chain.people;
  }

  get timelock() {
    return this.ground.timelock;
  }

  /** Accounts without an office. */
  user(index: number): string {
    return this.ground.chain.users[index]!;
  }

  /** As the exhibits call him. */
  get thief(): string {
    return this.user(75);
  }

  signer(account: string = this.people.deployer): JsonRpcSigner {
    return new JsonRpcSigner(this.provider, account);
  }

  as(account: string): Client {
    return { ...this.ground.chain.as(account), deploymentsDir: this.deploymentsDir };
  }

  async deploy(name: string, args: unknown[] = [], overrides: { value?: bigint } = {}): Promise<Contract> {
    const artifact = (await artifactsOf(hre).read(await full(name))) as Artifact & { deployedBytecode: string };
    const contract = await deployArtifact(this.signer(), artifact, [
      ...args,
      ...(overrides.value === undefined ? [] : [overrides]),
    ]);
    return contract as Contract;
  }

  /** A contract as its users see it, through its proxy. The deployer owns it. Whatever it is to hold comes from him. */
  async proxied(name: string, wei = 0n): Promise<Contract> {
    const logic = await this.deploy(name);
    const data = logic.interface.encodeFunctionData("initialize", [this.people.deployer]);
    const proxy = await this.deploy("ERC1967Proxy", [await logic.getAddress(), data]);
    const to = await proxy.getAddress();
    if (wei !== 0n) await (await this.signer().sendTransaction({ to, value: wei })).wait();
    return this.at(name, to);
  }

  async at(name: string, address: string, account = this.people.deployer): Promise<Contract> {
    const { abi } = await artifactsOf(hre).read(await full(name));
    return new Contract(address, new Interface(abi), this.signer(account));
  }

  /** As it was done: whoever owns the proxy gives it other code, at once. */
  async upgrade(proxy: Contract, name: string, init?: readonly [name: string, args: unknown[]], args: unknown[] = []) {
    const next = await this.deploy(name, args);
    const data = init === undefined ? "0x" : next.interface.encodeFunctionData(...(init as [string, unknown[]]));
    await this.send(proxy, this.people.deployer, "upgradeToAndCall", await next.getAddress(), data);
    return this.at(name, await proxy.getAddress());
  }

  async send(contract: Contract, account: string, name: string, ...args: unknown[]): Promise<void> {
    const connected = contract.connect(this.signer(account)) as Contract;
    await ((await connected.getFunction(name)(...args)) as { wait(): Promise<unknown> }).wait();
  }

  async read(contract: Contract, name: string, ...args: unknown[]): Promise<bigint> {
    return BigInt((await contract.getFunction(name).staticCall(...args)) as bigint);
  }

  ether(account: string): Promise<bigint> {
    return this.provider.getBalance(account);
  }

  /** The protocol goes into the timelock's hands, the registry knows it, and its catalogue the invariants. */
  async govern(proxy: Contract, invariants: readonly string[] = [], kind: ModuleKind = ModuleKind.Uups): Promise<void> {
    const account = await proxy.getAddress();
    await this.send(proxy, this.people.deployer, "transferOwnership", this.timelock);
    writeAddresses(this.deploymentsDir, { module: account });
    await registerModule(this.as(this.people.release), this.registry, { name: "module", kind, account });
    const folder = join(this.deploymentsDir, "invariants");
    const names = invariants.map((text, i) => {
      writeFileSync(join(folder, `${i}.yaml`), text);
      return /^name: (.*)$/m.exec(text)![1]!;
    });
    const rows = loadInvariants(folder, names, readAddressBook(this.deploymentsDir));
    await defineInvariants(this.as(this.people.risk), this.registry, rows);
  }

  load(text: string): LoadedPlanFile {
    return parsePlanText(text, join(ROOT, "incident.yaml"), readAddressBook(this.deploymentsDir));
  }

  private get invariantsDir(): string {
    return join(this.deploymentsDir, "invariants");
  }

  /** Rehearses a plan file, on a snapshot of this very chain. */
  async rehearse(text: string, options: Partial<SimulateOptions> = {}): Promise<Verdict> {
    try {
      const report = await simulate(this.as(this.people.release), this.registry, this.load(text), {
        root: ROOT,
        invariantsDir: this.invariantsDir,
        url: this.ground.chain.node.url,
        tool: "slipway test",
        openFork: onSnapshot(this.ground.chain),
        ...options,
      });
      const layers = report.checks.flatMap(({ id: check, status }) => (status === "fail" ? [check] : []));
      return { layers, report };
    } catch (thrown) {
      if (!(thrown instanceof SlipwayError)) throw thrown;
      return { layers: [`plan:${thrown.errorName}`], error: thrown };
    }
  }

  /** The whole way to a scheduled plan, on the chain itself and by the contracts' own rules, whatever a rehearsal says. */
  async ship(text: string, who: ShipOptions = {}): Promise<Shipped> {
    const { people, registry } = this;
    const reportHash = id("a rehearsal that nobody read");
    const proposer = who.proposer ?? people.release;
    const built = await prepareDeployments(this.as(proposer), registry, this.load(text), {
      root: ROOT,
      invariantsDir: this.invariantsDir,
      reportHash,
    });
    const { plan, proposalId } = built;
    const call = async (account: string, name: string, ...args: unknown[]) => {
      const contract = registry.contract.connect(this.signer(account)) as Contract;
      await contract.getFunction(name)(...args);
    };
    const status = () => readStatus(registry, proposalId);
    await call(proposer, "propose", plan);
    const bySeat = [...people.electors].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
    const electors = [...bySeat.slice(0, 9).entries()];
    for (const [seat, elector] of electors.slice(0, who.voters ?? 9))
      await call(elector, "castVote", proposalId, 1, seat);
    for (const one of who.borrowers ?? []) {
      for (const seat of [0, 11, 12]) {
        const hasVoted = await this.tries(registry.contract as Contract, one, "castVote", proposalId, 1, seat);
        if (hasVoted) throw new Error(`${one} has voted, without a seat`);
      }
    }
    for (const kind of who.attested === false ? [] : (["integrity", "simulation"] as const)) {
      await attest(this.as(people.attesters[0]!), registry, { proposalId, kind });
    }
    for (const [seat, elector] of electors) await call(elector, "signalReady", proposalId, seat);
    await warpTo(this.provider, (await status()).notBefore);
    await call(people.deployer, "schedule", plan);
    return {
      built,
      proposalId,
      state: async () => (await status()).state,
      advance: async () => {
        await warpTo(this.provider, (await status()).notBefore);
        await advance(this.as(people.deployer), registry, { proposalId });
      },
    };
  }

  /** The change, from its rehearsal to its harm, until something ends it. */
  async attempt(change: Change, off?: Layer): Promise<Outcome> {
    const { text, rehearsal, meanwhile, stages = 1, harm } = change;
    if (text === undefined) return { endedBy: [], lost: await harm() };
    let verdict: Verdict | undefined;
    if (change.isUnseen !== true) {
      const left =
        off === undefined ? {} : { without: [...(rehearsal?.without ?? []), ...off.tells, ...(off.aside ?? [])] };
      verdict = await this.rehearse(text, { ...rehearsal, ...left });
      if (verdict.layers.length > 0) return { endedBy: verdict.layers, lost: 0n, verdict };
    }
    const seen = verdict === undefined ? {} : { verdict };
    let shipped: Shipped;
    try {
      shipped = await this.ship(text, change.ship);
      await meanwhile?.();
      for (let i = 0; i < stages; ++i) await shipped.advance();
    } catch (thrown) {
      return { endedBy: [ruleOf(thrown, this.registry.iface)], lost: 0n, ...seen };
    }
    return { endedBy: [], lost: await harm(shipped), ...seen };
  }

  /** Whether the call goes through. */
  async tries(contract: Contract, account: string, name: string, ...args: unknown[]): Promise<boolean> {
    try {
      await this.send(contract, account, name, ...args);
      return true;
    } catch (thrown) {
      if (!/revert/.test((thrown as Error).message)) throw thrown;
      return false;
    }
  }

  /** Three of the council's five, at once. */
  async rollback({ proposalId }: Shipped): Promise<void> {
    for (const member of this.people.council.slice(0, 3)) {
      await rollbackByCouncil(this.as(member), this.registry, { proposalId, reason: "value leaves" });
    }
  }

  close(): void {
    rmSync(this.deploymentsDir, { recursive: true, force: true });
  }
}

/** Exhibits whose layers are switched off whenever the tests run, one of each kind; of all others `npm run matrix` does it. */
const ALWAYS = ["M14", "M18", "M20"];

export interface Incidents {
  readonly world: IncidentWorld;
  /** Sets a change up in a world of its own, tries it, and takes everything back. */
  attempt(prepare: Prepare): Promise<Outcome>;
  /** Tries it again without each of the layers that ended or bounded it, one at a time, and compares with what came of it. */
  matrix(id: string, prepare: Prepare, layers: readonly string[], variant?: string): Promise<void>;
}

/** Sets up protocol and governance, and says what is tried. `off` names the layer that is not there. */
export type Prepare = (off?: string) => Promise<Change>;

/** A world for each test of a suite; what the test did to the chain is taken back. */
export function incidents(): Incidents {
  let world: IncidentWorld | undefined;
  let snapshot = "";
  before(async function () {
    this.timeout(300_000);
    ground ??= openGround();
    await ground;
  });
  beforeEach(async function () {
    this.timeout(300_000);
    this.currentTest?.timeout(process.env["SLIPWAY_MATRIX"] === "1" ? 3_600_000 : 300_000);
    const { chain } = await (ground ?? openGround());
    snapshot = await takeSnapshot(chain.provider);
    world = await IncidentWorld.open();
  });
  afterEach(async () => {
    world?.close();
    if (world !== undefined) await revertTo(world.provider, snapshot);
    world = undefined;
  });

  const attempt = async (prepare: Prepare, off?: Layer): Promise<Outcome> => {
    const outer = world;
    const own = off?.broken === undefined ? undefined : await openGround(brokenArtifacts(artifactsOf(hre), off));
    const on = own ?? (await ground!);
    const before = await takeSnapshot(on.chain.provider);
    const inner = await IncidentWorld.open(Promise.resolve(on));
    world = inner;
    const run = async (): Promise<Outcome> => {
      let change: Change;
      try {
        change = await prepare(off?.name);
      } catch (thrown) {
        return { endedBy: [ruleOf(thrown, inner.registry.iface)], lost: 0n };
      }
      return inner.attempt(change, off);
    };
    try {
      return off === undefined ? await run() : await without(off, run);
    } finally {
      inner.close();
      world = outer;
      if (own === undefined) await revertTo(on.chain.provider, before);
      else await own.chain.close();
    }
  };

  return {
    get world() {
      if (world === undefined) throw new Error("no test is running");
      return world;
    },
    attempt: (prepare) => attempt(prepare),
    async matrix(id, prepare, layers, variant) {
      if (process.env["SLIPWAY_MATRIX"] !== "1" && !ALWAYS.includes(id)) return;
      const off: Record<string, Found> = {};
      const each = new Map(layers.map((told) => [layerOf(told).name, layerOf(told)]));
      for (const [name, layer] of each) {
        const { endedBy, lost } = await attempt(prepare, layer);
        off[name] = { endedBy, lost: String(lost), tells: layer.tells };
      }
      const file = variant === undefined ? id : `${id} ${variant}`;
      mkdirSync(join(__dirname, "..", "snapshots", "matrix"), { recursive: true });
      expectSnapshot(join("matrix", file), { id, ...(variant === undefined ? {} : { variant }), off });
    },
  };
}

/** A rehearsal needs a copy of the chain; a snapshot is one, as long as nobody else uses the chain. A second copy is a real fork. */
function onSnapshot({ provider, node }: Chain): OpenFork {
  let isTaken = false;
  return async (request) => {
    if (isTaken) return openAnvilFork(request);
    isTaken = true;
    const snapshot = await takeSnapshot(provider);
    const pinned = (await provider.getBlock("latest"))!;
    await mine(provider);
    return {
      provider,
      url: node.url,
      engine: "anvil 1.7.1",
      block: pinned.number,
      blockHash: pinned.hash!,
      blockTime: pinned.timestamp,
      hasTracer: true,
      trace: (hash) => traceByTracers(provider, hash),
      requests: () => undefined,
      close: async () => {
        isTaken = false;
        await revertTo(provider, snapshot);
      },
    };
  };
}

/** An exhibit's contract by its short name; any other by its own. */
async function full(name: string): Promise<string> {
  const mock = `${name}__MockForIncident`;
  return (await hre.artifacts.artifactExists(mock)) ? mock : name;
}

/** A plan file for the exhibit's module; `upgrade` are lines of its upgrade, `more` whatever else it states. */
export async function planText(stable: string, candidate: string, upgrade = "", more = ""): Promise<string> {
  const path = async (name: string) => {
    const { sourceName, contractName } = await hre.artifacts.readArtifact(await full(name));
    return `${sourceName}:${contractName}`;
  };
  return [
    `title: ${candidate}`,
    "module: module",
    "upgrade:",
    `  contract: ${await path(candidate)}`,
    `  replaces: ${await path(stable)}`,
    ...(upgrade === "" ? [] : upgrade.split("\n").map((line) => `  ${line}`)),
    ...(/^rollback:/m.test(more) ? [] : ["rollback: auto"]),
    more,
  ].join("\n");
}
