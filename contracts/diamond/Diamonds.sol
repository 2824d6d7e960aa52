// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DiamondStorage} from "./DiamondStorage.sol";
import {IDiamond, IDiamondCut, IDiamondLoupe} from "./IDiamond.sol";

/// @notice ERC-2535 selectors: one storage word a selector, so that a dispatch is one read and one delegatecall.
library Diamonds {
    error SelectorUnknown(bytes4 selector);
    error SelectorExists(bytes4 selector, address facet);
    error SelectorsEmpty(address facet);
    /// @notice Replacing a facet with itself changes nothing and hides a mistake.
    error SelectorUnchanged(bytes4 selector, address facet);
    error FacetWithoutCode(address facet);
    /// @notice ERC-2535: the facet of a removal is the zero address.
    error RemovalNamesFacet(address facet);
    /// @notice Without it nobody could ever repair the diamond.
    error SelectorProtected(bytes4 selector);
    error InitFailed(address init, bytes reason);
    error InitDataWithoutTarget(bytes data);

    uint256 private constant POSITION_SHIFT = 160;

    /// @notice Applies cuts, then the initialiser. Emits ERC-2535's `DiamondCut`.
    function cut(
        DiamondStorage.Layout storage self,
        IDiamond.FacetCut[] memory cuts,
        address init,
        bytes memory data
    ) internal {
        for (uint256 i; i < cuts.length; ++i) {
            bytes4[] memory selectors = cuts[i].functionSelectors;
            if (selectors.length == 0) revert SelectorsEmpty(cuts[i].facetAddress);
            if (cuts[i].action == IDiamond.FacetCutAction.Remove) {
                if (cuts[i].facetAddress != address(0)) revert RemovalNamesFacet(cuts[i].facetAddress);
                for (uint256 j; j < selectors.length; ++j) _remove(self, selectors[j]);
                continue;
            }
            if (cuts[i].facetAddress.code.length == 0) revert FacetWithoutCode(cuts[i].facetAddress);
            bool isAddition = cuts[i].action == IDiamond.FacetCutAction.Add;
            for (uint256 j; j < selectors.length; ++j) {
                if (isAddition) _add(self, selectors[j], cuts[i].facetAddress);
                else _replace(self, selectors[j], cuts[i].facetAddress);
            }
        }
        emit IDiamond.DiamondCut(cuts, init, data);
        _initialize(init, data);
    }

    function facetOf(DiamondStorage.Layout storage self, bytes4 selector) internal view returns (address) {
        return address(uint160(self.entries[selector]));
    }

    function _add(DiamondStorage.Layout storage self, bytes4 selector, address facet) private {
        address present = facetOf(self, selector);
        if (present != address(0)) revert SelectorExists(selector, present);
        self.selectors.push(selector);
        self.entries[selector] = (self.selectors.length << POSITION_SHIFT) | uint160(facet);
    }

    function _replace(DiamondStorage.Layout storage self, bytes4 selector, address facet) private {
        uint256 entry = self.entries[selector];
        if (entry == 0) revert SelectorUnknown(selector);
        if (address(uint160(entry)) == facet) revert SelectorUnchanged(selector, facet);
        self.entries[selector] = ((entry >> POSITION_SHIFT) << POSITION_SHIFT) | uint160(facet);
    }

    function _remove(DiamondStorage.Layout storage self, bytes4 selector) private {
        if (selector == IDiamondCut.diamondCut.selector || selector == IDiamondLoupe.facets.selector) {
            revert SelectorProtected(selector);
        }
        uint256 entry = self.entries[selector];
        if (entry == 0) revert SelectorUnknown(selector);
        uint256 position = entry >> POSITION_SHIFT;
        bytes4 last = self.selectors[self.selectors.length - 1];
        if (last != selector) {
            self.selectors[position - 1] = last;
            self.entries[last] = (position << POSITION_SHIFT) | uint160(self.entries[last]);
        }
        self.selectors.pop();
        delete self.entries[selector];
    }

    function _initialize(address init, bytes memory data) private {
        if (init == address(0)) {
            if (data.length != 0) revert InitDataWithoutTarget(data);
            return;
        }
        if (init.code.length == 0) revert FacetWithoutCode(init);
        // The initialiser is chosen by whoever may cut, and runs in the diamond's own storage.
        (bool success, bytes memory reason) = init.delegatecall(data);
        if (!success) revert InitFailed(init, reason);
    }
}
