// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Artifacts} from "./Artifacts.sol";
import {Call, Containment, Pin, Plan, PlanClass, Rollback, Stage} from "../../types/Plan.sol";
import {ClassPolicy} from "../../types/Policy.sol";
import {Containments} from "./Containments.sol";
import {Gates} from "./Gates.sol";
import {Invariant} from "../../types/Invariant.sol";
import {Invariants} from "./Invariants.sol";
import {ModuleStorage} from "../storage/ModuleStorage.sol";
import {Modules} from "./Modules.sol";
import {Pins} from "./Pins.sol";
import {RightKind} from "../../types/Condition.sol";
import {Probes} from "./Probes.sol";
import {Proposal} from "../storage/ProposalStorage.sol";

/// @notice What a plan must look like to be put to a vote. Everything here depends on the plan and on the registry's
/// present facts alone; what depends on other accounts' code is checked when the plan is scheduled.
library PlanRules {
    using Modules for ModuleStorage.Layout;

    error StageCountInvalid(uint256 count, uint256 max);
    error StageEmpty(uint256 stage);
    error RollbackEmpty(uint256 rollback);
    error RollbackRangeInvalid(uint256 rollback, uint16 from, uint16 to);
    /// @notice Each stage but a last one without dwell needs exactly one way back.
    error RollbackCoverage(uint256 stage, uint256 rollbacks);
    error DurationOutOfBounds(string field, uint256 actual, uint256 min, uint256 max);
    /// @notice The plan class demands a simulation attestation, and there is no report to attest.
    error EvidenceMissing();
    /// @notice A call to the registry or its timelock belongs in a plan of class Critical or Emergency.
    error CriticalClassRequired(address target);
    /// @notice A call runs the code of an account that its own batch does not pin. `batch` is the field of the plan and `index`
    /// the place in it.
    error CallUnpinned(string batch, uint256 index, address target);
    error MinGasTooHigh(uint256 minGas, uint256 max);
    /// @notice A way back whose batch and probes together could ask for more gas than one transaction has.
    error RollbackGasTooHigh(uint256 rollback, uint256 total, uint256 max);
    /// @notice An `AtPropose` invariant whose probe gives no word cannot be kept.
    error BaselineUnavailable(bytes32 invariant);

    uint256 internal constant MAX_STAGES = 32;
    uint256 internal constant MAX_DURATION = 365 days;
    /// @notice What a batch may ask for, below the transaction cap of EIP-7825 with room for the registry's own work.
    uint256 internal constant MAX_MIN_GAS = 12_000_000;

    function check(Plan calldata plan, ClassPolicy memory policy, address timelock) internal view {
        uint256 count = plan.stages.length;
        if (count == 0 || count > MAX_STAGES) revert StageCountInvalid(count, MAX_STAGES);
        _checkDuration("executionWindow", plan.executionWindow, 1 minutes);
        _checkDuration("readiness.deadline", plan.readiness.deadline, 1 minutes);
        _checkDuration("readiness.schedulingWindow", plan.readiness.schedulingWindow, 0);
        plan.readiness.threshold.checkProper();
        if (policy.simulationAttestations != 0 && plan.evidence.reportHash == 0) revert EvidenceMissing();

        bool isStandard = plan.planClass == PlanClass.Standard;
        for (uint256 i; i < count; ++i) {
            Stage calldata stage = plan.stages[i];
            if (stage.calls.length == 0) revert StageEmpty(i);
            _checkDuration("dwell", stage.dwell, 0);
            _checkMinGas(stage.minGas);
            _checkCalls(plan, stage.calls, isStandard, timelock);
            Pins.checkShape(stage.pins);
            _checkPinned("stages", i, stage.calls, stage.pins);
            Gates.checkShape(stage.gates, bytes(plan.artifact.version).length != 0);
            for (uint256 j; j < stage.gates.length; ++j) Probes.checkShape(stage.gates[j].probe);
            _checkCited(stage.invariants);
        }
        for (uint256 i; i < plan.rollbacks.length; ++i) {
            Rollback calldata rollback = plan.rollbacks[i];
            if (rollback.calls.length == 0) revert RollbackEmpty(i);
            if (rollback.from > rollback.to || rollback.to >= count) {
                revert RollbackRangeInvalid(i, rollback.from, rollback.to);
            }
            _checkMinGas(rollback.minGas);
            _checkCalls(plan, rollback.calls, isStandard, timelock);
            Pins.checkShape(rollback.pins);
            _checkPinned("rollbacks", i, rollback.calls, rollback.pins);
            _checkCited(rollback.invariants);
            _checkRollbackGas(i, rollback);
        }
        Containments.checkShape(plan);
        for (uint256 i; i < plan.containments.length; ++i) {
            Containment calldata containment = plan.containments[i];
            Containments.checkCalls(i, containment.calls, timelock);
            _checkMinGas(containment.minGas);
            _checkCalls(plan, containment.calls, isStandard, timelock);
            Pins.checkShape(containment.pins);
            _checkPinned("containments", i, containment.calls, containment.pins);
        }
        _checkCoverage(plan);
        Artifacts.check(plan);
    }

    /// @notice Stores the present word of every cited invariant that compares with the time of the proposal.
    function keepBaselines(Proposal storage proposal, Plan calldata plan) internal {
        for (uint256 i; i < plan.stages.length; ++i) _keepBaselines(proposal, plan.stages[i].invariants);
        for (uint256 i; i < plan.rollbacks.length; ++i) _keepBaselines(proposal, plan.rollbacks[i].invariants);
    }

    /// @notice Reverts on a call to an authority that names none of its proxies (a change of the ProxyAdmin's owner): it
    /// concerns every proxy that the account upgrades, so it belongs in a plan of class Critical or Emergency.
    function checkScope(Call[] calldata calls) internal view {
        for (uint256 i; i < calls.length; ++i) {
            if (!ModuleStorage.state().isScoped(calls[i])) revert CriticalClassRequired(calls[i].target);
        }
    }

    /// @notice Index of the rollback that undoes a prefix ending with `lastStage`; the caller knows that there is one.
    function rollbackFor(Plan calldata plan, uint256 lastStage) internal pure returns (uint256 index) {
        while (plan.rollbacks[index].from > lastStage || plan.rollbacks[index].to < lastStage) ++index;
    }

    function _keepBaselines(Proposal storage proposal, bytes32[] calldata ids) private {
        for (uint256 i; i < ids.length; ++i) {
            if (proposal.hasBaseline[ids[i]]) continue;
            Invariant memory invariant = Invariants.read(ids[i]);
            if (invariant.condition.rightKind != RightKind.AtPropose) continue;
            (bool isAvailable, uint256 word) = Probes.read(invariant.condition.left);
            if (!isAvailable) revert BaselineUnavailable(ids[i]);
            proposal.hasBaseline[ids[i]] = true;
            proposal.baselines[ids[i]] = word;
        }
    }

    function _checkCalls(Plan calldata plan, Call[] calldata calls, bool isStandard, address timelock) private view {
        ModuleStorage.state().checkCalls(calls, plan.targets);
        if (!isStandard) return;
        for (uint256 i; i < calls.length; ++i) {
            address target = calls[i].target;
            if (target == address(this) || target == timelock) revert CriticalClassRequired(target);
        }
        checkScope(calls);
    }

    /// @dev Registry and timelock are no exception: their code is as much what was voted on as any other. A plain transfer
    /// is one, as it may go to an account without code, which no pin can name.
    function _checkPinned(string memory batch, uint256 index, Call[] calldata calls, Pin[] calldata pins) private pure {
        for (uint256 i; i < calls.length; ++i) {
            Call calldata call = calls[i];
            if (call.data.length != 0 && !Pins.isPinned(pins, call.target)) {
                revert CallUnpinned(batch, index, call.target);
            }
        }
    }

    /// @dev A candidate can make every probe burn all of its gas, and must not keep itself in place by that.
    function _checkRollbackGas(uint256 index, Rollback calldata rollback) private view {
        uint256 total = rollback.minGas;
        for (uint256 i; i < rollback.invariants.length; ++i) {
            total += Invariants.rollbackGasOf(Invariants.read(rollback.invariants[i]));
        }
        if (total > MAX_MIN_GAS) revert RollbackGasTooHigh(index, total, MAX_MIN_GAS);
    }

    function _checkCited(bytes32[] calldata ids) private view {
        for (uint256 i; i < ids.length; ++i) Invariants.requireCitable(ids[i]);
    }

    function _checkCoverage(Plan calldata plan) private pure {
        uint256 last = plan.stages.length - 1;
        for (uint256 i; i <= last; ++i) {
            uint256 covering;
            for (uint256 j; j < plan.rollbacks.length; ++j) {
                if (plan.rollbacks[j].from <= i && i <= plan.rollbacks[j].to) ++covering;
            }
            bool isOptional = i == last && plan.stages[i].dwell == 0;
            if (covering > 1 || (covering == 0 && !isOptional)) revert RollbackCoverage(i, covering);
        }
    }

    function _checkMinGas(uint256 minGas) private pure {
        if (minGas > MAX_MIN_GAS) revert MinGasTooHigh(minGas, MAX_MIN_GAS);
    }

    function _checkDuration(string memory field, uint256 actual, uint256 min) private pure {
        if (actual < min || actual > MAX_DURATION) revert DurationOutOfBounds(field, actual, min, MAX_DURATION);
    }
}
