// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Artifacts} from "./Artifacts.sol";
import {Category, Invariant} from "../../types/Invariant.sol";
import {Containments} from "./Containments.sol";
import {Conditions} from "./Conditions.sol";
import {Ending, Proposal} from "../storage/ProposalStorage.sol";
import {Plan, PlanClass, Rollback, Stage, Target} from "../../types/Plan.sol";
import {IFeatureFlagFacet} from "../interfaces/IModules.sol";
import {InvariantResult} from "../interfaces/IInvariants.sol";
import {Gates} from "./Gates.sol";
import {Intervals} from "./Intervals.sol";
import {Invariants} from "./Invariants.sol";
import {ModuleStorage} from "../storage/ModuleStorage.sol";
import {Modules} from "./Modules.sol";
import {Operations} from "./Operations.sol";
import {Parents} from "./Parents.sol";
import {Pins} from "./Pins.sol";
import {PlanRules} from "./PlanRules.sol";
import {Probes} from "./Probes.sol";
import {ProposalState, ProposalStatus, RollbackReason} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {ResponseStorage} from "../storage/ResponseStorage.sol";
import {RightKind} from "../../types/Condition.sol";

/// @notice Execution: one stage, or one way back, in one transaction or not at all. The caller holds the lock.
library Stages {
    using Modules for ModuleStorage.Layout;

    error NotYet(bytes32 proposalId, uint256 notBefore, uint256 timestamp);
    error InsufficientGas(uint256 required, uint256 available);
    /// @notice The stage broke an invariant, or its probe gave no word.
    error InvariantViolated(bytes32 invariant, uint256 left, uint256 right, bool isAvailable);
    /// @notice The last dwell is over: the plan can only complete.
    error RollbackClosed(bytes32 proposalId, uint256 notBefore, uint256 timestamp);
    /// @notice Value was sent along with a completion, which calls nobody.
    error ValueUnused(uint256 value);

    event StageAdvanced(bytes32 indexed proposalId, uint256 indexed stage, uint64 notBefore, uint64 notAfter);
    event PlanCompleted(bytes32 indexed proposalId);
    /// @param statement The council's own words; empty where anyone took the plan back.
    event PlanRolledBack(
        bytes32 indexed proposalId,
        uint256 indexed rollback,
        uint256 stagesUndone,
        address indexed by,
        RollbackReason reason,
        string statement
    );
    /// @notice An invariant that a rollback reports and does not enforce, as it stood after it.
    event InvariantReported(
        bytes32 indexed proposalId,
        bytes32 indexed invariant,
        bool isOk,
        uint256 left,
        uint256 right
    );

    /// @notice Runs the next stage, or completes the plan when its last dwell is over.
    function advance(Plan calldata plan) internal {
        bytes32 proposalId = Proposals.idOfProposed(plan);
        Proposal storage proposal = Proposals.load(proposalId);
        ProposalStatus memory status = Proposals.statusOf(proposalId);
        if (status.isHalted) revert Proposals.ProposalHalted(proposalId);
        if (status.state != ProposalState.Scheduled && status.state != ProposalState.InProgress) {
            revert Proposals.ProposalInState(
                proposalId,
                status.state,
                status.nextStage == 0 ? ProposalState.Scheduled : ProposalState.InProgress
            );
        }
        if (block.timestamp < status.notBefore) revert NotYet(proposalId, status.notBefore, block.timestamp);
        if (status.nextStage == status.stageCount) {
            if (msg.value != 0) revert ValueUnused(msg.value);
            return _complete(plan, proposalId, proposal);
        }

        if (plan.containments.length != 0) Containments.requireNone(proposalId);
        Stage calldata stage = plan.stages[status.nextStage];
        // Before the first stage the modules are free and at their base version; from then on they are this plan's.
        ModuleStorage.state().checkTargets(plan.targets, status.nextStage == 0 ? bytes32(0) : proposalId);
        ModuleStorage.state().checkReach(stage.calls, plan.targets, proposalId);
        _checkRequirements(plan.targets, status.nextStage == 0);
        bool isStandard = plan.planClass == PlanClass.Standard;
        if (isStandard) PlanRules.checkScope(stage.calls);
        if (status.nextStage == 0) {
            if (plan.planClass != PlanClass.Emergency) Intervals.check(Proposals.modulesOf(proposal));
            // A plan does not begin with a way back, or a containment, that is broken already.
            for (uint256 i; i < plan.rollbacks.length; ++i) {
                Pins.check(plan.rollbacks[i].pins);
                if (isStandard) PlanRules.checkScope(plan.rollbacks[i].calls);
            }
            for (uint256 i; i < plan.containments.length; ++i) {
                Pins.check(plan.containments[i].pins);
                if (isStandard) PlanRules.checkScope(plan.containments[i].calls);
            }
            ModuleStorage.state().acquire(Proposals.modulesOf(proposal), proposalId);
        }
        Pins.check(stage.pins);
        Parents.checkAdvanced(plan.artifact.parentPlan, status.nextStage == 0);
        Gates.check(proposalId, stage.gates);
        uint256[] memory before = _wordsBefore(stage.invariants, true);
        if (gasleft() < stage.minGas) revert InsufficientGas(stage.minGas, gasleft());

        Operations.execute(proposalId, status.nextStage, stage.calls);

        Pins.check(stage.pins);
        for (uint256 i; i < stage.invariants.length; ++i) {
            _requireInvariant(proposal, stage.invariants[i], before[i]);
        }
        uint16 executed = ++proposal.nextStage;
        proposal.notBefore = uint40(block.timestamp + stage.dwell);
        proposal.notAfter = proposal.notBefore + uint40(plan.executionWindow);
        proposal.haltMark = uint40(block.timestamp);
        emit StageAdvanced(proposalId, executed - 1, proposal.notBefore, proposal.notAfter);
        if (executed == status.stageCount) Artifacts.markUpgraded(proposalId, plan.artifact);
        if (executed == status.stageCount && stage.dwell == 0) _complete(plan, proposalId, proposal);
    }

    /// @notice Undoes the stages executed so far. Who may call when is the facet's question; halts do not stop it, and
    /// it checks its own pins only.
    function rollback(Plan calldata plan, bytes32 proposalId, RollbackReason reason, string memory statement) internal {
        Proposal storage proposal = Proposals.load(proposalId);
        ProposalStatus memory status = requireRollbackable(proposalId);
        uint256 index = PlanRules.rollbackFor(plan, status.nextStage - 1);
        Rollback calldata way = plan.rollbacks[index];
        Pins.check(way.pins);
        if (gasleft() < way.minGas) revert InsufficientGas(way.minGas, gasleft());
        uint256[] memory before = _wordsBefore(way.invariants, false);
        bool[] memory held = _heldBefore(proposal, way.invariants, before);

        Operations.execute(proposalId, Operations.ROLLBACK_TAG | index, way.calls);

        Pins.check(way.pins);
        for (uint256 i; i < way.invariants.length; ++i) {
            _reportInvariant(proposalId, proposal, way.invariants[i], before[i], held[i]);
        }
        proposal.ending = Ending.RolledBack;
        ResponseStorage.state().responses[proposalId].rollbackReason = reason;
        ModuleStorage.state().release(Proposals.modulesOf(proposal), proposalId);
        Operations.cancelAll(plan, proposalId, status.nextStage);
        emit PlanRolledBack(proposalId, index, status.nextStage, msg.sender, reason, statement);
    }

    /// @notice Why anyone may take a stalled plan back.
    function stallReasonOf(bytes32 proposalId) internal view returns (RollbackReason) {
        Proposal storage proposal = Proposals.load(proposalId);
        if (proposal.ending == Ending.Vetoed) return RollbackReason.Veto;
        if (proposal.ending == Ending.Invalidated) return RollbackReason.Invalidated;
        if (proposal.isBreached) return RollbackReason.Breach;
        // After the last stage there is no window that could lapse.
        return proposal.nextStage == proposal.stageCount ? RollbackReason.Reports : RollbackReason.Window;
    }

    /// @notice Reverts unless there are stages to undo, and the way back is open.
    function requireRollbackable(bytes32 proposalId) internal view returns (ProposalStatus memory status) {
        return requireUndoable(proposalId, ProposalState.Stalled);
    }

    /// @notice The same for whatever only makes sense while the plan can still be taken back; `expected` is what a refusal
    /// names.
    function requireUndoable(
        bytes32 proposalId,
        ProposalState expected
    ) internal view returns (ProposalStatus memory status) {
        status = Proposals.statusOf(proposalId);
        if (status.state != ProposalState.InProgress && status.state != ProposalState.Stalled) {
            revert Proposals.ProposalInState(proposalId, status.state, expected);
        }
        requireOpen(proposalId, status);
    }

    /// @notice Reverts where only completion is left.
    function requireOpen(bytes32 proposalId, ProposalStatus memory status) internal view {
        if (Proposals.isRollbackClosed(status)) {
            revert RollbackClosed(proposalId, status.notBefore, block.timestamp);
        }
    }

    /// @dev Asked of another facet: most modules require nothing.
    function _checkRequirements(Target[] calldata targets, bool isFirst) private view {
        for (uint256 i; i < targets.length; ++i) {
            bytes32 module = targets[i].module;
            if (!ModuleStorage.state().modules[module].hasRequirements) continue;
            IFeatureFlagFacet(address(this)).checkRequirements(module, isFirst);
        }
    }

    function _complete(Plan calldata plan, bytes32 proposalId, Proposal storage proposal) private {
        proposal.ending = Ending.Completed;
        ModuleStorage.state().release(Proposals.modulesOf(proposal), proposalId);
        Operations.cancelAll(plan, proposalId, plan.stages.length);
        emit PlanCompleted(proposalId);
    }

    /// @dev Left words of `Before` conditions; zero elsewhere. A rollback goes on without a word (`isStrict == false`): what
    /// the candidate made unreadable must not block the way back from it.
    function _wordsBefore(bytes32[] calldata ids, bool isStrict) private view returns (uint256[] memory words) {
        words = new uint256[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            Invariant memory invariant = Invariants.read(ids[i]);
            if (invariant.condition.rightKind != RightKind.Before) continue;
            bool isAvailable;
            (isAvailable, words[i]) = Probes.read(invariant.condition.left);
            if (!isAvailable && isStrict) revert InvariantViolated(ids[i], 0, 0, false);
        }
    }

    function _evaluate(
        Proposal storage proposal,
        bytes32 id,
        uint256 wordBefore
    ) private view returns (InvariantResult memory result, Category category) {
        Invariant memory invariant = Invariants.read(id);
        bool isBefore = invariant.condition.rightKind == RightKind.Before;
        result = Conditions.evaluate(invariant.condition, true, isBefore ? wordBefore : proposal.baselines[id]);
        category = invariant.category;
    }

    function _requireInvariant(Proposal storage proposal, bytes32 id, uint256 wordBefore) private view {
        (InvariantResult memory result, ) = _evaluate(proposal, id, wordBefore);
        if (!result.isOk) revert InvariantViolated(id, result.left, result.right, result.isAvailable);
    }

    function _heldBefore(
        Proposal storage proposal,
        bytes32[] calldata ids,
        uint256[] memory before
    ) private view returns (bool[] memory held) {
        held = new bool[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            // What could not block is not read twice: a candidate could make each reading cost all of a probe's gas.
            if (!Invariants.isBlocking(Invariants.read(ids[i]).category)) continue;
            (InvariantResult memory result, ) = _evaluate(proposal, ids[i], before[i]);
            held[i] = result.isOk;
        }
    }

    /// @dev A rollback is refused only for breaking, itself, who owns the module or which code it runs. What was broken
    /// before it, and everything about assets, is reported: a broken invariant must not block the way back from it.
    function _reportInvariant(
        bytes32 proposalId,
        Proposal storage proposal,
        bytes32 id,
        uint256 wordBefore,
        bool hasHeld
    ) private {
        (InvariantResult memory result, Category category) = _evaluate(proposal, id, wordBefore);
        if (Invariants.isBlocking(category) && hasHeld && !result.isOk) {
            revert InvariantViolated(id, result.left, result.right, result.isAvailable);
        }
        emit InvariantReported(proposalId, id, result.isOk, result.left, result.right);
    }
}
