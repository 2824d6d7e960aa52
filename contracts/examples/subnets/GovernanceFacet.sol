// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CutRehearsals} from "../../diamond/CutRehearsals.sol";
import {GovernedStorage} from "./GovernedStorage.sol";
import {ICutRehearsal, IDiamondCut} from "../../diamond/IDiamond.sol";
import {IGovernance} from "./IGovernance.sol";

/// @notice A diamond's own part in its upgrades: nobody cuts it but the timelock of its registry, and only to what it
/// could come back from.
contract GovernanceFacet is IDiamondCut, ICutRehearsal, IGovernance {
    modifier onlyGovernor() {
        GovernedStorage.check();
        _;
    }

    /// @inheritdoc IDiamondCut
    /// @dev Reverts with `NotGovernor` for anyone but the timelock.
    function diamondCut(
        FacetCut[] calldata _diamondCut,
        address _init,
        bytes calldata _calldata
    ) external onlyGovernor {
        CutRehearsals.cut(_diamondCut, _init, _calldata);
    }

    /// @inheritdoc ICutRehearsal
    function rehearseCut(bytes4[] calldata selectors, address[] calldata facets) external onlyGovernor {
        CutRehearsals.run(selectors, facets);
    }

    /// @inheritdoc IGovernance
    function setUpgradeRegistry(address registry) external onlyGovernor {
        GovernedStorage.set(registry);
    }

    /// @inheritdoc IGovernance
    function upgradeRegistry() external view returns (address registry) {
        return GovernedStorage.state().registry;
    }

    /// @inheritdoc IGovernance
    function governor() external view returns (address timelock) {
        return GovernedStorage.state().timelock;
    }
}
