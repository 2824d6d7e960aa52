// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ArtifactView} from "../interfaces/IArtifacts.sol";
import {Ballot, WalletBallot} from "../interfaces/IBallots.sol";
import {Artifacts} from "./Artifacts.sol";
import {Count, Release, Reports} from "../storage/ArtifactStorage.sol";
import {Electorates} from "./Electorates.sol";
import {Policies} from "./Policies.sol";
import {Proposal} from "../storage/ProposalStorage.sol";
import {ProposalState, ProposalStatus} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {SeatBits} from "./SeatBits.sol";
import {Signatures} from "./Signatures.sol";

/// @notice What electors state about a plan's artifact: that they run it, how it went, and whether to keep it all the
/// same. Each once a seat (a report: once a stage), never withdrawn.
library ArtifactSignals {
    using SeatBits for mapping(uint256 => uint256);

    error AlreadyAdvertised(bytes32 proposalId, uint256 seat);
    error AlreadyReported(bytes32 proposalId, uint256 seat);
    error AlreadyOverridden(bytes32 proposalId, uint256 seat);
    /// @notice Neither the plan's own version nor one of a later protocol.
    error VersionNotAdopted(bytes32 proposalId, string version, uint64 protocolVersion, uint64 required);
    /// @notice Reports are about the stage that ran last.
    error StageNotReported(bytes32 proposalId, uint256 stage, uint256 lastStage);
    /// @notice The plan asks for no reports, so that there is nothing to override.
    error SuccessNotAsked(bytes32 proposalId);
    /// @notice Reports are in only when every stage has run.
    error OverrideTooEarly(bytes32 proposalId, uint256 nextStage, uint256 stageCount);

    event VersionAdvertised(
        bytes32 indexed proposalId,
        address indexed elector,
        uint256 seat,
        uint96 power,
        string version,
        uint64 protocolVersion
    );
    event SuccessReported(
        bytes32 indexed proposalId,
        address indexed elector,
        uint256 stage,
        uint256 seat,
        uint96 power,
        bool isSuccessful
    );
    event SuccessOverridden(bytes32 indexed proposalId, address indexed elector, uint256 seat, uint96 power);
    /// @notice A statement in a batch did not count; the others did.
    event StatementSkipped(bytes32 indexed proposalId, uint256 seat, address signer);

    /// @notice Which stage is reported on, and how it went.
    struct Report {
        uint256 stage;
        bool isSuccessful;
    }

    /// @dev What every signature of a batch is checked against.
    struct Batch {
        bytes32 proposalId;
        bytes32 digest;
        Electorates.Roll roll;
    }

    bytes32 internal constant ADVERTISEMENT_TYPEHASH = keccak256(
        "Advertisement(bytes32 proposalId,string version,uint64 protocolVersion)"
    );
    bytes32 internal constant REPORT_TYPEHASH = keccak256(
        "SuccessReport(bytes32 proposalId,uint256 stage,bool isSuccessful)"
    );
    bytes32 internal constant OVERRIDE_TYPEHASH = keccak256("SuccessOverride(bytes32 proposalId)");

    function advertise(bytes32 proposalId, uint256 seat, string memory version, uint64 protocolVersion) internal {
        Proposal storage proposal = _openToAdvertise(proposalId, version, protocolVersion);
        uint96 power = Electorates.clippedPower(Electorates.rollOf(proposal), seat, msg.sender);
        if (!Artifacts.load(proposalId).hasAdvertised.trySet(seat)) revert AlreadyAdvertised(proposalId, seat);
        _addAdopted(proposalId, msg.sender, seat, power, version, protocolVersion);
    }

    function advertiseBySig(
        bytes32 proposalId,
        string memory version,
        uint64 protocolVersion,
        Ballot[] calldata signals
    ) internal returns (uint256 counted) {
        Batch memory batch = _advertisements(proposalId, version, protocolVersion);
        for (uint256 i; i < signals.length; ++i) {
            uint256 seat = signals[i].seat;
            address signer = Signatures.signerOf(batch.digest, signals[i]);
            if (_tryAdvertise(batch, seat, signer, version, protocolVersion)) ++counted;
        }
    }

    /// @notice The same for signatures of any length, so that wallets can advertise.
    function advertiseByWalletSig(
        bytes32 proposalId,
        string memory version,
        uint64 protocolVersion,
        WalletBallot[] calldata signals
    ) internal returns (uint256 counted) {
        Batch memory batch = _advertisements(proposalId, version, protocolVersion);
        for (uint256 i; i < signals.length; ++i) {
            uint256 seat = signals[i].seat;
            if (_tryAdvertise(batch, seat, _signerOf(batch, signals[i]), version, protocolVersion)) ++counted;
        }
    }

    function report(bytes32 proposalId, Report memory about, uint256 seat) internal {
        Proposal storage proposal = _openToReport(proposalId, about.stage);
        uint96 power = Electorates.clippedPower(Electorates.rollOf(proposal), seat, msg.sender);
        if (!Artifacts.load(proposalId).reports[about.stage].hasReported.trySet(seat)) {
            revert AlreadyReported(proposalId, seat);
        }
        _addReport(proposalId, about, msg.sender, seat, power);
        Artifacts.settle(proposalId, proposal);
    }

    function reportBySig(
        bytes32 proposalId,
        Report memory about,
        Ballot[] calldata reports
    ) internal returns (uint256 counted) {
        (Proposal storage proposal, Batch memory batch) = _reports(proposalId, about);
        for (uint256 i; i < reports.length; ++i) {
            address signer = Signatures.signerOf(batch.digest, reports[i]);
            if (_tryReport(batch, about, reports[i].seat, signer)) ++counted;
        }
        Artifacts.settle(proposalId, proposal);
    }

    /// @notice The same for signatures of any length, so that wallets can report.
    function reportByWalletSig(
        bytes32 proposalId,
        Report memory about,
        WalletBallot[] calldata reports
    ) internal returns (uint256 counted) {
        (Proposal storage proposal, Batch memory batch) = _reports(proposalId, about);
        for (uint256 i; i < reports.length; ++i) {
            if (_tryReport(batch, about, reports[i].seat, _signerOf(batch, reports[i]))) ++counted;
        }
        Artifacts.settle(proposalId, proposal);
    }

    function overrideSuccess(bytes32 proposalId, uint256 seat) internal {
        (Release storage self, Proposal storage proposal) = _openToOverride(proposalId);
        uint96 power = Electorates.clippedPower(Electorates.rollOf(proposal), seat, msg.sender);
        if (!self.hasOverridden.trySet(seat)) revert AlreadyOverridden(proposalId, seat);
        _add(self.overridden, power);
        emit SuccessOverridden(proposalId, msg.sender, seat, power);
        Artifacts.settle(proposalId, proposal);
    }

    function overrideBySig(bytes32 proposalId, Ballot[] calldata votes) internal returns (uint256 counted) {
        (Proposal storage proposal, Batch memory batch) = _overrides(proposalId);
        for (uint256 i; i < votes.length; ++i) {
            if (_tryOverride(batch, votes[i].seat, Signatures.signerOf(batch.digest, votes[i]))) ++counted;
        }
        Artifacts.settle(proposalId, proposal);
    }

    /// @notice The same for signatures of any length, so that wallets can vote to keep the upgrade.
    function overrideByWalletSig(bytes32 proposalId, WalletBallot[] calldata votes) internal returns (uint256 counted) {
        (Proposal storage proposal, Batch memory batch) = _overrides(proposalId);
        for (uint256 i; i < votes.length; ++i) {
            if (_tryOverride(batch, votes[i].seat, _signerOf(batch, votes[i]))) ++counted;
        }
        Artifacts.settle(proposalId, proposal);
    }

    /// @notice The counts, for people and engines.
    function viewOf(bytes32 proposalId) internal view returns (ArtifactView memory facts) {
        Proposal storage proposal = Proposals.load(proposalId);
        Release storage self = Artifacts.load(proposalId);
        uint256 total = Electorates.wholeOf(proposal);
        facts.versionHash = self.versionHash;
        facts.protocolVersion = self.protocolVersion;
        facts.graceBlocks = self.graceBlocks;
        facts.upgradedAtBlock = self.upgradedAtBlock;
        facts.adoptedPower = self.adopted.power;
        facts.adoptedSeats = self.adopted.seats;
        uint256 stage = proposal.nextStage == 0 ? 0 : proposal.nextStage - 1;
        Reports storage reports = self.reports[stage];
        facts.reportedStage = uint16(stage);
        facts.successPower = reports.succeeded.power;
        facts.successSeats = reports.succeeded.seats;
        facts.failedPower = reports.failed.power;
        facts.failedSeats = reports.failed.seats;
        facts.overridePower = self.overridden.power;
        facts.overrideSeats = self.overridden.seats;
        facts.clippedTotal = uint96(total);
        if (self.successThreshold.numerator == 0) return facts;
        if (proposal.nextStage != proposal.stageCount) return facts;
        facts.isSuccessful = Artifacts.isSuccessful(self, stage, total);
        facts.isOverridden = Artifacts.isOverridden(self, Policies.policyAt(proposal.policyRow), total);
        facts.reportBy = uint64(Artifacts.reportBy(self, proposal, Proposals.haltedSeconds(proposal)));
    }

    function _tryAdvertise(
        Batch memory batch,
        uint256 seat,
        address signer,
        string memory version,
        uint64 protocolVersion
    ) private returns (bool isCounted) {
        uint96 power;
        (isCounted, power) = _claim(Artifacts.load(batch.proposalId).hasAdvertised, batch, seat, signer);
        if (isCounted) _addAdopted(batch.proposalId, signer, seat, power, version, protocolVersion);
    }

    function _tryReport(
        Batch memory batch,
        Report memory about,
        uint256 seat,
        address signer
    ) private returns (bool isCounted) {
        uint96 power;
        mapping(uint256 => uint256) storage bits = Artifacts.load(batch.proposalId).reports[about.stage].hasReported;
        (isCounted, power) = _claim(bits, batch, seat, signer);
        if (isCounted) _addReport(batch.proposalId, about, signer, seat, power);
    }

    function _tryOverride(Batch memory batch, uint256 seat, address signer) private returns (bool isCounted) {
        uint96 power;
        Release storage self = Artifacts.load(batch.proposalId);
        (isCounted, power) = _claim(self.hasOverridden, batch, seat, signer);
        if (!isCounted) return false;
        _add(self.overridden, power);
        emit SuccessOverridden(batch.proposalId, signer, seat, power);
    }

    /// @dev One bit, one count. A batch goes on over a statement that does not count.
    function _claim(
        mapping(uint256 => uint256) storage bits,
        Batch memory batch,
        uint256 seat,
        address signer
    ) private returns (bool isCounted, uint96 power) {
        (isCounted, power) = Electorates.tryClippedPower(batch.roll, seat, signer);
        isCounted = isCounted && bits.trySet(seat);
        if (!isCounted) emit StatementSkipped(batch.proposalId, seat, signer);
    }

    /// @dev Who sits there, if he signed; nobody else.
    function _signerOf(Batch memory batch, WalletBallot calldata ballot) private view returns (address) {
        address elector = Electorates.accountAt(batch.roll, ballot.seat);
        return Signatures.isSignedBy(elector, batch.digest, ballot.signature) ? elector : address(0);
    }

    function _advertisements(
        bytes32 proposalId,
        string memory version,
        uint64 protocolVersion
    ) private view returns (Batch memory) {
        Proposal storage proposal = _openToAdvertise(proposalId, version, protocolVersion);
        bytes32 versionHash = keccak256(bytes(version));
        return
            _batch(
                proposalId,
                proposal,
                keccak256(abi.encode(ADVERTISEMENT_TYPEHASH, proposalId, versionHash, protocolVersion))
            );
    }

    function _reports(
        bytes32 proposalId,
        Report memory about
    ) private view returns (Proposal storage proposal, Batch memory batch) {
        proposal = _openToReport(proposalId, about.stage);
        bytes32 structHash = keccak256(abi.encode(REPORT_TYPEHASH, proposalId, about.stage, about.isSuccessful));
        batch = _batch(proposalId, proposal, structHash);
    }

    function _overrides(bytes32 proposalId) private view returns (Proposal storage proposal, Batch memory batch) {
        (, proposal) = _openToOverride(proposalId);
        batch = _batch(proposalId, proposal, keccak256(abi.encode(OVERRIDE_TYPEHASH, proposalId)));
    }

    function _batch(
        bytes32 proposalId,
        Proposal storage proposal,
        bytes32 structHash
    ) private view returns (Batch memory) {
        return
            Batch({proposalId: proposalId, digest: Proposals.digestOf(structHash), roll: Electorates.rollOf(proposal)});
    }

    function _addAdopted(
        bytes32 proposalId,
        address elector,
        uint256 seat,
        uint96 power,
        string memory version,
        uint64 protocolVersion
    ) private {
        _add(Artifacts.load(proposalId).adopted, power);
        emit VersionAdvertised(proposalId, elector, seat, power, version, protocolVersion);
    }

    function _addReport(bytes32 proposalId, Report memory about, address elector, uint256 seat, uint96 power) private {
        Reports storage reports = Artifacts.load(proposalId).reports[about.stage];
        _add(about.isSuccessful ? reports.succeeded : reports.failed, power);
        emit SuccessReported(proposalId, elector, about.stage, seat, power, about.isSuccessful);
    }

    function _add(Count storage count, uint96 power) private {
        count.power += power;
        ++count.seats;
    }

    /// @dev From the proposal on, and after completion too: late nodes still follow in the grace period.
    function _openToAdvertise(
        bytes32 proposalId,
        string memory version,
        uint64 protocolVersion
    ) private view returns (Proposal storage proposal) {
        proposal = Proposals.load(proposalId);
        Release storage self = _requireArtifact(proposalId);
        ProposalState state = Proposals.statusOf(proposalId).state;
        if (
            state != ProposalState.Voting &&
            state != ProposalState.Approved &&
            state != ProposalState.Scheduled &&
            state != ProposalState.InProgress &&
            state != ProposalState.Completed
        ) revert Proposals.ProposalInState(proposalId, state, ProposalState.InProgress);
        uint64 required = self.protocolVersion;
        // The same protocol under another name is a program that nobody voted on; a later one is another plan's.
        bool isAdopted =
            protocolVersion == required ? keccak256(bytes(version)) == self.versionHash : protocolVersion > required;
        if (!isAdopted) revert VersionNotAdopted(proposalId, version, protocolVersion, required);
    }

    function _openToReport(bytes32 proposalId, uint256 stage) private view returns (Proposal storage proposal) {
        ProposalStatus memory status;
        (proposal, status) = _inProgress(proposalId);
        if (stage + 1 != status.nextStage) revert StageNotReported(proposalId, stage, status.nextStage - 1);
    }

    function _openToOverride(
        bytes32 proposalId
    ) private view returns (Release storage self, Proposal storage proposal) {
        ProposalStatus memory status;
        (proposal, status) = _inProgress(proposalId);
        self = Artifacts.load(proposalId);
        if (self.successThreshold.numerator == 0) revert SuccessNotAsked(proposalId);
        if (status.nextStage != status.stageCount) {
            revert OverrideTooEarly(proposalId, status.nextStage, status.stageCount);
        }
    }

    function _inProgress(
        bytes32 proposalId
    ) private view returns (Proposal storage proposal, ProposalStatus memory status) {
        proposal = Proposals.load(proposalId);
        _requireArtifact(proposalId);
        status = Proposals.statusOf(proposalId);
        if (status.state != ProposalState.InProgress) {
            revert Proposals.ProposalInState(proposalId, status.state, ProposalState.InProgress);
        }
    }

    function _requireArtifact(bytes32 proposalId) private view returns (Release storage self) {
        self = Artifacts.load(proposalId);
        if (self.versionHash == 0) revert Artifacts.ArtifactMissing(proposalId);
    }
}
