// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Artifact, Plan} from "../../types/Plan.sol";
import {ArtifactStorage, Count, Release} from "../storage/ArtifactStorage.sol";
import {ClassPolicy} from "../../types/Policy.sol";
import {Electorates} from "./Electorates.sol";
import {Policies} from "./Policies.sol";
import {Proposal} from "../storage/ProposalStorage.sol";

/// @notice The node program that goes with a plan: what is kept of it, and whether electors found that it works.
library Artifacts {
    /// @notice The plan names no artifact, so nobody can run it.
    error ArtifactMissing(bytes32 proposalId);
    /// @notice Reports are asked for within the last dwell, while there is a way back: from a minute to all of it.
    error SuccessDeadlineInvalid(uint256 deadline, uint256 dwell);

    /// @notice From now on the plan can complete; `isByReports` is false where the electorate overrode them.
    event SuccessSettled(bytes32 indexed proposalId, bool isByReports);

    uint256 private constant MIN_DEADLINE = 1 minutes;

    /// @notice What a plan may say about its artifact.
    function check(Plan calldata plan) internal pure {
        Artifact calldata artifact = plan.artifact;
        if (artifact.successThreshold.numerator == 0) {
            if (artifact.successDeadline != 0) revert SuccessDeadlineInvalid(artifact.successDeadline, 0);
        } else {
            if (bytes(artifact.version).length == 0) revert ArtifactMissing(0);
            artifact.successThreshold.checkProper();
            uint256 dwell = plan.stages[plan.stages.length - 1].dwell;
            if (artifact.successDeadline < MIN_DEADLINE || artifact.successDeadline > dwell) {
                revert SuccessDeadlineInvalid(artifact.successDeadline, dwell);
            }
        }
    }

    /// @notice Keeps the facts that later steps need without the plan.
    function keep(bytes32 proposalId, Artifact calldata artifact) internal {
        Release storage self = load(proposalId);
        if (bytes(artifact.version).length != 0) {
            self.versionHash = keccak256(bytes(artifact.version));
            self.protocolVersion = artifact.protocolVersion;
            self.successDeadline = uint48(artifact.successDeadline);
            self.successThreshold = artifact.successThreshold;
        }
        if (artifact.graceBlocks != 0) self.graceBlocks = artifact.graceBlocks;
        if (artifact.parentPlan != 0) self.parentPlan = artifact.parentPlan;
    }

    /// @notice Keeps when the last stage ran, from which the grace period is counted.
    function markUpgraded(bytes32 proposalId, Artifact calldata artifact) internal {
        if (artifact.graceBlocks != 0) load(proposalId).upgradedAtBlock = uint48(block.number);
    }

    function load(bytes32 proposalId) internal view returns (Release storage) {
        return ArtifactStorage.state().releases[proposalId];
    }

    /// @notice Whether a plan whose stages have all run asked for reports of success, and by its deadline had too few of
    /// them, and no override. Once true it stays true: nothing settles it after the deadline, and halted time runs no
    /// faster than the clock.
    function hasFailed(
        bytes32 proposalId,
        Proposal storage proposal,
        uint256 haltedSeconds
    ) internal view returns (bool) {
        Release storage self = load(proposalId);
        if (self.successDeadline == 0 || self.isSettled) return false;
        return block.timestamp >= reportBy(self, proposal, haltedSeconds);
    }

    /// @notice First second in which reports no longer decide. The caller knows that every stage has run.
    function reportBy(
        Release storage self,
        Proposal storage proposal,
        uint256 haltedSeconds
    ) internal view returns (uint256) {
        return proposal.haltMark + self.successDeadline + haltedSeconds;
    }

    /// @notice Keeps that the outcome is decided for the upgrade.
    function settle(bytes32 proposalId, Proposal storage proposal) internal {
        Release storage self = load(proposalId);
        if (self.isSettled || self.successDeadline == 0) return;
        uint256 total = Electorates.wholeOf(proposal);
        // Reports about earlier stages tell nothing of what the last one did.
        bool isByReports =
            proposal.nextStage == proposal.stageCount && isSuccessful(self, proposal.stageCount - 1, total);
        if (!isByReports && !isOverridden(self, Policies.policyAt(proposal.policyRow), total)) return;
        self.isSettled = true;
        emit SuccessSettled(proposalId, isByReports);
    }

    function isSuccessful(Release storage self, uint256 stage, uint256 total) internal view returns (bool) {
        return self.successThreshold.isMetBy(self.reports[stage].succeeded.power, total);
    }

    /// @notice Whether the electorate keeps the upgrade although too few report success. It takes what the plan took to
    /// be approved, and at least one seat.
    function isOverridden(Release storage self, ClassPolicy memory policy, uint256 total) internal view returns (bool) {
        Count memory count = self.overridden;
        return
            count.seats != 0 &&
            count.seats >= policy.minVoters &&
            policy.quorum.isMetBy(count.power, total) &&
            policy.approval.isMetBy(count.power, total);
    }
}
