// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TrafficErrors} from "./TrafficErrors.sol";

/// @notice The one selector that a router takes from the protocol: that of `traffic(bytes)`.
library ControlSelector {
    /// @notice Reverts with `ControlSelectorClash` where an account's code dispatches on it.
    /// @dev Compilers' dispatchers name a selector by PUSH4. Code that only calls somebody's `traffic` has it as well, and
    /// makes calldata of it: PUSH1 0xe0 SHL follows. Code that comes by the selector in another way, or hands calls on to
    /// code that has it, cannot be told from here.
    function checkAbsent(address account) internal view {
        bytes memory code = account.code;
        bool isFound;
        assembly ("memory-safe") {
            // 0x0101…01
            let ones := div(not(0), 0xff)
            let lasts := mul(ones, 0x68)
            let tops := mul(ones, 0x80)
            let at := add(code, 0x20)
            let end := sub(add(at, mload(code)), 4)
            for {} lt(at, end) {
                at := add(at, 28)
            } {
                // Only a word with the pattern's last byte in it, which is a rare one, is looked through: 28 places.
                let others := xor(mload(at), lasts)
                if and(and(sub(others, ones), not(others)), tops) {
                    for {
                        let i := 0
                    } lt(i, 28) {
                        i := add(i, 1)
                    } {
                        let word := mload(add(at, i))
                        if and(eq(shr(216, word), 0x635e073e68), lt(add(at, i), end)) {
                            if sub(and(shr(192, word), 0xffffff), 0x60e01b) {
                                isFound := 1
                            }
                        }
                    }
                }
            }
        }
        if (isFound) revert TrafficErrors.ControlSelectorClash(account);
    }
}
