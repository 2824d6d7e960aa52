// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a router refuses. Users meet only `CanaryGas`, `OverBudget` and `Unmetered`; the rest answers whoever
/// installs or steers it.
library TrafficErrors {
    /// @notice Too little gas to run the candidate and, should it fail, stable. Nothing was recorded; send more.
    /// @param available Gas left when the candidate was about to be tried.
    error CanaryGas(uint256 available);

    /// @notice A call nested in a candidate call moves more than the budget has left. The same call alone would have
    /// been served by stable, but two versions must not run inside each other.
    error OverBudget(bytes4 selector, uint256 amount, uint256 left);

    /// @notice A call nested in a candidate call reached a selector that has no meter and is not free, under a cap.
    error Unmetered(bytes4 selector);

    /// @notice The call's lane is closed, with either version. Exits may be open.
    /// @param retryAfter Seconds since the epoch; `type(uint32).max`: until a plan opens it.
    error LanePaused(uint256 lane, uint256 retryAfter);

    /// @notice Nothing new enters until then (seconds since the epoch); exits are open.
    error Draining(uint256 retryAfter);

    /// @notice A privileged selector that the guardian locked; a plan unlocks it.
    error SelectorLocked(bytes4 selector);

    /// @notice The router was called at its own address, not through a proxy.
    error DirectCall();

    /// @notice What steers a beacon's router is said at its own address, not through a proxy.
    error ProxyCall();

    /// @notice A beacon serves many proxies, and one call initialises one: a candidate behind a beacon does without.
    error InitUnsupported();

    /// @notice The router before this one is of another canary, or of a larger share.
    error PredecessorInvalid(address predecessor);

    /// @notice Neither the controller, nor (where allowed) the guardian or the proxy's admin.
    error TrafficUnauthorized(address sender);

    /// @notice Control from inside a call to the proxy: it would swap code under a call that still runs.
    error CallInProgress();

    /// @notice `traffic` carried a message that no router knows.
    error UnknownMessage(bytes4 selector);

    /// @notice Native value with a message that does not take any.
    error ValueNotAccepted(uint256 value);

    /// @notice This router serves this proxy already, or did; a new canary needs a new router, of another policy id.
    error AlreadyInstalled();

    /// @notice No policy was installed for this proxy.
    error NotInstalled();

    /// @notice The proxy's ERC-1967 implementation is not this router.
    error NotImplementation(address actual);

    /// @notice The diamond sends the selector elsewhere than the router was made for.
    error RouteWrong(bytes4 selector, address expected, address actual);

    /// @notice The diamond has no such function; while a canary runs, the candidate may have it.
    error FunctionAbsent(bytes4 selector);

    /// @notice The stage was written for another epoch: something was tightened since.
    error StalePolicy(uint32 expected, uint32 actual);

    /// @notice Frozen for ever.
    error CanaryFrozen();

    /// @notice The candidate's init wrote a slot that decides which code runs.
    error SlotWritten(bytes32 slot);

    /// @notice The code offered in exchange for the router is not a UUPS implementation.
    error NotUups(address implementation);

    /// @notice The policy has no such lane, or none of that kind (exit or not).
    error LaneUnknown(uint256 lane, bool isExit);

    /// @notice What the guardian closed stays open as long as it was closed, until `notBefore` (seconds since the epoch).
    error LaneResting(uint256 notBefore);
    error LanePauseInvalid(uint256 pause, uint256 max);
    error DrainInvalid(uint256 duration, uint256 max);

    /// @notice The policy does not name the selector as privileged.
    error NotLockable(bytes4 selector);

    /// @notice The message would change nothing, or loosen.
    error NotTighter();

    /// @notice A kind that keeps its slots where ERC-1967 says was given others, or one that does not was given none.
    error TargetSlotsInvalid();

    /// @notice A key of the segment is not greater than the one before it.
    error SegmentInvalid(uint256 index);

    /// @notice A further meter without word, weight or cap, named twice, or of a selector that is free or metered already; of
    /// no selector: the fall's probe, weight or cap is missing.
    error MeterInvalid(bytes4 selector);

    error ShareInvalid(uint256 share);
    error ErrorBudgetInvalid(uint256 errorBudget);
    error CandidateGasInvalid(uint256 candidateGas);

    /// @notice Cap and interval go together, and native weight and meters need both.
    error BudgetInvalid(uint256 interval, uint256 cap);

    /// @notice A rule for the control selector, a meter without weight or cap, or both a meter and free.
    error RuleInvalid(bytes4 selector);
    error RuleDuplicated(bytes4 selector);

    /// @notice The zero selector stands for "no reason given" and cannot be expected.
    error ExpectedErrorInvalid();

    /// @notice A condition that a router cannot evaluate.
    error ConditionInvalid(uint256 index);

    /// @notice More entries than a call can afford to look through.
    error TooMany(uint256 count, uint256 max);
    error NoCode(address account);

    /// @notice The version has a function of its own with the selector of `traffic(bytes)`.
    error ControlSelectorClash(address account);

    /// @notice The account that should hold the policy does not hold the one that the router was made for.
    error PolicyMismatch(address store);
}
