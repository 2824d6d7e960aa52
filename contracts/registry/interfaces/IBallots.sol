// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How an elector votes.
enum Choice {
    Against,
    For,
    Abstain
}

/// @notice One seat's signature in a batch; EIP-2098 compact (`vs` carries the parity in its top bit).
struct Ballot {
    uint32 seat;
    bytes32 r;
    bytes32 vs;
}

/// @notice One seat's signature of any length in a batch: a key's 65 bytes, or what the wallet that sits there accepts
/// (ERC-1271).
struct WalletBallot {
    uint32 seat;
    bytes signature;
}

/// @notice Votes. One seat, one ballot; the seat's bit prevents replay.
interface IBallotFacet {
    /// @notice The good ballots of a batch, and their power together.
    event VotesCast(bytes32 indexed proposalId, Choice choice, uint96 power, uint32[] seats);

    /// @notice Votes from `seat`. Caller: the account that sits there.
    function castVote(bytes32 proposalId, Choice choice, uint256 seat) external;

    /// @notice The same, with a reason in the event. Caller: the account that sits there.
    function castVoteWithReason(bytes32 proposalId, Choice choice, uint256 seat, string calldata reason) external;

    /// @notice Counts ballots signed over `Ballot(bytes32 proposalId,uint8 choice)`. A bad one is skipped and reported
    /// by `BallotSkipped`; it never voids the batch. The good ones are in one event, `VotesCast`. Caller: anyone.
    /// @return counted Number of ballots that counted.
    function castVotesBySig(
        bytes32 proposalId,
        Choice choice,
        Ballot[] calldata ballots
    ) external returns (uint256 counted);

    /// @notice The same for seats of wallets, and for keys that sign 65 bytes. A wallet has 200,000 gas to answer; one that
    /// needs more is skipped. Reverts with `WalletGasTooLow` where that much is not left. Caller: anyone.
    /// @return counted Number of ballots that counted.
    function castVotesByWalletSig(
        bytes32 proposalId,
        Choice choice,
        WalletBallot[] calldata ballots
    ) external returns (uint256 counted);

    /// @notice Whether `seat` has voted.
    function hasVoted(bytes32 proposalId, uint256 seat) external view returns (bool);
}
