// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Who takes part. Not a security bound: anyone can grind an address that falls inside.
library Cohort {
    uint256 private constant PARTS = 10_000;

    /// @notice Whether `key` is inside `share` (basis points). A key keeps its number, so a larger share keeps who was
    /// in.
    function contains(uint96 seed, bytes32 key, uint256 share) internal pure returns (bool isIn) {
        if (share >= PARTS) return true;
        uint256 first = seed;
        // The scratch space holds both words, and saves the allocation that `abi.encode` makes on every call.
        assembly ("memory-safe") {
            mstore(0x00, first)
            mstore(0x20, key)
            isIn := lt(mod(keccak256(0x00, 0x40), PARTS), share)
        }
    }
}
