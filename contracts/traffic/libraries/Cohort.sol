// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Who takes part. Not a security bound: anyone can grind an address that falls inside.
library Cohort {
    uint256 private constant PARTS = 10_000;

    /// @notice Whether `key` is inside `share` (basis points). A key keeps its number, so a larger share keeps who was
    /// in.
    function contains(bytes32 salt, bytes32 key, uint256 share) internal pure returns (bool isIn) {
        // The scratch space holds both words, and saves the allocation that `abi.encode` makes on every call.
        assembly ("memory-safe") {
            mstore(0x00, salt)
            mstore(0x20, key)
            isIn := lt(mod(keccak256(0x00, 0x40), PARTS), share)
        }
    }
}
