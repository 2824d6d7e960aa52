// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DiamondStorage} from "./DiamondStorage.sol";
import {Diamonds} from "./Diamonds.sol";
import {IDiamondCut, IDiamondLoupe} from "./IDiamond.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @notice ERC-2535's views and ERC-165. They read the very words that dispatch calls, so they cannot disagree with it.
contract DiamondLoupeFacet is IDiamondLoupe, IERC165 {
    using Diamonds for DiamondStorage.Layout;

    /// @inheritdoc IDiamondLoupe
    function facets() external view returns (Facet[] memory facets_) {
        address[] memory addresses = _addresses();
        facets_ = new Facet[](addresses.length);
        for (uint256 i; i < addresses.length; ++i) {
            facets_[i] = Facet({facetAddress: addresses[i], functionSelectors: _selectorsOf(addresses[i])});
        }
    }

    /// @inheritdoc IDiamondLoupe
    function facetFunctionSelectors(address _facet) external view returns (bytes4[] memory selectors_) {
        return _selectorsOf(_facet);
    }

    /// @inheritdoc IDiamondLoupe
    function facetAddresses() external view returns (address[] memory addresses_) {
        return _addresses();
    }

    /// @inheritdoc IDiamondLoupe
    function facetAddress(bytes4 _functionSelector) external view returns (address facetAddress_) {
        return DiamondStorage.state().facetOf(_functionSelector);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return
            interfaceId == type(IERC165).interfaceId ||
            interfaceId == type(IDiamondCut).interfaceId ||
            interfaceId == type(IDiamondLoupe).interfaceId;
    }

    function _addresses() private view returns (address[] memory addresses) {
        DiamondStorage.Layout storage self = DiamondStorage.state();
        uint256 length = self.selectors.length;
        addresses = new address[](length);
        uint256 count;
        for (uint256 i; i < length; ++i) {
            address facet = self.facetOf(self.selectors[i]);
            uint256 j;
            while (j < count && addresses[j] != facet) ++j;
            if (j == count) addresses[count++] = facet;
        }
        _truncate(addresses, count);
    }

    function _selectorsOf(address facet) private view returns (bytes4[] memory selectors) {
        DiamondStorage.Layout storage self = DiamondStorage.state();
        uint256 length = self.selectors.length;
        selectors = new bytes4[](length);
        uint256 count;
        for (uint256 i; i < length; ++i) {
            if (self.facetOf(self.selectors[i]) == facet) selectors[count++] = self.selectors[i];
        }
        // Shrinking a memory array in place: its tail is simply left behind.
        assembly ("memory-safe") {
            mstore(selectors, count)
        }
    }

    function _truncate(address[] memory addresses, uint256 count) private pure {
        // As above.
        assembly ("memory-safe") {
            mstore(addresses, count)
        }
    }
}
