// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SelectorRule} from "../ITrafficRouter.sol";

/// @notice How one selector is routed, in one word, so that a router keeps its first rules in its code; zero: no rule.
///
///   selector (32) | cohortWord (8) | meterWord (8) | isFree (8) | 72 unused | weight (128), from the high end
library Rules {
    function pack(SelectorRule memory rule) internal pure returns (uint256) {
        return
            (uint256(uint32(rule.selector)) << 224) |
            (uint256(rule.cohortWord) << 216) |
            (uint256(rule.meterWord) << 208) |
            (rule.isFree ? 1 << 200 : 0) |
            rule.weight;
    }

    /// @notice The packed rule at `index`; zero past the end.
    function packAt(SelectorRule[] memory rules, uint256 index) internal pure returns (uint256) {
        return index < rules.length ? pack(rules[index]) : 0;
    }

    function cohortWord(uint256 rule) internal pure returns (uint256) {
        return uint8(rule >> 216);
    }

    function meterWord(uint256 rule) internal pure returns (uint256) {
        return uint8(rule >> 208);
    }

    function weight(uint256 rule) internal pure returns (uint256) {
        return uint128(rule);
    }

    /// @notice Whether the candidate may serve the selector while a cap is set: it has a meter, or is free.
    function isAdmissible(uint256 rule) internal pure returns (bool) {
        return rule & (0xffff << 200) != 0;
    }
}
