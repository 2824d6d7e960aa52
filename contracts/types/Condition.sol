// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A static call that returns one 32-byte word. A revert, a short return or an account without code makes it
/// *unavailable*: a gate waits, a stage reverts, `poke` does nothing.
struct Probe {
    address target;
    bytes data;
    // Gas given to the call; the caller must hold more, so that a poor sender cannot fake unavailability.
    uint64 gas;
}

/// @notice Unsigned comparisons of 32-byte words.
enum Op {
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte
}

/// @notice What the left side of a condition is compared with.
enum RightKind {
    // `constantValue`.
    Constant,
    // The word that `right` returns at the same moment.
    Probe,
    // The left probe's word just before the stage's batch, or before the frame for a router.
    Before,
    // The left probe's word when the plan was proposed; the registry keeps it.
    AtPropose
}

/// @notice `left op right`, with a tolerance that widens the comparison in the left side's favour:
/// `tolerance + right * toleranceBps / 10_000`.
struct Condition {
    Probe left;
    Op op;
    RightKind rightKind;
    Probe right;
    uint256 constantValue;
    // In the unit of the left word.
    uint256 tolerance;
    // In basis points of the right word.
    uint16 toleranceBps;
}
