// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Council} from "../libraries/Council.sol";
import {IRecoveryFacet} from "../interfaces/IEmergency.sol";
import {Recoveries} from "../libraries/Recoveries.sol";
import {Roles} from "../libraries/Roles.sol";

contract RecoveryFacet is IRecoveryFacet {
    /// @inheritdoc IRecoveryFacet
    /// @dev Without the lock: the timelock vetoes from within an `advance`. Only the timelock is called from here.
    function vetoRecovery(
        address proposer,
        address successor,
        uint256 number,
        uint256 deadline,
        bytes[] calldata signatures
    ) external returns (bool executed) {
        bytes32 operation = Recoveries.requirePending(proposer, successor, number);
        executed = Roles.isTimelock(msg.sender) || Council.approve(Council.VETO, operation, deadline, signatures);
        if (executed) Recoveries.cancel(operation, proposer, successor);
    }

    /// @inheritdoc IRecoveryFacet
    function recoveryOperationOf(
        address proposer,
        address successor,
        uint256 number
    ) external view returns (bytes32 operation) {
        return Recoveries.operationOf(proposer, successor, number);
    }
}
