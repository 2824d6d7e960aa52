// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Ballots} from "./Ballots.sol";
import {Ballot, Choice, WalletBallot} from "../interfaces/IBallots.sol";
import {Clip, ElectorateHeader, ElectorateKind, Seat, SeatLib, TokenElectorate} from "../../types/Electorate.sol";
import {ClassPolicy} from "../../types/Policy.sol";
import {CodeStore} from "./CodeStore.sol";
import {Electorates} from "./Electorates.sol";
import {ElectorateStorage} from "../storage/ElectorateStorage.sol";
import {Fraction} from "../../types/Fraction.sol";
import {Policies} from "./Policies.sol";
import {Proposal} from "../storage/ProposalStorage.sol";
import {Proposals} from "./Proposals.sol";
import {ProposalState} from "../../types/ProposalState.sol";
import {ReadinessSignals} from "./ReadinessSignals.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Electorates whose power is a token's: read at the token's clock of the moment of `propose`, so that nobody
/// picks a time at which he held power, and nothing that is moved later counts.
library TokenElectorates {
    /// @notice The supply leaves too little room to grow, or is no unit at all: choose another `tokenUnit`.
    error TokenUnitInvalid(uint256 supply, uint256 max);
    error NotTokenElectorate(bytes32 proposalId);
    /// @notice Votes at the timepoint can be counted strictly after it, by the token's clock.
    error SnapshotTooEarly(bytes32 proposalId, uint48 timepoint, uint48 clock);
    error SnapshotTaken(bytes32 proposalId);
    error SnapshotMissing(bytes32 proposalId);
    /// @notice In the first half of the vote a list that does not hold the quorum is refused: whoever lists first must
    /// list the delegates that matter.
    error ListTooSmall(bytes32 proposalId, uint256 total, uint256 supply, uint32 numerator, uint32 denominator);
    error PowerMissing(address account, uint48 timepoint);
    /// @notice `account` has a seat, or does not stand between the two neighbours of `next`.
    error AbsenceUnproven(address account, uint256 next);
    error UnlistedAlreadyVoted(bytes32 proposalId, address account);
    error UnlistedAlreadyReady(bytes32 proposalId, address account);

    /// @notice Delegates were listed with the power they held at the timepoint. `supply` in units of power.
    event SnapshotTakenAt(
        bytes32 indexed proposalId,
        address indexed pointer,
        uint48 timepoint,
        uint32 seats,
        uint96 listed,
        uint96 supply
    );

    /// @dev What every ballot of a batch is checked against.
    struct Batch {
        Choice choice;
        address pointer;
        bytes32 digest;
        ElectorateHeader header;
    }

    /// @notice In `VoteCast` and `ReadySignalled`, the seat of who has none.
    uint256 internal constant NO_SEAT = type(uint256).max;
    /// @dev A supply may grow 65,536-fold before its votes no longer fit the tally.
    uint256 internal constant MAX_SUPPLY = Electorates.MAX_TOTAL >> 16;

    /// @notice Makes a token's delegates the electorate of the proposals to come.
    function store(TokenElectorate memory electorate, bytes32 unit) internal {
        uint48 clock = Electorates.clockOf(electorate.token);
        if (electorate.tokenUnit == 0) revert TokenUnitInvalid(0, MAX_SUPPLY);
        uint256 supply = IERC5805(electorate.token).getPastTotalSupply(clock - 1) / electorate.tokenUnit;
        if (supply == 0 || supply > MAX_SUPPLY) revert TokenUnitInvalid(supply, MAX_SUPPLY);
        ElectorateHeader memory header;
        header.kind = ElectorateKind.Token;
        header.unit = unit;
        header.token = electorate.token;
        header.tokenUnit = electorate.tokenUnit;
        Electorates.use(CodeStore.write(Electorates.encode(header)), header);
    }

    /// @notice Lists delegates of a proposal's token with their power at its timepoint, once, in strictly increasing order
    /// of account. An empty list will do in the second half of the vote.
    function snapshot(bytes32 proposalId, address[] calldata accounts) internal {
        Proposal storage proposal = Proposals.load(proposalId);
        Proposals.requireState(proposalId, ProposalState.Voting);
        ElectorateHeader memory header = _headerOf(proposalId, proposal);
        if (header.timepoint != 0) revert SnapshotTaken(proposalId);
        if (accounts.length > Electorates.CHUNK) {
            revert Electorates.SeatCountInvalid(accounts.length, Electorates.CHUNK);
        }
        header.timepoint = ElectorateStorage.state().timepoints[proposalId];
        uint48 clock = Electorates.clockOf(header.token);
        if (clock <= header.timepoint) revert SnapshotTooEarly(proposalId, header.timepoint, clock);

        // Rounded up: no quorum is met by what a division dropped.
        uint256 supply = Math.ceilDiv(IERC5805(header.token).getPastTotalSupply(header.timepoint), header.tokenUnit);
        if (supply > Electorates.MAX_TOTAL) revert Electorates.PowerTooLarge(supply, Electorates.MAX_TOTAL);
        Seat[] memory seats = new Seat[](accounts.length);
        for (uint256 i; i < seats.length; ++i) seats[i] = SeatLib.toSeat(accounts[i], _powerOf(header, accounts[i]));
        header.seats = uint32(seats.length);
        // A token's holder splits a large seat in two before the vote: a cap would bind only who does not.
        for (uint256 i; i < header.clips.length; ++i) header.clips[i] = Clip(type(uint96).max, 0);
        uint256 total = Electorates.walk(seats, 0, address(0), header.clips);
        if (total > Electorates.MAX_TOTAL) revert Electorates.PowerTooLarge(total, Electorates.MAX_TOTAL);
        header.total = uint96(total);
        for (uint256 i; i < header.clips.length; ++i) header.clips[i].clippedTotal = uint96(supply);
        _checkQuorate(proposalId, proposal, total, supply);

        address pointer = CodeStore.write(abi.encodePacked(Electorates.encode(header), seats));
        proposal.electorate = pointer;
        emit SnapshotTakenAt(
            proposalId,
            pointer,
            header.timepoint,
            header.seats,
            header.total,
            header.clips[0].clippedTotal
        );
    }

    /// @notice Counts the vote of a delegate who was not listed. `next` is the first seat of a larger account: he stands
    /// between it and the one before, so he has none.
    function cast(bytes32 proposalId, Choice choice, uint256 next) internal {
        (Proposal storage proposal, ElectorateHeader memory header) = _open(proposalId);
        mapping(address => bool) storage voted = ElectorateStorage.state().unlistedVoted[proposalId];
        if (voted[msg.sender]) revert UnlistedAlreadyVoted(proposalId, msg.sender);
        uint96 power = _unlistedPower(proposal, header, next);
        voted[msg.sender] = true;
        Ballots.count(proposal, choice, power, 1);
        emit Ballots.VoteCast(proposalId, msg.sender, NO_SEAT, choice, power);
    }

    /// @notice The same by signature; `seat` of a ballot is its signer's `next`. A bad one is skipped and reported.
    function castBySig(
        bytes32 proposalId,
        Choice choice,
        Ballot[] calldata ballots
    ) internal returns (uint256 counted) {
        Batch memory batch = _batch(proposalId, choice);
        for (uint256 i; i < ballots.length; ++i) {
            address signer = Signatures.signerOf(batch.digest, ballots[i]);
            if (_tryCast(proposalId, batch, ballots[i].seat, signer)) ++counted;
        }
    }

    /// @notice The same for contracts: each signature is the delegate's address, then what it takes for one (ERC-1271).
    function castByWalletSig(
        bytes32 proposalId,
        Choice choice,
        WalletBallot[] calldata ballots
    ) internal returns (uint256 counted) {
        Batch memory batch = _batch(proposalId, choice);
        for (uint256 i; i < ballots.length; ++i) {
            (address delegate, bytes calldata own) = Signatures.walletIn(ballots[i].signature);
            if (!Signatures.isSignedBy(delegate, batch.digest, own)) delegate = address(0);
            if (_tryCast(proposalId, batch, ballots[i].seat, delegate)) ++counted;
        }
    }

    /// @notice Records that a delegate who was not listed is ready, as `ReadinessSignals.signal` does from a seat.
    function signalReady(bytes32 proposalId, uint256 next) internal {
        Proposal storage proposal = ReadinessSignals.open(proposalId);
        ElectorateHeader memory header = _listedHeaderOf(proposalId, proposal);
        mapping(address => bool) storage ready = ElectorateStorage.state().unlistedReady[proposalId];
        if (ready[msg.sender]) revert UnlistedAlreadyReady(proposalId, msg.sender);
        uint96 power = _unlistedPower(proposal, header, next);
        ready[msg.sender] = true;
        proposal.readyPower += power;
        ++proposal.readySeats;
        emit ReadinessSignals.ReadySignalled(proposalId, msg.sender, NO_SEAT, power);
    }

    /// @dev What the caller held, who proves that he has no seat.
    function _unlistedPower(
        Proposal storage proposal,
        ElectorateHeader memory header,
        uint256 next
    ) private view returns (uint96 power) {
        if (next > header.seats) revert Electorates.SeatUnknown(next, header.seats);
        if (!_isAbsent(proposal.electorate, header.seats, next, msg.sender)) revert AbsenceUnproven(msg.sender, next);
        power = _powerOf(header, msg.sender);
        if (power == 0) revert PowerMissing(msg.sender, header.timepoint);
    }

    function _batch(bytes32 proposalId, Choice choice) private view returns (Batch memory batch) {
        (Proposal storage proposal, ElectorateHeader memory header) = _open(proposalId);
        batch.choice = choice;
        batch.pointer = proposal.electorate;
        batch.header = header;
        batch.digest = Proposals.digestOf(keccak256(abi.encode(Ballots.BALLOT_TYPEHASH, proposalId, choice)));
    }

    function _tryCast(bytes32 proposalId, Batch memory batch, uint256 next, address signer) private returns (bool) {
        mapping(address => bool) storage voted = ElectorateStorage.state().unlistedVoted[proposalId];
        uint96 power;
        if (signer != address(0) && !voted[signer]) {
            if (_isAbsent(batch.pointer, batch.header.seats, next, signer)) power = _powerOf(batch.header, signer);
        }
        if (power == 0) {
            emit Ballots.BallotSkipped(proposalId, next, signer);
            return false;
        }
        voted[signer] = true;
        Ballots.count(Proposals.load(proposalId), batch.choice, power, 1);
        emit Ballots.VoteCast(proposalId, signer, NO_SEAT, batch.choice, power);
        return true;
    }

    function _powerOf(ElectorateHeader memory header, address account) private view returns (uint96) {
        uint256 power = IERC5805(header.token).getPastVotes(account, header.timepoint) / header.tokenUnit;
        if (power > Electorates.MAX_TOTAL) revert Electorates.PowerTooLarge(power, Electorates.MAX_TOTAL);
        return uint96(power);
    }

    /// @dev A proposal in the vote, whose delegates have been listed.
    function _open(
        bytes32 proposalId
    ) private view returns (Proposal storage proposal, ElectorateHeader memory header) {
        proposal = Proposals.load(proposalId);
        Proposals.requireState(proposalId, ProposalState.Voting);
        header = _listedHeaderOf(proposalId, proposal);
    }

    function _listedHeaderOf(
        bytes32 proposalId,
        Proposal storage proposal
    ) private view returns (ElectorateHeader memory header) {
        header = _headerOf(proposalId, proposal);
        if (header.timepoint == 0) revert SnapshotMissing(proposalId);
    }

    function _headerOf(
        bytes32 proposalId,
        Proposal storage proposal
    ) private view returns (ElectorateHeader memory header) {
        header = Electorates.headerOf(proposal.electorate);
        if (header.kind != ElectorateKind.Token) revert NotTokenElectorate(proposalId);
    }

    function _isAbsent(address pointer, uint256 seats, uint256 next, address account) private view returns (bool) {
        if (next > seats) return false;
        if (next != 0 && Electorates.seatAt(pointer, next - 1).account() >= account) return false;
        return next == seats || account < Electorates.seatAt(pointer, next).account();
    }

    function _checkQuorate(bytes32 proposalId, Proposal storage proposal, uint256 total, uint256 supply) private view {
        ClassPolicy memory policy = Policies.policyAt(proposal.policyRow);
        if (block.timestamp >= proposal.proposedAt + policy.votingPeriod / 2) return;
        Fraction memory quorum = policy.quorum;
        if (!quorum.isMetBy(total, supply)) {
            revert ListTooSmall(proposalId, total, supply, quorum.numerator, quorum.denominator);
        }
    }
}
