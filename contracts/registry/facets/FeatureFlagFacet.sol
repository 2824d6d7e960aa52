// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {Council} from "../libraries/Council.sol";
import {Dependency, FlagStorage, Requirements} from "../storage/FlagStorage.sol";
import {Flags} from "../libraries/Flags.sol";
import {IFeatureFlagFacet} from "../interfaces/IModules.sol";
import {Roles} from "../libraries/Roles.sol";

contract FeatureFlagFacet is IFeatureFlagFacet, Access {
    /// @inheritdoc IFeatureFlagFacet
    function enableFlag(bytes32 flag, uint64 epoch) external onlyTimelock {
        Flags.enable(flag, epoch);
    }

    /// @inheritdoc IFeatureFlagFacet
    function clearFlag(bytes32 flag) external {
        if (!Roles.isTimelock(msg.sender) && !Council.isMember(msg.sender)) Roles.check(Roles.INCIDENT);
        Flags.clear(flag);
    }

    /// @inheritdoc IFeatureFlagFacet
    function setRequirements(bytes32 module, bytes32 flag, Dependency[] calldata dependencies) external onlyTimelock {
        Flags.setRequirements(module, flag, dependencies);
    }

    /// @inheritdoc IFeatureFlagFacet
    function isEnabled(bytes32 flag) external view returns (bool) {
        return FlagStorage.state().flags[flag].isEnabled;
    }

    /// @inheritdoc IFeatureFlagFacet
    function flagEpoch(bytes32 flag) external view returns (uint64 epoch) {
        return FlagStorage.state().flags[flag].epoch;
    }

    /// @inheritdoc IFeatureFlagFacet
    function requirementsOf(bytes32 module) external view returns (Requirements memory requirements) {
        return FlagStorage.state().requirements[module];
    }

    /// @inheritdoc IFeatureFlagFacet
    function checkRequirements(bytes32 module, bool isFirst) external view {
        Flags.check(module, isFirst);
    }
}
