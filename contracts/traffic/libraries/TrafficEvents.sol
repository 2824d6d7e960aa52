// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Emitted at the proxy's address, among the protocol's own events.
library TrafficEvents {
    /// @param policy Contract whose code holds the policy.
    event CanaryInstalled(
        bytes32 indexed policyId,
        address indexed stable,
        address indexed candidate,
        uint16 share,
        address policy
    );

    event ShareSet(uint16 share, uint32 epoch);

    /// @notice Times in seconds since the epoch. What the guardian does ends the epoch; `status` tells the next.
    event LaneClosed(uint256 indexed lane, uint256 until);
    event DrainStarted(uint256 deadline);
    event SelectorLocked(bytes4 indexed selector);
    /// @param bps Of the policy's cap.
    event CapLowered(uint256 bps);
    event LimitsLifted(uint32 epoch);

    /// @notice From the next call on, everything goes to stable, for ever.
    event CanaryFrozen(uint32 epoch, uint8 breaks, string reason);

    /// @notice The candidate reverted and stable served the call.
    /// @param reason First four bytes of the candidate's revert data; zero: shorter, or out of gas.
    event CandidateReverted(bytes4 indexed selector, bytes4 reason);

    /// @notice An invariant was broken after the candidate and holds after stable served the same call.
    /// @param left Its words as they were after the candidate; both zero: unavailable.
    event InvariantBroken(bytes4 indexed selector, uint256 indexed index, uint256 left, uint256 right, uint8 breaks);

    /// @notice An invariant was broken after the candidate, and after stable too: the candidate is not to blame.
    event BreakNotCounted(bytes4 indexed selector, uint256 indexed index, uint256 left, uint256 right);

    /// @notice What the candidate's call made the metered word fall by is more than the budget has left: it was undone, and
    /// stable served the call.
    /// @param amount Weighed; the largest number: the word was unavailable, before or after.
    event FallRefused(bytes4 indexed selector, uint256 amount);

    /// @notice The candidate wrote a slot that decides which code runs, or that keeps count of it.
    /// @param slot In a diamond also the selector, left-aligned, whose facet was changed.
    event SlotBroken(bytes4 indexed selector, bytes32 indexed slot, uint8 breaks);
}
