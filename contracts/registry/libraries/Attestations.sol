// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AttestationKind} from "../interfaces/IEvidence.sol";
import {CitedEvidence} from "../../types/Evidence.sol";
import {ClassPolicy} from "../../types/Policy.sol";
import {EvidenceRules} from "./EvidenceRules.sol";
import {EvidenceStorage} from "../storage/EvidenceStorage.sol";
import {Proposal} from "../storage/ProposalStorage.sol";
import {ProposalState} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {Roles} from "./Roles.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Signed statements about a plan, until it is scheduled: reviewers on payload and rehearsal, maintainers on the
/// node artifact, auditors on the code.
library Attestations {
    error AlreadyAttested(bytes32 proposalId, AttestationKind kind, address attester);
    /// @notice Nobody attests a plan of his own.
    error AttesterIsProposer(bytes32 proposalId, address attester);
    /// @notice What was attested is not what the plan cites: report, artifact hash.
    error EvidenceMismatch(bytes32 proposalId, bytes32 expected, bytes32 actual);
    /// @notice An attestation without a report says nothing.
    error ReportMissing(bytes32 proposalId, AttestationKind kind);
    /// @notice The plan has no artifact, or names no rehearsal.
    error NothingToAttest(bytes32 proposalId, AttestationKind kind);
    /// @notice A rehearsal is attested by `attestRehearsal`, which says when it ended, and nothing else is.
    error AttestationKindInvalid(AttestationKind kind);
    /// @notice The rehearsal ended too late before the proposal, or too long ago (seconds since the epoch).
    error RehearsalTimeOutOfBounds(bytes32 proposalId, uint256 completedAt, uint256 earliest, uint256 latest);
    /// @notice The attester is a contract, and it does not stand behind the signature (ERC-1271).
    error AttestationInvalid(bytes32 proposalId, AttestationKind kind, address attester);
    error AttestationsMissing(bytes32 proposalId, AttestationKind kind, uint256 have, uint256 need);

    event Attested(
        bytes32 indexed proposalId,
        address indexed attester,
        AttestationKind indexed kind,
        bytes32 reportHash
    );
    /// @notice The attester vouches that the plan was carried out on the other network, and ended there at `completedAt`.
    event RehearsalAttested(
        bytes32 indexed proposalId,
        address indexed attester,
        uint64 chainId,
        bytes32 rehearsalProposal,
        uint64 completedAt
    );

    bytes32 internal constant ATTESTATION_TYPEHASH = keccak256(
        "Attestation(bytes32 proposalId,uint8 kind,bytes32 reportHash)"
    );
    bytes32 internal constant REHEARSAL_TYPEHASH = keccak256(
        "Rehearsal(bytes32 proposalId,uint64 chainId,bytes32 rehearsalProposal,uint64 completedAt)"
    );

    function attest(bytes32 proposalId, AttestationKind kind, bytes32 reportHash) internal {
        _checkReport(_open(proposalId), proposalId, kind, reportHash);
        _attest(proposalId, kind, msg.sender);
        emit Attested(proposalId, msg.sender, kind, reportHash);
    }

    function attestBySig(
        bytes32 proposalId,
        AttestationKind kind,
        bytes32 reportHash,
        bytes[] calldata signatures
    ) internal {
        _checkReport(_open(proposalId), proposalId, kind, reportHash);
        bytes32 digest = Proposals.digestOf(keccak256(abi.encode(ATTESTATION_TYPEHASH, proposalId, kind, reportHash)));
        for (uint256 i; i < signatures.length; ++i) {
            (address attester, bool isCounted) = _attesterOf(proposalId, kind, digest, signatures[i]);
            // Whoever submits one signature ahead must not void the batch it is part of.
            if (isCounted) continue;
            _attest(proposalId, kind, attester);
            emit Attested(proposalId, attester, kind, reportHash);
        }
    }

    function attestRehearsal(bytes32 proposalId, uint64 completedAt) internal {
        CitedEvidence storage cited = _openRehearsal(proposalId, completedAt);
        _attest(proposalId, AttestationKind.Rehearsal, msg.sender);
        emit RehearsalAttested(proposalId, msg.sender, cited.rehearsalChainId, cited.rehearsalProposal, completedAt);
    }

    function attestRehearsalBySig(bytes32 proposalId, uint64 completedAt, bytes[] calldata signatures) internal {
        CitedEvidence storage cited = _openRehearsal(proposalId, completedAt);
        uint64 chainId = cited.rehearsalChainId;
        bytes32 rehearsal = cited.rehearsalProposal;
        bytes32 digest = Proposals.digestOf(
            keccak256(abi.encode(REHEARSAL_TYPEHASH, proposalId, chainId, rehearsal, completedAt))
        );
        for (uint256 i; i < signatures.length; ++i) {
            (address attester, bool isCounted) = _attesterOf(
                proposalId,
                AttestationKind.Rehearsal,
                digest,
                signatures[i]
            );
            if (isCounted) continue;
            _attest(proposalId, AttestationKind.Rehearsal, attester);
            emit RehearsalAttested(proposalId, attester, chainId, rehearsal, completedAt);
        }
    }

    /// @notice Reverts unless every kind that the plan's class asks for has its number. Kinds do not stand in for each other.
    function requireAll(bytes32 proposalId, Proposal storage proposal, ClassPolicy memory policy) internal view {
        _require(proposalId, AttestationKind.Integrity, proposal.integrityAttestations, policy.integrityAttestations);
        _require(
            proposalId,
            AttestationKind.Simulation,
            proposal.simulationAttestations,
            policy.simulationAttestations
        );
        CitedEvidence storage cited = EvidenceStorage.state().cited[proposalId];
        if (policy.auditAttestations != 0) {
            _require(proposalId, AttestationKind.Audit, cited.auditAttestations, policy.auditAttestations);
        }
        if (policy.artifactAttestations != 0 && cited.artifactHash != 0) {
            _require(proposalId, AttestationKind.Artifact, cited.artifactAttestations, policy.artifactAttestations);
        }
        if (cited.rehearsalChainId != 0) {
            uint256 need = policy.rehearsalAttestations == 0 ? 1 : policy.rehearsalAttestations;
            _require(proposalId, AttestationKind.Rehearsal, cited.rehearsalAttestations, need);
        }
    }

    /// @dev A key's signature is 65 bytes. A contract's is its address, then what it takes for one (ERC-1271). A contract
    /// that attested before is not asked again: its owners may be others by now.
    function _attesterOf(
        bytes32 proposalId,
        AttestationKind kind,
        bytes32 digest,
        bytes calldata signature
    ) private view returns (address attester, bool isCounted) {
        mapping(address => bool) storage attested = Proposals.load(proposalId).attested[uint8(kind)];
        attester = Signatures.signerOf(digest, signature);
        if (attested[attester]) return (attester, true);
        bytes32 role = _roleOf(kind);
        if (Roles.has(role, attester)) return (attester, false);
        (address named, bytes calldata own) = Signatures.walletIn(signature);
        if (attested[named]) return (named, true);
        if (!Roles.has(role, named)) return (attester == address(0) ? named : attester, false);
        if (!Signatures.isSignedBy(named, digest, own)) revert AttestationInvalid(proposalId, kind, named);
        return (named, false);
    }

    /// @dev One role a kind, so that no key of one kind gives a statement of another.
    function _roleOf(AttestationKind kind) private pure returns (bytes32) {
        if (kind == AttestationKind.Artifact) return Roles.MAINTAINER;
        return kind == AttestationKind.Audit ? Roles.AUDITOR : Roles.ATTESTER;
    }

    function _attest(bytes32 proposalId, AttestationKind kind, address attester) private {
        Roles.checkHolder(_roleOf(kind), attester);
        Proposal storage proposal = Proposals.load(proposalId);
        if (attester == proposal.proposer) revert AttesterIsProposer(proposalId, attester);
        if (proposal.attested[uint8(kind)][attester]) revert AlreadyAttested(proposalId, kind, attester);
        proposal.attested[uint8(kind)][attester] = true;
        CitedEvidence storage cited = EvidenceStorage.state().cited[proposalId];
        if (kind == AttestationKind.Integrity) ++proposal.integrityAttestations;
        else if (kind == AttestationKind.Simulation) ++proposal.simulationAttestations;
        else if (kind == AttestationKind.Artifact) ++cited.artifactAttestations;
        else if (kind == AttestationKind.Audit) ++cited.auditAttestations;
        else ++cited.rehearsalAttestations;
    }

    function _open(bytes32 proposalId) private view returns (Proposal storage proposal) {
        proposal = Proposals.load(proposalId);
        ProposalState state = Proposals.statusOf(proposalId).state;
        if (state != ProposalState.Voting && state != ProposalState.Approved) {
            revert Proposals.ProposalInState(proposalId, state, ProposalState.Approved);
        }
    }

    function _openRehearsal(bytes32 proposalId, uint64 completedAt) private view returns (CitedEvidence storage cited) {
        uint256 proposedAt = _open(proposalId).proposedAt;
        cited = EvidenceStorage.state().cited[proposalId];
        if (cited.rehearsalChainId == 0) revert NothingToAttest(proposalId, AttestationKind.Rehearsal);
        uint256 earliest = proposedAt - EvidenceRules.MAX_AGE;
        uint256 latest = proposedAt - cited.minAge;
        if (completedAt < earliest || completedAt > latest) {
            revert RehearsalTimeOutOfBounds(proposalId, completedAt, earliest, latest);
        }
    }

    function _checkReport(
        Proposal storage proposal,
        bytes32 proposalId,
        AttestationKind kind,
        bytes32 reportHash
    ) private view {
        if (kind == AttestationKind.Rehearsal) revert AttestationKindInvalid(kind);
        if (reportHash == 0) revert ReportMissing(proposalId, kind);
        bytes32 expected = reportHash;
        if (kind == AttestationKind.Simulation) {
            expected = proposal.reportHash;
        } else if (kind == AttestationKind.Artifact) {
            expected = EvidenceStorage.state().cited[proposalId].artifactHash;
            if (expected == 0) revert NothingToAttest(proposalId, kind);
        }
        if (reportHash != expected) revert EvidenceMismatch(proposalId, expected, reportHash);
    }

    function _require(bytes32 proposalId, AttestationKind kind, uint256 have, uint256 need) private pure {
        if (have < need) revert AttestationsMissing(proposalId, kind, have, need);
    }
}
