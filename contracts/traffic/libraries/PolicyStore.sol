// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CodeStore} from "../../registry/libraries/CodeStore.sol";
import {Condition} from "../../types/Condition.sol";
import {Policy, SelectorRule} from "../ITrafficRouter.sol";
import {LimitsWord} from "./LimitsWord.sol";

/// @notice The whole policy as contract code: `abi.encode(policy)`, as anybody can recompute it. The router's constructor
/// creates it, and the router's code holds its address and hash. What few calls need is read from here: rules beyond the
/// first ones, expected errors, conditions.
library PolicyStore {
    /// @dev Offset word, fifteen head words, and the length of the rules come first.
    uint256 private constant RULES_AT = 17 * 32;
    uint256 private constant RULE_SIZE = 7 * 32;

    function write(Policy memory policy) internal returns (address) {
        return CodeStore.write(abi.encode(policy));
    }

    /// @notice The rule of `selector` among those from `first` on, or zero.
    function ruleOf(
        address store,
        uint256 first,
        uint256 count,
        uint256 selector
    ) internal view returns (uint256 rule) {
        // Offsets within a contract's code: far from overflow.
        unchecked {
            bytes memory data = CodeStore.slice(store, RULES_AT + first * RULE_SIZE, (count - first) * RULE_SIZE);
            assembly ("memory-safe") {
                let place := add(data, 0x20)
                let end := add(place, mload(data))
                for {} lt(place, end) {
                    place := add(place, 0xe0)
                } {
                    if eq(shr(224, mload(place)), selector) {
                        // As `Rules.pack` does: selector, cohortWord, meterWord, weight, isFree, lane, isLockable.
                        rule := or(shl(224, selector), shl(216, mload(add(place, 0x20))))
                        rule := or(rule, shl(208, mload(add(place, 0x40))))
                        rule := or(rule, or(mload(add(place, 0x60)), shl(200, mload(add(place, 0x80)))))
                        rule := or(rule, or(shl(192, mload(add(place, 0xa0))), shl(191, mload(add(place, 0xc0)))))
                        break
                    }
                }
            }
        }
    }

    function isExpected(
        address store,
        uint256 ruleCount,
        uint256 errorCount,
        bytes4 reason
    ) internal view returns (bool) {
        bytes memory errors = CodeStore.slice(store, RULES_AT + ruleCount * RULE_SIZE + 32, errorCount * 32);
        for (uint256 i; i < errorCount; ++i) {
            bytes32 word;
            assembly ("memory-safe") {
                word := mload(add(add(errors, 0x20), shl(5, i)))
            }
            if (bytes4(word) == reason) return true;
        }
        return false;
    }

    function load(address store) internal view returns (Policy memory) {
        return abi.decode(CodeStore.read(store), (Policy));
    }

    /// @notice Which of the rules is the selector's, from 0; the number of rules where none is.
    function placeOf(address store, uint256 selector) internal view returns (uint256 place) {
        SelectorRule[] memory rules = load(store).rules;
        while (place < rules.length && uint32(rules[place].selector) != selector) ++place;
    }

    function lockedSelectors(address store, LimitsWord limits) internal view returns (bytes4[] memory locked) {
        SelectorRule[] memory rules = load(store).rules;
        locked = new bytes4[](rules.length);
        uint256 count;
        for (uint256 i; i < rules.length; ++i) {
            if (limits.isLocked(i)) locked[count++] = rules[i].selector;
        }
        assembly ("memory-safe") {
            mstore(locked, count)
        }
    }

    /// @dev Nothing behind the conditions is named in their encoding, so it does not matter. Standing alone, an array is encoded
    /// with one word before it.
    function conditions(
        address store,
        uint256 ruleCount,
        uint256 errorCount
    ) internal view returns (Condition[] memory) {
        uint256 offset = RULES_AT + ruleCount * RULE_SIZE + (1 + errorCount) * 32;
        bytes memory data = CodeStore.slice(store, offset - 32, store.code.length + 31 - offset);
        assembly ("memory-safe") {
            mstore(add(data, 0x20), 0x20)
        }
        return abi.decode(data, (Condition[]));
    }
}
