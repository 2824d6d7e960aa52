// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DiamondCuts} from "./DiamondCuts.sol";
import {DiamondStorage} from "./DiamondStorage.sol";
import {ICutRehearsal, IDiamond, IDiamondCut, IDiamondLoupe} from "./IDiamond.sol";

/// @notice The way back from a cut, tried before the cut may stand: what the diamond has become must still be able to
/// become again what it was. Whatever the trial does is undone, for it always reverts.
library CutRehearsals {
    /// @notice The way back works. This is how a rehearsal ends well.
    error CutRehearsed();
    /// @notice After this cut the diamond's own `diamondCut` does not take the inverse.
    error InverseCutRefused(bytes reason);
    /// @notice After the inverse cut another facet serves the selector than before the cut.
    error RouteNotRestored(bytes4 selector, address expected, address actual);
    /// @notice After this cut the loupe tells something else than what the diamond does.
    error LoupeWrong(bytes4 selector, address expected, bytes answer);

    /// @dev Adding it shows that the diamond can be cut where the inverse has nothing else to do.
    bytes4 private constant TRIAL = bytes4(keccak256("slipway.diamond.trial"));

    // keccak256("slipway.diamond.rehearsing"); transient, so that it is gone with the frame that set it.
    bytes32 private constant REHEARSING_SLOT = 0x34b59e3e308f2fe7f508daaf61ffd92490ef3da5c2b51f07e3f3eb005d91e19d;

    /// @notice Whether this call is part of a rehearsal, which is not rehearsed itself.
    function isRunning() internal view returns (bool running) {
        bytes32 slot = REHEARSING_SLOT;
        // Transient storage has no Solidity syntax for a namespaced slot.
        assembly ("memory-safe") {
            running := tload(slot)
        }
    }

    /// @notice Cuts, and lets the cut stand only if the diamond could come back from it. For a facet's `diamondCut`, which has
    /// checked the caller; its diamond serves `rehearseCut` from the same facet.
    function cut(IDiamond.FacetCut[] calldata cuts, address init, bytes calldata data) internal {
        if (isRunning()) return DiamondCuts.cut(cuts, init, data);
        // This very code, which the cut may take out of the diamond: the new one is not asked about itself.
        address code = DiamondStorage.facetOf(DiamondStorage.routeOf(msg.sig));
        (bytes4[] memory selectors, address[] memory facets) = routesOf(cuts);
        DiamondCuts.cut(cuts, init, data);
        (, bytes memory answer) = code.delegatecall(abi.encodeCall(ICutRehearsal.rehearseCut, (selectors, facets)));
        if (bytes4(answer) == CutRehearsed.selector) return;
        if (answer.length == 0) revert InverseCutRefused(answer);
        // Hands on why the diamond could not come back.
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    /// @notice The selectors that a cut names, and the facets that serve them now.
    function routesOf(
        IDiamond.FacetCut[] calldata cuts
    ) internal view returns (bytes4[] memory selectors, address[] memory facets) {
        uint256 count;
        for (uint256 i; i < cuts.length; ++i) count += cuts[i].functionSelectors.length;
        selectors = new bytes4[](count);
        facets = new address[](count);
        uint256 k;
        for (uint256 i; i < cuts.length; ++i) {
            for (uint256 j; j < cuts[i].functionSelectors.length; ++j) {
                bytes4 selector = cuts[i].functionSelectors[j];
                selectors[k] = selector;
                facets[k++] = _facetOf(selector);
            }
        }
    }

    /// @notice Undoes the latest cut through the diamond's present facets, as the caller, and always reverts: with
    /// `CutRehearsed` where everything is as it was.
    /// @param facets Those that served `selectors` before the cut; zero: none.
    function run(bytes4[] calldata selectors, address[] calldata facets) internal {
        bytes32 slot = REHEARSING_SLOT;
        // As in `isRunning`.
        assembly ("memory-safe") {
            tstore(slot, 1)
        }
        _checkLoupe(selectors);
        IDiamond.FacetCut[] memory inverse = _inverse(selectors, facets);
        // To the diamond itself, in its own storage: so the new routes decide who cuts, and the caller stays who he is.
        (bool isOk, bytes memory reason) = address(this).delegatecall(
            abi.encodeCall(IDiamondCut.diamondCut, (inverse, address(0), ""))
        );
        if (!isOk) revert InverseCutRefused(reason);
        for (uint256 i; i < inverse.length; ++i) {
            bytes4 selector = inverse[i].functionSelectors[0];
            address actual = _facetOf(selector);
            if (actual != inverse[i].facetAddress) {
                revert RouteNotRestored(selector, inverse[i].facetAddress, actual);
            }
        }
        revert CutRehearsed();
    }

    /// @dev One part a selector, and the trial. A selector that the cut added and protected stays: it was meant to.
    function _inverse(
        bytes4[] calldata selectors,
        address[] calldata facets
    ) private view returns (IDiamond.FacetCut[] memory inverse) {
        inverse = new IDiamond.FacetCut[](selectors.length + 1);
        uint256 count;
        for (uint256 i; i < selectors.length; ++i) {
            uint256 route = DiamondStorage.routeOf(selectors[i]);
            address facet = DiamondStorage.facetOf(route);
            if (facet == facets[i] || _isRepeated(selectors, i)) continue;
            IDiamond.FacetCutAction action = IDiamond.FacetCutAction.Replace;
            if (facet == address(0)) action = IDiamond.FacetCutAction.Add;
            else if (facets[i] == address(0)) action = IDiamond.FacetCutAction.Remove;
            if (action == IDiamond.FacetCutAction.Remove && route & DiamondStorage.PROTECTED != 0) continue;
            inverse[count++] = _part(facets[i], action, selectors[i]);
        }
        inverse[count++] = _part(_facetOf(IDiamondCut.diamondCut.selector), IDiamond.FacetCutAction.Add, TRIAL);
        // Shrinks the array in place: `count` never exceeds its length.
        assembly ("memory-safe") {
            mstore(inverse, count)
        }
    }

    /// @dev A cut may name a selector twice: remove it, then add it. Its way back is one step.
    function _isRepeated(bytes4[] calldata selectors, uint256 index) private pure returns (bool) {
        for (uint256 i; i < index; ++i) {
            if (selectors[i] == selectors[index]) return true;
        }
        return false;
    }

    function _part(
        address facet,
        IDiamond.FacetCutAction action,
        bytes4 selector
    ) private pure returns (IDiamond.FacetCut memory) {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        return IDiamond.FacetCut({facetAddress: facet, action: action, functionSelectors: selectors});
    }

    /// @dev Asks the loupe as anyone would, through the diamond.
    function _checkLoupe(bytes4[] calldata selectors) private view {
        _checkLoupe(IDiamondCut.diamondCut.selector);
        for (uint256 i; i < selectors.length; ++i) _checkLoupe(selectors[i]);
    }

    function _checkLoupe(bytes4 selector) private view {
        address expected = _facetOf(selector);
        (bool isOk, bytes memory answer) = address(this).staticcall(
            abi.encodeCall(IDiamondLoupe.facetAddress, (selector))
        );
        if (!isOk || answer.length != 32 || bytes32(answer) != bytes32(uint256(uint160(expected)))) {
            revert LoupeWrong(selector, expected, answer);
        }
    }

    function _facetOf(bytes4 selector) private view returns (address) {
        return DiamondStorage.facetOf(DiamondStorage.routeOf(selector));
    }
}
