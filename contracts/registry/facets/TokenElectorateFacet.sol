// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ballot, Choice, WalletBallot} from "../interfaces/IBallots.sol";
import {ITokenElectorateFacet} from "../interfaces/IElectorate.sol";
import {ElectorateStorage} from "../storage/ElectorateStorage.sol";
import {Prolonging} from "../libraries/LateVotes.sol";
import {TokenElectorates} from "../libraries/TokenElectorates.sol";

contract TokenElectorateFacet is ITokenElectorateFacet, Prolonging {
    /// @inheritdoc ITokenElectorateFacet
    function snapshotDelegates(bytes32 proposalId, address[] calldata accounts) external {
        TokenElectorates.snapshot(proposalId, accounts);
    }

    /// @inheritdoc ITokenElectorateFacet
    function castUnlistedVote(bytes32 proposalId, Choice choice, uint256 next) external prolonging(proposalId) {
        TokenElectorates.cast(proposalId, choice, next);
    }

    /// @inheritdoc ITokenElectorateFacet
    function castUnlistedVotesBySig(
        bytes32 proposalId,
        Choice choice,
        Ballot[] calldata ballots
    ) external prolonging(proposalId) returns (uint256 counted) {
        return TokenElectorates.castBySig(proposalId, choice, ballots);
    }

    /// @inheritdoc ITokenElectorateFacet
    function castUnlistedVotesByWalletSig(
        bytes32 proposalId,
        Choice choice,
        WalletBallot[] calldata ballots
    ) external prolonging(proposalId) returns (uint256 counted) {
        return TokenElectorates.castByWalletSig(proposalId, choice, ballots);
    }

    /// @inheritdoc ITokenElectorateFacet
    function signalReadyUnlisted(bytes32 proposalId, uint256 next) external {
        TokenElectorates.signalReady(proposalId, next);
    }

    /// @inheritdoc ITokenElectorateFacet
    function timepointOf(bytes32 proposalId) external view returns (uint48 timepoint) {
        return ElectorateStorage.state().timepoints[proposalId];
    }

    /// @inheritdoc ITokenElectorateFacet
    function hasVotedUnlisted(bytes32 proposalId, address account) external view returns (bool) {
        return ElectorateStorage.state().unlistedVoted[proposalId][account];
    }

    /// @inheritdoc ITokenElectorateFacet
    function isReadyUnlisted(bytes32 proposalId, address account) external view returns (bool) {
        return ElectorateStorage.state().unlistedReady[proposalId][account];
    }
}
