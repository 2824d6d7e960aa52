// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Budget} from "../libraries/Budget.sol";
import {CallData} from "../libraries/CallData.sol";
import {LimitsWord} from "../libraries/LimitsWord.sol";
import {PolicyStore} from "../libraries/PolicyStore.sol";
import {PolicyWord} from "../libraries/PolicyWord.sol";
import {Rules} from "../libraries/Rules.sol";
import {TrafficErrors} from "../libraries/TrafficErrors.sol";
import {RoutingCode} from "./RoutingCode.sol";

/// @notice Which calls are served at all, and which of them by the candidate: those of its cohort that fit the budget.
abstract contract Admission is RoutingCode {
    using Rules for uint256;
    using CallData for bytes;

    uint256 private constant ONE = 1e18;

    /// @dev Of a tight word: reverts where the call's lane is closed or its selector locked, whichever version would serve
    /// it, nested or not. A static call changes nothing and is let through. So is the controller: who closes lanes must not
    /// hold up a way back, or a containment, that begins with a call to the proxy.
    function _checkLimits() internal {
        if (msg.sender == _controller) return;
        LimitsWord limits = LimitsWord.wrap(uint256(_sload(_limitsSlot())));
        bytes calldata data = msg.data;
        uint256 selector = data.selectorOf();
        uint256 rule = _ruleOf(selector);
        if (limits.hasLocks() && rule.isLockable() && limits.isLocked(PolicyStore.placeOf(_store, selector))) {
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

    /// @return next The policy word once an outermost call is charged; zero where it is stable's.
    function _decide(
        PolicyWord word,
        address sender,
        uint256 value,
        bytes calldata data
    ) internal view returns (uint256 next) {
        uint256 selector;
        assembly ("memory-safe") {
            // `CallData.selectorOf`
            selector := mul(shr(224, calldataload(data.offset)), gt(data.length, 3))
        }
        // `_ruleOf`, which begins with it.
        uint256 rule = _rule0;
        if (rule >> 224 != selector) rule = _ruleOf(selector);
        bytes32 salt = _salt;
        // Not zero: in the share, metered by its rule or free of that, and there is a cap.
        uint256 isPlain = _admissible;
        assembly ("memory-safe") {
            // The key: the sender, or a head word as in `CallData.wordOf`.
            let key := sender
            let index := and(shr(216, rule), 0xff)
            if index {
                key := not(0)
                let end := add(4, shl(5, index))
                if iszero(lt(data.length, end)) {
                    key := calldataload(add(data.offset, sub(end, 0x20)))
                }
            }
            // `Cohort.contains`
            mstore(0x00, salt)
            mstore(0x20, key)
            let isIn := lt(mod(keccak256(0x00, 0x40), 10000), and(shr(160, word), 0xffff))
            next := mul(word, isIn)
            isPlain := mul(and(rule, isPlain), isIn)
        }
        if (isPlain == 0) {
            if (next == 0) {
                if (_segmentCount == 0 || !_isListed(_keyOf(rule, sender, data))) return 0;
                next = PolicyWord.unwrap(word);
            }
            if (_cap == 0) return next;
            if (!rule.isAdmissible()) return _hasMeters ? _chargeSum(word, selector, value, data) : 0;
        }
        return _charge(word, _amountOf(rule, value, data));
    }

    /// @dev While the candidate runs, what it calls back is still metered. It cannot be handed to stable, so it reverts.
    function _chargeNested(PolicyWord word) internal {
        bytes calldata data = msg.data;
        uint256 selector = data.selectorOf();
        uint256 rule = _ruleOf(selector);
        // The proxy paying itself moves nothing.
        uint256 value = msg.sender == address(this) ? 0 : msg.value;
        uint256 amount;
        bool isAdmissible = rule.isAdmissible();
        if (isAdmissible) amount = _amountOf(rule, value, data);
        else if (_hasMeters) (isAdmissible, amount) = _sumOf(selector, value, data);
        if (amount == 0 && isAdmissible) return;
        // A static call can neither be charged nor move anything.
        if (_isStatic()) return;
        if (!isAdmissible) revert TrafficErrors.Unmetered(bytes4(uint32(selector)));
        uint256 charged = _charge(word, amount);
        if (charged == 0) revert TrafficErrors.OverBudget(bytes4(uint32(selector)), amount, _left(word));
        _storeWord(PolicyWord.wrap(charged));
    }

    /// @dev What a call moves: weighed native value and metered word, saturating. Written out, as what follows: each
    /// metered call runs it.
    function _amountOf(uint256 rule, uint256 value, bytes calldata data) private view returns (uint256 amount) {
        if (value != 0) amount = Budget.weigh(value, _valueWeight);
        assembly ("memory-safe") {
            let index := and(shr(208, rule), 0xff)
            if index {
                // `CallData.wordOf`
                let moved := not(0)
                let end := add(4, shl(5, index))
                if iszero(lt(data.length, end)) {
                    moved := calldataload(add(data.offset, sub(end, 0x20)))
                }
                // `Budget.weigh`, of a weight that is not zero.
                if moved {
                    let weight := and(rule, 0xffffffffffffffffffffffffffffffff)
                    let product := mul(moved, weight)
                    switch eq(div(product, moved), weight)
                    case 0 {
                        moved := not(0)
                    }
                    default {
                        moved := add(div(sub(product, 1), ONE), 1)
                    }
                    amount := add(amount, moved)
                    if lt(amount, moved) {
                        amount := not(0)
                    }
                }
            }
        }
    }

    function _chargeSum(
        PolicyWord word,
        uint256 selector,
        uint256 value,
        bytes calldata data
    ) private view returns (uint256) {
        (bool isMetered, uint256 sum) = _sumOf(selector, value, data);
        return isMetered ? _charge(word, sum) : 0;
    }

    /// @dev Of a selector whose rule has no meter: weighed native value and further meters, saturating. Where the fall of a
    /// word is charged, no selector needs more.
    function _sumOf(
        uint256 selector,
        uint256 value,
        bytes calldata data
    ) private view returns (bool isMetered, uint256 sum) {
        isMetered = _fallWeight != 0;
        if (value != 0) sum = Budget.weigh(value, _valueWeight);
        uint256 count = _meterCount;
        if (count == 0) return (isMetered, sum);
        bytes memory meters = PolicyStore.meters(_store, count);
        for (uint256 i; i < meters.length; i += 96) {
            uint256 place;
            uint256 weight;
            bool isOther;
            assembly ("memory-safe") {
                let meter := add(add(meters, 0x20), i)
                isOther := iszero(eq(shr(224, mload(meter)), selector))
                place := mload(add(meter, 0x20))
                weight := mload(add(meter, 0x40))
            }
            if (isOther) continue;
            isMetered = true;
            uint256 amount = Budget.weigh(data.wordOf(place), weight);
            unchecked {
                sum += amount;
                if (sum < amount) sum = type(uint256).max;
            }
        }
    }

    /// @dev The cohort's, as `_decide` has it.
    function _keyOf(uint256 rule, address sender, bytes calldata data) private pure returns (bytes32) {
        uint256 index = rule.cohortWord();
        return bytes32(index == 0 ? uint256(uint160(sender)) : data.wordOf(index));
    }

    /// @dev Whether the key takes part whatever the share.
    function _isListed(bytes32 key) internal view returns (bool) {
        return PolicyStore.isInSegment(_store, _segmentCount, key);
    }

    /// @return charged The policy word with `amount` charged to the window of now; zero where it does not fit.
    function _charge(PolicyWord word, uint256 amount) internal view returns (uint256 charged) {
        uint256 unit = _unit;
        uint256 interval = _interval;
        uint256 capUnits = _capUnits;
        if (word.isTight()) capUnits = _cutCap(word, capUnits);
        assembly ("memory-safe") {
            // Rounded up.
            let units := add(div(amount, unit), gt(mod(amount, unit), 0))
            // `Budget.roll`. Sums are of numbers below 2**64, but for `units`, which is compared alone.
            let index := and(div(timestamp(), interval), 0xffffffff)
            let current := and(word, 0xffffffffffffffff)
            let previous := 0
            switch sub(index, and(shr(128, word), 0xffffffff))
            case 0 {
                previous := and(shr(64, word), 0xffffffffffffffff)
            }
            case 1 {
                previous := current
                current := 0
            }
            default {
                current := 0
            }
            let used := add(previous, current)
            if iszero(or(gt(used, capUnits), gt(units, sub(capUnits, used)))) {
                current := add(current, units)
                charged := or(shl(128, or(shl(32, shr(160, word)), index)), or(shl(64, previous), current))
            }
        }
    }

    function _left(PolicyWord word) private view returns (uint256) {
        (, uint256 previous, uint256 current) = Budget.roll(word.window(), _interval);
        uint256 used = previous + current;
        uint256 capUnits = _cutCap(word, _capUnits);
        return used < capUnits ? (capUnits - used) * _unit : 0;
    }
}
