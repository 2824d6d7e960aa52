// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Probes} from "../../registry/libraries/Probes.sol";
import {Probe} from "../../types/Condition.sol";
import {DrainState, Lane, TrafficLimits} from "../ITrafficRouter.sol";
import {CallData} from "../libraries/CallData.sol";
import {LimitsWord} from "../libraries/LimitsWord.sol";
import {PolicyStore} from "../libraries/PolicyStore.sol";
import {PolicyWord} from "../libraries/PolicyWord.sol";
import {Rules} from "../libraries/Rules.sol";
import {TrafficErrors} from "../libraries/TrafficErrors.sol";
import {RouterState} from "./RouterState.sol";

/// @notice What was closed, locked or cut, and which calls it stops. A lane is a group of selectors; entry lanes close
/// while the proxy drains, exit lanes do not.
/// @dev The limits' word means something only while the policy word is tight: before, anybody's code may have written it.
abstract contract Lanes is RouterState {
    using CallData for bytes;
    using Rules for uint256;

    uint256 internal constant ONE_IN_BPS = 10_000;

    function _limits(PolicyWord word) internal view returns (LimitsWord) {
        return LimitsWord.wrap(word.isTight() ? uint256(_sload(_limitsSlot())) : 0);
    }

    /// @dev Of a tight word: reverts where the call's lane is closed or its selector locked, whichever version would serve
    /// it, nested or not. A static call changes nothing and is let through. So is the controller: who closes lanes must not
    /// hold up a way back, or a containment, that begins with a call to the proxy.
    function _checkLimits() internal {
        if (msg.sender == _controller) return;
        LimitsWord limits = LimitsWord.wrap(uint256(_sload(_limitsSlot())));
        bytes calldata data = msg.data;
        uint256 selector = data.selectorOf();
        uint256 rule = _ruleOf(selector);
        if (limits.hasLocks() && rule.isLockable() && limits.isLocked(_placeOf(selector))) {
            if (!_isStatic()) revert TrafficErrors.SelectorLocked(bytes4(uint32(selector)));
        }
        uint256 lane = rule.lane();
        if (lane == 0) lane = _otherLane;
        if (lane == 0) return;
        uint256 until = limits.closedUntil(lane);
        if (block.timestamp < until && !_isStatic()) revert TrafficErrors.LanePaused(lane, until);
        uint256 deadline = limits.drainDeadline();
        if (block.timestamp < deadline && !_isExit(lane) && !_isStatic()) revert TrafficErrors.Draining(deadline);
    }

    /// @notice What is left of `capUnits`, rounded down.
    function _cutCap(PolicyWord word, uint256 capUnits) internal view returns (uint256) {
        return (capUnits * (ONE_IN_BPS - _limits(word).cut())) / ONE_IN_BPS;
    }

    function _isExit(uint256 lane) internal view returns (bool) {
        return (_exitLanes >> lane) & 1 != 0;
    }

    function _placeOf(uint256 selector) internal view returns (uint256) {
        return PolicyStore.placeOf(_store, selector);
    }

    /// @dev Drained: entries are closed, and the probe counts nothing in flight. Where there is no probe, or it gives no
    /// word, nobody can tell, and the proxy is never drained.
    function _drainState(PolicyWord word) internal view returns (DrainState) {
        if (block.timestamp >= _limits(word).drainDeadline()) return DrainState.Active;
        (bool isAvailable, uint256 count) = _inFlight();
        return isAvailable && count == 0 ? DrainState.Drained : DrainState.Draining;
    }

    function _inFlight() private view returns (bool isAvailable, uint256 count) {
        Probe memory probe = PolicyStore.load(_store).inFlight;
        if (probe.target == address(0)) return (false, 0);
        return Probes.read(probe);
    }

    function _trafficLimits(PolicyWord word) internal view returns (TrafficLimits memory facts) {
        LimitsWord limits = _limits(word);
        Lane[] memory lanes = PolicyStore.load(_store).lanes;
        facts.closedUntil = new uint64[](lanes.length);
        for (uint256 i; i < lanes.length; ++i) facts.closedUntil[i] = uint64(limits.closedUntil(i + 1));
        facts.drainDeadline = uint64(limits.drainDeadline());
        facts.drainState = _drainState(word);
        (facts.isInFlightKnown, facts.inFlight) = _inFlight();
        facts.locked = PolicyStore.lockedSelectors(_store, limits);
        facts.capBps = uint16(ONE_IN_BPS - limits.cut());
    }
}
