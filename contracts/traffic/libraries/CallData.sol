// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Parts of calldata, read where they lie.
library CallData {
    /// @notice The selector as a number. Data shorter than one has that of a plain transfer.
    function selectorOf(bytes calldata data) internal pure returns (uint256 selector) {
        assembly ("memory-safe") {
            if gt(data.length, 3) {
                selector := shr(224, calldataload(data.offset))
            }
        }
    }

    /// @notice The n-th head word (from 1). Data too short for it counts as the largest word: an amount must not be
    /// smuggled past a meter by leaving it out.
    function wordOf(bytes calldata data, uint256 index) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            let end := add(4, shl(5, index))
            word := not(0)
            if iszero(lt(data.length, end)) {
                word := calldataload(add(data.offset, sub(end, 0x20)))
            }
        }
    }

    /// @notice The `bytes` whose offset stands at `place`; reverts when it lies outside.
    function bytesAt(bytes calldata data, uint256 place) internal pure returns (bytes calldata) {
        uint256 offset = uint256(bytes32(data[place:place + 32]));
        uint256 length = uint256(bytes32(data[offset:offset + 32]));
        return data[offset + 32:offset + 32 + length];
    }
}
