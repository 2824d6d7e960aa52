// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CodeStore} from "./CodeStore.sol";
import {Condition, RightKind} from "../../types/Condition.sol";
import {Category, Invariant} from "../../types/Invariant.sol";
import {InvariantStorage} from "../storage/InvariantStorage.sol";
import {Probes} from "./Probes.sol";

/// @notice The catalogue. Definitions are content-addressed and never change; retiring one only stops new citations.
library Invariants {
    error InvariantUnknown(bytes32 id);
    error InvariantExists(bytes32 id);
    error InvariantIsRetired(bytes32 id);
    /// @notice Name, owner and a left probe are what make a row a control.
    error InvariantIncomplete(string field);

    event InvariantDefined(bytes32 indexed id, string name, Invariant invariant);
    event InvariantRetired(bytes32 indexed id);

    function add(Invariant calldata invariant) internal returns (bytes32 id) {
        if (bytes(invariant.name).length == 0) revert InvariantIncomplete("name");
        if (bytes(invariant.owner).length == 0) revert InvariantIncomplete("owner");
        Condition calldata condition = invariant.condition;
        if (condition.left.target == address(0)) revert InvariantIncomplete("left");
        Probes.checkShape(condition.left);
        if (condition.rightKind == RightKind.Probe) {
            if (condition.right.target == address(0)) revert InvariantIncomplete("right");
            Probes.checkShape(condition.right);
        }
        bytes memory data = abi.encode(invariant);
        id = keccak256(data);
        InvariantStorage.Entry storage entry = InvariantStorage.state().entries[id];
        if (entry.pointer != address(0)) revert InvariantExists(id);
        entry.pointer = CodeStore.write(data);
        entry.definedAt = uint48(block.timestamp);
        emit InvariantDefined(id, invariant.name, invariant);
    }

    function retire(bytes32 id) internal {
        requireLive(id);
        InvariantStorage.state().entries[id].retiredAt = uint48(block.timestamp);
        emit InvariantRetired(id);
    }

    function read(bytes32 id) internal view returns (Invariant memory invariant) {
        return abi.decode(CodeStore.read(_entry(id).pointer), (Invariant));
    }

    function timesOf(bytes32 id) internal view returns (uint48 definedAt, uint48 retiredAt) {
        InvariantStorage.Entry storage entry = _entry(id);
        return (entry.definedAt, entry.retiredAt);
    }

    /// @notice Reverts unless a new plan may cite it.
    function requireLive(bytes32 id) internal view {
        if (_entry(id).retiredAt != 0) revert InvariantIsRetired(id);
    }

    /// @notice Whether a rollback that breaks an invariant of this category, itself, is undone.
    function isBlocking(Category category) internal pure returns (bool) {
        return category == Category.Authorization || category == Category.Upgrade;
    }

    /// @notice Most gas that a rollback spends on the probes of an invariant: it reads what can block it before its batch
    /// as well as after it, and the left side of a `Before` condition once more.
    function rollbackGasOf(Invariant memory invariant) internal pure returns (uint256 total) {
        Condition memory condition = invariant.condition;
        total = condition.left.gas;
        if (condition.rightKind == RightKind.Probe) total += condition.right.gas;
        if (isBlocking(invariant.category)) total *= 2;
        if (condition.rightKind == RightKind.Before) total += condition.left.gas;
    }

    function _entry(bytes32 id) private view returns (InvariantStorage.Entry storage entry) {
        entry = InvariantStorage.state().entries[id];
        if (entry.pointer == address(0)) revert InvariantUnknown(id);
    }
}
