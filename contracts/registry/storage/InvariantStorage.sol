// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The catalogue: where each definition's bytes lie, and whether new plans may cite it.
library InvariantStorage {
    struct Entry {
        // Contract whose code holds the ABI-encoded `Invariant`.
        address pointer;
        uint48 definedAt;
        // Zero while new plans may cite it. Plans that cited it before keep it.
        uint48 retiredAt;
    }

    /// @custom:storage-location erc7201:slipway.registry.invariants
    struct Layout {
        mapping(bytes32 id => Entry) entries;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.registry.invariants")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0xbe619b934843f0c8813ff0ed0ef041f5405a5c620f567ac4259c1dcb3089be00;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
