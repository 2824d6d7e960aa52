// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IntervalStorage} from "../storage/IntervalStorage.sol";
import {ModuleStorage} from "../storage/ModuleStorage.sol";

/// @notice The least time between the end of one plan on a module and the first stage of the next. It delays beginnings
/// only: no later stage, and never a way back.
library Intervals {
    error UpgradeTooSoon(bytes32 module, uint256 notBefore, uint256 timestamp);
    error IntervalTooLong(uint256 interval, uint256 max);

    event MinIntervalSet(uint32 interval);

    /// @dev Below the timelock's own bound, so that governance can always undo a long one in good time.
    uint256 internal constant MAX_INTERVAL = 30 days;

    function set(uint256 interval) internal {
        if (interval > MAX_INTERVAL) revert IntervalTooLong(interval, MAX_INTERVAL);
        IntervalStorage.state().minInterval = uint32(interval);
        emit MinIntervalSet(uint32(interval));
    }

    /// @notice Reverts while one of the modules still rests.
    function check(bytes32[] memory modules) internal view {
        for (uint256 i; i < modules.length; ++i) {
            uint256 notBefore = endOf(modules[i]);
            if (block.timestamp < notBefore) revert UpgradeTooSoon(modules[i], notBefore, block.timestamp);
        }
    }

    /// @notice When the next plan on `module` may begin; zero where nothing holds it up.
    function endOf(bytes32 module) internal view returns (uint256) {
        uint256 interval = IntervalStorage.state().minInterval;
        if (interval == 0) return 0;
        uint256 endedAt = ModuleStorage.state().modules[module].endedAt;
        return endedAt == 0 ? 0 : endedAt + interval;
    }
}
