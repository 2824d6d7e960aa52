// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Dependency, Flag, FlagStorage, Requirements} from "../storage/FlagStorage.sol";
import {ModuleStorage} from "../storage/ModuleStorage.sol";
import {Modules} from "./Modules.sol";

/// @notice Feature flags, which governance turns on and incident response may turn off, and what modules require before a
/// plan on them may advance.
library Flags {
    using Modules for ModuleStorage.Layout;

    error FlagNameEmpty();
    /// @notice The flag was cleared since this was agreed: turning it on again takes a new plan.
    error StaleFlag(bytes32 flag, uint64 expected, uint64 actual);
    /// @notice The module waits for a flag.
    error FlagDisabled(bytes32 module, bytes32 flag);
    /// @notice The module waits for another one.
    error DependencyNotMet(bytes32 module, bytes32 dependency, uint64 minVersion, uint64 version);
    error DependencyOnItself(bytes32 module);
    error TooManyDependencies(bytes32 module, uint256 max);

    event FlagEnabled(bytes32 indexed flag, uint64 epoch);
    event FlagCleared(bytes32 indexed flag, uint64 epoch, address indexed by);
    event RequirementsSet(bytes32 indexed module, bytes32 indexed flag, Dependency[] dependencies);

    /// @dev Each is read before a stage.
    uint256 internal constant MAX_DEPENDENCIES = 8;

    function enable(bytes32 name, uint64 epoch) internal {
        if (name == 0) revert FlagNameEmpty();
        Flag storage flag = FlagStorage.state().flags[name];
        if (flag.epoch != epoch) revert StaleFlag(name, epoch, flag.epoch);
        flag.isEnabled = true;
        emit FlagEnabled(name, epoch);
    }

    /// @notice Clears a flag, on or not: what was agreed to turn it on and has not run yet is void as well.
    function clear(bytes32 name) internal {
        if (name == 0) revert FlagNameEmpty();
        Flag storage flag = FlagStorage.state().flags[name];
        flag.isEnabled = false;
        ++flag.epoch;
        emit FlagCleared(name, flag.epoch, msg.sender);
    }

    function setRequirements(bytes32 module, bytes32 flag, Dependency[] calldata dependencies) internal {
        if (dependencies.length > MAX_DEPENDENCIES) revert TooManyDependencies(module, MAX_DEPENDENCIES);
        for (uint256 i; i < dependencies.length; ++i) {
            if (dependencies[i].module == module) revert DependencyOnItself(module);
            ModuleStorage.state().load(dependencies[i].module);
        }
        ModuleStorage.state().load(module).hasRequirements = flag != 0 || dependencies.length != 0;
        Requirements storage self = FlagStorage.state().requirements[module];
        self.flag = flag;
        delete self.dependencies;
        for (uint256 i; i < dependencies.length; ++i) self.dependencies.push(dependencies[i]);
        emit RequirementsSet(module, flag, dependencies);
    }

    /// @notice Reverts while the module's flag is off; before the first stage also while a dependency is too old.
    function check(bytes32 module, bool isFirst) internal view {
        Requirements storage self = FlagStorage.state().requirements[module];
        bytes32 flag = self.flag;
        if (flag != 0 && !FlagStorage.state().flags[flag].isEnabled) revert FlagDisabled(module, flag);
        if (!isFirst) return;
        for (uint256 i; i < self.dependencies.length; ++i) {
            Dependency memory dependency = self.dependencies[i];
            uint64 version = ModuleStorage.state().load(dependency.module).version;
            if (version < dependency.minVersion) {
                revert DependencyNotMet(module, dependency.module, dependency.minVersion, version);
            }
        }
    }
}
