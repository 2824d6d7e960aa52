// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";
import {CodeStore} from "../../registry/libraries/CodeStore.sol";
import {Condition} from "../../types/Condition.sol";
import {Policy, SelectorRule} from "../ITrafficRouter.sol";
import {TrafficErrors} from "./TrafficErrors.sol";

/// @notice The rest of the policy, kept as contract code: the candidate runs on the proxy's storage and could rewrite
/// meters that were kept there, but nobody can rewrite code.
///
/// The router's account creates it, at an address that follows from router and proxy alone. So no pointer needs a
/// storage read, and the proxy's own CREATE nonce, on which a protocol may rely, is left alone.
///
///   header (32): errorCount (16) | interval (32) | cap (112), from the high end of the low 160 bits
///   native value weight (32) · rules (32 each, sorted) · expected errors (32 each) · ABI-encoded `Condition[]`
library PolicyStore {
    /// @dev STOP first, so that the stored code can never run. Same init code as `CodeStore`.
    bytes7 private constant INIT = 0x80600a3d393df3;

    uint256 private constant RULES_AT = 0x40;

    /// @notice Where the policy of `proxy` lies.
    function addressOf(address router, address proxy) internal pure returns (address) {
        return Create3.computeAddress(bytes32(uint256(uint160(proxy))), router);
    }

    /// @notice Creates the code. Runs as the router's account; `proxy` is the caller, so nobody takes another's place.
    function create(address proxy, bytes memory data) internal {
        uint256 size = data.length + 1;
        if (size > type(uint16).max) revert TrafficErrors.StoreFailed(size);
        Create3.deploy(
            0,
            bytes32(uint256(uint160(proxy))),
            abi.encodePacked(hex"61", uint16(size), INIT, hex"00", data)
        );
    }

    /// @notice The bytes to store. Reverts when two rules name one selector.
    function encode(Policy memory policy) internal pure returns (bytes memory) {
        uint256 header = (policy.expectedErrors.length << 144) | (uint256(policy.interval) << 112) | policy.cap;
        uint256[] memory rules = _sorted(policy.rules);
        return
            bytes.concat(
                abi.encode(header, policy.valueWeight),
                abi.encodePacked(rules),
                abi.encodePacked(policy.expectedErrors),
                abi.encode(policy.invariants)
            );
    }

    /// @notice Header, native weight and `count` rules, in one copy.
    function routes(address pointer, uint256 count) internal view returns (uint256[] memory book) {
        assembly ("memory-safe") {
            book := mload(0x40)
            let size := add(RULES_AT, shl(5, count))
            mstore(book, add(count, 2))
            extcodecopy(pointer, add(book, 0x20), 1, size)
            mstore(0x40, add(book, add(size, 0x20)))
        }
    }

    /// @notice The rule of `selector`, or zero.
    function ruleOf(uint256[] memory book, bytes4 selector) internal pure returns (uint256 rule) {
        uint256 wanted = uint32(selector);
        uint256 low = 2;
        uint256 high = book.length;
        // Sound without checks: `low < high <= book.length` inside the loop.
        unchecked {
            while (low < high) {
                uint256 middle = (low + high) >> 1;
                rule = book[middle];
                uint256 found = rule >> 224;
                if (found == wanted) return rule;
                if (found < wanted) low = middle + 1;
                else high = middle;
            }
        }
        return 0;
    }

    function cap(uint256[] memory book) internal pure returns (uint256) {
        return uint112(book[0]);
    }

    function interval(uint256[] memory book) internal pure returns (uint256) {
        return uint32(book[0] >> 112);
    }

    function valueWeight(uint256[] memory book) internal pure returns (uint256) {
        return book[1];
    }

    function cohortWord(uint256 rule) internal pure returns (uint256) {
        return uint8(rule >> 216);
    }

    function meterWord(uint256 rule) internal pure returns (uint256) {
        return uint8(rule >> 208);
    }

    function isFree(uint256 rule) internal pure returns (bool) {
        return uint8(rule >> 200) != 0;
    }

    function weight(uint256 rule) internal pure returns (uint256) {
        return uint128(rule);
    }

    function isExpected(address pointer, uint256 ruleCount, bytes4 reason) internal view returns (bool) {
        uint256 count = _errorCount(pointer);
        bytes memory errors = CodeStore.slice(pointer, RULES_AT + ruleCount * 32, count * 32);
        for (uint256 i; i < count; ++i) {
            bytes32 word;
            assembly ("memory-safe") {
                word := mload(add(add(errors, 0x20), shl(5, i)))
            }
            if (bytes4(word) == reason) return true;
        }
        return false;
    }

    function conditionsOf(address pointer, uint256 ruleCount) internal view returns (Condition[] memory) {
        uint256 offset = RULES_AT + (ruleCount + _errorCount(pointer)) * 32;
        return abi.decode(CodeStore.slice(pointer, offset, pointer.code.length - 1 - offset), (Condition[]));
    }

    function _errorCount(address pointer) private view returns (uint256) {
        return uint16(uint256(CodeStore.word(pointer, 0)) >> 144);
    }

    /// @dev selector (32) | cohortWord (8) | meterWord (8) | isFree (8) | 72 unused | weight (128). Insertion sort: a
    /// policy has a handful of rules.
    function _sorted(SelectorRule[] memory rules) private pure returns (uint256[] memory words) {
        words = new uint256[](rules.length);
        for (uint256 i; i < rules.length; ++i) {
            SelectorRule memory rule = rules[i];
            uint256 word =
                (uint256(uint32(rule.selector)) << 224) |
                    (uint256(rule.cohortWord) << 216) |
                    (uint256(rule.meterWord) << 208) |
                    (rule.isFree ? 1 << 200 : 0) |
                    rule.weight;
            uint256 place = i;
            for (; place != 0 && words[place - 1] >> 224 >= word >> 224; --place) {
                if (words[place - 1] >> 224 == word >> 224) revert TrafficErrors.RuleDuplicated(rule.selector);
                words[place] = words[place - 1];
            }
            words[place] = word;
        }
    }
}
