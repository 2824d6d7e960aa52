// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Artifact, Evidence, MigrationKind, Plan, PlanClass} from "../../types/Plan.sol";
import {Artifacts} from "./Artifacts.sol";
import {CitedEvidence} from "../../types/Evidence.sol";
import {ClassPolicy} from "../../types/Policy.sol";
import {EvidenceStorage} from "../storage/EvidenceStorage.sol";
import {Parents} from "./Parents.sol";
import {Policies} from "./Policies.sol";
import {ProposalStorage} from "../storage/ProposalStorage.sol";

/// @notice What a plan cites besides the report: the node artifact that goes with it, a parent plan, a rehearsal on another
/// network.
library EvidenceRules {
    /// @notice A node artifact has a version and a hash, or neither.
    error ArtifactIncomplete();
    /// @notice Only `propose` cites.
    error NotRegistry(address caller);
    /// @notice A migration that brings code of its own belongs in a plan of class Critical or Emergency.
    error MigrationNeedsCritical(MigrationKind migration);
    /// @notice A rehearsal names another network and a proposal there, or a plan names none.
    error RehearsalIncomplete();
    /// @notice The class asks for a rehearsal on another network, ended at least that many seconds before the proposal.
    error RehearsalMissing(uint256 minAge);
    error RehearsalAgeOutOfBounds(uint256 minAge, uint256 min, uint256 max);

    uint256 internal constant MAX_AGE = 365 days;

    /// @notice Whether there is anything to check: an ordinary plan cites nothing, and pays for nothing.
    function isNeeded(Plan calldata plan, ClassPolicy memory policy) internal pure returns (bool) {
        Evidence calldata evidence = plan.evidence;
        return
            policy.rehearsalAge != 0 ||
            bytes(plan.artifact.version).length != 0 ||
            !_isBlank(plan.artifact) ||
            plan.artifact.graceBlocks != 0 ||
            plan.artifact.parentPlan != 0 ||
            evidence.rehearsalChainId != 0 ||
            evidence.rehearsalProposal != 0 ||
            evidence.minAge != 0;
    }

    /// @notice Checks what the plan cites and keeps what reviewers will be held to.
    function cite(
        bytes32 proposalId,
        PlanClass planClass,
        Artifact calldata artifact,
        Evidence calldata evidence
    ) internal {
        if (msg.sender != address(this)) revert NotRegistry(msg.sender);
        CitedEvidence storage cited = EvidenceStorage.state().cited[proposalId];
        Parents.checkProposed(artifact.parentPlan);
        Artifacts.keep(proposalId, artifact);
        if (_checkArtifact(artifact, planClass)) cited.artifactHash = artifact.sha256Hash;
        if (!_checkRehearsal(evidence, _policyOf(proposalId).rehearsalAge)) return;
        cited.rehearsalProposal = evidence.rehearsalProposal;
        cited.rehearsalChainId = evidence.rehearsalChainId;
        cited.minAge = evidence.minAge;
    }

    function _policyOf(bytes32 proposalId) private view returns (ClassPolicy memory) {
        return Policies.policyAt(ProposalStorage.state().proposals[proposalId].policyRow);
    }

    function _checkArtifact(Artifact calldata artifact, PlanClass planClass) private pure returns (bool hasArtifact) {
        hasArtifact = bytes(artifact.version).length != 0;
        if (hasArtifact ? artifact.sha256Hash == 0 : !_isBlank(artifact)) revert ArtifactIncomplete();
        if (artifact.migration == MigrationKind.Wasm && planClass == PlanClass.Standard) {
            revert MigrationNeedsCritical(artifact.migration);
        }
    }

    function _isBlank(Artifact calldata artifact) private pure returns (bool) {
        return artifact.sha256Hash == 0 && artifact.protocolVersion == 0 && artifact.migration == MigrationKind.None;
    }

    function _checkRehearsal(Evidence calldata evidence, uint256 age) private view returns (bool hasRehearsal) {
        hasRehearsal = evidence.rehearsalChainId != 0;
        if (!hasRehearsal) {
            if (evidence.rehearsalProposal != 0 || evidence.minAge != 0) revert RehearsalIncomplete();
            if (age != 0) revert RehearsalMissing(age);
            return false;
        }
        if (evidence.rehearsalProposal == 0 || evidence.rehearsalChainId == block.chainid) {
            revert RehearsalIncomplete();
        }
        if (evidence.minAge < age || evidence.minAge > MAX_AGE) {
            revert RehearsalAgeOutOfBounds(evidence.minAge, age, MAX_AGE);
        }
    }
}
