// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Council} from "../libraries/Council.sol";
import {ICouncilRollbackFacet} from "../interfaces/IEmergency.sol";
import {Locked} from "../libraries/Lock.sol";
import {Plan} from "../../types/Plan.sol";
import {Proposals} from "../libraries/Proposals.sol";
import {RollbackReason} from "../../types/ProposalState.sol";
import {Stages} from "../libraries/Stages.sol";

contract CouncilRollbackFacet is ICouncilRollbackFacet, Locked {
    /// @inheritdoc ICouncilRollbackFacet
    function rollbackByCouncil(
        Plan calldata plan,
        string calldata reason,
        uint256 deadline,
        bytes[] calldata signatures
    ) external locked returns (bool executed) {
        bytes32 proposalId = Proposals.idOfProposed(plan);
        Stages.requireRollbackable(proposalId);
        executed = Council.approve(Council.ROLLBACK, proposalId, deadline, signatures);
        if (executed) Stages.rollback(plan, proposalId, RollbackReason.Council, reason);
    }
}
