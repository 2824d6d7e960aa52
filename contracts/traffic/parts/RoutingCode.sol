// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Condition} from "../../types/Condition.sol";
import {PolicyStore} from "../libraries/PolicyStore.sol";
import {PolicyWordLib} from "../libraries/PolicyWord.sol";
import {Rules} from "../libraries/Rules.sol";
import {Lanes} from "./Lanes.sol";

/// @notice The rest of what never changes: what a call is routed by. The control does without it.
abstract contract RoutingCode is Lanes {
    /// @dev Further rules are in the store.
    uint256 private constant INLINE_RULES = 4;

    bool internal immutable _isUups;
    bool internal immutable _isOwnAdmin;
    bytes32 internal immutable _salt;
    bool internal immutable _isCounted;
    /// @dev What a frame watches besides the policy word and the implementation: 1 the counters, 2 the admin slot.
    uint256 internal immutable _guards;
    /// @dev Whether more than the sender decides: a rule, or a cap.
    bool internal immutable _hasRules;
    uint256 internal immutable _capUnits;
    uint256 internal immutable _valueWeight;
    uint256 internal immutable _candidateGas;
    /// @dev Bits of the policy word that ask for a closer look at each frame. It is never zero, so all of them do always.
    uint256 internal immutable _watched;
    uint256 internal immutable _otherLane;
    uint256 internal immutable _segmentCount;
    uint256 internal immutable _meterCount;
    /// @dev Whether a selector may be metered that no rule says so of.
    bool internal immutable _hasMeters;
    /// @dev Of what the metered word falls by; zero: no word is metered.
    uint256 internal immutable _fallWeight;
    /// @dev `Rules.ADMISSIBLE`; zero without a cap, where nothing is metered.
    uint256 internal immutable _admissible;

    uint256 private immutable _ruleCount;
    uint256 private immutable _errorCount;
    uint256 private immutable _conditionsEnd;
    uint256 internal immutable _rule0;
    uint256 private immutable _rule1;
    uint256 private immutable _rule2;
    uint256 private immutable _rule3;

    constructor() {
        address store = _store;
        _isUups = _authoritySlot == 0;
        bool isOwnAdmin = _authoritySlot != 0 && _authoritySlot != ADMIN_SLOT;
        _isOwnAdmin = isOwnAdmin;
        _salt = bytes32(PolicyStore.field(store, PolicyStore.SALT));
        bool isCounted = PolicyStore.field(store, PolicyStore.IS_COUNTED) != 0;
        _isCounted = isCounted;
        _guards = (isCounted ? 1 : 0) | (_authoritySlot == ADMIN_SLOT ? 2 : 0);
        uint256 ruleCount = PolicyStore.count(store, PolicyStore.RULES);
        uint256 segmentCount = PolicyStore.count(store, PolicyStore.SEGMENT);
        _segmentCount = segmentCount;
        uint256 meterCount = PolicyStore.count(store, PolicyStore.METERS);
        _meterCount = meterCount;
        uint256 fallWeight = PolicyStore.fall(store).weight;
        _fallWeight = fallWeight;
        _admissible = _cap == 0 ? 0 : Rules.ADMISSIBLE;
        _hasMeters = meterCount != 0 || fallWeight != 0;
        _hasRules = ruleCount != 0 || _cap != 0 || segmentCount != 0;
        _capUnits = _unit == 0 ? 0 : _cap / _unit;
        _valueWeight = PolicyStore.field(store, PolicyStore.VALUE_WEIGHT);
        _candidateGas = PolicyStore.field(store, PolicyStore.CANDIDATE_GAS);
        bool isWatched = PolicyStore.count(store, PolicyStore.INVARIANTS) != 0 || isOwnAdmin || fallWeight != 0;
        _watched = isWatched ? type(uint256).max : PolicyWordLib.TIGHT;
        _otherLane = PolicyStore.field(store, PolicyStore.OTHER_LANE);
        _ruleCount = ruleCount;
        _errorCount = PolicyStore.count(store, PolicyStore.ERRORS);
        _conditionsEnd = PolicyStore.conditionsEnd(store);
        _rule0 = PolicyStore.ruleAt(store, 0);
        _rule1 = PolicyStore.ruleAt(store, 1);
        _rule2 = PolicyStore.ruleAt(store, 2);
        _rule3 = PolicyStore.ruleAt(store, 3);
    }

    /// @dev The rule of `selector`, or zero. An unused place is zero, and so "no rule" of the selector zero.
    function _ruleOf(uint256 selector) internal view returns (uint256 rule) {
        rule = _rule0;
        if (rule >> 224 == selector) return rule;
        rule = _rule1;
        if (rule >> 224 == selector) return rule;
        rule = _rule2;
        if (rule >> 224 == selector) return rule;
        rule = _rule3;
        if (rule >> 224 == selector) return rule;
        if (_ruleCount <= INLINE_RULES) return 0;
        return PolicyStore.ruleOf(_store, INLINE_RULES, _ruleCount, selector);
    }

    function _isExpected(bytes4 reason) internal view returns (bool) {
        return _errorCount != 0 && PolicyStore.isExpected(_store, _ruleCount, _errorCount, reason);
    }

    function _conditions() internal view virtual returns (Condition[] memory) {
        return PolicyStore.conditions(_store, _ruleCount, _errorCount, _conditionsEnd);
    }
}
