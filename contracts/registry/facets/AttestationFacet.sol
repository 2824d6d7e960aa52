// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AttestationKind, IAttestationFacet} from "../interfaces/IEvidence.sol";
import {Attestations} from "../libraries/Attestations.sol";
import {Artifact, Evidence, PlanClass} from "../../types/Plan.sol";
import {CitedEvidence} from "../../types/Evidence.sol";
import {EvidenceRules} from "../libraries/EvidenceRules.sol";
import {EvidenceStorage} from "../storage/EvidenceStorage.sol";
import {Proposals} from "../libraries/Proposals.sol";

contract AttestationFacet is IAttestationFacet {
    /// @inheritdoc IAttestationFacet
    function attest(bytes32 proposalId, AttestationKind kind, bytes32 reportHash) external {
        Attestations.attest(proposalId, kind, reportHash);
    }

    /// @inheritdoc IAttestationFacet
    function attestBySig(
        bytes32 proposalId,
        AttestationKind kind,
        bytes32 reportHash,
        bytes[] calldata signatures
    ) external {
        Attestations.attestBySig(proposalId, kind, reportHash, signatures);
    }

    /// @inheritdoc IAttestationFacet
    function attestRehearsal(bytes32 proposalId, uint64 completedAt) external {
        Attestations.attestRehearsal(proposalId, completedAt);
    }

    /// @inheritdoc IAttestationFacet
    function attestRehearsalBySig(bytes32 proposalId, uint64 completedAt, bytes[] calldata signatures) external {
        Attestations.attestRehearsalBySig(proposalId, completedAt, signatures);
    }

    /// @inheritdoc IAttestationFacet
    function cite(
        bytes32 proposalId,
        PlanClass planClass,
        Artifact calldata artifact,
        Evidence calldata evidence
    ) external {
        EvidenceRules.cite(proposalId, planClass, artifact, evidence);
    }

    /// @inheritdoc IAttestationFacet
    function citedEvidenceOf(bytes32 proposalId) external view returns (CitedEvidence memory cited) {
        return EvidenceStorage.state().cited[proposalId];
    }

    /// @inheritdoc IAttestationFacet
    function hasAttested(bytes32 proposalId, AttestationKind kind, address attester) external view returns (bool) {
        return Proposals.load(proposalId).attested[uint8(kind)][attester];
    }
}
