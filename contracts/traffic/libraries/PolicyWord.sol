// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice All that a canary changes while it runs, in the one storage word that a call reads. What never changes is in
/// the router's code.
///
///   0 current window (64) | 64 previous window (64) | 128 window number (32) | 160 share (16) | 176 frozen (1)
///   177 installed (1) | 184 from block (47) | 231 tight (1) | 232 epoch (16) | 248 breaks (8)
///
/// Tight: something is closed, locked or cut, and `LimitsWord` says what. It lies above the block so that one comparison
/// tells whether a call needs a second look.
type PolicyWord is uint256;

using PolicyWordLib for PolicyWord global;

library PolicyWordLib {
    uint256 private constant FROZEN = 1 << 176;
    uint256 private constant INSTALLED = 1 << 177;
    uint256 private constant CURRENT = type(uint64).max;
    uint256 private constant WINDOW = type(uint160).max;
    uint256 private constant SHARE = uint256(type(uint16).max) << 160;
    uint256 private constant FROM_BLOCK = ((uint256(1) << 47) - 1) << 184;
    uint256 internal constant TIGHT = 1 << 231;
    uint256 private constant EPOCH = uint256(type(uint16).max) << 232;
    uint256 private constant BREAKS = uint256(type(uint8).max) << 248;

    /// @dev The first epoch is 1: zero is that of a router that was not installed.
    function installed(uint256 share_) internal view returns (PolicyWord) {
        return PolicyWord.wrap(INSTALLED | (1 << 232)).withShare(share_);
    }

    /// @notice Whether any call may reach the candidate, once the word is in force.
    /// @dev On the path of every call. The frozen bit lies above the share, so that one comparison tells both.
    function isOpen(PolicyWord self) internal pure returns (bool isOpen_) {
        assembly ("memory-safe") {
            isOpen_ := lt(sub(and(shr(160, self), 0x1ffff), 1), 0xffff)
        }
    }

    /// @notice A share takes effect in the block after the one that set it, so that no transaction sees two.
    function isFresh(PolicyWord self) internal view returns (bool isFresh_) {
        assembly ("memory-safe") {
            isFresh_ := gt(and(shr(184, self), 0x7fffffffffff), number())
        }
    }

    function isInstalled(PolicyWord self) internal pure returns (bool) {
        return PolicyWord.unwrap(self) & INSTALLED != 0;
    }

    function isFrozen(PolicyWord self) internal pure returns (bool) {
        return PolicyWord.unwrap(self) & FROZEN != 0;
    }

    function share(PolicyWord self) internal pure returns (uint16) {
        return uint16(PolicyWord.unwrap(self) >> 160);
    }

    function epoch(PolicyWord self) internal pure returns (uint16) {
        return uint16(PolicyWord.unwrap(self) >> 232);
    }

    function breaks(PolicyWord self) internal pure returns (uint8) {
        return uint8(PolicyWord.unwrap(self) >> 248);
    }

    function window(PolicyWord self) internal pure returns (uint256) {
        return PolicyWord.unwrap(self) & WINDOW;
    }

    function withShare(PolicyWord self, uint256 share_) internal view returns (PolicyWord) {
        return
            PolicyWord.wrap(
                (PolicyWord.unwrap(self) & ~(SHARE | FROM_BLOCK)) | (share_ << 160) | ((block.number + 1) << 184)
            );
    }

    /// @notice The share alone: where block and epoch are kept in another word.
    function withBareShare(PolicyWord self, uint256 share_) internal pure returns (PolicyWord) {
        return PolicyWord.wrap((PolicyWord.unwrap(self) & ~SHARE) | (share_ << 160));
    }

    /// @notice Frozen, one epoch later. The share stays readable: it is where the canary stood.
    function withFreeze(PolicyWord self) internal pure returns (PolicyWord) {
        return PolicyWord.wrap(PolicyWord.unwrap(self.withNextEpoch()) | FROZEN);
    }

    /// @notice Stays at the last one: a guardian tightens less often, since each time there is less left.
    function withNextEpoch(PolicyWord self) internal pure returns (PolicyWord) {
        uint256 next = self.epoch();
        if (next < type(uint16).max) ++next;
        return PolicyWord.wrap((PolicyWord.unwrap(self) & ~EPOCH) | (next << 232));
    }

    function isTight(PolicyWord self) internal pure returns (bool) {
        return PolicyWord.unwrap(self) & TIGHT != 0;
    }

    function withTight(PolicyWord self, bool isTight_) internal pure returns (PolicyWord) {
        uint256 word = PolicyWord.unwrap(self) & ~TIGHT;
        return PolicyWord.wrap(isTight_ ? word | TIGHT : word);
    }

    /// @notice One break more; stays at 255.
    function withBreak(PolicyWord self) internal pure returns (PolicyWord) {
        uint256 count = self.breaks();
        if (count < type(uint8).max) ++count;
        return PolicyWord.wrap((PolicyWord.unwrap(self) & ~BREAKS) | (count << 248));
    }

    /// @notice Whether `self` differs from `before` by further charges only. Calls nested in a candidate call charge the
    /// same window, in the same second: the current sum grows, and nothing else moves.
    function isGrownFrom(PolicyWord self, PolicyWord before) internal pure returns (bool) {
        uint256 next = PolicyWord.unwrap(self);
        uint256 last = PolicyWord.unwrap(before);
        return next & ~CURRENT == last & ~CURRENT && next >= last;
    }
}
