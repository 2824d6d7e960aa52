// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Which version is running for this proxy, for as long as the outermost call runs. Transient, at the policy's
/// own slot number, so that no protocol's transient slot is near.
library CallState {
    uint256 internal constant NONE = 0;
    uint256 internal constant STABLE = 1;
    uint256 internal constant CANDIDATE = 2;
    // A condition is being read: nested calls are answered by stable's code, whatever ran before.
    uint256 internal constant PROBING = 3;
    // Tokens. Whoever enters next is the frame; the charged one takes a new window word with it.
    uint256 internal constant FRAME = 4;
    uint256 internal constant FRAME_CHARGED = 5;

    function read(bytes32 slot) internal view returns (uint256 state) {
        assembly ("memory-safe") {
            state := tload(slot)
        }
    }

    function write(bytes32 slot, uint256 state) internal {
        assembly ("memory-safe") {
            tstore(slot, state)
        }
    }

    /// @notice The window word that the frame is to store.
    function readWindow(bytes32 slot) internal view returns (uint256 window) {
        assembly ("memory-safe") {
            window := tload(add(slot, 1))
        }
    }

    function writeWindow(bytes32 slot, uint256 window) internal {
        assembly ("memory-safe") {
            tstore(add(slot, 1), window)
        }
    }
}
