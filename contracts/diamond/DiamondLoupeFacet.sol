// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {DiamondStorage} from "./DiamondStorage.sol";
import {IDiamondLoupe} from "./IDiamond.sol";

/// @notice What a diamond can do, read from its routes. Made for views: the cost grows with selectors times facets.
contract DiamondLoupeFacet is IDiamondLoupe, IERC165 {
    /// @inheritdoc IDiamondLoupe
    function facets() external view returns (Facet[] memory facets_) {
        address[] memory addresses = _facetAddresses();
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
        return _facetAddresses();
    }

    /// @inheritdoc IDiamondLoupe
    function facetAddress(bytes4 _functionSelector) external view returns (address facetAddress_) {
        return DiamondStorage.facetOf(DiamondStorage.routeOf(_functionSelector));
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external view returns (bool) {
        return DiamondStorage.state().interfaces[interfaceId];
    }

    function _facetAddresses() private view returns (address[] memory addresses) {
        bytes4[] memory selectors = DiamondStorage.state().selectors;
        addresses = new address[](selectors.length);
        uint256 count;
        for (uint256 i; i < selectors.length; ++i) {
            address facet = DiamondStorage.facetOf(DiamondStorage.routeOf(selectors[i]));
            uint256 j;
            while (j < count && addresses[j] != facet) ++j;
            if (j == count) addresses[count++] = facet;
        }
        // Shrinks the array in place: `count` never exceeds its length.
        assembly ("memory-safe") {
            mstore(addresses, count)
        }
    }

    function _selectorsOf(address facet) private view returns (bytes4[] memory found) {
        // Zero is not a facet, though unknown selectors route to it.
        if (facet == address(0)) return found;
        bytes4[] memory selectors = DiamondStorage.state().selectors;
        found = new bytes4[](selectors.length);
        uint256 count;
        for (uint256 i; i < selectors.length; ++i) {
            if (DiamondStorage.facetOf(DiamondStorage.routeOf(selectors[i])) == facet) found[count++] = selectors[i];
        }
        // As above.
        assembly ("memory-safe") {
            mstore(found, count)
        }
    }
}
