// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Condition, RightKind} from "../types/Condition.sol";
import {Conditions} from "../registry/libraries/Conditions.sol";
import {Gate, Pin} from "../types/Plan.sol";
import {Gates} from "../registry/libraries/Gates.sol";
import {InvariantResult} from "../registry/interfaces/IInvariants.sol";
import {Pins} from "../registry/libraries/Pins.sol";
import {Probes} from "../registry/libraries/Probes.sol";
import {Stages} from "../registry/libraries/Stages.sol";

/// @title UpgradeGuard
/// @notice Two calls that any governance puts first and last into a batch of its own, so that what was voted on is compared with the
/// chain again in the transaction that carries it out. It owns nothing, keeps nothing and may do nothing: it reads, and reverts.
/// @dev An account without code answers every call with success, in OpenZeppelin's timelock as in Compound's. Where this contract is not
/// deployed the two calls guard nothing; its address follows from its code, so that code at that address is this one.
contract UpgradeGuard {
    /// @notice The call compares nothing, and would only look like a guard.
    error NothingGuarded();

    /// @notice An earlier batch of this sender noted the same value in this transaction and has not ended.
    error BaselineTaken(bytes32 condition);

    /// @notice The first call of a batch: reverts unless everything is as it was voted on.
    /// @param pins Accounts whose code must be this, as at a registry's scheduling: code of their own, no EIP-7702 delegation.
    /// @param gates What must hold now. Built-in gates are a registry's, and are refused.
    /// @param conditions Those of the last call. The left words of the ones that compare with before are noted until then.
    function revalidate(Pin[] calldata pins, Gate[] calldata gates, Condition[] calldata conditions) external {
        if (pins.length == 0 && gates.length == 0) revert NothingGuarded();
        Pins.checkShape(pins);
        Pins.checkAtSchedule(pins);
        for (uint256 i; i < gates.length; ++i) {
            Gate calldata gate = gates[i];
            if (gate.probe.target == address(0)) revert Gates.GateUnknown(bytes4(gate.probe.data));
            (bool isAvailable, uint256 actual) = Probes.read(gate.probe);
            if (!isAvailable || !Conditions.compare(actual, gate.op, gate.bound, 0)) {
                revert Gates.GateNotMet(i, gate.probe.target, gate.op, gate.bound, actual, isAvailable);
            }
        }
        for (uint256 i; i < conditions.length; ++i) {
            if (conditions[i].rightKind == RightKind.Before) _note(conditions[i]);
        }
    }

    /// @notice The last call of a batch: reverts unless the pinned code is still there and every condition holds.
    /// @param conditions Compared as a registry compares invariants; one that cannot be read is broken. A comparison with before needs
    /// `revalidate` of the same sender with the same condition in this transaction; one with the time of proposal has nothing to
    /// compare with here, and does not hold.
    function assertInvariants(Pin[] calldata pins, Condition[] calldata conditions) external {
        if (pins.length == 0 && conditions.length == 0) revert NothingGuarded();
        Pins.checkAtSchedule(pins);
        for (uint256 i; i < conditions.length; ++i) {
            Condition memory condition = conditions[i];
            (bool hasBaseline, uint256 baseline) = condition.rightKind == RightKind.Before
                ? _take(condition)
                : (false, 0);
            InvariantResult memory result = Conditions.evaluate(condition, hasBaseline, baseline);
            if (!result.isOk) {
                revert Stages.InvariantViolated(conditionId(condition), result.left, result.right, result.isAvailable);
            }
        }
    }

    /// @notice Under what a condition stands in errors: the hash of its content.
    function conditionId(Condition memory condition) public pure returns (bytes32) {
        return keccak256(abi.encode(condition));
    }

    function _note(Condition memory condition) private {
        bytes32 id = conditionId(condition);
        (bool isAvailable, uint256 word) = Probes.read(condition.left);
        if (!isAvailable) revert Stages.InvariantViolated(id, 0, 0, false);
        bytes32 slot = _slot(id);
        bool isTaken;
        assembly ("memory-safe") {
            isTaken := tload(slot)
            tstore(slot, 1)
            tstore(add(slot, 1), word)
        }
        if (isTaken) revert BaselineTaken(id);
    }

    function _take(Condition memory condition) private returns (bool isNoted, uint256 word) {
        bytes32 slot = _slot(conditionId(condition));
        assembly ("memory-safe") {
            isNoted := tload(slot)
            word := tload(add(slot, 1))
            tstore(slot, 0)
            tstore(add(slot, 1), 0)
        }
    }

    /// @dev By sender, so that nobody whom a batch calls moves what the batch noted.
    function _slot(bytes32 id) private view returns (bytes32) {
        return keccak256(abi.encode(msg.sender, id));
    }
}
