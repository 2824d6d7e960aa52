// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice An exact threshold such as 2/3. Compared by cross-multiplication, never by a rounded percentage: 8 of 12
/// meets 2/3, and 66% does not.
struct Fraction {
    uint32 numerator;
    uint32 denominator;
}

using FractionLib for Fraction global;

/// @dev Free of storage: pure comparisons and one shape check.
library FractionLib {
    /// @notice A fraction is a proper one, above zero where `isZeroAllowed` is false.
    error FractionInvalid(uint32 numerator, uint32 denominator);

    /// @notice Whether `part / whole >= self`. A zero threshold is always met, and nothing else is met of a zero whole.
    function isMetBy(Fraction memory self, uint256 part, uint256 whole) internal pure returns (bool) {
        if (self.numerator == 0) return true;
        if (whole == 0) return false;
        return part * self.denominator >= whole * self.numerator;
    }

    /// @notice Reverts unless `0 <= numerator <= denominator` and `denominator > 0`.
    function checkProper(Fraction memory self) internal pure {
        if (self.denominator == 0 || self.numerator > self.denominator) {
            revert FractionInvalid(self.numerator, self.denominator);
        }
    }
}
