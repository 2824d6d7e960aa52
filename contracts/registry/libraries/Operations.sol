// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Call, Plan} from "../../types/Plan.sol";
import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {IStageFacet} from "../interfaces/IStages.sol";
import {Lock} from "./Lock.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice A plan's batches as operations of the timelock. Each batch begins with a call to
/// `registry.onlyWhileAdvancing`, so that nobody runs one past the registry, not even through an open executor.
library Operations {
    /// @notice After the batch the registry could no longer schedule, execute or cancel.
    error RolesLost(address timelock, bytes32 role);

    /// @notice The timelock's minimum delay would keep every plan from running, for ever.
    error DelayTooLong(uint256 delay, uint256 max);

    uint256 internal constant MAX_DELAY = 90 days;

    /// @dev Set in the tag of a rollback; the low bits are its index.
    uint256 internal constant ROLLBACK_TAG = 1 << 255;

    /// @dev Set in the tag of a containment; the low bits are its index.
    uint256 internal constant CONTAINMENT_TAG = 1 << 254;

    // Constants of OpenZeppelin's timelock.
    bytes32 private constant PROPOSER_ROLE = keccak256("PROPOSER_ROLE");
    bytes32 private constant CANCELLER_ROLE = keccak256("CANCELLER_ROLE");
    bytes32 private constant EXECUTOR_ROLE = keccak256("EXECUTOR_ROLE");

    struct Batch {
        address[] targets;
        uint256[] values;
        bytes[] payloads;
        bytes32 salt;
    }

    function schedule(bytes32 proposalId, uint256 tag, Call[] calldata calls, uint256 delay) internal {
        Batch memory batch = _batch(proposalId, tag, calls);
        _timelock().scheduleBatch(batch.targets, batch.values, batch.payloads, 0, batch.salt, delay);
    }

    /// @notice Executes a scheduled batch, forwarding the native value sent along.
    function execute(bytes32 proposalId, uint256 tag, Call[] calldata calls) internal {
        TimelockController timelock = _timelock();
        Batch memory batch = _batch(proposalId, tag, calls);
        Lock.markExecuting(proposalId, tag);
        timelock.executeBatch{value: msg.value}(batch.targets, batch.values, batch.payloads, 0, batch.salt);
        Lock.unmarkExecuting();
        _checkRoles(timelock);
    }

    /// @notice Cancels every operation of the plan that is still pending; those that ran stay as they are, the first
    /// `executed` stages among them.
    function cancelAll(Plan calldata plan, bytes32 proposalId, uint256 executed) internal {
        for (uint256 i = executed; i < plan.stages.length; ++i) _cancel(proposalId, i, plan.stages[i].calls);
        for (uint256 i; i < plan.rollbacks.length; ++i) {
            _cancel(proposalId, ROLLBACK_TAG | i, plan.rollbacks[i].calls);
        }
        for (uint256 i; i < plan.containments.length; ++i) {
            _cancel(proposalId, CONTAINMENT_TAG | i, plan.containments[i].calls);
        }
    }

    function _cancel(bytes32 proposalId, uint256 tag, Call[] calldata calls) private {
        TimelockController timelock = _timelock();
        Batch memory batch = _batch(proposalId, tag, calls);
        // As the timelock's `hashOperationBatch` does.
        bytes32 id = keccak256(abi.encode(batch.targets, batch.values, batch.payloads, bytes32(0), batch.salt));
        if (timelock.isOperationPending(id)) timelock.cancel(id);
    }

    function _batch(bytes32 proposalId, uint256 tag, Call[] calldata calls) private view returns (Batch memory batch) {
        uint256 length = calls.length + 1;
        batch.targets = new address[](length);
        batch.values = new uint256[](length);
        batch.payloads = new bytes[](length);
        batch.salt = keccak256(abi.encode(proposalId, tag));
        batch.targets[0] = address(this);
        batch.payloads[0] = abi.encodeCall(IStageFacet.onlyWhileAdvancing, (proposalId, tag));
        for (uint256 i; i < calls.length; ++i) {
            batch.targets[i + 1] = calls[i].target;
            batch.values[i + 1] = calls[i].value;
            batch.payloads[i + 1] = calls[i].data;
        }
    }

    function _checkRoles(TimelockController timelock) private view {
        uint256 delay = timelock.getMinDelay();
        if (delay > MAX_DELAY) revert DelayTooLong(delay, MAX_DELAY);
        _checkRole(timelock, PROPOSER_ROLE);
        _checkRole(timelock, CANCELLER_ROLE);
        if (!timelock.hasRole(EXECUTOR_ROLE, address(0))) _checkRole(timelock, EXECUTOR_ROLE);
    }

    function _checkRole(TimelockController timelock, bytes32 role) private view {
        if (!timelock.hasRole(role, address(this))) revert RolesLost(address(timelock), role);
    }

    function _timelock() private view returns (TimelockController) {
        return TimelockController(payable(ConfigStorage.state().timelock));
    }
}
