// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Bytes kept as contract code: written once, immutable, and cheaper to read than storage from three words on.
library CodeStore {
    error StoreFailed(uint256 size);

    /// @dev Init code that returns what follows it: PUSH2 size, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE,
    /// RETURN. The stored code begins with STOP, so that nobody can call (and destroy) it.
    function write(bytes memory data) internal returns (address pointer) {
        uint256 size = data.length + 1;
        bytes memory initCode = abi.encodePacked(hex"61", uint16(size), hex"80600a3d393df3", hex"00", data);
        if (size > type(uint16).max) revert StoreFailed(size);
        assembly ("memory-safe") {
            pointer := create(0, add(initCode, 0x20), mload(initCode))
        }
        if (pointer == address(0)) revert StoreFailed(size);
    }

    function read(address pointer) internal view returns (bytes memory data) {
        return slice(pointer, 0, pointer.code.length - 1);
    }

    /// @notice `size` bytes from `offset` on. Past the end they are zero.
    function slice(address pointer, uint256 offset, uint256 size) internal view returns (bytes memory data) {
        data = new bytes(size);
        assembly ("memory-safe") {
            extcodecopy(pointer, add(data, 0x20), add(offset, 1), size)
        }
    }

    /// @notice The 32-byte word at `offset`.
    function word(address pointer, uint256 offset) internal view returns (bytes32 value) {
        assembly ("memory-safe") {
            extcodecopy(pointer, 0x00, add(offset, 1), 0x20)
            value := mload(0x00)
        }
    }
}
