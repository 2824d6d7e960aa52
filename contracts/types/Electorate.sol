// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A place in the electorate: `account` in the high 160 bits, `power` in the low 96.
type Seat is bytes32;

using SeatLib for Seat global;

library SeatLib {
    function toSeat(address account_, uint96 power_) internal pure returns (Seat) {
        return Seat.wrap(bytes32((uint256(uint160(account_)) << 96) | power_));
    }

    function account(Seat self) internal pure returns (address) {
        return address(uint160(uint256(Seat.unwrap(self)) >> 96));
    }

    function power(Seat self) internal pure returns (uint96) {
        return uint96(uint256(Seat.unwrap(self)));
    }
}

/// @notice What the header of a stored electorate says.
struct ElectorateHeader {
    // Number of seats.
    uint32 seats;
    // Sum of powers, unclipped.
    uint96 total;
    // Most power one seat may exert; larger seats are clipped to it, never refused.
    uint96 cap;
    // Sum of clipped powers: the whole that thresholds are measured against.
    uint96 clippedTotal;
}
