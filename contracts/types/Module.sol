// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How a module is upgraded.
enum ModuleKind {
    Uups,
    Transparent,
    Beacon,
    Diamond,
    Redeploy,
    OwnAdmin
}

/// @notice A named upgrade target.
struct Module {
    // Counts modules, from one; zero: unknown.
    uint16 number;
    // When the last plan on it completed or was rolled back, in seconds; zero: none has.
    uint40 endedAt;
    ModuleKind kind;
    // The account users call; the beacon for `Beacon`.
    address account;
    // The account that upgrades it: the ProxyAdmin of a transparent proxy, else the timelock.
    address authority;
    // Counts completed and rolled-back plans.
    uint64 version;
    bool isRetired;
    // It waits for a flag or for other modules; see `IFeatureFlagFacet`.
    bool hasRequirements;
    // The proposal that holds the module between its first stage and its end; zero when free.
    bytes32 lockedBy;
}
