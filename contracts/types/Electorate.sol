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

/// @notice Where an electorate's seats are, and what its thresholds are measured against.
enum ElectorateKind {
    // Seats follow the header. Approval is of the clipped total.
    Listed,
    // Addresses of chunks of 512 seats follow the header. Approval is of the clipped total.
    Chunked,
    // Delegates of a token: listed ones follow the header, others vote by `getPastVotes`. Approval is of the votes cast,
    // with a quorum of the supply.
    Token
}

/// @notice Most power one seat may exert in plans of one class (larger seats are clipped to it, never refused), and the
/// sum of the powers that are left: the whole that thresholds are measured against. Of a token: the largest number, and
/// the supply.
struct Clip {
    uint96 cap;
    uint96 clippedTotal;
}

/// @notice What the header of a stored electorate says.
struct ElectorateHeader {
    ElectorateKind kind;
    // Number of seats.
    uint32 seats;
    // Sum of the seats' powers, unclipped.
    uint96 total;
    // By `PlanClass`.
    Clip[3] clips;
    // What one unit of power is, in words: "validator", "1e12 wei of TOKEN".
    bytes32 unit;
    // Of a token: the contract, how many of its smallest units make one unit of power, and the time (by its own clock) at
    // which power is read. Zero: the snapshot was not taken yet.
    address token;
    uint96 tokenUnit;
    uint48 timepoint;
}

/// @notice A list of validators that is stored in several transactions. Its id is the hash of all this, so that anyone
/// may store it and nobody can change it.
struct ElectorateDraft {
    // `root(i) = keccak256(keccak256(seats of chunk i), root(i + 1))`; after the last chunk it is zero.
    bytes32 root;
    uint32 seats;
    uint96 total;
    // By `PlanClass`: `maxPower` of the total, at least 1.
    uint96[3] caps;
    bytes32 unit;
}

/// @notice Which token's delegates vote.
struct TokenElectorate {
    // ERC-5805: `IVotes` with a clock (ERC-6372).
    address token;
    // Its smallest units that make one unit of power; what is left over by a division is not counted.
    uint96 tokenUnit;
}
