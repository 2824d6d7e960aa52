// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ending} from "../storage/ProposalStorage.sol";
import {ProposalState, ProposalStatus} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {Stages} from "./Stages.sol";

/// @notice The council's no: it ends what has not begun, and stalls what has, so that anyone may roll it back.
library Vetoes {
    event ProposalVetoed(bytes32 indexed proposalId, bool isStalled, string reason);

    function veto(bytes32 proposalId, string calldata reason) internal {
        bool isStarted = requireVetoable(proposalId);
        Proposals.load(proposalId).ending = isStarted ? Ending.Vetoed : Ending.Cancelled;
        emit ProposalVetoed(proposalId, isStarted, reason);
    }

    /// @notice Reverts unless there is something to stop.
    function requireVetoable(bytes32 proposalId) internal view returns (bool isStarted) {
        Proposals.load(proposalId);
        ProposalStatus memory status = Proposals.statusOf(proposalId);
        ProposalState state = status.state;
        isStarted = state == ProposalState.InProgress;
        bool isPending =
            state == ProposalState.Voting || state == ProposalState.Approved || state == ProposalState.Scheduled;
        if (!isStarted && !isPending) {
            revert Proposals.ProposalInState(proposalId, state, ProposalState.InProgress);
        }
        Stages.requireOpen(proposalId, status);
    }
}
