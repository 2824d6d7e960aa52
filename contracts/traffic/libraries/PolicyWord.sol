// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Policy} from "../ITrafficRouter.sol";

/// @notice All that one call must know of the policy, in the one storage word that it reads.
///
///   0 share (16) | 16 sinceBlock (48) | 64 candidateGas (32) | 96 seed (96) | 192 epoch (32)
///   224 errorBudget (8) | 232 breaks (8) | 240 ruleCount (8) | 248 flags (8)
type PolicyWord is uint256;

using PolicyWordLib for PolicyWord global;

library PolicyWordLib {
    uint256 private constant INSTALLED = 1 << 248;
    uint256 private constant FROZEN = 1 << 249;
    uint256 private constant COUNTED = 1 << 250;
    uint256 private constant CAPPED = 1 << 251;
    uint256 private constant INVARIANTS = 1 << 252;

    uint256 private constant RULE_COUNT = uint256(type(uint8).max) << 240;
    uint256 private constant SHARE_AND_SINCE = type(uint64).max;
    uint256 private constant EPOCH = uint256(type(uint32).max) << 192;
    uint256 private constant BREAKS = uint256(type(uint8).max) << 232;

    /// @dev The policy was checked: every field fits. The first epoch is 1: zero is that of a router without a policy.
    function pack(Policy memory policy) internal view returns (PolicyWord) {
        uint256 word =
            INSTALLED | (1 << 192) | policy.share | (block.number << 16) | (uint256(policy.candidateGas) << 64);
        word |= uint256(seedOf(policy.salt)) << 96;
        word |= (uint256(policy.errorBudget) << 224) | (policy.rules.length << 240);
        if (policy.isCounted) word |= COUNTED;
        if (policy.cap != 0) word |= CAPPED;
        if (policy.invariants.length != 0) word |= INVARIANTS;
        return PolicyWord.wrap(word);
    }

    /// @notice What a cohort is drawn with. The whole salt has no room in the word.
    function seedOf(bytes32 salt) internal pure returns (uint96) {
        return uint96(uint256(keccak256(abi.encode(salt))));
    }

    /// @notice Whether any call may reach the candidate. A policy takes effect in the block after the one that set it,
    /// so that no transaction sees two.
    function isLive(PolicyWord self) internal view returns (bool isLive_) {
        uint256 frozen = FROZEN;
        // On the path of every call, so without the masks and jumps that Solidity would add.
        assembly ("memory-safe") {
            let isSet := gt(and(self, 0xffff), and(self, frozen))
            isLive_ := and(isSet, lt(and(shr(16, self), 0xffffffffffff), number()))
        }
    }

    /// @notice Whether nothing but the sender decides.
    function isBySender(PolicyWord self) internal pure returns (bool) {
        return PolicyWord.unwrap(self) & (CAPPED | RULE_COUNT) == 0;
    }

    function isSetInThisBlock(PolicyWord self) internal view returns (bool) {
        return uint48(PolicyWord.unwrap(self) >> 16) == block.number;
    }

    function isInstalled(PolicyWord self) internal pure returns (bool) {
        return PolicyWord.unwrap(self) & INSTALLED != 0;
    }

    function isFrozen(PolicyWord self) internal pure returns (bool) {
        return PolicyWord.unwrap(self) & FROZEN != 0;
    }

    function isCounted(PolicyWord self) internal pure returns (bool) {
        return PolicyWord.unwrap(self) & COUNTED != 0;
    }

    function hasCap(PolicyWord self) internal pure returns (bool) {
        return PolicyWord.unwrap(self) & CAPPED != 0;
    }

    function hasInvariants(PolicyWord self) internal pure returns (bool) {
        return PolicyWord.unwrap(self) & INVARIANTS != 0;
    }

    function share(PolicyWord self) internal pure returns (uint16) {
        return uint16(PolicyWord.unwrap(self));
    }

    function candidateGas(PolicyWord self) internal pure returns (uint256) {
        return uint32(PolicyWord.unwrap(self) >> 64);
    }

    function seed(PolicyWord self) internal pure returns (uint96) {
        return uint96(PolicyWord.unwrap(self) >> 96);
    }

    function epoch(PolicyWord self) internal pure returns (uint32) {
        return uint32(PolicyWord.unwrap(self) >> 192);
    }

    function errorBudget(PolicyWord self) internal pure returns (uint8) {
        return uint8(PolicyWord.unwrap(self) >> 224);
    }

    function breaks(PolicyWord self) internal pure returns (uint8) {
        return uint8(PolicyWord.unwrap(self) >> 232);
    }

    function ruleCount(PolicyWord self) internal pure returns (uint256) {
        return uint8(PolicyWord.unwrap(self) >> 240);
    }

    function withShare(PolicyWord self, uint16 share_) internal view returns (PolicyWord) {
        return PolicyWord.wrap((PolicyWord.unwrap(self) & ~SHARE_AND_SINCE) | share_ | (block.number << 16));
    }

    /// @notice Frozen, one epoch later. The share stays readable: it is where the canary stood.
    function withFreeze(PolicyWord self) internal pure returns (PolicyWord) {
        uint256 next = uint256(self.epoch() + 1) << 192;
        return PolicyWord.wrap((PolicyWord.unwrap(self) & ~EPOCH) | next | FROZEN);
    }

    /// @notice One break more; stays at 255.
    function withBreak(PolicyWord self) internal pure returns (PolicyWord) {
        uint256 count = self.breaks();
        if (count < type(uint8).max) ++count;
        return PolicyWord.wrap((PolicyWord.unwrap(self) & ~BREAKS) | (count << 232));
    }
}
