// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How long a module rests between two upgrades.
library IntervalStorage {
    /// @custom:storage-location erc7201:slipway.registry.intervals
    struct Layout {
        // Seconds; zero: none.
        uint32 minInterval;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.registry.intervals")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0xc79cae43bc196761b776d67dbb39a15416aa7851546c1b5744de6cc1624a8800;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
