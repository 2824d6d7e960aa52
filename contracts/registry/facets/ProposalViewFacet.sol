// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IProposalViewFacet} from "../interfaces/IProposals.sol";
import {Plan} from "../../types/Plan.sol";
import {ProposalStatus, ProposalView, RollbackReason} from "../../types/ProposalState.sol";
import {Proposals} from "../libraries/Proposals.sol";
import {ResponseStorage} from "../storage/ResponseStorage.sol";

contract ProposalViewFacet is IProposalViewFacet {
    /// @inheritdoc IProposalViewFacet
    function proposalIdOf(Plan calldata plan) external view returns (bytes32 proposalId) {
        return Proposals.idOf(plan);
    }

    /// @inheritdoc IProposalViewFacet
    function stateOf(bytes32 proposalId) external view returns (ProposalStatus memory status) {
        return Proposals.statusOf(proposalId);
    }

    /// @inheritdoc IProposalViewFacet
    function proposalOf(bytes32 proposalId) external view returns (ProposalView memory facts) {
        return Proposals.viewOf(proposalId);
    }

    /// @inheritdoc IProposalViewFacet
    function rollbackReason(bytes32 proposalId) external view returns (RollbackReason reason) {
        return ResponseStorage.state().responses[proposalId].rollbackReason;
    }
}
