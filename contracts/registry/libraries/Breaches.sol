// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Action, Invariant} from "../../types/Invariant.sol";
import {Canaries} from "./Canaries.sol";
import {Containments} from "./Containments.sol";
import {Conditions} from "./Conditions.sol";
import {InvariantResult} from "../interfaces/IInvariants.sol";
import {Invariants} from "./Invariants.sol";
import {Plan} from "../../types/Plan.sol";
import {Proposal, ProposalStorage} from "../storage/ProposalStorage.sol";
import {ProposalState, ProposalStatus} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {RightKind} from "../../types/Condition.sol";
import {Stages} from "./Stages.sol";

/// @notice What anyone may do about an invariant that broke between two stages: prove it, and so run the action that the
/// plan committed to.
library Breaches {
    /// @notice The last executed stage does not cite the invariant, so it is not in force now.
    error InvariantNotInForce(bytes32 proposalId, bytes32 invariant);
    /// @notice `Before` compares the two sides of a batch; there is none to look at between stages.
    error InvariantNotPokable(bytes32 invariant);

    /// @notice Broken for the first time; the action runs if it is still so in a later block.
    event BreachSeen(bytes32 indexed proposalId, bytes32 indexed invariant, uint256 left, uint256 right);
    /// @notice It holds again; what was seen before no longer counts.
    event BreachCleared(bytes32 indexed proposalId, bytes32 indexed invariant);
    event BreachProven(
        bytes32 indexed proposalId,
        bytes32 indexed invariant,
        Action action,
        uint256 left,
        uint256 right
    );

    /// @return acted Whether the action ran.
    function poke(Plan calldata plan, bytes32 id) internal returns (bool acted) {
        bytes32 proposalId = Proposals.idOfProposed(plan);
        Proposal storage proposal = Proposals.load(proposalId);
        _requireInForce(plan, proposalId, id);
        Invariant memory invariant = Invariants.read(id);
        if (invariant.condition.rightKind == RightKind.Before) revert InvariantNotPokable(id);

        InvariantResult memory result = _evaluate(proposal, id, invariant);
        if (!result.isAvailable) return false;
        uint256 since = proposal.brokenSince[id];
        if (result.isOk) {
            if (since == 0) return false;
            proposal.brokenSince[id] = 0;
            emit BreachCleared(proposalId, id);
            return false;
        }
        if (!invariant.isIrreversible && (since == 0 || since == block.number)) {
            if (since == 0) {
                proposal.brokenSince[id] = block.number;
                emit BreachSeen(proposalId, id, result.left, result.right);
            }
            return false;
        }
        if (invariant.action == Action.Rollback) proposal.isBreached = true;
        Containments.prove(plan, proposalId, invariant.category);
        emit BreachProven(proposalId, id, invariant.action, result.left, result.right);
        Canaries.freezeAll(Proposals.modulesOf(proposal), invariant.name);
        return true;
    }

    /// @notice Evaluates now, with the proposal's baseline where it has one.
    function check(bytes32 proposalId, bytes32 id) internal view returns (InvariantResult memory) {
        return _evaluate(ProposalStorage.state().proposals[proposalId], id, Invariants.read(id));
    }

    function _evaluate(
        Proposal storage proposal,
        bytes32 id,
        Invariant memory invariant
    ) private view returns (InvariantResult memory) {
        bool hasBaseline = invariant.condition.rightKind == RightKind.AtPropose && proposal.hasBaseline[id];
        return Conditions.evaluate(invariant.condition, hasBaseline, hasBaseline ? proposal.baselines[id] : 0);
    }

    /// @dev A later stage may lawfully end what an earlier one asked for (the router is installed, then taken out), and
    /// the next one's demands are not met yet. So the stage whose dwell it is decides.
    function _requireInForce(Plan calldata plan, bytes32 proposalId, bytes32 id) private view {
        ProposalStatus memory status = Stages.requireUndoable(proposalId, ProposalState.InProgress);
        bytes32[] calldata cited = plan.stages[status.nextStage - 1].invariants;
        for (uint256 i; i < cited.length; ++i) {
            if (cited[i] == id) return;
        }
        revert InvariantNotInForce(proposalId, id);
    }
}
