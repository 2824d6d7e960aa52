// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AttestationKind} from "../interfaces/IUpgradeRegistry.sol";
import {Proposal} from "../storage/ProposalStorage.sol";
import {ProposalState} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {Roles} from "./Roles.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Reviewers' signed statements, until the plan is scheduled.
library Attestations {
    error AlreadyAttested(bytes32 proposalId, AttestationKind kind, address attester);
    /// @notice Nobody attests a plan of his own.
    error AttesterIsProposer(bytes32 proposalId, address attester);
    /// @notice The report attested is not the one the plan cites.
    error EvidenceMismatch(bytes32 proposalId, bytes32 expected, bytes32 actual);

    event Attested(
        bytes32 indexed proposalId,
        address indexed attester,
        AttestationKind indexed kind,
        bytes32 reportHash
    );

    bytes32 internal constant ATTESTATION_TYPEHASH = keccak256(
        "Attestation(bytes32 proposalId,uint8 kind,bytes32 reportHash)"
    );

    function attest(bytes32 proposalId, AttestationKind kind, bytes32 reportHash) internal {
        _attest(_open(proposalId, kind, reportHash), proposalId, kind, reportHash, msg.sender);
    }

    function attestBySig(
        bytes32 proposalId,
        AttestationKind kind,
        bytes32 reportHash,
        bytes[] calldata signatures
    ) internal {
        Proposal storage proposal = _open(proposalId, kind, reportHash);
        bytes32 digest = Proposals.digestOf(keccak256(abi.encode(ATTESTATION_TYPEHASH, proposalId, kind, reportHash)));
        for (uint256 i; i < signatures.length; ++i) {
            address attester = Signatures.signerOf(digest, signatures[i]);
            // Whoever submits one signature ahead must not void the batch it is part of.
            if (proposal.attested[uint8(kind)][attester]) continue;
            _attest(proposal, proposalId, kind, reportHash, attester);
        }
    }

    function _attest(
        Proposal storage proposal,
        bytes32 proposalId,
        AttestationKind kind,
        bytes32 reportHash,
        address attester
    ) private {
        if (!Roles.has(Roles.ATTESTER, attester)) revert Roles.Unauthorized(attester, Roles.ATTESTER);
        if (attester == proposal.proposer) revert AttesterIsProposer(proposalId, attester);
        if (proposal.attested[uint8(kind)][attester]) revert AlreadyAttested(proposalId, kind, attester);
        proposal.attested[uint8(kind)][attester] = true;
        if (kind == AttestationKind.Integrity) ++proposal.integrityAttestations;
        else ++proposal.simulationAttestations;
        emit Attested(proposalId, attester, kind, reportHash);
    }

    function _open(
        bytes32 proposalId,
        AttestationKind kind,
        bytes32 reportHash
    ) private view returns (Proposal storage proposal) {
        proposal = Proposals.load(proposalId);
        ProposalState state = Proposals.statusOf(proposalId).state;
        if (state != ProposalState.Voting && state != ProposalState.Approved) {
            revert Proposals.ProposalInState(proposalId, state, ProposalState.Approved);
        }
        if (kind == AttestationKind.Simulation && reportHash != proposal.reportHash) {
            revert EvidenceMismatch(proposalId, proposal.reportHash, reportHash);
        }
    }
}
