// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ballot, Choice} from "../interfaces/IUpgradeRegistry.sol";
import {Electorates} from "./Electorates.sol";
import {Proposal, Tally} from "../storage/ProposalStorage.sol";
import {ProposalState} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {SeatBits} from "./SeatBits.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Votes. A seat votes once; its bit is what prevents replay, by call, by signature or by batch.
library Ballots {
    using SeatBits for mapping(uint256 => uint256);

    error AlreadyVoted(bytes32 proposalId, uint256 seat);

    event VoteCast(bytes32 indexed proposalId, address indexed voter, uint256 seat, Choice choice, uint96 power);
    /// @notice A ballot in a batch did not count; the others did.
    event BallotSkipped(bytes32 indexed proposalId, uint256 seat, address signer);

    bytes32 internal constant BALLOT_TYPEHASH = keccak256("Ballot(bytes32 proposalId,uint8 choice)");

    function cast(bytes32 proposalId, Choice choice, uint256 seat) internal {
        Proposal storage proposal = Proposals.load(proposalId);
        Proposals.requireState(proposalId, ProposalState.Voting);
        uint96 power = Electorates.clippedPower(Electorates.rollOf(proposal), seat, msg.sender);
        if (!proposal.voted.trySet(seat)) revert AlreadyVoted(proposalId, seat);
        count(proposal, choice, power);
        emit VoteCast(proposalId, msg.sender, seat, choice, power);
    }

    /// @notice Counts the good ballots of a batch and reports the others: one bad signature is no veto.
    function castBySig(
        bytes32 proposalId,
        Choice choice,
        Ballot[] calldata ballots
    ) internal returns (uint256 counted) {
        Proposal storage proposal = Proposals.load(proposalId);
        Proposals.requireState(proposalId, ProposalState.Voting);
        // One digest serves the whole batch.
        bytes32 digest = Proposals.digestOf(keccak256(abi.encode(BALLOT_TYPEHASH, proposalId, choice)));
        Tally memory tally = proposal.tally;
        Electorates.Roll memory roll = Electorates.rollOf(proposal);
        for (uint256 i; i < ballots.length; ++i) {
            address signer = Signatures.signerOf(digest, ballots[i]);
            (bool isCounted, uint96 power) = _claim(proposal, roll, ballots[i].seat, signer);
            if (!isCounted) {
                emit BallotSkipped(proposalId, ballots[i].seat, signer);
                continue;
            }
            _count(tally, choice, power);
            ++counted;
            emit VoteCast(proposalId, signer, ballots[i].seat, choice, power);
        }
        proposal.tally = tally;
    }

    /// @notice Counts one vote.
    function count(Proposal storage proposal, Choice choice, uint96 power) internal {
        Tally memory tally = proposal.tally;
        _count(tally, choice, power);
        proposal.tally = tally;
    }

    function _claim(
        Proposal storage proposal,
        Electorates.Roll memory roll,
        uint256 seat,
        address signer
    ) private returns (bool, uint96) {
        (bool sits, uint96 power) = Electorates.tryClippedPower(roll, seat, signer);
        return (sits && proposal.voted.trySet(seat), power);
    }

    /// @dev The sums fit: an electorate's total was checked against the field's width when it was stored.
    function _count(Tally memory tally, Choice choice, uint96 power) private pure {
        if (choice == Choice.For) tally.forPower += uint72(power);
        else if (choice == Choice.Against) tally.againstPower += uint72(power);
        else tally.abstainPower += uint72(power);
        ++tally.voters;
    }
}
