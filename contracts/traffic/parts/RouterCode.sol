// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {Policy} from "../ITrafficRouter.sol";
import {Budget} from "../libraries/Budget.sol";
import {PolicyChecks} from "../libraries/PolicyChecks.sol";
import {PolicyStore} from "../libraries/PolicyStore.sol";
import {PolicyWordLib} from "../libraries/PolicyWord.sol";
import {Rules} from "../libraries/Rules.sol";

/// @notice How the proxy is upgraded, which decides who installs the router and who takes it out.
enum RouterKind {
    // The implementation upgrades itself; the controller is its owner.
    Uups,
    // The proxy does, for its admin.
    Transparent
}

/// @notice What a router is made for.
struct RouterTarget {
    RouterKind kind;
    address stable;
    address candidate;
    // Installs and steers: the timelock.
    address controller;
    // May only freeze: the registry.
    address guardian;
    // Separates this canary's storage from every other's on the same proxy.
    bytes32 policyId;
}

/// @notice What never changes about a canary, in the router's own code: the candidate runs on the proxy's storage and
/// could rewrite what was kept there, but nobody can rewrite code. A plan pins the code's hash, and with it the policy.
abstract contract RouterCode {
    /// @dev Further rules are in the store.
    uint256 private constant INLINE_RULES = 4;

    address internal immutable _self = address(this);
    bool internal immutable _isUups;
    address internal immutable _stable;
    address internal immutable _candidate;
    address internal immutable _controller;
    address internal immutable _guardian;
    bytes32 internal immutable _policyId;
    /// @dev The policy word; the counters follow it. The number is the call state's as well, in transient storage.
    bytes32 internal immutable _slot;

    uint256 internal immutable _firstShare;
    bytes32 internal immutable _salt;
    bool internal immutable _isCounted;
    /// @dev What a frame watches besides the policy word and the implementation: 1 the counters, 2 the admin slot.
    uint256 internal immutable _guards;
    /// @dev ERC-1967's, here since the compiler would fetch such a constant by copying code.
    bytes32 internal immutable _implementationSlot = ERC1967Utils.IMPLEMENTATION_SLOT;
    /// @dev Whether more than the sender decides: a rule, or a cap.
    bool internal immutable _hasRules;
    uint256 internal immutable _interval;
    uint256 internal immutable _cap;
    uint256 internal immutable _unit;
    uint256 internal immutable _capUnits;
    uint256 internal immutable _valueWeight;
    uint256 internal immutable _errorBudget;
    uint256 internal immutable _candidateGas;
    /// @dev Bits of the policy word that ask for a closer look at each frame. It is never zero, so all of them do always.
    uint256 internal immutable _watched;
    uint256 internal immutable _lanePause;
    uint256 internal immutable _otherLane;
    uint256 internal immutable _laneCount;
    /// @dev Bit n: lane n is an exit.
    uint256 internal immutable _exitLanes;

    address internal immutable _store;
    bytes32 internal immutable _storeHash;
    uint256 private immutable _ruleCount;
    uint256 private immutable _errorCount;
    uint256 internal immutable _rule0;
    uint256 private immutable _rule1;
    uint256 private immutable _rule2;
    uint256 private immutable _rule3;

    constructor(RouterTarget memory target, Policy memory policy) {
        PolicyChecks.checkCode(target.stable);
        PolicyChecks.checkCode(target.candidate);
        PolicyChecks.check(policy);
        _isUups = target.kind == RouterKind.Uups;
        _stable = target.stable;
        _candidate = target.candidate;
        _controller = target.controller;
        _guardian = target.guardian;
        _policyId = target.policyId;
        _slot = _namespace(target.policyId);

        _firstShare = policy.share;
        _salt = policy.salt;
        _isCounted = policy.isCounted;
        _guards = (policy.isCounted ? 1 : 0) | (target.kind == RouterKind.Uups ? 0 : 2);
        _hasRules = policy.rules.length != 0 || policy.cap != 0;
        _interval = policy.interval;
        _cap = policy.cap;
        uint256 unit = Budget.unitOf(policy.cap);
        _unit = unit;
        _capUnits = unit == 0 ? 0 : policy.cap / unit;
        _valueWeight = policy.valueWeight;
        _errorBudget = policy.errorBudget;
        _candidateGas = policy.candidateGas;
        _watched = policy.invariants.length == 0 ? PolicyWordLib.TIGHT : type(uint256).max;
        _lanePause = policy.lanePause;
        _otherLane = policy.otherLane;
        _laneCount = policy.lanes.length;
        _exitLanes = Rules.exitsOf(policy.lanes);

        address store = PolicyStore.write(policy);
        _store = store;
        _storeHash = store.codehash;
        _ruleCount = policy.rules.length;
        _errorCount = policy.expectedErrors.length;
        _rule0 = Rules.packAt(policy.rules, 0);
        _rule1 = Rules.packAt(policy.rules, 1);
        _rule2 = Rules.packAt(policy.rules, 2);
        _rule3 = Rules.packAt(policy.rules, 3);
    }

    function _namespace(bytes32 policyId) private pure returns (bytes32) {
        return
            keccak256(abi.encode(uint256(keccak256(abi.encode("slipway.traffic", policyId))) - 1)) &
            ~bytes32(uint256(0xff));
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

    /// @dev Offset of the conditions' encoding follows from these.
    function _counts() internal view returns (uint256 rules, uint256 errors) {
        return (_ruleCount, _errorCount);
    }
}
