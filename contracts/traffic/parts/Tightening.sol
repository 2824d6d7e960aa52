// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LimitsWord, LimitsWordLib} from "../libraries/LimitsWord.sol";
import {PolicyStore} from "../libraries/PolicyStore.sol";
import {PolicyWord} from "../libraries/PolicyWord.sol";
import {Rules} from "../libraries/Rules.sol";
import {TrafficErrors} from "../libraries/TrafficErrors.sol";
import {TrafficEvents} from "../libraries/TrafficEvents.sol";
import {Lanes} from "./Lanes.sol";

/// @notice Messages that only tighten, for guardian and controller, and the controller's one way to lift all of them. What
/// the guardian tightens ends the epoch, so that no stage that was scheduled before widens over it. What is that tight
/// already is refused to the guardian, and leaves the controller's batch, which was agreed on before, to go on.
abstract contract Tightening is Lanes {
    using Rules for uint256;

    /// @notice Longest drain that the controller may begin, in seconds.
    uint256 internal constant MAX_DRAIN = 30 days;

    uint256 private immutable _lanePause;

    constructor(address store) {
        _lanePause = PolicyStore.field(store, PolicyStore.LANE_PAUSE);
    }

    function _pauseLane(bytes calldata arguments) internal {
        (bool isGuardian, PolicyWord word, LimitsWord limits) = _openLimits();
        (uint256 lane, bool isExit) = abi.decode(arguments, (uint256, bool));
        if (lane == 0 || lane > _laneCount || _isExit(lane) != isExit) revert TrafficErrors.LaneUnknown(lane, isExit);
        uint256 until = LimitsWordLib.FOREVER;
        if (isGuardian) {
            _requireRested(isExit ? limits.closedUntil(lane) : _entriesClosedUntil(limits, lane));
            until = block.timestamp + _lanePause;
        }
        emit TrafficEvents.LaneClosed(lane, until);
        _closeLimits(isGuardian, word, limits.withClosed(lane, until));
    }

    function _drain(bytes calldata arguments) internal {
        (bool isGuardian, PolicyWord word, LimitsWord limits) = _openLimits();
        uint256 duration = abi.decode(arguments, (uint256));
        uint256 max = isGuardian ? _lanePause : MAX_DRAIN;
        if (duration == 0 || duration > max) revert TrafficErrors.DrainInvalid(duration, max);
        if (isGuardian) _requireRested(_entriesClosedUntil(limits, 0));
        uint256 deadline = block.timestamp + duration;
        if (deadline <= limits.drainDeadline()) return _refuseGuardian(isGuardian);
        emit TrafficEvents.DrainStarted(deadline);
        _closeLimits(isGuardian, word, limits.withDrain(deadline));
    }

    function _lockSelector(bytes calldata arguments) internal {
        (bool isGuardian, PolicyWord word, LimitsWord limits) = _openLimits();
        bytes4 selector = abi.decode(arguments, (bytes4));
        uint256 place = PolicyStore.placeOf(_store, uint32(selector));
        if (!PolicyStore.ruleAt(_store, place).isLockable()) revert TrafficErrors.NotLockable(selector);
        if (limits.isLocked(place)) return _refuseGuardian(isGuardian);
        emit TrafficEvents.SelectorLocked(selector);
        _closeLimits(isGuardian, word, limits.withLocked(place));
    }

    function _lowerCap(bytes calldata arguments) internal {
        (bool isGuardian, PolicyWord word, LimitsWord limits) = _openLimits();
        uint256 bps = abi.decode(arguments, (uint256));
        if (_cap == 0) revert TrafficErrors.NotTighter();
        if (bps >= ONE_IN_BPS - limits.cut()) return _refuseGuardian(isGuardian);
        emit TrafficEvents.CapLowered(bps);
        _closeLimits(isGuardian, word, limits.withCut(ONE_IN_BPS - bps));
    }

    function _lowerShare(bytes calldata arguments) internal {
        (bool isGuardian, PolicyWord word, ) = _openLimits();
        if (isGuardian && word.isFrozen()) revert TrafficErrors.CanaryFrozen();
        uint256 share = abi.decode(arguments, (uint256));
        if (word.isFrozen() || share >= word.share()) return _refuseGuardian(isGuardian);
        word = word.withShare(share);
        if (isGuardian) word = word.withNextEpoch();
        _storeWord(word);
        emit TrafficEvents.ShareSet(uint16(share), word.epoch());
    }

    /// @dev The controller's: opens every lane, ends the drain, unlocks every selector, gives the whole cap back.
    function _resume(bytes calldata arguments) internal {
        _checkSender(msg.sender == _controller);
        PolicyWord word = _restingWord();
        _checkEpoch(word, abi.decode(arguments, (uint32)));
        _storeWord(word.withTight(false));
        emit TrafficEvents.LimitsLifted(word.epoch());
    }

    function _openLimits() private view returns (bool isGuardian, PolicyWord word, LimitsWord limits) {
        isGuardian = msg.sender != _controller;
        _checkSender(!isGuardian || msg.sender == _guardian);
        word = _restingWord();
        limits = _limits(word);
    }

    function _closeLimits(bool isGuardian, PolicyWord word, LimitsWord limits) private {
        _storeLimits(limits);
        word = word.withTight(true);
        _storeWord(isGuardian ? word.withNextEpoch() : word);
    }

    /// @dev A containment, or a stage's drain, must not fail because the incident key was quicker.
    function _refuseGuardian(bool isGuardian) private pure {
        if (isGuardian) revert TrafficErrors.NotTighter();
    }

    /// @dev The last moment at which a drain, or a pause of `lane`, keeps users from entering; of any entry lane where `lane`
    /// is zero. Pause and drain by turns are one closure. What the controller closed without end is not the guardian's.
    function _entriesClosedUntil(LimitsWord limits, uint256 lane) private view returns (uint256 last) {
        last = limits.drainDeadline();
        for (uint256 i = 1; i <= _laneCount; ++i) {
            uint256 until = limits.closedUntil(i);
            bool isMeant = lane == 0 ? !_isExit(i) && until != LimitsWordLib.FOREVER : i == lane;
            if (isMeant && until > last) last = until;
        }
    }

    /// @dev What the guardian closes opens by itself, and stays open for as long before he may close it again: a guardian
    /// that was taken over cannot keep users out.
    function _requireRested(uint256 until) private view {
        if (until == 0) return;
        uint256 notBefore = until + _lanePause;
        if (block.timestamp < notBefore) revert TrafficErrors.LaneResting(notBefore);
    }

    function _checkSender(bool isAllowed) internal view {
        if (!isAllowed) revert TrafficErrors.TrafficUnauthorized(msg.sender);
    }

    function _checkEpoch(PolicyWord word, uint32 expected) internal pure {
        if (expected != word.epoch()) revert TrafficErrors.StalePolicy(expected, word.epoch());
    }

    /// @dev Control comes only while no call to the proxy runs. Inside a candidate's frame it could not survive, and
    /// inside stable's call it would let a callback cross into other code.
    function _restingWord() internal view returns (PolicyWord word) {
        word = _word();
        if (!word.isInstalled()) revert TrafficErrors.NotInstalled();
        _checkResting();
    }

    function _checkResting() internal view {
        if (_state() != NONE) revert TrafficErrors.CallInProgress();
    }
}
