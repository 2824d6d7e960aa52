// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Diamond} from "../diamond/Diamond.sol";
import {DiamondCuts} from "../diamond/DiamondCuts.sol";
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
