// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Condition, Probe} from "../types/Condition.sol";

/// @notice How one selector is routed while a canary runs. A selector without a rule has its cohort by sender, no meter,
/// and is not free.
struct SelectorRule {
    bytes4 selector;
    // Cohort key: 0 the sender, n the n-th static head word of the arguments (1-based).
    uint8 cohortWord;
    // Meter: 0 none, n the n-th static head word (1-based); its amount is `word * weight / 1e18`, saturating.
    uint8 meterWord;
    // 18 decimals: 1e18 counts the word as it is.
    uint128 weight;
    // May reach the candidate without a meter while a cap is set.
    bool isFree;
    // Number of its lane in `Policy.lanes`, from 1; zero: `Policy.otherLane`.
    uint8 lane;
    // Privileged: the guardian may lock it.
    bool isLockable;
}

/// @notice One of several amounts that a selector moves; their sum is charged. Such a selector's rule, if it has one, says
/// no `meterWord`.
struct Meter {
    bytes4 selector;
    // The n-th static head word (1-based).
    uint8 word;
    // As in `SelectorRule`.
    uint128 weight;
}

/// @notice What one call of the candidate makes a word fall, whatever its calldata says: a balance, most often. While
/// there is one, no selector needs a meter of its own.
struct FallMeter {
    // No target: none.
    Probe probe;
    // Of what the word fell by; as in `SelectorRule`.
    uint128 weight;
}

/// @notice Selectors that are closed together, with either version.
struct Lane {
    bytes32 name;
    // Open while the proxy drains: users get out through it.
    bool isExit;
}

/// @notice Whether new work may enter, and whether any is left. Active: it may. Draining: it may not, until the
/// deadline. Drained: it may not, and nothing is in flight.
enum DrainState {
    Active,
    Draining,
    Drained
}

/// @notice Everything that decides which code serves which call. Fixed in the router's code, which the plan pins.
struct Policy {
    // First share of keys served by the candidate, in basis points. Not a security bound: only `cap` bounds loss.
    uint16 share;
    // Separates the cohorts of different canaries.
    bytes32 salt;
    // Count calls served by stable and by candidate (costs a storage write a call).
    bool isCounted;
    // Value at risk: previous + current window + amount <= cap. Window length in seconds; zero `interval`: no cap. Sums
    // are kept in units of `cap / 2**63`, rounded up: nothing is counted for less than it is.
    uint32 interval;
    uint128 cap;
    // Weight of native value, 18 decimals; zero: native value is not metered.
    uint128 valueWeight;
    // Breaks that freeze the canary; at least 1.
    uint8 errorBudget;
    // Most gas the candidate may use in one call; a frame that had this much and failed is at fault.
    uint32 candidateGas;
    // Seconds that a lane stays closed, and entries drain, by the guardian alone; as long as it then stays open. Zero
    // without lanes.
    uint32 lanePause;
    // Lane of the selectors that name none; zero: none.
    uint8 otherLane;
    SelectorRule[] rules;
    // Error selectors of the candidate that reach the user: a tightened rule is no fault.
    bytes4[] expectedErrors;
    // Checked in the frame after the candidate, with `RightKind` Constant, Probe or Before.
    Condition[] invariants;
    // At most 4.
    Lane[] lanes;
    // Counts what is in flight, for `DrainState`; no target: nobody can tell.
    Probe inFlight;
    // Keys that take part whatever the share, as long as it is not zero; strictly increasing, at most 256.
    bytes32[] segment;
    Meter[] meters;
    FallMeter fall;
}

/// @notice What was tightened since the canary began. Times in seconds since the epoch.
struct TrafficLimits {
    // By lane; zero, or past: open. `type(uint32).max`: until the controller opens it.
    uint64[] closedUntil;
    uint64 drainDeadline;
    DrainState drainState;
    bool isInFlightKnown;
    uint256 inFlight;
    bytes4[] locked;
    // Basis points of the policy's cap that are left.
    uint16 capBps;
}

/// @notice What the router tells about itself.
struct TrafficStatus {
    address stable;
    address candidate;
    address controller;
    address guardian;
    bytes32 policyId;
    bool isInstalled;
    bool isFrozen;
    uint16 share;
    // 1 once installed; bumped by every freeze and tightening. A stage names the epoch it expects.
    uint32 epoch;
    uint8 errorBudget;
    uint8 breaks;
    uint64 stableCalls;
    uint64 candidateCalls;
    // Candidate reverts that stable then served.
    uint64 fallbacks;
    uint128 cap;
    uint32 interval;
    // Value charged in the previous and current window.
    uint128 usedPrevious;
    uint128 usedCurrent;
}

/// @notice Messages for a router, sent through the proxy as `traffic(abi.encodeCall(ITrafficControl.…))`.
interface ITrafficControl {
    /// @notice Starts the canary with the router's own policy: once a proxy, in the same call that sets the router as
    /// the implementation. Runs `candidateInit` on the candidate (empty: none) with the sender unchanged, before any
    /// traffic. Caller: controller, or a transparent proxy's admin.
    function install(bytes calldata candidateInit) external;

    /// @notice Sets the share. Reverts with `StalePolicy` unless `expectedEpoch` is the current epoch. Caller: controller.
    function setShare(uint32 expectedEpoch, uint16 share) external;

    /// @notice Sends everything to stable, for ever. Caller: controller or guardian.
    function freeze(string calldata reason) external;

    /// @notice Closes a lane: for `Policy.lanePause` by the guardian, who then has to leave it open as long; until
    /// `resume` by the controller. `isExit` says which kind the sender means to close. Caller: controller or guardian.
    function pauseLane(uint8 lane, bool isExit) external;

    /// @notice Closes every lane that is no exit, for `duration` seconds. Caller: controller, or guardian within the
    /// bounds of `pauseLane`. The controller may prolong it; `resume` ends it. By the controller, here and below: what is
    /// that tight already stays so.
    function drain(uint32 duration) external;

    /// @notice Refuses a privileged selector until `resume`, with either version, to all but the controller. Caller: controller or guardian.
    function lockSelector(bytes4 selector) external;

    /// @notice Leaves `bps` basis points of the policy's cap; fewer than before. Caller: controller or guardian.
    function lowerCap(uint16 bps) external;

    /// @notice A smaller share; ends the epoch where the guardian sets it. Caller: controller or guardian.
    function lowerShare(uint16 share) external;

    /// @notice Opens every lane, ends the drain, unlocks selectors, gives the whole cap back. Reverts with `StalePolicy`
    /// unless `expectedEpoch` is the current epoch. Caller: controller.
    function resume(uint32 expectedEpoch) external;

    function limits() external view returns (TrafficLimits memory);

    /// @notice For a gate: `uint256(DrainState)`.
    function drainState() external view returns (uint256);

    /// @notice Whose code would serve `data` from `sender` now.
    function isCandidate(address sender, bytes calldata data) external view returns (bool);

    function status() external view returns (TrafficStatus memory);

    /// @notice The policy as the router was deployed with it.
    function policy() external view returns (Policy memory);

    /// @notice `keccak256("slipway.traffic.router.v1")`. The registry asks for it before it freezes, so that it never
    /// takes a protocol's fallback for a router.
    function routerMagic() external view returns (bytes32);
}

/// @notice The one selector that a router takes from the protocol.
interface ITrafficRouter {
    /// @notice Carries one `ITrafficControl` message; returns its ABI-encoded result.
    function traffic(bytes calldata message) external payable returns (bytes memory result);
}

/// @notice What Axelar's contracts say of themselves, at their own address too.
interface IContractIdentifier {
    function contractId() external view returns (bytes32);
}
