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
    /// @notice Invariants come before the plans that they judge: one cannot be written to fit a plan of the same moment.
    error InvariantTooNew(bytes32 id, uint256 definedAt, uint256 timestamp);
    /// @notice Name, owner, what is read and what it is compared with are what make a row a control.
    error InvariantIncomplete(string field);

    event InvariantDefined(bytes32 indexed id, string name, Invariant invariant);
    event InvariantRetired(bytes32 indexed id);

    function add(Invariant calldata invariant) internal returns (bytes32 id) {
        if (bytes(invariant.name).length == 0) revert InvariantIncomplete("name");
        if (bytes(invariant.owner).length == 0) revert InvariantIncomplete("owner");
        Condition calldata condition = invariant.condition;
        // Without a selector it is not said what is read.
        if (condition.left.target == address(0) || condition.left.data.length < 4) revert InvariantIncomplete("left");
        Probes.checkShape(condition.left);
        if (condition.rightKind == RightKind.Probe) {
            if (condition.right.target == address(0) || condition.right.data.length < 4) {
                revert InvariantIncomplete("right");
            }
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

    /// @notice Reverts unless a plan proposed now may cite it: live, and in the catalogue since an earlier block. Time tells,
    /// as no two blocks that matter share a second; where they do, the later plan waits for the next one.
    function requireCitable(bytes32 id) internal view {
        requireLive(id);
        uint256 definedAt = _entry(id).definedAt;
        if (definedAt >= block.timestamp) revert InvariantTooNew(id, definedAt, block.timestamp);
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
