// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {IProposalFacet} from "../interfaces/IProposals.sol";
import {Locked} from "../libraries/Lock.sol";
import {Plan} from "../../types/Plan.sol";
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
}
