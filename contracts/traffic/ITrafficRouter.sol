// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Condition} from "../types/Condition.sol";

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
    SelectorRule[] rules;
    // Error selectors of the candidate that reach the user: a tightened rule is no fault.
    bytes4[] expectedErrors;
    // Checked in the frame after the candidate, with `RightKind` Constant, Probe or Before.
    Condition[] invariants;
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
