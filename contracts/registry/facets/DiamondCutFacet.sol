// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {DiamondCuts} from "../../diamond/DiamondCuts.sol";
import {IDiamondCut} from "../../diamond/IDiamond.sol";

/// @notice The registry upgrades itself only through its own pipeline.
contract DiamondCutFacet is IDiamondCut, Access {
    /// @inheritdoc IDiamondCut
    function diamondCut(
        FacetCut[] calldata _diamondCut,
        address _init,
        bytes calldata _calldata
    ) external onlyTimelock {
        DiamondCuts.cut(_diamondCut, _init, _calldata);
    }
}
