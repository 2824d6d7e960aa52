// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ElectorProposals} from "../libraries/ElectorProposals.sol";
import {IElectorProposalFacet} from "../interfaces/IProposals.sol";
import {Locked} from "../libraries/Lock.sol";
import {Plan} from "../../types/Plan.sol";

contract ElectorProposalFacet is IElectorProposalFacet, Locked {
    /// @inheritdoc IElectorProposalFacet
    function proposeAsElector(Plan calldata plan, uint256 seat) external locked returns (bytes32 proposalId) {
        return ElectorProposals.propose(plan, seat);
    }
}
