// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Value at risk: what the candidate may move in two consecutive windows.
///
/// One word: window number (32) | previous (112) | current (112). Fixed windows, the previous one counted in full:
/// whatever span of one interval is looked at, no more than the cap passed in it.
library Budget {
    uint256 private constant ONE = 1e18;

    /// @notice `word * weight / 1e18`, rounded up, so that no amount is too small to count; saturating.
    function weigh(uint256 word, uint256 weight) internal pure returns (uint256) {
        if (word == 0 || weight == 0) return 0;
        // Sound without checks: the product is the one that does not overflow, and above zero.
        unchecked {
            if (word > type(uint256).max / weight) return type(uint256).max;
            return (word * weight - 1) / ONE + 1;
        }
    }

    function add(uint256 a, uint256 b) internal pure returns (uint256) {
        return b > type(uint256).max - a ? type(uint256).max : a + b;
    }

    /// @notice The word with `amount` charged, or what is left of the cap when it does not fit.
    function charge(
        uint256 window,
        uint256 interval,
        uint256 cap,
        uint256 amount
    ) internal view returns (bool fits, uint256 next, uint256 left) {
        (uint256 number, uint256 previous, uint256 current) = roll(window, interval);
        uint256 used = previous + current;
        left = used < cap ? cap - used : 0;
        if (amount > left) return (false, 0, left);
        // `current + amount <= cap < 2**112`.
        return (true, (number << 224) | (previous << 112) | (current + amount), left);
    }

    /// @notice The window as it is now.
    function roll(
        uint256 window,
        uint256 interval
    ) internal view returns (uint256 number, uint256 previous, uint256 current) {
        number = uint32(block.timestamp / interval);
        uint256 last = window >> 224;
        if (last == number) return (number, uint112(window >> 112), uint112(window));
        if (last + 1 == number) return (number, uint112(window), 0);
        return (number, 0, 0);
    }

    /// @notice Whether `next` differs from `window` by further charges only. Calls nested in a candidate call charge the
    /// same window, in the same second: number and previous stay, current grows.
    function isGrownFrom(uint256 next, uint256 window) internal pure returns (bool) {
        return next >> 112 == window >> 112 && next >= window;
    }
}
