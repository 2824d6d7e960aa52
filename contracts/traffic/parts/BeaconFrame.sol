// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Condition, Probe, RightKind} from "../../types/Condition.sol";
import {CallData} from "../libraries/CallData.sol";
import {Cohort} from "../libraries/Cohort.sol";
import {Baseline, Breach, FrameConditions} from "../libraries/FrameConditions.sol";
import {PolicyWord} from "../libraries/PolicyWord.sol";
import {Relay} from "../libraries/Relay.sol";
import {Rules} from "../libraries/Rules.sol";
import {TrafficErrors} from "../libraries/TrafficErrors.sol";
import {Frame} from "./Frame.sol";

/// @notice Which proxies of a beacon are the candidate's, and its frame on one of them.
abstract contract BeaconFrame is Frame {
    using CallData for bytes;
    using Rules for uint256;

    bytes32 internal constant BEACON_SLOT = 0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50;

    /// @dev The router's own transient slot that says: a call was served in this transaction.
    bytes32 internal constant MARK_SLOT = 0;

    address internal immutable _beacon;
    /// @dev Some rule names a privileged selector: an initialiser, or what else the candidate shall not serve on trial.
    bool internal immutable _hasPrivileged;

    constructor(address beacon, bool hasPrivileged) {
        _beacon = beacon;
        _hasPrivileged = hasPrivileged;
    }

    function _isInShare(uint256 share) internal view returns (bool) {
        return Cohort.contains(_salt, bytes32(uint256(uint160(address(this)))), share);
    }

    /// @dev Whether the proxy takes part whatever the share.
    function _isInSegment() internal view returns (bool) {
        return _segmentCount != 0 && _isListed(bytes32(uint256(uint160(address(this)))));
    }

    /// @dev Leaves a mark at the router's own address for the rest of the transaction: control that would put other code
    /// under a running call refuses then. Anybody can leave one, and stops nothing but his own transaction. In a static
    /// context it cannot be left, which tells such a context.
    function _mark() internal returns (bool isMarked) {
        address self = _self;
        assembly ("memory-safe") {
            isMarked := call(STATIC_PROBE_GAS, self, 0, 0, 0, 0, 0)
        }
    }

    /// @dev The router's own word, whoever asks: one byte of calldata is that question.
    function _ownWord() internal view returns (PolicyWord) {
        if (address(this) == _self) return _word();
        address self = _self;
        uint256 word;
        bool isOk;
        assembly ("memory-safe") {
            isOk := staticcall(gas(), self, 0, 1, 0, 0x20)
            word := mload(0)
        }
        // Never stable because gas is low.
        if (!isOk) revert TrafficErrors.CanaryGas(gasleft());
        return PolicyWord.wrap(word);
    }

    /// @dev The proxy's word with the share of now in it; closed where either was frozen.
    function _effectiveWord() internal view returns (PolicyWord word) {
        PolicyWord own = _ownWord();
        word = _word();
        bool isLive = own.isOpen() && !own.isFresh();
        return word.withBareShare(isLive ? own.share() : 0);
    }

    /// @return next The proxy's word once an outermost call is charged; zero where it is stable's.
    function _nextWord(uint256 value, bytes calldata data) internal view returns (uint256 next) {
        PolicyWord word = _effectiveWord();
        if (!word.isOpen() || (_hasPrivileged && _ruleOf(data.selectorOf()).isLockable())) return 0;
        return _decide(word, address(this), value, data);
    }

    /// @dev A privileged call nested in the candidate's cannot be handed to stable. A static one changes nothing.
    function _refusePrivileged() internal {
        uint256 selector = msg.data.selectorOf();
        if (!_ruleOf(selector).isLockable() || !_mark()) return;
        revert TrafficErrors.SelectorLocked(bytes4(uint32(selector)));
    }

    /// @dev The candidate's frame, entered by the token. As `Frame._runWatched`, of a proxy whose code a beacon names.
    /// Ends the call.
    /// @param word The proxy's, as it is stored.
    /// @param token The same, charged. Without a cap there is nothing to charge, and nothing is written.
    function _runBeaconFrame(PolicyWord word, PolicyWord token) internal {
        if (_cap == 0) token = word;
        else if (PolicyWord.unwrap(token) != PolicyWord.unwrap(word)) _storeWord(token);
        uint256 counters = _isCounted ? _counters() : 0;
        bytes32 beacon = _sload(BEACON_SLOT);
        bytes32 implementation = _sload(IMPLEMENTATION_SLOT);
        // Without conditions the policy's account stays cold.
        bool isWatched = _watched == type(uint256).max;
        Condition[] memory conditions;
        Baseline[] memory baselines;
        if (isWatched) {
            conditions = _conditions();
            _setState(PROBING);
            baselines = FrameConditions.baselines(conditions);
        }
        uint256 reserve = FRAME_RESERVE + FrameConditions.gasNeeded(conditions);
        uint256 level;
        if (_fallWeight != 0) {
            uint256 needed;
            (needed, level) = _levelBefore();
            reserve += needed;
        }
        _setState(CANDIDATE);

        (bool isOk, uint256 before, uint256 given) = _callCandidate(reserve);
        if (!isOk) _failCandidate(before, given);
        bool isFair = _isFair(given, before);
        bytes memory answer = Relay.answer();

        _checkWord(token);
        if (_sload(BEACON_SLOT) != beacon) _revertSlot(BEACON_SLOT);
        if (_sload(IMPLEMENTATION_SLOT) != implementation) _revertSlot(IMPLEMENTATION_SLOT);
        if (_isCounted && _counters() != counters) _revertSlot(_counterSlot());
        if (!isWatched) Relay.returnWith(answer);
        _setState(PROBING);
        (bool isBroken, Breach memory breach) = FrameConditions.firstBroken(conditions, baselines);
        if (isBroken && !isFair) revert TrafficErrors.CanaryGas(gasleft());
        if (isBroken) Relay.revertWith(abi.encode(TAG_BROKEN, breach));
        if (_fallWeight != 0) _chargeFall(level, isFair);
        Relay.returnWith(answer);
    }

    /// @dev The beacon itself is never worth a condition here, since it names this router; as a target it stands for the
    /// proxy that is called, so that one policy fits all of them.
    function _conditions() internal view override returns (Condition[] memory conditions) {
        conditions = super._conditions();
        for (uint256 i; i < conditions.length; ++i) {
            _aim(conditions[i].left);
            if (conditions[i].rightKind == RightKind.Probe) _aim(conditions[i].right);
        }
    }

    function _fallProbe() internal view override returns (Probe memory probe) {
        probe = super._fallProbe();
        _aim(probe);
    }

    function _aim(Probe memory probe) private view {
        if (probe.target == _beacon) probe.target = address(this);
    }
}
