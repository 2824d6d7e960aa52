// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EmergencyStorage, Halt, HaltSpan} from "../storage/EmergencyStorage.sol";

/// @notice Halts by scope: `bytes32(0)` is everything, else a module. A halt ends by itself and is paid for from a budget
/// that only governance refills, so that no pause is perpetual. Even one that is lifted at once costs a sixteenth of the
/// full budget, so that the spans that a status has to read are few.
library Halts {
    error AlreadyHalted(bytes32 scope, uint256 until);
    error NotHalted(bytes32 scope);
    /// @notice The council has spent what governance gave it for this scope.
    error HaltBudgetSpent(bytes32 scope);

    /// @notice A halt is not renewed back to back: its scope rests for as long as it was halted, unless governance refilled
    /// its budget meanwhile.
    error HaltTooSoon(bytes32 scope, uint256 notBefore);

    event Halted(bytes32 indexed scope, uint64 until, string reason);
    event Lifted(bytes32 indexed scope, uint32 budget);
    event HaltBudgetRefilled(bytes32 indexed scope, uint32 budget);

    /// @notice Most halts of one scope between two refills: each costs at least this part of the full budget.
    uint256 internal constant MAX_HALTS = 16;

    /// @notice Starts a halt of the council's usual length, or of what its budget still allows.
    function start(bytes32 scope, string calldata reason) internal {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        Halt storage halt = self.halts[scope];
        requireNotHalted(scope);
        uint256 notBefore = restedAt(scope);
        if (block.timestamp < notBefore) revert HaltTooSoon(scope, notBefore);
        (, uint32 budget) = statusOf(scope);
        if (budget == 0) revert HaltBudgetSpent(scope);
        uint32 duration = self.council.haltDuration < budget ? self.council.haltDuration : budget;
        uint48 until = uint48(block.timestamp) + duration;
        halt.spans.push(HaltSpan({since: uint48(block.timestamp), until: until}));
        uint32 price = _priceOf(duration);
        halt.budget = price < budget ? budget - price : 0;
        halt.isBudgetSet = true;
        emit Halted(scope, until, reason);
    }

    /// @notice Ends a halt now; what it did not use, beyond its least price, goes back to the budget, which never exceeds
    /// what governance set.
    function lift(bytes32 scope) internal {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        Halt storage halt = self.halts[scope];
        requireHalted(scope);
        HaltSpan storage span = halt.spans[halt.spans.length - 1];
        uint32 price = _priceOf(uint32(block.timestamp - span.since));
        uint32 duration = uint32(span.until - span.since);
        uint32 budget = halt.budget + (price < duration ? duration - price : 0);
        halt.budget = budget < self.council.haltBudget ? budget : self.council.haltBudget;
        span.until = uint48(block.timestamp);
        emit Lifted(scope, halt.budget);
    }

    /// @notice Gives the council its full budget for `scope` again.
    function refill(bytes32 scope) internal {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        self.halts[scope].budget = self.council.haltBudget;
        self.halts[scope].isBudgetSet = true;
        self.halts[scope].refilledAt = uint48(block.timestamp);
        emit HaltBudgetRefilled(scope, self.council.haltBudget);
    }

    /// @notice End of the halt in force (zero: none), and seconds that the council may still spend.
    function statusOf(bytes32 scope) internal view returns (uint64 until, uint32 budget) {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        Halt storage halt = self.halts[scope];
        until = isHalted(scope) ? _end(scope) : 0;
        budget = self.council.haltBudget;
        // What was kept under an earlier council's larger budget is worth no more than the present one.
        if (halt.isBudgetSet && halt.budget < budget) budget = halt.budget;
    }

    /// @notice When the scope may be halted again, as far as its last halt is concerned; zero: at once.
    function restedAt(bytes32 scope) internal view returns (uint256) {
        Halt storage halt = EmergencyStorage.state().halts[scope];
        uint256 length = halt.spans.length;
        if (length == 0) return 0;
        HaltSpan memory last = halt.spans[length - 1];
        // A refill since the halt began is governance's word that it may go on.
        if (halt.refilledAt >= last.since) return 0;
        return uint256(last.until) + last.until - last.since;
    }

    /// @notice Whether a halt of this scope would start now.
    function canStart(bytes32 scope) internal view returns (bool) {
        if (isHalted(scope) || block.timestamp < restedAt(scope)) return false;
        (, uint32 budget) = statusOf(scope);
        return budget != 0;
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
    /// that subtracts it never runs backwards, however many halts overlap. Each span that ended after `mark` is read once,
    /// those before it are not.
    function secondsHalted(bytes32[] memory scopes, uint256 mark) internal view returns (uint256 total) {
        // By scope, everything first: how many spans were taken, newest first, and the latest of them, its end in the
        // high bits. Before the first one it is the end of time, which counts nothing.
        uint256[] memory taken = new uint256[](scopes.length + 1);
        uint256[] memory latest = new uint256[](taken.length);
        for (uint256 i; i < latest.length; ++i) latest[i] = type(uint256).max;
        // From now back to the mark, by the spans' ends: what lies after `edge` is counted.
        uint256 edge = block.timestamp;
        while (true) {
            uint256 next;
            for (uint256 i = 1; i < latest.length; ++i) {
                if (latest[i] > latest[next]) next = i;
            }
            uint256 until = latest[next] >> 48;
            if (until <= mark) return total;
            uint256 since = uint48(latest[next]);
            if (since < mark) since = mark;
            if (until > edge) until = edge;
            if (since < edge) {
                total += until - since;
                edge = since;
            }
            latest[next] = _spanBefore(next == 0 ? bytes32(0) : scopes[next - 1], taken[next]++);
        }
    }

    /// @dev The span of a scope that has `newer` after it, its end in the high bits; zero where there is none.
    function _spanBefore(bytes32 scope, uint256 newer) private view returns (uint256) {
        HaltSpan[] storage spans = EmergencyStorage.state().halts[scope].spans;
        uint256 length = spans.length;
        if (newer >= length) return 0;
        HaltSpan storage span = spans[length - 1 - newer];
        return (uint256(span.until) << 48) | span.since;
    }

    /// @dev Seconds of budget that a halt of `duration` costs.
    function _priceOf(uint32 duration) private view returns (uint32) {
        uint256 least = (EmergencyStorage.state().council.haltBudget + MAX_HALTS - 1) / MAX_HALTS;
        return duration > least ? duration : uint32(least);
    }

    /// @dev End of the last halt; zero where there was none.
    function _end(bytes32 scope) private view returns (uint48) {
        HaltSpan[] storage spans = EmergencyStorage.state().halts[scope].spans;
        return spans.length == 0 ? 0 : spans[spans.length - 1].until;
    }
}
