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

    function add(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            return b > type(uint256).max - a ? type(uint256).max : a + b;
        }
    }

    /// @notice `amount` in units, rounded up.
    function toUnits(uint256 amount, uint256 unit) internal pure returns (uint256) {
        unchecked {
            return amount == 0 ? 0 : (amount - 1) / unit + 1;
        }
    }

    /// @notice The window with `units` charged, or how many are left where they do not fit.
    function charge(
        uint256 window,
        uint256 interval,
        uint256 capUnits,
        uint256 units
    ) internal view returns (bool fits, uint256 next, uint256 left) {
        // As `roll` does. `current + units <= capUnits <= 2**63`.
        assembly ("memory-safe") {
            let index := and(div(timestamp(), interval), 0xffffffff)
            let current := and(window, 0xffffffffffffffff)
            let previous := 0
            switch sub(index, shr(128, window))
            case 0 {
                previous := and(shr(64, window), 0xffffffffffffffff)
            }
            case 1 {
                previous := current
                current := 0
            }
            default {
                current := 0
            }
            let used := add(previous, current)
            left := mul(sub(capUnits, used), lt(used, capUnits))
            if iszero(gt(units, left)) {
                fits := 1
                next := or(or(shl(128, index), shl(64, previous)), add(current, units))
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
