// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How one selector is routed, in one word, so that a router keeps its first rules in its code; zero: no rule.
///
///   selector (32) | cohortWord (8) | meterWord (8) | isFree (8) | lane (8) | isLockable (1) | 63 unused | weight (128), from the high end
library Rules {
    uint256 private constant LOCKABLE = 1 << 191;
    /// @dev Of `meterWord` and `isFree`.
    uint256 internal constant ADMISSIBLE = 0xffff << 200;

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
        return rule & ADMISSIBLE != 0;
    }
}
