// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStageFacet} from "../interfaces/IStages.sol";
import {Lock, Locked} from "../libraries/Lock.sol";
import {Plan} from "../../types/Plan.sol";
import {ProposalState} from "../../types/ProposalState.sol";
import {Proposals} from "../libraries/Proposals.sol";
import {Stages} from "../libraries/Stages.sol";

contract StageFacet is IStageFacet, Locked {
    /// @inheritdoc IStageFacet
    function advance(Plan calldata plan) external payable locked {
        Stages.advance(plan);
    }

    /// @inheritdoc IStageFacet
    function rollback(Plan calldata plan) external payable locked {
        bytes32 proposalId = Proposals.idOfProposed(plan);
        Proposals.requireState(proposalId, ProposalState.Stalled);
        Stages.rollback(plan, proposalId, Stages.stallReasonOf(proposalId), "");
    }

    /// @inheritdoc IStageFacet
    function onlyWhileAdvancing(bytes32 proposalId, uint256 tag) external view {
        Lock.checkExecuting(proposalId, tag);
    }
}
