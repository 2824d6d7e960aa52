// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Calls as a proxy makes them, and what came back. Functions named after an end (`pass`, `finish`, `reply`,
/// `return…`, `revert…`) end the call.
library Relay {
    /// @notice This call's data, value and sender, to `target`, on this storage. `target` is one of the two versions that
    /// the plan names, or the router itself.
    function delegate(address target, uint256 gasLimit) internal returns (bool isOk) {
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, 0, calldatasize())
            isOk := delegatecall(gasLimit, target, data, calldatasize(), 0, 0)
        }
    }

    /// @notice Delegates and ends the call with the answer.
    function pass(address target) internal {
        // Memory is not needed any more.
        assembly {
            calldatacopy(0, 0, calldatasize())
            let isOk := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if isOk {
                return(0, returndatasize())
            }
            revert(0, returndatasize())
        }
    }

    /// @notice Ends the call with what `target` answers to the same question for itself: nothing changes.
    function ask(address target) internal view {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let isOk := staticcall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if isOk {
                return(0, returndatasize())
            }
            revert(0, returndatasize())
        }
    }

    /// @notice Ends the call with the last callee's answer.
    function finish(bool isOk) internal pure {
        assembly {
            returndatacopy(0, 0, returndatasize())
            if isOk {
                return(0, returndatasize())
            }
            revert(0, returndatasize())
        }
    }

    function answer() internal pure returns (bytes memory data) {
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(data, returndatasize())
            returndatacopy(add(data, 0x20), 0, returndatasize())
            mstore(0x40, and(add(add(data, returndatasize()), 0x3f), not(0x1f)))
        }
    }

    /// @notice The failed callee's error selector; zero when it gave none.
    function reason() internal pure returns (bytes4 selector) {
        assembly ("memory-safe") {
            if gt(returndatasize(), 3) {
                mstore(0x00, 0)
                returndatacopy(0x00, 0, 4)
                selector := mload(0x00)
            }
        }
    }

    /// @notice At most 256 bytes of a failed frame's data: more than any tag with its facts.
    function failure() internal pure returns (bytes memory data) {
        assembly ("memory-safe") {
            let size := returndatasize()
            if gt(size, 0x100) {
                size := 0x100
            }
            data := mload(0x40)
            mstore(data, size)
            returndatacopy(add(data, 0x20), 0, size)
            mstore(0x40, add(data, 0x120))
        }
    }

    /// @notice The first word; zero when there is none.
    function head(bytes memory data) internal pure returns (uint256 word) {
        if (data.length < 32) return 0;
        assembly ("memory-safe") {
            word := mload(add(data, 0x20))
        }
    }

    /// @notice Reverts with what follows the first word of the last callee's data.
    function revertTail() internal pure {
        assembly ("memory-safe") {
            let data := mload(0x40)
            let size := sub(returndatasize(), 0x20)
            returndatacopy(data, 0x20, size)
            revert(data, size)
        }
    }

    function revertWith(bytes memory data) internal pure {
        assembly ("memory-safe") {
            revert(add(data, 0x20), mload(data))
        }
    }

    function returnWith(bytes memory data) internal pure {
        assembly ("memory-safe") {
            return(add(data, 0x20), mload(data))
        }
    }

    /// @notice Ends a control call with an ABI-encoded `bytes`.
    function reply(bytes memory result) internal pure {
        returnWith(abi.encode(result));
    }
}
