// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a beacon's router is made for. One router a step: its share is the policy's.
struct BeaconTarget {
    address beacon;
    address stable;
    address candidate;
    // Installs and steers: the timelock, which owns the beacon.
    address controller;
    // May only tighten: the registry.
    address guardian;
    // The same for every step of a canary, so that each finds what a proxy was charged and broke before.
    bytes32 policyId;
    // The router of the step before; zero for the first.
    address predecessor;
}

/// @notice Messages that only a beacon's router knows, sent to its own address as
/// `traffic(abi.encodeCall(IBeaconControl.…))`. Of `ITrafficControl` it also knows `install` (without an init), `freeze`,
/// `lowerShare`, and what only reads; the latter through a proxy too.
interface IBeaconControl {
    /// @notice Returns nothing where the canary lives: this router was installed, is not frozen, was not tightened since
    /// (its epoch is `expectedEpoch`), and served no call in this transaction. Reverts otherwise. The step after it asks
    /// this before it begins, and a promotion before it promotes.
    function requireLive(uint32 expectedEpoch) external view;

    /// @notice Reverts with `CallInProgress` where this router served a call in this transaction: whoever moves the
    /// beacon meanwhile could put other code under a call that still runs.
    function requireResting() external view;

    /// @notice The beacon, and the router of the step before (zero: none).
    function lineage() external view returns (address beacon, address predecessor);
}
