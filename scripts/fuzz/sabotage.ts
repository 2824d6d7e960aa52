import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ArtifactSource } from "../../src/client";
import { ROOT, WORK, writeBytecode, type Replacements } from "./bytecode";
import { REGISTRY_CAMPAIGN, ROUTER_CAMPAIGN, runForge, type FuzzRun } from "./run";
import { ROUTER_SABOTAGE } from "./sabotageRouter";

/** What `npm test` spends on the registry's invariants: two timelocks; each step is a call or two. */
export const BUDGET = { seed: "0x51195", runs: 76, depth: 500 };
/** And on the router's: two kinds of proxy; each step is four calls or more. */
export const ROUTER_BUDGET = { seed: "0x51195", runs: 40, depth: 200 };

/** One line of the contracts, broken on purpose. */
export interface Sabotage {
  name: string;
  file: string;
  find: string;
  put: string;
  /** Contracts that are compiled with it; the others stay sound. */
  contracts: readonly string[];
  /** The properties that may notice. */
  breaks: readonly string[];
}

const REGISTRY = "contracts/registry/libraries";

export const SABOTAGE: readonly Sabotage[] = [
  {
    name: "advance ignores a halt",
    file: `${REGISTRY}/Stages.sol`,
    find: "if (status.isHalted) revert Proposals.ProposalHalted(proposalId);",
    put: "",
    contracts: ["StageFacet"],
    breaks: ["FUZ-05"],
  },
  {
    name: "schedule ignores a halt",
    file: `${REGISTRY}/Scheduling.sol`,
    find: "if (status.isHalted) revert Proposals.ProposalHalted(proposalId);",
    put: "",
    contracts: ["ReadinessFacet"],
    breaks: ["FUZ-05"],
  },
  {
    name: "a seat votes as often as it likes",
    file: `${REGISTRY}/Ballots.sol`,
    find: "if (second & bit != 0) revert AlreadyVoted(proposalId, seat);",
    put: "",
    contracts: ["BallotFacet"],
    breaks: ["FUZ-02", "FUZ-03"],
  },
  {
    name: "a seat is ready as often as it likes",
    file: `${REGISTRY}/SeatBits.sol`,
    find: "if (word & bit != 0) return false;",
    put: "",
    contracts: ["ReadinessFacet"],
    breaks: ["FUZ-02", "FUZ-03"],
  },
  {
    name: "a vote counts double",
    file: `${REGISTRY}/Ballots.sol`,
    find: "first += uint256(power) << FOR_POWER;",
    put: "first += (2 * uint256(power)) << FOR_POWER;",
    contracts: ["BallotFacet"],
    breaks: ["FUZ-03"],
  },
  {
    name: "any vote approves",
    file: `${REGISTRY}/Proposals.sol`,
    find: "policy.approval.isMetBy(proposal.forPower, isToken ? decided : whole)",
    put: "true",
    contracts: ["ReadinessFacet", "ProposalViewFacet", "AttestationFacet"],
    breaks: ["FUZ-01"],
  },
  {
    name: "abstentions count as approval",
    file: `${REGISTRY}/Proposals.sol`,
    find: "policy.approval.isMetBy(proposal.forPower, isToken ? decided : whole)",
    put: "policy.approval.isMetBy(uint256(proposal.forPower) + proposal.abstainPower, isToken ? decided : whole)",
    contracts: ["ReadinessFacet", "ProposalViewFacet", "StageFacet"],
    breaks: ["FUZ-01"],
  },
  {
    name: "nobody needs to be ready",
    file: `${REGISTRY}/Scheduling.sol`,
    find: "_checkReadiness(proposalId, proposal, plan.readiness.threshold);",
    put: "",
    contracts: ["ReadinessFacet"],
    breaks: ["FUZ-01"],
  },
  {
    name: "nobody needs to attest",
    file: `${REGISTRY}/Scheduling.sol`,
    find: "Attestations.requireAll(proposalId, proposal, policy);",
    put: "",
    contracts: ["ReadinessFacet"],
    breaks: ["FUZ-01"],
  },
  {
    name: "pins are not compared when a stage runs",
    file: `${REGISTRY}/Pins.sol`,
    find: "if (actual != pins[i].codeHash) revert CodeHashMismatch(pins[i].account, pins[i].codeHash, actual);",
    put: "",
    contracts: ["StageFacet"],
    breaks: ["FUZ-04"],
  },
  {
    name: "a stage may break what it cites",
    file: `${REGISTRY}/Stages.sol`,
    find: "if (!result.isOk) revert InvariantViolated(id, result.left, result.right, result.isAvailable);",
    put: "",
    contracts: ["StageFacet"],
    breaks: ["FUZ-04"],
  },
  {
    name: "no dwell",
    file: `${REGISTRY}/Stages.sol`,
    find: "if (block.timestamp < status.notBefore) revert NotYet(proposalId, status.notBefore, block.timestamp);",
    put: "",
    contracts: ["StageFacet"],
    breaks: ["FUZ-11"],
  },
  {
    name: "gates are open",
    file: `${REGISTRY}/Gates.sol`,
    find: "if (!isOk) revert GateNotMet(i, gate.probe.target, gate.op, gate.bound, actual, isAvailable);",
    put: "",
    contracts: ["StageFacet"],
    breaks: ["FUZ-11"],
  },
  {
    name: "a stalled or ended plan advances",
    file: `${REGISTRY}/Stages.sol`,
    find: "if (status.state != ProposalState.Scheduled && status.state != ProposalState.InProgress) {",
    put: "if (false) {",
    contracts: ["StageFacet"],
    breaks: ["FUZ-01", "FUZ-06", "FUZ-08", "FUZ-11"],
  },
  {
    name: "anyone runs a plan's batch through an open executor",
    file: `${REGISTRY}/Lock.sol`,
    find: "if (_load(EXECUTING_SLOT) != keccak256(abi.encode(proposalId, tag))) revert NotAdvancing(proposalId, tag);",
    put: "proposalId; tag; EXECUTING_SLOT;",
    contracts: ["StageFacet"],
    breaks: ["FUZ-01"],
  },
  {
    name: "a batch re-enters the registry",
    file: `${REGISTRY}/Lock.sol`,
    find: "if (_load(LOCK_SLOT) != 0) revert Reentered();",
    put: "",
    contracts: ["StageFacet", "ReadinessFacet", "RevalidationFacet", "InvariantFacet"],
    breaks: ["FUZ-01"],
  },
  {
    name: "a plan does not hold its modules",
    file: `${REGISTRY}/Modules.sol`,
    find: "self.modules[names[i]].lockedBy = proposalId;",
    put: "proposalId;",
    contracts: ["StageFacet"],
    breaks: ["FUZ-08"],
  },
  {
    name: "a completed plan leaves its way back in the timelock",
    file: `${REGISTRY}/Stages.sol`,
    find: "Operations.cancelAll(plan, proposalId, plan.stages.length);\n        emit PlanCompleted(proposalId);",
    put: "emit PlanCompleted(proposalId);",
    contracts: ["StageFacet"],
    breaks: ["FUZ-12"],
  },
  {
    name: "anyone grants roles",
    file: `${REGISTRY}/Access.sol`,
    find: "Roles.checkTimelock();",
    put: "",
    contracts: ["ConfigFacet"],
    breaks: ["FUZ-01", "FUZ-07"],
  },
  {
    name: "one account may hold release and risk",
    file: `${REGISTRY}/Roles.sol`,
    find: "revert ConflictOfInterest(account);",
    put: "",
    contracts: ["ConfigFacet"],
    breaks: ["FUZ-07"],
  },
  {
    name: "one member is council enough",
    file: `${REGISTRY}/Council.sol`,
    find: "if (have < thresholdOf(kind)) return false;",
    put: "if (have == 0) return false;",
    contracts: ["EmergencyFacet"],
    breaks: ["FUZ-09"],
  },
  {
    name: "a halt costs nothing",
    file: `${REGISTRY}/Halts.sol`,
    find: "halt.budget = price < budget ? budget - price : 0;",
    put: "halt.budget = budget; price;",
    contracts: ["EmergencyFacet"],
    breaks: ["FUZ-10"],
  },
  {
    name: "a halt leaves the canary running",
    file: `${REGISTRY}/Canaries.sol`,
    find: "if (scope != 0) return _tryFreeze(scope, reason, 0);",
    put: "if (scope != 0) return;",
    contracts: ["EmergencyFacet"],
    breaks: ["FUZ-17"],
  },
  {
    name: "an opening ignores a freeze",
    file: "contracts/traffic/parts/Control.sol",
    find: "_checkEpoch(word, expectedEpoch);\n" + "        if (word.isFrozen()) revert TrafficErrors.CanaryFrozen();",
    put: "expectedEpoch;",
    contracts: ["TrafficRouter"],
    breaks: ["FUZ-17"],
  },
  {
    name: "nobody needs to report success",
    file: `${REGISTRY}/Artifacts.sol`,
    find: "if (self.successDeadline == 0 || self.isSettled) return false;",
    put: "if (self.successDeadline == 0 || self.isSettled || haltedSeconds < type(uint256).max) return false;",
    contracts: ["StageFacet", "ProposalViewFacet"],
    breaks: ["FUZ-18"],
  },
  {
    name: "a poke acts on one sight",
    file: `${REGISTRY}/Breaches.sol`,
    find: "if (!invariant.isIrreversible && (since == 0 || since == block.number)) {",
    put: "if (false) {",
    contracts: ["InvariantFacet"],
    breaks: ["FUZ-13"],
  },
  {
    name: "a pin that is not there is looked up",
    file: `${REGISTRY}/Revalidation.sol`,
    find: "if (pin >= pins.length) revert PinUnknown(stage, pin, pins.length);",
    put: "",
    contracts: ["RevalidationFacet"],
    breaks: ["FUZ-19"],
  },
  {
    name: "anyone upgrades the vault",
    file: "contracts/examples/VaultV1.sol",
    find: "function _authorizeUpgrade(address) internal override onlyOwner {}",
    put: "function _authorizeUpgrade(address) internal override {}",
    contracts: ["VaultV1", "VaultV2"],
    breaks: ["FUZ-01"],
  },
];

/** Breaks the contracts in one place at a time and runs the invariants within the budget of `npm test`. */
export async function sabotage(
  artifacts: ArtifactSource,
  log: (line: string) => void,
  campaign: string,
  only?: string,
): Promise<boolean> {
  const isRouter = campaign === ROUTER_CAMPAIGN.name;
  const list = isRouter ? ROUTER_SABOTAGE : SABOTAGE;
  log("| broken on purpose | noticed by | after calls |\n| --- | --- | --- |");
  let isEachNoticed = true;
  for (const broken of list.filter(({ name }) => only === undefined || new RegExp(only).test(name))) {
    const bytecode = join(WORK, `sabotage-${campaign}.json`);
    await writeBytecode(artifacts, bytecode, compileWith(broken));
    const options = { bytecode, isShrunk: false };
    const run: FuzzRun = isRouter
      ? await runForge({ campaign: ROUTER_CAMPAIGN, ...options, ...ROUTER_BUDGET })
      : await runForge({ campaign: REGISTRY_CAMPAIGN, ...options, ...BUDGET });
    const isNoticed = !run.isGreen && broken.breaks.some((id) => run.failure?.startsWith(id));
    isEachNoticed &&= isNoticed;
    log(
      `| ${broken.name} | ${isNoticed ? "" : "**not as expected:** "}${run.failure?.replace(/ \(last call .*$/s, "") ?? "nothing"} | ${callsOf(run)} |`,
    );
  }
  return isEachNoticed;
}

/** Runs that ended write their tally; of the one that failed there is the sequence of steps. */
function callsOf({ tally, sequence }: FuzzRun): string {
  const calls = tally["calls"] ?? (tally["accepted calls"] ?? 0) + (tally["refused calls"] ?? 0);
  return String(calls + sequence.length);
}

/** The sources with one place changed. */
export function sabotaged({ file, find, put }: Pick<Sabotage, "file" | "find" | "put">): string {
  const source = readFileSync(join(ROOT, file), "utf8");
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${file} contains ${parts.length - 1} times: ${find}`);
  return parts.join(put);
}

interface Output {
  errors?: { severity: string; formattedMessage: string }[];
  contracts: Record<string, Record<string, { evm: { bytecode: { object: string } } }>>;
}

/** Creation code of a sabotage's contracts, compiled as Hardhat compiles them. */
export function compileWith(broken: Omit<Sabotage, "breaks">): Replacements {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- solc is CommonJS without types
  const solc = require("solc") as { compile(input: string, callbacks: object): string };
  const paths = broken.contracts.map(pathOf);
  const input = {
    language: "Solidity",
    sources: Object.fromEntries([...paths, broken.file].map((path) => [path, { content: read(path, broken) }])),
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 200 },
      outputSelection: Object.fromEntries(paths.map((path) => [path, { "*": ["evm.bytecode.object"] }])),
    },
  };
  const resolve = (path: string) => ({ contents: read(path, broken) });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: resolve })) as Output;
  const fatal = output.errors?.find(({ severity }) => severity === "error");
  if (fatal !== undefined) throw new Error(`${broken.name}: ${fatal.formattedMessage}`);
  return Object.fromEntries(
    broken.contracts.map((name) => {
      const object = output.contracts[pathOf(name)]?.[name]?.evm.bytecode.object;
      if (object === undefined) throw new Error(`${broken.name}: ${name} was not compiled`);
      return [name, `0x${object}`];
    }),
  );
}

function read(path: string, broken: Omit<Sabotage, "breaks">): string {
  if (path === broken.file) return sabotaged(broken);
  const own = join(ROOT, path);
  return readFileSync(existsSync(own) ? own : join(ROOT, "node_modules", path), "utf8");
}

function pathOf(contract: string): string {
  if (contract === "TrafficRouter") return "contracts/traffic/TrafficRouter.sol";
  return contract.startsWith("Vault")
    ? `contracts/examples/${contract}.sol`
    : `contracts/registry/facets/${contract}.sol`;
}
