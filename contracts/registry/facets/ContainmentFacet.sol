// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Containments} from "../libraries/Containments.sol";
import {IContainmentFacet} from "../interfaces/IEmergency.sol";
import {Locked} from "../libraries/Lock.sol";
import {Plan} from "../../types/Plan.sol";
import {Response, ResponseStorage} from "../storage/ResponseStorage.sol";

contract ContainmentFacet is IContainmentFacet, Locked {
    /// @inheritdoc IContainmentFacet
    function contain(Plan calldata plan, uint256 index) external locked {
        Containments.contain(plan, index);
    }

    /// @inheritdoc IContainmentFacet
    function responseOf(bytes32 proposalId) external view returns (Response memory response) {
        return ResponseStorage.state().responses[proposalId];
    }
}
