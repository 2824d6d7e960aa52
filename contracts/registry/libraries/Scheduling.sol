// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Attestations} from "./Attestations.sol";
import {ClassPolicy} from "../../types/Policy.sol";
import {CoSigns} from "./CoSigns.sol";
import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {Electorates} from "./Electorates.sol";
import {Fraction} from "../../types/Fraction.sol";
import {ModuleStorage} from "../storage/ModuleStorage.sol";
import {Modules} from "./Modules.sol";
import {Operations} from "./Operations.sol";
import {Parents} from "./Parents.sol";
import {Pins} from "./Pins.sol";
import {Plan} from "../../types/Plan.sol";
import {Policies} from "./Policies.sol";
import {Proposal} from "../storage/ProposalStorage.sol";
import {ProposalState, ProposalStatus} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice The step from "agreed" to "will happen at": once, by anyone, when reviewers have attested and operators are
/// ready.
library Scheduling {
    using Modules for ModuleStorage.Layout;

    error NotReady(bytes32 proposalId, uint256 readyPower, uint256 total, uint32 numerator, uint32 denominator);

    /// @notice All stages, rollbacks and containments are in the timelock; the first stage is possible from `eta` to `notAfter`.
    event ProposalScheduled(bytes32 indexed proposalId, uint64 eta, uint64 notAfter);

    function schedule(Plan calldata plan) internal {
        bytes32 proposalId = Proposals.idOfProposed(plan);
        Proposal storage proposal = Proposals.load(proposalId);
        ProposalStatus memory status = Proposals.statusOf(proposalId);
        if (status.state != ProposalState.Approved) {
            revert Proposals.ProposalInState(proposalId, status.state, ProposalState.Approved);
        }
        if (status.isHalted) revert Proposals.ProposalHalted(proposalId);
        ClassPolicy memory policy = Policies.policyAt(proposal.policyRow);
        Attestations.requireAll(proposalId, proposal, policy);
        _checkReadiness(proposalId, proposal, plan.readiness.threshold);
        CoSigns.requireCoSigned(proposalId, plan.planClass);
        Parents.checkScheduled(plan.artifact.parentPlan);
        ModuleStorage.state().checkTargets(plan.targets, 0);
        _checkCode(plan);

        uint256 delay = TimelockController(payable(ConfigStorage.state().timelock)).getMinDelay();
        if (delay > Operations.MAX_DELAY) revert Operations.DelayTooLong(delay, Operations.MAX_DELAY);
        if (delay < policy.delay) delay = policy.delay;
        if (delay < plan.readiness.schedulingWindow) delay = plan.readiness.schedulingWindow;
        uint40 eta = uint40(block.timestamp + delay);
        uint40 notAfter = eta + uint40(plan.executionWindow);
        proposal.scheduledAt = uint40(block.timestamp);
        proposal.scheduledAtBlock = uint40(block.number);
        proposal.eta = eta;
        proposal.notBefore = eta;
        proposal.notAfter = notAfter;
        proposal.haltMark = uint40(block.timestamp);

        // All at once: a canary step, a rollback or a containment never waits for a second delay.
        for (uint256 i; i < plan.stages.length; ++i) {
            Operations.schedule(proposalId, i, plan.stages[i].calls, delay);
        }
        for (uint256 i; i < plan.rollbacks.length; ++i) {
            Operations.schedule(proposalId, Operations.ROLLBACK_TAG | i, plan.rollbacks[i].calls, delay);
        }
        for (uint256 i; i < plan.containments.length; ++i) {
            Operations.schedule(proposalId, Operations.CONTAINMENT_TAG | i, plan.containments[i].calls, delay);
        }
        emit ProposalScheduled(proposalId, eta, notAfter);
    }

    function _checkReadiness(bytes32 proposalId, Proposal storage proposal, Fraction calldata threshold) private view {
        // Always met, and the electorate need not be read.
        if (threshold.numerator == 0) return;
        uint256 total = Electorates.wholeOf(proposal);
        if (!threshold.isMetBy(proposal.readyPower, total)) {
            revert NotReady(proposalId, proposal.readyPower, total, threshold.numerator, threshold.denominator);
        }
    }

    /// @dev Every pin of every batch holds now, so that a later mismatch proves a change: stages deploy nothing. Each called
    /// account is pinned, so each has code of its own too.
    function _checkCode(Plan calldata plan) private view {
        for (uint256 i; i < plan.stages.length; ++i) {
            Pins.checkAtSchedule(plan.stages[i].pins);
        }
        for (uint256 i; i < plan.rollbacks.length; ++i) {
            Pins.checkAtSchedule(plan.rollbacks[i].pins);
        }
        for (uint256 i; i < plan.containments.length; ++i) {
            Pins.checkAtSchedule(plan.containments[i].pins);
        }
    }
}
