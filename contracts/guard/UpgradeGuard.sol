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
/// deployed the two calls guard nothing; its address follows from its code, so that code at that address is this one. A sender has one batch
/// in a transaction: one that ended its guard and began it again would hide from it what it did in between.
contract UpgradeGuard {
    /// @notice The call compares nothing, and would only look like a guard.
    error NothingGuarded();

    /// @notice The list has the same comparison with before twice.
    error BaselineTaken(bytes32 condition);

    /// @notice What the first call noted, the last one has to compare: so many were left out.
    error BaselineLeft(uint256 count);

    /// @notice In this transaction the sender began its batch already, or ended it.
    error GuardedAlready();

    /// @notice Reached by delegatecall: what is noted would lie in the caller's storage, where the next delegatecall writes.
    error Delegated();

    /// @dev Where a sender's batch stands: not begun; begun, so many values noted; ended.
    uint256 private constant IDLE = 0;
    uint256 private constant BEGUN = 1;
    uint256 private constant ENDED = type(uint256).max;

    address private immutable SELF = address(this);

    modifier onlyCalled() {
        if (address(this) != SELF) revert Delegated();
        _;
    }

    /// @notice The first call of a batch: reverts unless everything is as it was voted on.
    /// @param pins Accounts whose code must be this, as at a registry's scheduling: code of their own, no EIP-7702 delegation.
    /// @param gates What must hold now. Built-in gates are a registry's, and are refused.
    /// @param conditions Those of the last call. The left words of the ones that compare with before are noted until then.
    function revalidate(
        Pin[] calldata pins,
        Gate[] calldata gates,
        Condition[] calldata conditions
    ) external onlyCalled {
        if (pins.length == 0 && gates.length == 0) revert NothingGuarded();
        if (_stand() != IDLE) revert GuardedAlready();
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
        uint256 noted;
        for (uint256 i; i < conditions.length; ++i) {
            if (conditions[i].rightKind != RightKind.Before) continue;
            _note(conditions[i]);
            ++noted;
        }
        _moveTo(BEGUN + noted);
    }

    /// @notice The last call of a batch: reverts unless the pinned code is still there and every condition holds, those that were noted too.
    /// @param conditions Compared as a registry compares invariants; one that cannot be read is broken. A comparison with before needs
    /// `revalidate` of the same sender with the same condition in this transaction; one with the time of proposal has nothing to
    /// compare with here, and does not hold.
    function assertInvariants(Pin[] calldata pins, Condition[] calldata conditions) external onlyCalled {
        if (pins.length == 0 && conditions.length == 0) revert NothingGuarded();
        uint256 stand = _stand();
        if (stand == ENDED) revert GuardedAlready();
        uint256 left = stand == IDLE ? 0 : stand - BEGUN;
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
            if (hasBaseline) --left;
        }
        if (left != 0) revert BaselineLeft(left);
        _moveTo(ENDED);
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
        bool isNoted;
        assembly ("memory-safe") {
            isNoted := tload(slot)
            tstore(slot, 1)
            tstore(add(slot, 1), word)
        }
        if (isNoted) revert BaselineTaken(id);
    }

    function _take(Condition memory condition) private returns (bool isNoted, uint256 word) {
        bytes32 slot = _slot(conditionId(condition));
        assembly ("memory-safe") {
            isNoted := tload(slot)
            word := tload(add(slot, 1))
            tstore(slot, 0)
        }
    }

    function _stand() private view returns (uint256 stand) {
        bytes32 slot = _slot(0);
        assembly ("memory-safe") {
            stand := tload(slot)
        }
    }

    function _moveTo(uint256 stand) private {
        bytes32 slot = _slot(0);
        assembly ("memory-safe") {
            tstore(slot, stand)
        }
    }

    /// @dev By sender, so that nobody whom a batch calls moves what the batch noted.
    function _slot(bytes32 id) private view returns (bytes32) {
        return keccak256(abi.encode(msg.sender, id));
    }
}
