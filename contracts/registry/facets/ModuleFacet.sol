// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {IntervalStorage} from "../storage/IntervalStorage.sol";
import {Intervals} from "../libraries/Intervals.sol";
import {IModuleFacet} from "../interfaces/IModules.sol";
import {Module, ModuleKind} from "../../types/Module.sol";
import {ModuleStorage} from "../storage/ModuleStorage.sol";
import {Modules} from "../libraries/Modules.sol";

contract ModuleFacet is IModuleFacet, Access {
    using Modules for ModuleStorage.Layout;

    /// @inheritdoc IModuleFacet
    function registerModule(
        bytes32 name,
        ModuleKind kind,
        address account,
        address authority
    ) external onlyReleaseOrTimelock {
        ModuleStorage.state().register(name, kind, account, authority);
    }

    /// @inheritdoc IModuleFacet
    function retireModule(bytes32 name) external onlyTimelock {
        ModuleStorage.state().retire(name);
    }

    /// @inheritdoc IModuleFacet
    function setMinInterval(uint256 interval) external onlyTimelock {
        Intervals.set(interval);
    }

    /// @inheritdoc IModuleFacet
    function moduleOf(bytes32 name) external view returns (Module memory module) {
        return ModuleStorage.state().load(name);
    }

    /// @inheritdoc IModuleFacet
    function moduleNames() external view returns (bytes32[] memory names) {
        return ModuleStorage.state().names;
    }

    /// @inheritdoc IModuleFacet
    function minInterval() external view returns (uint256 interval) {
        return IntervalStorage.state().minInterval;
    }

    /// @inheritdoc IModuleFacet
    function upgradeableAt(bytes32 name) external view returns (uint256 notBefore) {
        ModuleStorage.state().load(name);
        return Intervals.endOf(name);
    }
}
