// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EmergencyStorage} from "../storage/EmergencyStorage.sol";
import {Ending} from "../storage/ProposalStorage.sol";
import {ProposalState, ProposalStatus} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {Stages} from "./Stages.sol";

/// @notice The council's no: it ends what has not begun, and stalls what has, so that anyone may roll it back. It is paid
/// for from a budget that only governance refills, and each use raises what the next one needs, so that a council that was
/// taken over cannot veto its own replacement for ever.
library Vetoes {
    /// @notice The council has spent the vetoes that governance gave it.
    error VetoBudgetSpent(uint256 spent);

    event ProposalVetoed(bytes32 indexed proposalId, bool isStalled, string reason);
    event VetoBudgetRefilled(uint256 budget);

    function veto(bytes32 proposalId, string calldata reason) internal {
        bool isStarted = requireVetoable(proposalId);
        ++EmergencyStorage.state().vetoesSpent;
        Proposals.load(proposalId).ending = isStarted ? Ending.Vetoed : Ending.Cancelled;
        emit ProposalVetoed(proposalId, isStarted, reason);
    }

    /// @notice Gives the council its full budget again; the next veto needs what the council's first one did.
    function refill() internal {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        self.vetoesSpent = 0;
        emit VetoBudgetRefilled(self.council.vetoBudget);
    }

    /// @notice Reverts unless there is something to stop, and a veto left to stop it.
    function requireVetoable(bytes32 proposalId) internal view returns (bool isStarted) {
        Proposals.load(proposalId);
        ProposalStatus memory status = Proposals.statusOf(proposalId);
        bool isOpen;
        (isOpen, isStarted) = _isOpen(status.state);
        if (!isOpen) revert Proposals.ProposalInState(proposalId, status.state, ProposalState.InProgress);
        Stages.requireOpen(proposalId, status);
        if (budgetLeft() == 0) revert VetoBudgetSpent(EmergencyStorage.state().vetoesSpent);
    }

    /// @notice The same as an answer.
    function isVetoable(bytes32 proposalId) internal view returns (bool) {
        ProposalStatus memory status = Proposals.statusOf(proposalId);
        (bool isOpen, ) = _isOpen(status.state);
        return isOpen && !Proposals.isRollbackClosed(status) && budgetLeft() != 0;
    }

    /// @notice Vetoes left until governance refills them.
    function budgetLeft() internal view returns (uint256) {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        uint256 budget = self.council.vetoBudget;
        return self.vetoesSpent < budget ? budget - self.vetoesSpent : 0;
    }

    function _isOpen(ProposalState state) private pure returns (bool isOpen, bool isStarted) {
        isStarted = state == ProposalState.InProgress;
        isOpen =
            isStarted ||
            state == ProposalState.Voting ||
            state == ProposalState.Approved ||
            state == ProposalState.Scheduled;
    }
}
