// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Probes} from "../../registry/libraries/Probes.sol";
import {Probe} from "../../types/Condition.sol";
import {DrainState, TrafficLimits} from "../ITrafficRouter.sol";
import {LimitsWord} from "../libraries/LimitsWord.sol";
import {PolicyStore} from "../libraries/PolicyStore.sol";
import {PolicyWord} from "../libraries/PolicyWord.sol";
import {RouterState} from "./RouterState.sol";

/// @notice What was closed, locked or cut, and which calls it stops. A lane is a group of selectors; entry lanes close
/// while the proxy drains, exit lanes do not.
/// @dev The limits' word means something only while the policy word is tight: before, anybody's code may have written it.
abstract contract Lanes is RouterState {
    uint256 internal constant ONE_IN_BPS = 10_000;

    function _limits(PolicyWord word) internal view returns (LimitsWord) {
        return LimitsWord.wrap(word.isTight() ? uint256(_sload(_limitsSlot())) : 0);
    }

    function _isExit(uint256 lane) internal view returns (bool) {
        return (_exitLanes >> lane) & 1 != 0;
    }

    /// @dev Drained: entries are closed, and the probe counts nothing in flight. Where there is no probe, or it gives no
    /// word, nobody can tell, and the proxy is never drained.
    function _drainState(PolicyWord word) internal view returns (DrainState) {
        if (block.timestamp >= _limits(word).drainDeadline()) return DrainState.Active;
        (bool isAvailable, uint256 count) = _inFlight();
        return isAvailable && count == 0 ? DrainState.Drained : DrainState.Draining;
    }

    function _inFlight() private view returns (bool isAvailable, uint256 count) {
        Probe memory probe = PolicyStore.inFlight(_store);
        if (probe.target == address(0)) return (false, 0);
        return Probes.read(probe);
    }

    function _trafficLimits(PolicyWord word) internal view returns (TrafficLimits memory facts) {
        LimitsWord limits = _limits(word);
        facts.closedUntil = new uint64[](_laneCount);
        for (uint256 i; i < _laneCount; ++i) facts.closedUntil[i] = uint64(limits.closedUntil(i + 1));
        facts.drainDeadline = uint64(limits.drainDeadline());
        facts.drainState = _drainState(word);
        (facts.isInFlightKnown, facts.inFlight) = _inFlight();
        facts.locked = PolicyStore.lockedSelectors(_store, limits);
        facts.capBps = uint16(ONE_IN_BPS - limits.cut());
    }
}
