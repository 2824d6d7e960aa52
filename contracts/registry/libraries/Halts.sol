// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EmergencyStorage, Halt} from "../storage/EmergencyStorage.sol";

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
        halt.accumulated += halt.until - halt.since;
        halt.since = uint48(block.timestamp);
        halt.until = uint48(block.timestamp) + duration;
        halt.budget = budget - duration;
        halt.isBudgetSet = true;
        emit Halted(scope, halt.until, reason);
    }

    /// @notice Ends a halt now; what it did not use goes back to the budget, which never exceeds what governance set.
    function lift(bytes32 scope) internal {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        Halt storage halt = self.halts[scope];
        requireHalted(scope);
        uint32 budget = halt.budget + uint32(halt.until - block.timestamp);
        halt.budget = budget < self.council.haltBudget ? budget : self.council.haltBudget;
        halt.until = uint48(block.timestamp);
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
        until = isHalted(scope) ? halt.until : 0;
        budget = halt.isBudgetSet ? halt.budget : self.council.haltBudget;
    }

    function requireHalted(bytes32 scope) internal view {
        if (!isHalted(scope)) revert NotHalted(scope);
    }

    function requireNotHalted(bytes32 scope) internal view {
        if (isHalted(scope)) revert AlreadyHalted(scope, EmergencyStorage.state().halts[scope].until);
    }

    function isHalted(bytes32 scope) internal view returns (bool) {
        return block.timestamp < EmergencyStorage.state().halts[scope].until;
    }

    /// @notice Seconds the scope has been halted so far, the present halt up to now.
    function secondsHalted(bytes32 scope) internal view returns (uint256) {
        Halt storage halt = EmergencyStorage.state().halts[scope];
        uint256 end = block.timestamp < halt.until ? block.timestamp : halt.until;
        return halt.accumulated + (end - halt.since);
    }
}
