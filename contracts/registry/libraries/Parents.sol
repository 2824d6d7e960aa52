// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Artifacts} from "./Artifacts.sol";
import {Compatibility} from "../interfaces/IArtifacts.sol";
import {Ending, Proposal} from "../storage/ProposalStorage.sol";
import {ProposalState, ProposalStatus} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {Release} from "../storage/ArtifactStorage.sol";

/// @notice A plan that follows another one. The parent's last stage opens a window of its grace period, in blocks, in
/// which the child's first stage may run; a parent that does not stand takes the child with it.
/// @dev Blocks, since nodes follow heights: a halt does not stop them.
library Parents {
    /// @notice The parent was never proposed here. One of another registry is a gate with that registry as target.
    error ParentUnknown(bytes32 parent);
    /// @notice A parent without a grace period opens no window.
    error ParentWithoutGrace(bytes32 parent);
    error ParentInState(bytes32 parent, ProposalState state);
    /// @notice `from` and `until` are the window's first and last block; zero: it has not opened yet.
    error CompatibilityClosed(bytes32 parent, uint256 from, uint256 until, uint256 blockNumber);

    event PlanOrphaned(bytes32 indexed proposalId, bytes32 indexed parent, ProposalState parentState);

    /// @notice At propose: the parent is here, opens a window, and may still succeed.
    function checkProposed(bytes32 parent) internal view {
        if (parent == 0) return;
        ProposalState state = Proposals.stateByView(parent);
        if (state == ProposalState.Unknown) revert ParentUnknown(parent);
        if (Artifacts.load(parent).graceBlocks == 0) revert ParentWithoutGrace(parent);
        if (_isLost(state)) revert ParentInState(parent, state);
    }

    /// @notice At schedule: the parent is on its way, and its window is not over.
    function checkScheduled(bytes32 parent) internal view {
        if (parent == 0) return;
        ProposalState state = Proposals.statusOf(parent).state;
        if (state != ProposalState.Scheduled && !_isStanding(state)) revert ParentInState(parent, state);
        (uint256 from, uint256 until) = _blocksOf(parent);
        if (from != 0 && block.number > until) revert CompatibilityClosed(parent, from, until, block.number);
    }

    /// @notice Before a stage: the parent stands with all its stages run; before the first one its window is open.
    function checkAdvanced(bytes32 parent, bool isFirst) internal view {
        if (parent == 0) return;
        ProposalState state = Proposals.statusOf(parent).state;
        if (!_isStanding(state)) revert ParentInState(parent, state);
        (uint256 from, uint256 until) = _blocksOf(parent);
        if (from == 0 || (isFirst && block.number > until)) {
            revert CompatibilityClosed(parent, from, until, block.number);
        }
    }

    /// @notice Ends a plan, or stalls one in progress, whose parent ended without its upgrade.
    function invalidateOrphan(bytes32 proposalId) internal {
        Proposal storage proposal = Proposals.load(proposalId);
        ProposalStatus memory status = Proposals.statusOf(proposalId);
        if (
            status.state != ProposalState.Voting &&
            status.state != ProposalState.Approved &&
            status.state != ProposalState.Scheduled &&
            (status.state != ProposalState.InProgress || Proposals.isRollbackClosed(status))
        ) revert Proposals.ProposalInState(proposalId, status.state, ProposalState.Scheduled);
        bytes32 parent = Artifacts.load(proposalId).parentPlan;
        ProposalState state = Proposals.statusOf(parent).state;
        if (!_isLost(state)) revert ParentInState(parent, state);
        proposal.ending = Ending.Invalidated;
        emit PlanOrphaned(proposalId, parent, state);
    }

    /// @notice The window as it stands for a plan; zero throughout where it names no parent.
    function compatibilityOf(bytes32 proposalId) internal view returns (Compatibility memory window) {
        Proposals.load(proposalId);
        bytes32 parent = Artifacts.load(proposalId).parentPlan;
        if (parent == 0) return window;
        window.parent = parent;
        window.parentState = Proposals.statusOf(parent).state;
        (window.from, window.until) = _blocksOf(parent);
        window.isOpen = window.from != 0 && block.number <= window.until && _isStanding(window.parentState);
    }

    /// @dev First and last block of the window; zero while it has not opened.
    function _blocksOf(bytes32 parent) private view returns (uint256 from, uint256 until) {
        Release storage release = Artifacts.load(parent);
        from = release.upgradedAtBlock;
        if (from != 0) until = from + release.graceBlocks;
    }

    function _isStanding(ProposalState state) private pure returns (bool) {
        return state == ProposalState.InProgress || state == ProposalState.Completed;
    }

    /// @dev Ended, and not by completing. A stalled parent is not lost yet.
    function _isLost(ProposalState state) private pure returns (bool) {
        return state == ProposalState.Defeated || state > ProposalState.Completed;
    }
}
