// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ArtifactSignals} from "../libraries/ArtifactSignals.sol";
import {ArtifactView, Compatibility, IArtifactFacet} from "../interfaces/IArtifacts.sol";
import {Ballot, WalletBallot} from "../interfaces/IBallots.sol";
import {Artifacts} from "../libraries/Artifacts.sol";
import {Locked} from "../libraries/Lock.sol";
import {Parents} from "../libraries/Parents.sol";
import {SeatBits} from "../libraries/SeatBits.sol";

contract ArtifactFacet is IArtifactFacet, Locked {
    using SeatBits for mapping(uint256 => uint256);

    /// @inheritdoc IArtifactFacet
    function advertise(bytes32 proposalId, uint256 seat, string calldata version, uint64 protocolVersion) external {
        ArtifactSignals.advertise(proposalId, seat, version, protocolVersion);
    }

    /// @inheritdoc IArtifactFacet
    function advertiseBySig(
        bytes32 proposalId,
        string calldata version,
        uint64 protocolVersion,
        Ballot[] calldata signals
    ) external returns (uint256 counted) {
        return ArtifactSignals.advertiseBySig(proposalId, version, protocolVersion, signals);
    }

    /// @inheritdoc IArtifactFacet
    function advertiseByWalletSig(
        bytes32 proposalId,
        string calldata version,
        uint64 protocolVersion,
        WalletBallot[] calldata signals
    ) external returns (uint256 counted) {
        return ArtifactSignals.advertiseByWalletSig(proposalId, version, protocolVersion, signals);
    }

    /// @inheritdoc IArtifactFacet
    function reportSuccess(bytes32 proposalId, uint256 stage, uint256 seat, bool isSuccessful) external {
        ArtifactSignals.report(proposalId, ArtifactSignals.Report(stage, isSuccessful), seat);
    }

    /// @inheritdoc IArtifactFacet
    function reportSuccessBySig(
        bytes32 proposalId,
        uint256 stage,
        bool isSuccessful,
        Ballot[] calldata reports
    ) external returns (uint256 counted) {
        return ArtifactSignals.reportBySig(proposalId, ArtifactSignals.Report(stage, isSuccessful), reports);
    }

    /// @inheritdoc IArtifactFacet
    function reportSuccessByWalletSig(
        bytes32 proposalId,
        uint256 stage,
        bool isSuccessful,
        WalletBallot[] calldata reports
    ) external returns (uint256 counted) {
        return ArtifactSignals.reportByWalletSig(proposalId, ArtifactSignals.Report(stage, isSuccessful), reports);
    }

    /// @inheritdoc IArtifactFacet
    function overrideSuccess(bytes32 proposalId, uint256 seat) external {
        ArtifactSignals.overrideSuccess(proposalId, seat);
    }

    /// @inheritdoc IArtifactFacet
    function overrideSuccessBySig(bytes32 proposalId, Ballot[] calldata votes) external returns (uint256 counted) {
        return ArtifactSignals.overrideBySig(proposalId, votes);
    }

    /// @inheritdoc IArtifactFacet
    function overrideSuccessByWalletSig(
        bytes32 proposalId,
        WalletBallot[] calldata votes
    ) external returns (uint256 counted) {
        return ArtifactSignals.overrideByWalletSig(proposalId, votes);
    }

    /// @inheritdoc IArtifactFacet
    function invalidateOrphan(bytes32 proposalId) external locked {
        Parents.invalidateOrphan(proposalId);
    }

    /// @inheritdoc IArtifactFacet
    function artifactOf(bytes32 proposalId) external view returns (ArtifactView memory facts) {
        return ArtifactSignals.viewOf(proposalId);
    }

    /// @inheritdoc IArtifactFacet
    function compatibilityOf(bytes32 proposalId) external view returns (Compatibility memory window) {
        return Parents.compatibilityOf(proposalId);
    }

    /// @inheritdoc IArtifactFacet
    function hasAdvertised(bytes32 proposalId, uint256 seat) external view returns (bool) {
        return Artifacts.load(proposalId).hasAdvertised.isSet(seat);
    }

    /// @inheritdoc IArtifactFacet
    function hasReported(bytes32 proposalId, uint256 stage, uint256 seat) external view returns (bool) {
        return Artifacts.load(proposalId).reports[stage].hasReported.isSet(seat);
    }

    /// @inheritdoc IArtifactFacet
    function hasOverridden(bytes32 proposalId, uint256 seat) external view returns (bool) {
        return Artifacts.load(proposalId).hasOverridden.isSet(seat);
    }
}
