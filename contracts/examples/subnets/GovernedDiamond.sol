// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {Diamond} from "../../diamond/Diamond.sol";
import {DiamondCuts} from "../../diamond/DiamondCuts.sol";
import {GovernedStorage} from "./GovernedStorage.sol";
import {ICutRehearsal, IDiamond, IDiamondCut, IDiamondLoupe} from "../../diamond/IDiamond.sol";
import {IGovernance} from "./IGovernance.sol";

/// @notice A diamond that plans of one registry upgrade. It never had an owner: who deploys it has no power over it.
contract GovernedDiamond is Diamond {
    /// @param registry Whose timelock cuts it.
    /// @param init Delegatecalled once with `data`; both empty where there is nothing to initialise.
    constructor(IDiamond.FacetCut[] memory cuts, address registry, address init, bytes memory data) {
        GovernedStorage.set(registry);
        DiamondCuts.cut(cuts, init, data);
        DiamondCuts.announce(type(IERC165).interfaceId);
        DiamondCuts.announce(type(IDiamondCut).interfaceId);
        DiamondCuts.announce(type(IDiamondLoupe).interfaceId);
        // Without any of these it could not be looked into or upgraded again. A cut may replace them, never remove them.
        DiamondCuts.protect(IDiamondCut.diamondCut.selector);
        DiamondCuts.protect(ICutRehearsal.rehearseCut.selector);
        DiamondCuts.protect(IDiamondLoupe.facets.selector);
        DiamondCuts.protect(IDiamondLoupe.facetAddress.selector);
        DiamondCuts.protect(IGovernance.setUpgradeRegistry.selector);
        DiamondCuts.protect(IGovernance.upgradeRegistry.selector);
    }
}
