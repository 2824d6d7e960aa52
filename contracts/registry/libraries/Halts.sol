// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EmergencyStorage, Halt, HaltSpan} from "../storage/EmergencyStorage.sol";

/// @notice Halts by scope: `bytes32(0)` is everything, else a module. A halt ends by itself and is paid for from a budget
/// that only governance refills, so that no pause is perpetual.
library Halts {
    error AlreadyHalted(bytes32 scope, uint256 until);
    error NotHalted(bytes32 scope);
    /// @notice The council has spent what governance gave it for this scope.
    error HaltBudgetSpent(bytes32 scope);

    event Halted(bytes32 indexed scope, uint64 until, string reason);
    event Lifted(bytes32 indexed scope, uint32 budget);
    event HaltBudgetRefilled(bytes32 indexed scope, uint32 budget);

    /// @notice Starts a halt of the council's usual length, or of what its budget still allows.
    function start(bytes32 scope, string calldata reason) internal {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        Halt storage halt = self.halts[scope];
        requireNotHalted(scope);
        (, uint32 budget) = statusOf(scope);
        if (budget == 0) revert HaltBudgetSpent(scope);
        uint32 duration = self.council.haltDuration < budget ? self.council.haltDuration : budget;
        uint48 until = uint48(block.timestamp) + duration;
        halt.spans.push(HaltSpan({since: uint48(block.timestamp), until: until}));
        halt.budget = budget - duration;
        halt.isBudgetSet = true;
        emit Halted(scope, until, reason);
    }

    /// @notice Ends a halt now; what it did not use goes back to the budget, which never exceeds what governance set.
    function lift(bytes32 scope) internal {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        Halt storage halt = self.halts[scope];
        requireHalted(scope);
        HaltSpan storage span = halt.spans[halt.spans.length - 1];
        uint32 budget = halt.budget + uint32(span.until - block.timestamp);
        halt.budget = budget < self.council.haltBudget ? budget : self.council.haltBudget;
        span.until = uint48(block.timestamp);
        emit Lifted(scope, halt.budget);
    }

    /// @notice Gives the council its full budget for `scope` again.
    function refill(bytes32 scope) internal {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        self.halts[scope].budget = self.council.haltBudget;
        self.halts[scope].isBudgetSet = true;
        emit HaltBudgetRefilled(scope, self.council.haltBudget);
    }

    /// @notice End of the halt in force (zero: none), and seconds that the council may still spend.
    function statusOf(bytes32 scope) internal view returns (uint64 until, uint32 budget) {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        Halt storage halt = self.halts[scope];
        until = isHalted(scope) ? _end(scope) : 0;
        budget = halt.isBudgetSet ? halt.budget : self.council.haltBudget;
    }

    function requireHalted(bytes32 scope) internal view {
        if (!isHalted(scope)) revert NotHalted(scope);
    }

    function requireNotHalted(bytes32 scope) internal view {
        if (isHalted(scope)) revert AlreadyHalted(scope, _end(scope));
    }

    function isHalted(bytes32 scope) internal view returns (bool) {
        return block.timestamp < _end(scope);
    }

    /// @notice Seconds since `mark` in which everything or at least one of `scopes` was halted: the union, so that a clock
    /// that subtracts it never runs backwards, however many halts overlap.
    function secondsHalted(bytes32[] memory scopes, uint256 mark) internal view returns (uint256 total) {
        uint256 cursor = mark;
        while (cursor < block.timestamp) {
            (uint256 since, uint256 until) = _firstAfter(bytes32(0), cursor);
            for (uint256 i; i < scopes.length; ++i) {
                (uint256 otherSince, uint256 otherUntil) = _firstAfter(scopes[i], cursor);
                if (otherSince < since) (since, until) = (otherSince, otherUntil);
            }
            if (since >= block.timestamp) return total;
            if (since > cursor) cursor = since;
            if (until > block.timestamp) until = block.timestamp;
            total += until - cursor;
            cursor = until;
        }
    }

    /// @dev The earliest span of a scope that ends after `moment`; the end of time where there is none.
    function _firstAfter(bytes32 scope, uint256 moment) private view returns (uint256 since, uint256 until) {
        since = type(uint256).max;
        HaltSpan[] storage spans = EmergencyStorage.state().halts[scope].spans;
        for (uint256 i = spans.length; i != 0; --i) {
            HaltSpan memory span = spans[i - 1];
            if (span.until <= moment) break;
            (since, until) = (span.since, span.until);
        }
    }

    /// @dev End of the last halt; zero where there was none.
    function _end(bytes32 scope) private view returns (uint48) {
        HaltSpan[] storage spans = EmergencyStorage.state().halts[scope].spans;
        return spans.length == 0 ? 0 : spans[spans.length - 1].until;
    }
}
