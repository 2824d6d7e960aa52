// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Dependency, Requirements} from "../storage/FlagStorage.sol";
import {Module, ModuleKind} from "../../types/Module.sol";

/// @notice Named upgrade targets.
interface IModuleFacet {
    /// @notice Names a new module. Caller: release role or timelock.
    function registerModule(bytes32 name, ModuleKind kind, address account, address authority) external;

    /// @notice Takes a module out of use; refused while a plan holds it. Caller: timelock.
    function retireModule(bytes32 name) external;

    /// @notice Sets how many seconds (0 to 30 days; zero: none) must lie between the end of a plan on a module, by
    /// completion or rollback, and the first stage of the next one. Emergency plans do not wait. Caller: timelock.
    function setMinInterval(uint256 interval) external;

    /// @notice A module. Reverts when unknown.
    function moduleOf(bytes32 name) external view returns (Module memory module);

    /// @notice Names of all modules, retired ones too.
    function moduleNames() external view returns (bytes32[] memory names);

    /// @notice Seconds between two upgrades of one module; zero: none.
    function minInterval() external view returns (uint256 interval);

    /// @notice When the first stage of the next plan on the module may run (seconds since the epoch; zero: at once).
    /// Reverts when unknown.
    function upgradeableAt(bytes32 name) external view returns (uint256 notBefore);
}

/// @notice Feature flags, and what modules require before a plan on them may advance.
interface IFeatureFlagFacet {
    /// @notice Turns a flag on. `epoch` is the one that the plan was made at: a clearing since then makes this revert, so a
    /// plan that waits in the timelock never undoes one. Caller: timelock.
    function enableFlag(bytes32 flag, uint64 epoch) external;

    /// @notice Turns a flag off, and voids what was agreed to turn it on. Caller: incident role, a council member, timelock.
    function clearFlag(bytes32 flag) external;

    /// @notice Sets what a module requires: a flag (zero: none), and least versions of at most 8 other modules. It replaces
    /// what was set before. Caller: timelock.
    function setRequirements(bytes32 module, bytes32 flag, Dependency[] calldata dependencies) external;

    /// @notice Whether a flag is on; an unknown one is off. One word, so that a gate can ask it.
    function isEnabled(bytes32 flag) external view returns (bool);

    /// @notice How often a flag was cleared.
    function flagEpoch(bytes32 flag) external view returns (uint64 epoch);

    /// @notice What a module requires.
    function requirementsOf(bytes32 module) external view returns (Requirements memory requirements);

    /// @notice Reverts while the module's flag is off, and before a first stage while a dependency is too old.
    function checkRequirements(bytes32 module, bool isFirst) external view;
}
