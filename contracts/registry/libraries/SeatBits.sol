// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice One bit a seat.
library SeatBits {
    /// @notice Sets the bit; false where it was set already.
    function trySet(mapping(uint256 => uint256) storage self, uint256 seat) internal returns (bool) {
        uint256 word = self[seat >> 8];
        uint256 bit = 1 << (seat & 0xff);
        if (word & bit != 0) return false;
        self[seat >> 8] = word | bit;
        return true;
    }

    function isSet(mapping(uint256 => uint256) storage self, uint256 seat) internal view returns (bool) {
        return self[seat >> 8] & (1 << (seat & 0xff)) != 0;
    }
}
