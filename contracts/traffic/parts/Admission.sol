// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Budget} from "../libraries/Budget.sol";
import {CallData} from "../libraries/CallData.sol";
import {Cohort} from "../libraries/Cohort.sol";
import {PolicyWord} from "../libraries/PolicyWord.sol";
import {Rules} from "../libraries/Rules.sol";
import {TrafficErrors} from "../libraries/TrafficErrors.sol";
import {RouterState} from "./RouterState.sol";

/// @notice Which calls are the candidate's: those of its cohort that fit the budget.
abstract contract Admission is RouterState {
    using Rules for uint256;
    using CallData for bytes;

    /// @return isCandidate Whether an outermost call is the candidate's.
    /// @return next The policy word once the call is charged.
    function _decide(
        PolicyWord word,
        address sender,
        uint256 value,
        bytes calldata data
    ) internal view returns (bool isCandidate, PolicyWord next) {
        uint256 rule = _ruleOf(data.selectorOf());
        uint256 number = rule.cohortWord();
        bytes32 key = number == 0 ? bytes32(uint256(uint160(sender))) : bytes32(data.wordOf(number));
        if (!Cohort.contains(_salt, key, word.share())) return (false, word);
        if (_cap == 0) return (true, word);
        if (!rule.isAdmissible()) return (false, word);
        (isCandidate, next, , ) = _charge(word, rule, value, data);
    }

    /// @dev While the candidate runs, what it calls back is still metered. It cannot be handed to stable, so it reverts.
    function _chargeNested(PolicyWord word) internal {
        bytes calldata data = msg.data;
        uint256 selector = data.selectorOf();
        uint256 rule = _ruleOf(selector);
        // The proxy paying itself moves nothing.
        uint256 value = msg.sender == address(this) ? 0 : msg.value;
        (bool fits, PolicyWord next, uint256 amount, uint256 left) = _charge(word, rule, value, data);
        bool isAdmissible = rule.isAdmissible();
        if (amount == 0 && isAdmissible) return;
        // A static call can neither be charged nor move anything.
        if (_isStatic()) return;
        if (!isAdmissible) revert TrafficErrors.Unmetered(bytes4(uint32(selector)));
        if (!fits) revert TrafficErrors.OverBudget(bytes4(uint32(selector)), amount, left);
        _storeWord(next);
    }

    /// @return fits Whether the call moves no more than the budget has left.
    /// @return next The word with the call charged.
    /// @return amount What the call moves: weighed native value and metered word.
    /// @return left What the budget had left.
    function _charge(
        PolicyWord word,
        uint256 rule,
        uint256 value,
        bytes calldata data
    ) private view returns (bool fits, PolicyWord next, uint256 amount, uint256 left) {
        if (value != 0) amount = Budget.weigh(value, _valueWeight);
        uint256 number = rule.meterWord();
        if (number != 0) amount = Budget.add(amount, Budget.weigh(data.wordOf(number), rule.weight()));
        uint256 window;
        uint256 unit = _unit;
        uint256 units = unit == 1 ? amount : Budget.toUnits(amount, unit);
        (fits, window, left) = Budget.charge(word.window(), _interval, _capUnits, units);
        unchecked {
            left *= unit;
        }
        next = fits ? word.withWindow(window) : word;
    }
}
