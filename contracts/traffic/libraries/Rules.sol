// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Lane, SelectorRule} from "../ITrafficRouter.sol";

/// @notice How one selector is routed, in one word, so that a router keeps its first rules in its code; zero: no rule.
///
///   selector (32) | cohortWord (8) | meterWord (8) | isFree (8) | lane (8) | isLockable (1) | 63 unused | weight (128), from the high end
library Rules {
    uint256 private constant LOCKABLE = 1 << 191;

    function pack(SelectorRule memory rule) internal pure returns (uint256) {
        return
            (uint256(uint32(rule.selector)) << 224) |
            (uint256(rule.cohortWord) << 216) |
            (uint256(rule.meterWord) << 208) |
            (rule.isFree ? 1 << 200 : 0) |
            (uint256(rule.lane) << 192) |
            (rule.isLockable ? LOCKABLE : 0) |
            rule.weight;
    }

    /// @notice The packed rule at `index`; zero past the end.
    function packAt(SelectorRule[] memory rules, uint256 index) internal pure returns (uint256) {
        return index < rules.length ? pack(rules[index]) : 0;
    }

    /// @notice Bit n: lane n, counted from 1, is an exit.
    function exitsOf(Lane[] memory lanes) internal pure returns (uint256 exits) {
        for (uint256 i; i < lanes.length; ++i) {
            if (lanes[i].isExit) exits |= 2 << i;
        }
    }

    function cohortWord(uint256 rule) internal pure returns (uint256) {
        return uint8(rule >> 216);
    }

    function meterWord(uint256 rule) internal pure returns (uint256) {
        return uint8(rule >> 208);
    }

    function lane(uint256 rule) internal pure returns (uint256) {
        return uint8(rule >> 192);
    }

    function isLockable(uint256 rule) internal pure returns (bool) {
        return rule & LOCKABLE != 0;
    }

    function weight(uint256 rule) internal pure returns (uint256) {
        return uint128(rule);
    }

    /// @notice Whether the candidate may serve the selector while a cap is set: it has a meter, or is free.
    function isAdmissible(uint256 rule) internal pure returns (bool) {
        return rule & (0xffff << 200) != 0;
    }
}
