// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {CutRehearsals} from "../../diamond/CutRehearsals.sol";
import {DiamondCuts} from "../../diamond/DiamondCuts.sol";
import {DiamondStorage} from "../../diamond/DiamondStorage.sol";
import {ICutRehearsal, IDiamondCut} from "../../diamond/IDiamond.sol";

/// @notice The registry upgrades itself only through its own pipeline, and only to what it could come back from.
contract DiamondCutFacet is IDiamondCut, ICutRehearsal, Access {
    /// @inheritdoc IDiamondCut
    function diamondCut(
        FacetCut[] calldata _diamondCut,
        address _init,
        bytes calldata _calldata
    ) external onlyTimelock {
        if (CutRehearsals.isRunning()) return DiamondCuts.cut(_diamondCut, _init, _calldata);
        // This very code, which the cut may take out of the diamond: the new one is not asked about itself.
        address code = DiamondStorage.facetOf(DiamondStorage.routeOf(msg.sig));
        (bytes4[] memory selectors, address[] memory facets) = CutRehearsals.routesOf(_diamondCut);
        DiamondCuts.cut(_diamondCut, _init, _calldata);
        (, bytes memory answer) = code.delegatecall(abi.encodeCall(ICutRehearsal.rehearseCut, (selectors, facets)));
        if (bytes4(answer) == CutRehearsals.CutRehearsed.selector) return;
        if (answer.length == 0) revert CutRehearsals.InverseCutRefused(answer);
        // Hands on why the diamond could not come back.
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    /// @inheritdoc ICutRehearsal
    function rehearseCut(bytes4[] calldata selectors, address[] calldata facets) external onlyTimelock {
        CutRehearsals.run(selectors, facets);
    }
}
