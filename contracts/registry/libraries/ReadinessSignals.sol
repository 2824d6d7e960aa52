// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ballot, WalletBallot} from "../interfaces/IBallots.sol";
import {Electorates} from "./Electorates.sol";
import {Proposal} from "../storage/ProposalStorage.sol";
import {ProposalState} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {SeatBits} from "./SeatBits.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Electors' statements that their own systems are ready: from the proposal until the plan ends, never withdrawn
/// (a signal that could be withdrawn would let an operator flap a plan in and out of readiness).
library ReadinessSignals {
    using SeatBits for mapping(uint256 => uint256);

    error AlreadyReady(bytes32 proposalId, uint256 seat);

    event ReadySignalled(bytes32 indexed proposalId, address indexed elector, uint256 seat, uint96 power);
    /// @notice A signal in a batch did not count; the others did.
    event ReadySignalSkipped(bytes32 indexed proposalId, uint256 seat, address signer);

    bytes32 internal constant READY_TYPEHASH = keccak256("Ready(bytes32 proposalId)");

    function signal(bytes32 proposalId, uint256 seat) internal {
        Proposal storage proposal = open(proposalId);
        uint96 power = Electorates.clippedPower(Electorates.rollOf(proposal), seat, msg.sender);
        if (!proposal.ready.trySet(seat)) revert AlreadyReady(proposalId, seat);
        proposal.readyPower += power;
        ++proposal.readySeats;
        emit ReadySignalled(proposalId, msg.sender, seat, power);
    }

    function signalBySig(bytes32 proposalId, Ballot[] calldata signals) internal returns (uint256 counted) {
        Proposal storage proposal = open(proposalId);
        bytes32 digest = _digestOf(proposalId);
        Electorates.Roll memory roll = Electorates.rollOf(proposal);
        for (uint256 i; i < signals.length; ++i) {
            (uint256 seat, address signer) = Signatures.seatAndSignerOf(digest, signals, i);
            if (_trySignal(proposalId, proposal, roll, seat, signer)) ++counted;
            else emit ReadySignalSkipped(proposalId, seat, signer);
        }
    }

    /// @notice The same for signatures of any length, so that wallets can signal.
    function signalByWalletSig(bytes32 proposalId, WalletBallot[] calldata signals) internal returns (uint256 counted) {
        Proposal storage proposal = open(proposalId);
        bytes32 digest = _digestOf(proposalId);
        Electorates.Roll memory roll = Electorates.rollOf(proposal);
        for (uint256 i; i < signals.length; ++i) {
            uint256 seat = signals[i].seat;
            address elector = Electorates.accountAt(roll, seat);
            bool isSigned = Signatures.isSignedBy(elector, digest, signals[i].signature);
            if (isSigned && _trySignal(proposalId, proposal, roll, seat, elector)) ++counted;
            else emit ReadySignalSkipped(proposalId, seat, isSigned ? elector : address(0));
        }
    }

    function _digestOf(bytes32 proposalId) private view returns (bytes32) {
        return Proposals.digestOf(keccak256(abi.encode(READY_TYPEHASH, proposalId)));
    }

    function _trySignal(
        bytes32 proposalId,
        Proposal storage proposal,
        Electorates.Roll memory roll,
        uint256 seat,
        address elector
    ) private returns (bool) {
        (bool sits, uint96 power) = Electorates.tryClippedPower(roll, seat, elector);
        if (!sits || !proposal.ready.trySet(seat)) return false;
        proposal.readyPower += power;
        ++proposal.readySeats;
        emit ReadySignalled(proposalId, elector, seat, power);
        return true;
    }

    /// @notice The proposal, in any state in which the plan may still run; the error names `Approved`, the usual one.
    function open(bytes32 proposalId) internal view returns (Proposal storage proposal) {
        proposal = Proposals.load(proposalId);
        ProposalState state = Proposals.statusOf(proposalId).state;
        if (
            state != ProposalState.Voting &&
            state != ProposalState.Approved &&
            state != ProposalState.Scheduled &&
            state != ProposalState.InProgress
        ) revert Proposals.ProposalInState(proposalId, state, ProposalState.Approved);
    }
}
