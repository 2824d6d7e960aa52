// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DiamondStorage} from "./DiamondStorage.sol";
import {IDiamond} from "./IDiamond.sol";

/// @notice Changes what a diamond can do. The caller decides who may.
library DiamondCuts {
    error CutEmpty();
    error FacetWithoutSelectors(address facet);
    /// @notice A facet needs code that its key cannot change.
    error FacetInvalid(address facet);
    /// @notice Another facet already serves the selector.
    error SelectorExists(bytes4 selector, address facet);
    error SelectorUnknown(bytes4 selector);
    /// @notice A replacement by the same facet is a mistake in the cut.
    error SelectorUnchanged(bytes4 selector, address facet);
    /// @notice Without this selector the diamond could not be cut or looked into again. It may be replaced.
    error SelectorIsProtected(bytes4 selector);
    /// @notice The standard wants no facet in a removal.
    error RemovalNamesFacet(address facet);
    error InitWithoutCode(address init);
    error InitReverted(address init);
    /// @notice The call went through, and nothing says that an initialiser ran: a wrong selector meets a fallback.
    error InitUnanswered(address init, bytes answer);

    event SelectorPaused(bytes4 indexed selector);
    event SelectorUnpaused(bytes4 indexed selector);

    bytes3 private constant DELEGATION_PREFIX = 0xef0100;

    /// @notice What an initialiser returns to say that it did what it is for.
    bytes32 internal constant INITIALISED = keccak256("slipway.diamond.initialised");

    /// @notice Applies the cuts in order, then delegatecalls `init` with `data`, which answers `INITIALISED`. Both are
    /// empty where there is nothing to initialise.
    function cut(IDiamond.FacetCut[] memory cuts, address init, bytes memory data) internal {
        if (cuts.length == 0 && init == address(0)) revert CutEmpty();
        for (uint256 i; i < cuts.length; ++i) {
            IDiamond.FacetCut memory part = cuts[i];
            if (part.functionSelectors.length == 0) revert FacetWithoutSelectors(part.facetAddress);
            if (part.action == IDiamond.FacetCutAction.Remove) _remove(part);
            else if (part.action == IDiamond.FacetCutAction.Add) _add(part);
            else _replace(part);
        }
        emit IDiamond.DiamondCut(cuts, init, data);
        if (init != address(0) || data.length != 0) _initialise(init, data);
    }

    /// @notice The first cut, of a diamond that has no functions yet: additions only, and nothing to initialise. A
    /// constructor has no room for the rest.
    function found(IDiamond.FacetCut[] memory cuts) internal {
        if (cuts.length == 0) revert CutEmpty();
        for (uint256 i; i < cuts.length; ++i) {
            IDiamond.FacetCut memory part = cuts[i];
            if (part.functionSelectors.length == 0) revert FacetWithoutSelectors(part.facetAddress);
            if (part.action != IDiamond.FacetCutAction.Add) revert SelectorUnknown(part.functionSelectors[0]);
            _add(part);
        }
        emit IDiamond.DiamondCut(cuts, address(0), "");
    }

    /// @notice Refuses removal and pause of a selector from now on.
    function protect(bytes4 selector) internal {
        DiamondStorage.setRoute(selector, _liveRoute(selector) | DiamondStorage.PROTECTED);
    }

    /// @notice Refuses calls of a selector, or admits them again.
    function setPaused(bytes4 selector, bool isPaused) internal {
        uint256 route = _liveRoute(selector);
        if (route & DiamondStorage.PROTECTED != 0) revert SelectorIsProtected(selector);
        if (isPaused) {
            DiamondStorage.setRoute(selector, route | DiamondStorage.PAUSED);
            emit SelectorPaused(selector);
        } else {
            DiamondStorage.setRoute(selector, route & ~DiamondStorage.PAUSED);
            emit SelectorUnpaused(selector);
        }
    }

    /// @notice Announces an interface by ERC-165.
    function announce(bytes4 interfaceId) internal {
        DiamondStorage.state().interfaces[interfaceId] = true;
    }

    function _add(IDiamond.FacetCut memory part) private {
        _checkFacet(part.facetAddress);
        bytes4[] storage selectors = DiamondStorage.state().selectors;
        for (uint256 i; i < part.functionSelectors.length; ++i) {
            bytes4 selector = part.functionSelectors[i];
            address present = DiamondStorage.facetOf(DiamondStorage.routeOf(selector));
            if (present != address(0)) revert SelectorExists(selector, present);
            DiamondStorage.setRoute(selector, DiamondStorage.toRoute(part.facetAddress, selectors.length, 0));
            selectors.push(selector);
        }
    }

    /// @dev Keeps position and flags: a replaced function stays paused, and a protected one protected.
    function _replace(IDiamond.FacetCut memory part) private {
        _checkFacet(part.facetAddress);
        for (uint256 i; i < part.functionSelectors.length; ++i) {
            bytes4 selector = part.functionSelectors[i];
            uint256 route = _liveRoute(selector);
            if (DiamondStorage.facetOf(route) == part.facetAddress) {
                revert SelectorUnchanged(selector, part.facetAddress);
            }
            DiamondStorage.setRoute(
                selector,
                DiamondStorage.toRoute(
                    part.facetAddress,
                    DiamondStorage.positionOf(route),
                    DiamondStorage.flagsOf(route)
                )
            );
        }
    }

    function _remove(IDiamond.FacetCut memory part) private {
        if (part.facetAddress != address(0)) revert RemovalNamesFacet(part.facetAddress);
        bytes4[] storage selectors = DiamondStorage.state().selectors;
        for (uint256 i; i < part.functionSelectors.length; ++i) {
            bytes4 selector = part.functionSelectors[i];
            uint256 route = _liveRoute(selector);
            if (route & DiamondStorage.PROTECTED != 0) revert SelectorIsProtected(selector);
            uint256 position = DiamondStorage.positionOf(route);
            // The last selector takes the place of the removed one.
            bytes4 last = selectors[selectors.length - 1];
            if (last != selector) {
                uint256 lastRoute = DiamondStorage.routeOf(last);
                selectors[position] = last;
                DiamondStorage.setRoute(
                    last,
                    DiamondStorage.toRoute(
                        DiamondStorage.facetOf(lastRoute),
                        position,
                        DiamondStorage.flagsOf(lastRoute)
                    )
                );
            }
            selectors.pop();
            DiamondStorage.setRoute(selector, 0);
        }
    }

    function _initialise(address init, bytes memory data) private {
        if (init.code.length == 0) revert InitWithoutCode(init);
        // The initialiser is part of the cut that was agreed on; it has all of the diamond's power.
        (bool isOk, bytes memory answer) = init.delegatecall(data);
        if (isOk) {
            if (answer.length != 32 || bytes32(answer) != INITIALISED) revert InitUnanswered(init, answer);
            return;
        }
        if (answer.length == 0) revert InitReverted(init);
        // Hands on the initialiser's own error.
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    function _liveRoute(bytes4 selector) private view returns (uint256 route) {
        route = DiamondStorage.routeOf(selector);
        if (DiamondStorage.facetOf(route) == address(0)) revert SelectorUnknown(selector);
    }

    /// @dev The diamond itself as a facet would call itself for ever; an EIP-7702 delegation is its key's to change.
    function _checkFacet(address facet) private view {
        if (facet.code.length == 0 || facet == address(this)) revert FacetInvalid(facet);
        if (facet.code.length == 23 && bytes3(facet.code) == DELEGATION_PREFIX) revert FacetInvalid(facet);
    }
}
