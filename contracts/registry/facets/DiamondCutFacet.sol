// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {CutRehearsals} from "../../diamond/CutRehearsals.sol";
import {ICutRehearsal, IDiamondCut} from "../../diamond/IDiamond.sol";

/// @notice The registry upgrades itself only through its own pipeline, and only to what it could come back from.
contract DiamondCutFacet is IDiamondCut, ICutRehearsal, Access {
    /// @inheritdoc IDiamondCut
    function diamondCut(
        FacetCut[] calldata _diamondCut,
        address _init,
        bytes calldata _calldata
    ) external onlyTimelock {
        CutRehearsals.cut(_diamondCut, _init, _calldata);
    }

    /// @inheritdoc ICutRehearsal
    function rehearseCut(bytes4[] calldata selectors, address[] calldata facets) external onlyTimelock {
        CutRehearsals.run(selectors, facets);
    }
}
