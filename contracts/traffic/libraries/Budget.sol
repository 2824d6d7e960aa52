// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Value at risk: what the candidate may move in two consecutive windows.
///
/// Window number (32) | previous (64) | current (64), in units of a 2^63rd of the cap. Amounts are rounded up to a unit
/// and the cap is rounded down. Fixed windows, the previous one counted in full: whatever span of one interval is looked
/// at, no more than the cap passed in it.
library Budget {
    uint256 private constant ONE = 1e18;
    uint256 private constant MAX_UNITS = 1 << 63;

    /// @notice What one unit is worth: 1 for every cap up to 2^63.
    function unitOf(uint256 cap) internal pure returns (uint256) {
        return cap == 0 ? 0 : (cap - 1) / MAX_UNITS + 1;
    }

    /// @notice `word * weight / 1e18`, rounded up, so that no amount is too small to count; saturating.
    function weigh(uint256 word, uint256 weight) internal pure returns (uint256 amount) {
        assembly ("memory-safe") {
            if word {
                let product := mul(word, weight)
                switch eq(div(product, word), weight)
                case 0 {
                    amount := not(0)
                }
                default {
                    if product {
                        amount := add(div(sub(product, 1), ONE), 1)
                    }
                }
            }
        }
    }

    /// @notice The window as it is now.
    function roll(
        uint256 window,
        uint256 interval
    ) internal view returns (uint256 number, uint256 previous, uint256 current) {
        // The interval of a policy with a cap is not zero.
        unchecked {
            number = uint32(block.timestamp / interval);
            uint256 last = window >> 128;
            if (last == number) return (number, uint64(window >> 64), uint64(window));
            if (last + 1 == number) return (number, uint64(window), 0);
            return (number, 0, 0);
        }
    }
}
