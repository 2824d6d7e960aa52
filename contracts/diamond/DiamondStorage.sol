// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Which facet serves which selector. Knows nothing of what the facets do.
library DiamondStorage {
    struct Layout {
        // Facet (160 bits) and, one-based, the selector's position in `selectors` (16 bits above it).
        mapping(bytes4 selector => uint256 entry) entries;
        bytes4[] selectors;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.diamond")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0xf4384bab0bd32784fe3c8ed10ded720b133fb2dda59256a9d752c3602a781400;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
