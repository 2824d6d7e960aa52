// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EmergencyStorage} from "../storage/EmergencyStorage.sol";
import {PlanClass} from "../../types/Plan.sol";
import {Proposal} from "../storage/ProposalStorage.sol";
import {ProposalState} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";

/// @notice The council's yes to an Emergency plan. It adds to the electorate's approval and replaces nothing of it: the
/// class has short delays, so a second body has to see the emergency.
library CoSigns {
    error CoSignMissing(bytes32 proposalId);
    /// @notice Only Emergency plans are co-signed.
    error CoSignUnneeded(bytes32 proposalId, PlanClass planClass);
    error AlreadyCoSigned(bytes32 proposalId);

    event ProposalCoSigned(bytes32 indexed proposalId, uint64 indexed epoch);

    function coSign(bytes32 proposalId) internal {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        self.coSigns[proposalId] = self.epoch;
        emit ProposalCoSigned(proposalId, self.epoch);
    }

    /// @notice Reverts unless the plan is one that waits for a co-sign.
    function requireCoSignable(bytes32 proposalId) internal view {
        Proposal storage proposal = Proposals.load(proposalId);
        if (proposal.planClass != PlanClass.Emergency) revert CoSignUnneeded(proposalId, proposal.planClass);
        if (isCoSigned(proposalId)) revert AlreadyCoSigned(proposalId);
        ProposalState state = Proposals.statusOf(proposalId).state;
        if (state != ProposalState.Voting && state != ProposalState.Approved) {
            revert Proposals.ProposalInState(proposalId, state, ProposalState.Approved);
        }
    }

    /// @notice Reverts on an Emergency plan that the present council has not co-signed.
    function requireCoSigned(bytes32 proposalId, PlanClass planClass) internal view {
        if (planClass == PlanClass.Emergency && !isCoSigned(proposalId)) revert CoSignMissing(proposalId);
    }

    /// @notice Whether the present council co-signed; what an earlier one signed is void.
    function isCoSigned(bytes32 proposalId) internal view returns (bool) {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        return self.coSigns[proposalId] == self.epoch;
    }
}
