// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What was tightened since the canary began, in one storage word that is read only where the policy word says
/// that anything was.
///
///   0 lane 1 closed until (32) … 96 lane 4 closed until (32) | 128 locked rules (64) | 192 drain deadline (32)
///   224 cut of the cap in basis points (16)
///
/// Times are seconds since the epoch.
type LimitsWord is uint256;

using LimitsWordLib for LimitsWord global;

library LimitsWordLib {
    /// @notice Closed until the controller opens it.
    uint256 internal constant FOREVER = type(uint32).max;

    uint256 private constant LOCKS = 128;
    uint256 private constant DRAIN = 192;
    uint256 private constant CUT = 224;

    /// @param lane From 1.
    function closedUntil(LimitsWord self, uint256 lane) internal pure returns (uint256) {
        return uint32(LimitsWord.unwrap(self) >> (32 * (lane - 1)));
    }

    function withClosed(LimitsWord self, uint256 lane, uint256 until) internal pure returns (LimitsWord) {
        return _with(self, 32 * (lane - 1), type(uint32).max, until);
    }

    function hasLocks(LimitsWord self) internal pure returns (bool) {
        return uint64(LimitsWord.unwrap(self) >> LOCKS) != 0;
    }

    /// @param place The rule's, from 0.
    function isLocked(LimitsWord self, uint256 place) internal pure returns (bool) {
        return (LimitsWord.unwrap(self) >> (LOCKS + place)) & 1 != 0;
    }

    function withLocked(LimitsWord self, uint256 place) internal pure returns (LimitsWord) {
        return LimitsWord.wrap(LimitsWord.unwrap(self) | (1 << (LOCKS + place)));
    }

    /// @notice Zero: nobody drained.
    function drainDeadline(LimitsWord self) internal pure returns (uint256) {
        return uint32(LimitsWord.unwrap(self) >> DRAIN);
    }

    function withDrain(LimitsWord self, uint256 deadline) internal pure returns (LimitsWord) {
        return _with(self, DRAIN, type(uint32).max, deadline);
    }

    /// @notice Basis points that the cap was lowered by.
    function cut(LimitsWord self) internal pure returns (uint256) {
        return uint16(LimitsWord.unwrap(self) >> CUT);
    }

    function withCut(LimitsWord self, uint256 bps) internal pure returns (LimitsWord) {
        return _with(self, CUT, type(uint16).max, bps);
    }

    function _with(LimitsWord self, uint256 shift, uint256 mask, uint256 value) private pure returns (LimitsWord) {
        return LimitsWord.wrap((LimitsWord.unwrap(self) & ~(mask << shift)) | (value << shift));
    }
}
