// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {DiamondStorage} from "../../diamond/DiamondStorage.sol";
import {Diamonds} from "../../diamond/Diamonds.sol";
import {IDiamondCut} from "../../diamond/IDiamond.sol";

/// @notice The registry changes itself only through its own pipeline.
contract DiamondCutFacet is IDiamondCut, Access {
    using Diamonds for DiamondStorage.Layout;

    /// @inheritdoc IDiamondCut
    function diamondCut(
        FacetCut[] calldata _diamondCut,
        address _init,
        bytes calldata _calldata
    ) external onlyTimelock {
        DiamondStorage.state().cut(_diamondCut, _init, _calldata);
    }
}
