// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IDiamondCut} from "../../diamond/IDiamond.sol";
import {DiamondTarget} from "../IDiamondRouter.sol";
import {ITrafficRouter} from "../ITrafficRouter.sol";
import {Routes} from "../libraries/Routes.sol";

/// @notice Where a router stands in a diamond, and what leads to it.
abstract contract DiamondRoutes {
    address internal immutable _loupe;
    address internal immutable _cutFacet;
    address internal immutable _leader;

    constructor(DiamondTarget memory target, address self) {
        _loupe = target.loupe;
        _cutFacet = target.cutFacet;
        _leader = target.leader == address(0) ? self : target.leader;
    }

    /// @dev The facet that should serve one of the selectors that nobody may lose: the one that the canary is steered by,
    /// and the one that leads out of it.
    /// @return selector One that is served by another; zero where all is well.
    function _lostRoute() internal returns (bytes4 selector, address expected, address actual) {
        (selector, expected) = (ITrafficRouter.traffic.selector, _leader);
        actual = Routes.facetOf(_loupe, selector);
        if (actual != expected) return (selector, expected, actual);
        (selector, expected) = (IDiamondCut.diamondCut.selector, _cutFacet);
        actual = Routes.facetOf(_loupe, selector);
        if (actual != expected) return (selector, expected, actual);
        return (0, address(0), address(0));
    }
}
