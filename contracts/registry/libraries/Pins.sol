// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Pin} from "../../types/Plan.sol";

/// @notice Code identity. A pin names the code of an account, not where a pointer leads: implementations, beacons and
/// facets are pinned themselves, and pointers are gates where a getter exists.
library Pins {
    /// @notice This is not the code that was voted on.
    error CodeHashMismatch(address account, bytes32 expected, bytes32 actual);

    /// @notice A pin of zero or of the empty hash pins nothing.
    error PinEmpty(address account);

    /// @notice The account delegates to code that its key can change at any time (EIP-7702).
    error DelegatedAccount(address account);

    /// @notice OpenZeppelin's timelock reports success for a call to an account without code.
    error NoCode(address account);

    /// @notice The pin holds; there is nothing to invalidate.
    error PinHolds(address account, bytes32 codeHash);

    bytes32 private constant EMPTY_HASH = keccak256("");
    bytes3 private constant DELEGATION_PREFIX = 0xef0100;

    /// @notice Reverts on the first pin that does not hold.
    function check(Pin[] calldata pins) internal view {
        for (uint256 i; i < pins.length; ++i) {
            bytes32 actual = pins[i].account.codehash;
            if (actual != pins[i].codeHash) revert CodeHashMismatch(pins[i].account, pins[i].codeHash, actual);
        }
    }

    /// @notice Reverts on a pin that could never protect anything.
    function checkShape(Pin[] calldata pins) internal pure {
        for (uint256 i; i < pins.length; ++i) {
            if (pins[i].codeHash == 0 || pins[i].codeHash == EMPTY_HASH) revert PinEmpty(pins[i].account);
        }
    }

    /// @notice Whether one of the pins names `account`.
    function isPinned(Pin[] calldata pins, address account) internal pure returns (bool) {
        for (uint256 i; i < pins.length; ++i) {
            if (pins[i].account == account) return true;
        }
        return false;
    }

    /// @notice Reverts unless every pin holds on an account with code of its own.
    function checkAtSchedule(Pin[] calldata pins) internal view {
        check(pins);
        for (uint256 i; i < pins.length; ++i) checkCode(pins[i].account);
    }

    /// @notice Reverts unless `account` has code that its key cannot change.
    function checkCode(address account) internal view {
        if (account.code.length == 0) revert NoCode(account);
        if (isDelegated(account)) revert DelegatedAccount(account);
    }

    /// @notice Whether the account's code is an EIP-7702 delegation: `0xef0100 || address`.
    function isDelegated(address account) internal view returns (bool) {
        if (account.code.length != 23) return false;
        bytes32 word;
        // 23 bytes are all there is; Solidity's `account.code` would copy them to fresh memory each time.
        assembly ("memory-safe") {
            extcodecopy(account, 0x00, 0x00, 0x20)
            word := mload(0x00)
        }
        return bytes3(word) == DELEGATION_PREFIX;
    }
}
