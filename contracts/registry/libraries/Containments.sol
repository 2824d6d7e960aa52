// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BreachClass, Call, Containment, Plan} from "../../types/Plan.sol";
import {Category} from "../../types/Invariant.sol";
import {Council} from "./Council.sol";
import {IConfigFacet} from "../interfaces/IConfig.sol";
import {IFeatureFlagFacet} from "../interfaces/IModules.sol";
import {ITrafficControl, ITrafficRouter} from "../../traffic/ITrafficRouter.sol";
import {Operations} from "./Operations.sol";
import {Pins} from "./Pins.sol";
import {ProposalState} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {Response, ResponseStorage} from "../storage/ResponseStorage.sol";
import {Roles} from "./Roles.sol";
import {Stages} from "./Stages.sol";
import {Tightenings} from "./Tightenings.sol";

/// @notice The plan's answers to a breach outside of a router: what else to take away or slow down, agreed with the plan
/// and waiting in the timelock beside its stages. Nothing is made up in an emergency: these calls or none.
library Containments {
    error ContainmentUnknown(bytes32 proposalId, uint256 index, uint256 count);
    error ContainmentRan(bytes32 proposalId, uint256 index);
    /// @notice No break of an invariant of this class was proven, and without proof it takes the incident role or a member
    /// of the council.
    error BreachUnproven(bytes32 proposalId, BreachClass breach);
    /// @notice A containment ran: the plan can be taken back or run out, and goes no further.
    error PlanContained(bytes32 proposalId);
    error ContainmentCountInvalid(uint256 count, uint256 max);
    error ContainmentEmpty(uint256 containment);
    /// @notice A single stage without a dwell is over in the moment it begins.
    error ContainmentUnreachable();
    /// @notice A containment takes away and slows down. It pays nobody; of registry and timelock it only revokes roles and
    /// clears flags, and of a router it only freezes or tightens.
    error ContainmentLoosens(uint256 containment, address target, bytes4 selector);
    error ContainmentPays(uint256 containment, address target, uint256 value);

    /// @param isProven Whether a break was proven, or the incident role or council acted on its own.
    event ContainmentExecuted(
        bytes32 indexed proposalId,
        uint256 indexed index,
        BreachClass indexed breach,
        bool isProven,
        address by
    );

    /// @notice Most of one plan; each is an operation to schedule and to cancel.
    uint256 internal constant MAX_CONTAINMENTS = 16;

    /// @notice Runs containment `index`: no vote, no delay, no halt in its way. It checks its own pins, as a way back does.
    /// @dev Only while the plan can still be taken back. Before the first stage nothing that it did can have broken
    /// anything; after the last dwell its operations are about to be cancelled and its modules to be someone else's.
    function contain(Plan calldata plan, uint256 index) internal {
        bytes32 proposalId = Proposals.idOfProposed(plan);
        Proposals.load(proposalId);
        Stages.requireUndoable(proposalId, ProposalState.InProgress);
        if (index >= plan.containments.length) {
            revert ContainmentUnknown(proposalId, index, plan.containments.length);
        }
        Response storage response = ResponseStorage.state().responses[proposalId];
        if ((response.containments >> index) & 1 != 0) revert ContainmentRan(proposalId, index);
        Containment calldata containment = plan.containments[index];
        bool isProven = (response.provenBreaches >> uint8(containment.breach)) & 1 != 0;
        if (!isProven && !Roles.has(Roles.INCIDENT, msg.sender) && !Council.isMember(msg.sender)) {
            revert BreachUnproven(proposalId, containment.breach);
        }
        response.containments |= uint32(1 << index);
        Pins.check(containment.pins);
        if (gasleft() < containment.minGas) revert Stages.InsufficientGas(containment.minGas, gasleft());

        Operations.execute(proposalId, Operations.CONTAINMENT_TAG | index, containment.calls);

        Pins.check(containment.pins);
        emit ContainmentExecuted(proposalId, index, containment.breach, isProven, msg.sender);
    }

    /// @notice Keeps that a break was proven. It stays so for the rest of the plan, as a freeze does: a containment is not
    /// kept waiting by what the breach, or another containment, did to the probe meanwhile.
    function prove(Plan calldata plan, bytes32 proposalId, Category category) internal {
        if (plan.containments.length == 0) return;
        // Categories and classes of breach are the same five, in the same order.
        ResponseStorage.state().responses[proposalId].provenBreaches |= uint8(1 << uint8(category));
    }

    /// @notice Reverts once a containment ran: the stages to come were agreed for a world without it, and could undo it.
    function requireNone(bytes32 proposalId) internal view {
        if (ResponseStorage.state().responses[proposalId].containments != 0) revert PlanContained(proposalId);
    }

    /// @notice Reverts on a list that could never run.
    function checkShape(Plan calldata plan) internal pure {
        uint256 count = plan.containments.length;
        if (count == 0) return;
        if (count > MAX_CONTAINMENTS) revert ContainmentCountInvalid(count, MAX_CONTAINMENTS);
        if (plan.stages.length == 1 && plan.stages[0].dwell == 0) revert ContainmentUnreachable();
    }

    /// @notice Reverts on a call that gives instead of taking away. What a call of any other account does is for reviewers
    /// and rehearsal.
    function checkCalls(uint256 index, Call[] calldata calls, address timelock) internal view {
        if (calls.length == 0) revert ContainmentEmpty(index);
        for (uint256 i; i < calls.length; ++i) {
            Call calldata call = calls[i];
            if (call.value != 0 || call.data.length == 0) revert ContainmentPays(index, call.target, call.value);
            bytes4 selector = bytes4(call.data);
            // Both know `revokeRole(bytes32,address)`.
            bool isTightening =
                call.target == address(this) || call.target == timelock
                    ? selector == IConfigFacet.revokeRole.selector || selector == IFeatureFlagFacet.clearFlag.selector
                    : selector != ITrafficRouter.traffic.selector || _isTightening(call.data);
            if (!isTightening) revert ContainmentLoosens(index, call.target, selector);
        }
    }

    /// @dev Of the plain encoding only: another offset could show one message here and hide another.
    function _isTightening(bytes calldata data) private pure returns (bool) {
        if (data.length < 72 || uint256(bytes32(data[4:36])) != 0x20) return false;
        bytes4 selector = bytes4(data[68:72]);
        return selector == ITrafficControl.freeze.selector || Tightenings.isKnown(selector);
    }
}
