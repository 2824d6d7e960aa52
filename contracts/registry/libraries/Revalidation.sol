// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ending, Proposal} from "../storage/ProposalStorage.sol";
import {Gate, Pin, Plan} from "../../types/Plan.sol";
import {GateResult, PinResult} from "../interfaces/IStages.sol";
import {Gates} from "./Gates.sol";
import {Operations} from "./Operations.sol";
import {Pins} from "./Pins.sol";
import {ProposalState, ProposalStatus} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";

/// @notice What anyone may find out about the stages to come, and do about a plan that cannot go on.
library Revalidation {
    error StageUnknown(uint256 stage, uint256 nextStage, uint256 stageCount);
    error PinUnknown(uint256 stage, uint256 pin, uint256 count);

    event PlanInvalidated(bytes32 indexed proposalId, address indexed account, bytes32 expected, bytes32 actual);
    event OperationsSwept(bytes32 indexed proposalId);

    /// @notice Ends a scheduled plan, or stalls one in progress, on proof that a pin of a stage to come is broken. That
    /// it held at `schedule` was checked there, so the code was changed since: putting it back does not help.
    function invalidate(Plan calldata plan, uint256 stage, uint256 pin) internal {
        bytes32 proposalId = Proposals.idOfProposed(plan);
        Proposal storage proposal = Proposals.load(proposalId);
        ProposalStatus memory status = Proposals.statusOf(proposalId);
        if (status.state != ProposalState.Scheduled && status.state != ProposalState.InProgress) {
            revert Proposals.ProposalInState(proposalId, status.state, ProposalState.Scheduled);
        }
        if (stage < status.nextStage || stage >= status.stageCount) {
            revert StageUnknown(stage, status.nextStage, status.stageCount);
        }
        Pin[] calldata pins = plan.stages[stage].pins;
        if (pin >= pins.length) revert PinUnknown(stage, pin, pins.length);
        Pin calldata broken = pins[pin];
        bytes32 actual = broken.account.codehash;
        if (actual == broken.codeHash) revert Pins.PinHolds(broken.account, actual);
        proposal.ending = Ending.Invalidated;
        if (status.nextStage == 0) Operations.cancelAll(plan, proposalId, 0);
        emit PlanInvalidated(proposalId, broken.account, broken.codeHash, actual);
    }

    /// @notice Cancels in the timelock what a plan left there that ended before its first stage.
    function sweep(Plan calldata plan) internal {
        bytes32 proposalId = Proposals.idOfProposed(plan);
        Proposal storage proposal = Proposals.load(proposalId);
        ProposalState state = Proposals.statusOf(proposalId).state;
        bool isEnded =
            state == ProposalState.Cancelled || state == ProposalState.Expired || state == ProposalState.Invalidated;
        if (!isEnded || proposal.scheduledAt == 0) {
            revert Proposals.ProposalInState(proposalId, state, ProposalState.Expired);
        }
        Operations.cancelAll(plan, proposalId, 0);
        emit OperationsSwept(proposalId);
    }

    /// @notice Each pin and gate of the stages still to come, as they are now.
    function revalidate(Plan calldata plan) internal view returns (PinResult[] memory pins, GateResult[] memory gates) {
        bytes32 proposalId = Proposals.idOfProposed(plan);
        Proposal storage proposal = Proposals.load(proposalId);
        uint256 first = proposal.nextStage;
        uint256 pinCount;
        uint256 gateCount;
        for (uint256 i = first; i < plan.stages.length; ++i) {
            pinCount += plan.stages[i].pins.length;
            gateCount += plan.stages[i].gates.length;
        }
        pins = new PinResult[](pinCount);
        gates = new GateResult[](gateCount);
        pinCount = 0;
        gateCount = 0;
        for (uint256 i = first; i < plan.stages.length; ++i) {
            Pin[] calldata stagePins = plan.stages[i].pins;
            for (uint256 j; j < stagePins.length; ++j) {
                bytes32 actual = stagePins[j].account.codehash;
                pins[pinCount++] = PinResult({
                    stage: uint16(i),
                    account: stagePins[j].account,
                    expected: stagePins[j].codeHash,
                    actual: actual,
                    isOk: actual == stagePins[j].codeHash
                });
            }
            Gate[] calldata stageGates = plan.stages[i].gates;
            for (uint256 j; j < stageGates.length; ++j) {
                gates[gateCount++] = _gateResult(proposalId, uint16(i), stageGates[j]);
            }
        }
    }

    function _gateResult(
        bytes32 proposalId,
        uint16 stage,
        Gate calldata gate
    ) private view returns (GateResult memory result) {
        result.stage = stage;
        result.target = gate.probe.target;
        result.op = gate.op;
        result.bound = gate.bound;
        (result.isAvailable, result.actual, result.isOk) = Gates.evaluate(proposalId, gate);
    }
}
