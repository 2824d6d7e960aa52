// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBeacon} from "@openzeppelin/contracts/proxy/beacon/IBeacon.sol";
import {CodeStore} from "../../registry/libraries/CodeStore.sol";
import {BeaconTarget, IBeaconControl} from "../IBeaconRouter.sol";
import {ITrafficControl, ITrafficRouter, Policy, TrafficLimits, TrafficStatus} from "../ITrafficRouter.sol";
import {BeaconChecks} from "../libraries/BeaconChecks.sol";
import {Budget} from "../libraries/Budget.sol";
import {CallData} from "../libraries/CallData.sol";
import {PolicyStore} from "../libraries/PolicyStore.sol";
import {PolicyWord, PolicyWordLib} from "../libraries/PolicyWord.sol";
import {Relay} from "../libraries/Relay.sol";
import {TrafficErrors} from "../libraries/TrafficErrors.sol";
import {TrafficEvents} from "../libraries/TrafficEvents.sol";
import {BeaconFrame} from "./BeaconFrame.sol";
import {RouterCode, RouterKind, RouterTarget} from "./RouterCode.sol";

/// @notice What controller and guardian say to a beacon's router, at its own address: one word for all proxies, in the
/// router's own storage. Nothing that is said through a proxy changes anything, and no code but the router's runs on the
/// router's storage.
abstract contract BeaconControl is BeaconFrame {
    using CallData for bytes;

    bytes32 private constant MAGIC = keccak256("slipway.traffic.router.v1");

    address internal immutable _predecessor;
    bytes32 private immutable _policyId;
    uint256 internal immutable _firstShare;
    bytes32 private immutable _storeHash;

    constructor(
        BeaconTarget memory target,
        Policy memory policy_
    )
        RouterCode(
            RouterTarget({
                kind: RouterKind.Transparent,
                stable: target.stable,
                candidate: target.candidate,
                controller: target.controller,
                guardian: target.guardian,
                policyId: target.policyId,
                implementationSlot: 0,
                authoritySlot: 0
            }),
            address(this),
            PolicyStore.write(target.stable, target.candidate, policy_)
        )
        BeaconFrame(target.beacon, BeaconChecks.check(target, policy_))
    {
        _predecessor = target.predecessor;
        _policyId = target.policyId;
        _firstShare = policy_.share;
        _storeHash = _store.codehash;
    }

    /// @dev At the router's own address. Ends the call, and never runs stable or candidate.
    function _answerDirectly() internal {
        if (msg.value == 0) {
            if (msg.data.length == 0) {
                assembly ("memory-safe") {
                    tstore(MARK_SLOT, 1)
                    stop()
                }
            }
            if (msg.data.length == 1) Relay.returnWith(abi.encode(_word()));
        }
        if (msg.sig != ITrafficRouter.traffic.selector) revert TrafficErrors.DirectCall();
        if (msg.value != 0) revert TrafficErrors.ValueNotAccepted(msg.value);
        bytes calldata message = _message();
        bytes4 selector = bytes4(uint32(message.selectorOf()));
        if (selector == ITrafficControl.install.selector) _install(message);
        else if (selector == ITrafficControl.freeze.selector) _freezeBy(message);
        else if (selector == ITrafficControl.lowerShare.selector) _lowerShare(message);
        else if (selector == IBeaconControl.requireLive.selector) _requireLive(abi.decode(message[4:], (uint32)));
        else if (selector == IBeaconControl.requireResting.selector) _requireResting();
        else _tell(selector, message);
        Relay.reply("");
    }

    /// @dev The same questions as of any router, answered for the proxy they are asked through. Ends the call.
    function _answerThroughProxy() internal view {
        bytes calldata message = _message();
        _tell(bytes4(uint32(message.selectorOf())), message);
    }

    /// @dev What only reads. Ends the call.
    function _tell(bytes4 selector, bytes calldata message) private view {
        if (selector == ITrafficControl.status.selector) Relay.reply(abi.encode(_status()));
        if (selector == ITrafficControl.routerMagic.selector) Relay.reply(abi.encode(MAGIC));
        // What is stored is the answer: `abi.encode(policy)`.
        if (selector == ITrafficControl.policy.selector) Relay.reply(CodeStore.read(_store));
        if (selector == ITrafficControl.limits.selector) Relay.reply(abi.encode(_noLimits()));
        if (selector == ITrafficControl.isCandidate.selector) Relay.reply(abi.encode(_isCandidate(message[4:])));
        if (selector == IBeaconControl.lineage.selector) Relay.reply(abi.encode(_beacon, _predecessor));
        bool isControl =
            selector == ITrafficControl.install.selector ||
                selector == ITrafficControl.freeze.selector ||
                selector == ITrafficControl.lowerShare.selector;
        if (isControl) revert TrafficErrors.ProxyCall();
        revert TrafficErrors.UnknownMessage(selector);
    }

    /// @dev The step begins: after the beacon was led here, in the same batch. From the next block on, so that no
    /// transaction sees two.
    function _install(bytes calldata message) private {
        if (msg.sender != _controller) revert TrafficErrors.TrafficUnauthorized(msg.sender);
        PolicyWord word = _word();
        if (word.isInstalled()) revert TrafficErrors.AlreadyInstalled();
        // Before it began, too: a containment freezes every step of its plan.
        if (word.isFrozen()) revert TrafficErrors.CanaryFrozen();
        // One call could initialise one proxy, and the others would have the candidate without it.
        if (abi.decode(message[4:], (bytes)).length != 0) revert TrafficErrors.InitUnsupported();
        address serving = IBeacon(_beacon).implementation();
        if (serving != _self) revert TrafficErrors.NotImplementation(serving);
        if (_store.codehash != _storeHash) revert TrafficErrors.PolicyMismatch(_store);
        if (_predecessor != address(0)) _followPredecessor();

        _storeWord(PolicyWordLib.installed(_firstShare));
        emit TrafficEvents.CanaryInstalled(_policyId, _stable, _candidate, uint16(_firstShare), _store);
    }

    /// @dev What was frozen or tightened stays so: the step that was scheduled before it finds its predecessor at another
    /// epoch. Reverts as that does.
    function _followPredecessor() private view {
        bytes memory question = abi.encodeCall(IBeaconControl.requireLive, (1));
        (bool isOk, bytes memory answer) = _predecessor.staticcall(abi.encodeCall(ITrafficRouter.traffic, (question)));
        if (!isOk) Relay.revertWith(answer);
    }

    function _requireLive(uint32 expectedEpoch) private view {
        PolicyWord word = _word();
        if (!word.isInstalled()) revert TrafficErrors.NotInstalled();
        if (expectedEpoch != word.epoch()) revert TrafficErrors.StalePolicy(expectedEpoch, word.epoch());
        if (word.isFrozen()) revert TrafficErrors.CanaryFrozen();
        _requireResting();
    }

    function _requireResting() private view {
        bool isMarked;
        assembly ("memory-safe") {
            isMarked := tload(MARK_SLOT)
        }
        if (isMarked) revert TrafficErrors.CallInProgress();
    }

    /// @dev At any moment, also inside a call of a proxy: what runs goes on, and only calls to come are stable's.
    function _freezeBy(bytes calldata message) private {
        _requireSteering();
        _freeze(_word(), abi.decode(message[4:], (string)));
    }

    function _lowerShare(bytes calldata message) private {
        bool isGuardian = _requireSteering();
        PolicyWord word = _word();
        if (!word.isInstalled()) revert TrafficErrors.NotInstalled();
        if (isGuardian && word.isFrozen()) revert TrafficErrors.CanaryFrozen();
        uint256 share = abi.decode(message[4:], (uint256));
        if (word.isFrozen() || share >= word.share()) {
            // The controller's batch was agreed on before, and goes on.
            if (isGuardian) revert TrafficErrors.NotTighter();
            return;
        }
        word = word.withShare(share).withNextEpoch();
        _storeWord(word);
        emit TrafficEvents.ShareSet(uint16(share), word.epoch());
    }

    function _requireSteering() private view returns (bool isGuardian) {
        isGuardian = msg.sender != _controller;
        if (isGuardian && msg.sender != _guardian) revert TrafficErrors.TrafficUnauthorized(msg.sender);
    }

    /// @param arguments `isCandidate`'s, still encoded: the inner calldata is read where it lies.
    function _isCandidate(bytes calldata arguments) private view returns (bool) {
        // The router's own address is nobody's proxy.
        if (address(this) == _self) return false;
        if (!_isInShare(_firstShare) && !_isInSegment()) return false;
        return _nextWord(0, arguments.bytesAt(32)) != 0;
    }

    /// @dev Asked through a proxy: what that proxy spent and broke, and frozen where either was.
    function _status() private view returns (TrafficStatus memory status) {
        PolicyWord own = _ownWord();
        status.stable = _stable;
        status.candidate = _candidate;
        status.controller = _controller;
        status.guardian = _guardian;
        status.policyId = _policyId;
        status.isFrozen = own.isFrozen();
        if (!own.isInstalled()) return status;
        status.isInstalled = true;
        status.share = own.share();
        status.epoch = own.epoch();
        status.errorBudget = uint8(_errorBudget);
        status.cap = uint128(_cap);
        status.interval = uint32(_interval);
        if (address(this) == _self) return status;

        PolicyWord word = _word();
        status.isFrozen = status.isFrozen || word.isFrozen();
        status.breaks = word.breaks();
        uint256 counters = _counters();
        status.stableCalls = uint64(counters);
        status.candidateCalls = uint64(counters >> 64);
        status.fallbacks = uint64(counters >> 128);
        if (_cap == 0) return status;
        (, uint256 previous, uint256 current) = Budget.roll(word.window(), _interval);
        status.usedPrevious = uint128(previous * _unit);
        status.usedCurrent = uint128(current * _unit);
    }

    /// @dev A beacon's router has no lanes and no locks.
    function _noLimits() private pure returns (TrafficLimits memory facts) {
        facts.capBps = uint16(ONE_IN_BPS);
    }

    function _message() private pure returns (bytes calldata) {
        return CallData.bytesAt(msg.data[4:], 0);
    }
}
