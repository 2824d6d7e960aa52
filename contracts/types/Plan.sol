// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fraction} from "./Fraction.sol";
import {Op, Probe} from "./Condition.sol";

/// @notice Which row of thresholds and delays a plan answers to.
enum PlanClass {
    Standard,
    Critical,
    Emergency
}

/// @notice How a new node artifact migrates its data.
enum MigrationKind {
    None,
    Compiled,
    Standard,
    Wasm
}

/// @notice What a rollback restores: everything, or everything but what users did meanwhile.
enum RollbackKind {
    Clean,
    Lossy
}

/// @notice Against which failure a containment batch is pre-committed.
enum BreachClass {
    Asset,
    Authorization,
    Pricing,
    Upgrade,
    Liveness
}

/// @notice One call of the timelock.
struct Call {
    address target;
    // In wei.
    uint256 value;
    bytes data;
}

/// @notice `account.codehash` must equal `codeHash` when the stage executes.
struct Pin {
    address account;
    bytes32 codeHash;
}

/// @notice A probe compared with a bound, which must hold before a stage. Without a target it asks the registry about
/// this very plan: the probe's data is then one of the built-in selectors of `IBuiltInGates`.
struct Gate {
    Probe probe;
    Op op;
    uint256 bound;
}

/// @notice A module and the version it must be at when the plan is proposed and when its first stage runs.
struct Target {
    bytes32 module;
    uint64 baseVersion;
}

/// @notice One atomic batch, with what must hold before and after it.
struct Stage {
    // A short name for people, left-aligned ASCII: "canary 5%".
    bytes32 label;
    Call[] calls;
    Pin[] pins;
    Gate[] gates;
    // Ids in the registry's catalogue.
    bytes32[] invariants;
    // Seconds that must pass after this stage before the next one, or before the plan completes.
    uint64 dwell;
    // Gas that must be left when the batch starts.
    uint64 minGas;
}

/// @notice The way back from every prefix of stages whose last executed index lies in `[from, to]`.
struct Rollback {
    uint16 from;
    uint16 to;
    RollbackKind kind;
    Call[] calls;
    Pin[] pins;
    bytes32[] invariants;
    uint64 minGas;
}

/// @notice Calls agreed beforehand for one class of breach.
struct Containment {
    BreachClass breach;
    bytes32 label;
    Call[] calls;
    Pin[] pins;
    uint64 minGas;
}

/// @notice When enough operators are ready, and for how long the plan waits for them.
struct Readiness {
    // Of the electorate's clipped power.
    Fraction threshold;
    // Seconds after the vote ends in which the plan must be scheduled.
    uint64 deadline;
    // Least number of seconds between scheduling and the first stage.
    uint64 schedulingWindow;
}

/// @notice The off-chain program that goes with the plan; empty `version` means none.
struct Artifact {
    string version;
    uint64 protocolVersion;
    bytes32 sha256Hash;
    string uri;
    MigrationKind migration;
    // Blocks in which the old version may still follow, and whether only to read.
    uint64 graceBlocks;
    bool isGraceReadOnly;
    // The plan of a parent network that opens this one's compatibility window.
    bytes32 parentPlan;
    // Seconds after the last stage in which electors report success, and the share that must.
    uint64 successDeadline;
    Fraction successThreshold;
}

/// @notice What the rehearsal showed, and, for a staged rollout, where it ran for real before.
struct Evidence {
    // keccak256 of the report's canonical JSON; the report names the plan with this field zeroed.
    bytes32 reportHash;
    // Another network's chain id and proposal that this plan follows, and how old it must be, in seconds.
    uint64 rehearsalChainId;
    bytes32 rehearsalProposal;
    uint64 minAge;
}

/// @notice What a person writes and what is hashed. `proposalId` is its EIP-712 hash under the registry's domain, which
/// binds chain id and registry too.
struct Plan {
    string title;
    // Where the plan file and the discussion live.
    string uri;
    address proposer;
    // Free; makes two otherwise equal plans differ.
    uint256 nonce;
    PlanClass planClass;
    Target[] targets;
    Stage[] stages;
    Rollback[] rollbacks;
    Containment[] containments;
    Readiness readiness;
    Artifact artifact;
    // Seconds after a stage becomes possible in which it must start, else the plan expires or stalls.
    uint64 executionWindow;
    Evidence evidence;
}
