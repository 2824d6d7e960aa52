// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {RecoveryBatch} from "../../timelock/RecoveryBatch.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice A registry that lives says no to a recovery: it cancels the recovery's operation in the timelock. The operation
/// is built from its parts, so that no plan's stage or way back can be cancelled under that name.
library Recoveries {
    /// @notice No such recovery waits in the timelock.
    error RecoveryUnknown(address proposer, address successor, uint256 number);

    event RecoveryVetoed(bytes32 indexed operation, address indexed proposer, address indexed successor);

    function operationOf(
        address proposer,
        address successor,
        uint256 number
    ) internal view returns (bytes32 operation) {
        TimelockController timelock = _timelock();
        RecoveryBatch.Batch memory batch = RecoveryBatch.build(address(timelock), proposer, successor, number);
        return timelock.hashOperationBatch(batch.targets, batch.values, batch.payloads, 0, batch.salt);
    }

    /// @notice The operation's id; reverts where there is nothing to cancel.
    function requirePending(
        address proposer,
        address successor,
        uint256 number
    ) internal view returns (bytes32 operation) {
        operation = operationOf(proposer, successor, number);
        if (!_timelock().isOperationPending(operation)) revert RecoveryUnknown(proposer, successor, number);
    }

    function cancel(bytes32 operation, address proposer, address successor) internal {
        _timelock().cancel(operation);
        emit RecoveryVetoed(operation, proposer, successor);
    }

    function _timelock() private view returns (TimelockController) {
        return TimelockController(payable(ConfigStorage.state().timelock));
    }
}
