// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {IProposalFacet} from "../interfaces/IUpgradeRegistry.sol";
import {Locked} from "../libraries/Lock.sol";
import {Plan} from "../../types/Plan.sol";
import {ProposalStatus, ProposalView} from "../../types/ProposalState.sol";
import {Proposals} from "../libraries/Proposals.sol";

contract ProposalFacet is IProposalFacet, Access, Locked {
    /// @inheritdoc IProposalFacet
    function propose(Plan calldata plan) external locked onlyRelease returns (bytes32 proposalId) {
        return Proposals.propose(plan);
    }

    /// @inheritdoc IProposalFacet
    function cancel(bytes32 proposalId) external locked {
        Proposals.cancel(proposalId);
    }

    /// @inheritdoc IProposalFacet
    function proposalIdOf(Plan calldata plan) external view returns (bytes32 proposalId) {
        return Proposals.idOf(plan);
    }

    /// @inheritdoc IProposalFacet
    function stateOf(bytes32 proposalId) external view returns (ProposalStatus memory status) {
        return Proposals.statusOf(proposalId);
    }

    /// @inheritdoc IProposalFacet
    function proposalOf(bytes32 proposalId) external view returns (ProposalView memory facts) {
        return Proposals.viewOf(proposalId);
    }
}
