// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Diamond} from "../diamond/Diamond.sol";
import {DiamondCuts} from "../diamond/DiamondCuts.sol";
import {DiamondStorage} from "../diamond/DiamondStorage.sol";
import {IDiamond} from "../diamond/IDiamond.sol";

/// @notice A diamond that anyone may cut, so that a test sees the library alone.
contract Diamond__Harness is Diamond {
    constructor(IDiamond.FacetCut[] memory cuts) {
        DiamondCuts.cut(cuts, address(0), "");
    }

    function cut(IDiamond.FacetCut[] calldata cuts, address init, bytes calldata data) external {
        DiamondCuts.cut(cuts, init, data);
    }

    function protect(bytes4 selector) external {
        DiamondCuts.protect(selector);
    }

    function setPaused(bytes4 selector, bool isPaused) external {
        DiamondCuts.setPaused(selector, isPaused);
    }
}

/// @notice `Diamond` without its question whether the selector is paused, and nothing else less: what the question costs is the
/// difference.
contract UnpausableDiamond__MockForBench {
    constructor(IDiamond.FacetCut[] memory cuts) {
        DiamondCuts.cut(cuts, address(0), "");
    }

    fallback() external payable {
        uint256 route = DiamondStorage.routeOf(msg.sig);
        address facet = DiamondStorage.facetOf(route);
        if (facet == address(0)) revert Diamond.FunctionUnknown(msg.sig);
        assembly {
            calldatacopy(0, 0, calldatasize())
            let isOk := delegatecall(gas(), facet, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(isOk) {
                revert(0, returndatasize())
            }
            return(0, returndatasize())
        }
    }

    receive() external payable {
        revert Diamond.FunctionUnknown(msg.sig);
    }
}

/// @notice `Diamond` as it is, with as few functions of its own.
contract PausableDiamond__MockForBench is Diamond {
    constructor(IDiamond.FacetCut[] memory cuts) {
        DiamondCuts.cut(cuts, address(0), "");
    }
}
