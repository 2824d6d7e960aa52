// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ballot, Choice, IBallotFacet, WalletBallot} from "../interfaces/IBallots.sol";
import {Ballots} from "../libraries/Ballots.sol";
import {Prolonging} from "../libraries/LateVotes.sol";
import {Proposals} from "../libraries/Proposals.sol";

contract BallotFacet is IBallotFacet, Prolonging {
    /// @inheritdoc IBallotFacet
    function castVote(bytes32 proposalId, Choice choice, uint256 seat) external {
        Ballots.cast(proposalId, choice, seat);
    }

    /// @inheritdoc IBallotFacet
    function castVotesBySig(
        bytes32 proposalId,
        Choice choice,
        Ballot[] calldata ballots
    ) external prolonging(proposalId) returns (uint256 counted) {
        return Ballots.castBySig(proposalId, choice, ballots);
    }

    /// @inheritdoc IBallotFacet
    function castVoteWithReason(bytes32 proposalId, Choice choice, uint256 seat, string calldata reason) external {
        Ballots.castWithReason(proposalId, choice, seat, reason);
    }

    /// @inheritdoc IBallotFacet
    function castVotesByWalletSig(
        bytes32 proposalId,
        Choice choice,
        WalletBallot[] calldata ballots
    ) external prolonging(proposalId) returns (uint256 counted) {
        return Ballots.castByWalletSig(proposalId, choice, ballots);
    }

    /// @inheritdoc IBallotFacet
    function hasVoted(bytes32 proposalId, uint256 seat) external view returns (bool) {
        return Ballots.hasVoted(Proposals.load(proposalId), seat);
    }
}
