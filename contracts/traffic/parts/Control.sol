// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1822Proxiable} from "@openzeppelin/contracts/interfaces/draft-IERC1822.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {CodeStore} from "../../registry/libraries/CodeStore.sol";
import {ITrafficControl, TrafficStatus} from "../ITrafficRouter.sol";
import {Budget} from "../libraries/Budget.sol";
import {CallData} from "../libraries/CallData.sol";
import {PolicyChecks} from "../libraries/PolicyChecks.sol";
import {PolicyStore} from "../libraries/PolicyStore.sol";
import {PolicyWord, PolicyWordLib} from "../libraries/PolicyWord.sol";
import {Relay} from "../libraries/Relay.sol";
import {TrafficErrors} from "../libraries/TrafficErrors.sol";
import {TrafficEvents} from "../libraries/TrafficEvents.sol";
import {Tightening} from "./Tightening.sol";

/// @notice What controller and guardian say to a router through its proxy, and how it is taken out.
abstract contract Control is Tightening {
    using CallData for bytes;

    bytes32 private constant MAGIC = keccak256("slipway.traffic.router.v1");

    bytes32 private immutable _policyId;
    uint256 private immutable _firstShare;
    bytes32 private immutable _storeHash;

    /// @param storeHash Of the policy's account, as it was when the router was made.
    constructor(bytes32 policyId, address store, bytes32 storeHash) Tightening(store) {
        _policyId = policyId;
        _firstShare = PolicyStore.field(store, PolicyStore.SHARE);
        _storeHash = storeHash;
    }

    /// @dev Ends the call.
    function _answer() internal {
        bytes calldata message = CallData.bytesAt(msg.data[4:], 0);
        bytes4 selector = bytes4(uint32(message.selectorOf()));
        if (message.length < 4) revert TrafficErrors.UnknownMessage(selector);
        bytes calldata arguments = message[4:];
        bytes memory answer;
        if (selector == ITrafficControl.install.selector) _install(arguments);
        else if (msg.value != 0) revert TrafficErrors.ValueNotAccepted(msg.value);
        else if (!_isDone(selector, arguments)) answer = _told(selector);
        Relay.reply(answer);
    }

    /// @return isDone Whether the message was one that changes something, and was carried out.
    function _isDone(bytes4 selector, bytes calldata arguments) private returns (bool isDone) {
        if (selector == ITrafficControl.setShare.selector) _setShare(arguments);
        else if (selector == ITrafficControl.freeze.selector) _freezeBy(arguments);
        else if (selector == ITrafficControl.pauseLane.selector) _pauseLane(arguments);
        else if (selector == ITrafficControl.drain.selector) _drain(arguments);
        else if (selector == ITrafficControl.lockSelector.selector) _lockSelector(arguments);
        else if (selector == ITrafficControl.lowerCap.selector) _lowerCap(arguments);
        else if (selector == ITrafficControl.lowerShare.selector) _lowerShare(arguments);
        else if (selector == ITrafficControl.resume.selector) _resume(arguments);
        else return false;
        return true;
    }

    function _told(bytes4 selector) private view returns (bytes memory answer) {
        // What is stored is the answer: `abi.encode(policy)`.
        if (selector == ITrafficControl.policy.selector) return CodeStore.read(_store);
        if (selector == ITrafficControl.status.selector) return abi.encode(_status());
        if (selector == ITrafficControl.limits.selector) return abi.encode(_trafficLimits(_word()));
        if (selector == ITrafficControl.drainState.selector) return abi.encode(_drainState(_word()));
        if (selector == ITrafficControl.routerMagic.selector) return abi.encode(MAGIC);
        revert TrafficErrors.UnknownMessage(selector);
    }

    function _install(bytes calldata arguments) private {
        _checkInstaller();
        _checkPlace(false);
        if (_word().isInstalled()) revert TrafficErrors.AlreadyInstalled();
        // This code names the policy by its hash; only here does anything depend on who made the store.
        if (_store.codehash != _storeHash) revert TrafficErrors.PolicyMismatch(_store);

        PolicyWord word = PolicyWordLib.installed(_firstShare);
        _storeWord(word);
        emit TrafficEvents.CanaryInstalled(_policyId, _stable, _candidate, uint16(_firstShare), _store);
        bytes memory candidateInit = abi.decode(arguments, (bytes));
        if (candidateInit.length != 0) _initCandidate(word, candidateInit);
        // Nobody starts with calls that were never made.
        _checkKept(_counterSlot(), 0);
    }

    function _checkKept(bytes32 slot, bytes32 word) private view {
        if (_sload(slot) != word) revert TrafficErrors.SlotWritten(slot);
    }

    /// @dev A ProxyAdmin, not the timelock, is the sender under a transparent proxy.
    function _checkInstaller() internal view virtual {
        if (msg.sender == _controller) return;
        bool isAdmin = _authoritySlot == ADMIN_SLOT && msg.sender == address(uint160(uint256(_sload(ADMIN_SLOT))));
        _checkSender(isAdmin);
    }

    /// @dev That calls come to this router.
    /// @param isWritten Whether only the candidate's init can have changed it.
    function _checkPlace(bool isWritten) internal virtual {
        address implementation = _implementation();
        if (implementation == _self) return;
        if (isWritten) revert TrafficErrors.SlotWritten(_implementationSlot);
        revert TrafficErrors.NotImplementation(implementation);
    }

    /// @dev With the sender unchanged: some published inits accept the proxy's admin alone.
    function _initCandidate(PolicyWord word, bytes memory candidateInit) private {
        bytes32 slot = _authoritySlot == 0 ? ADMIN_SLOT : _authoritySlot;
        bytes32 admin = _sload(slot);
        _setState(CANDIDATE);
        // Code that the plan's voters approved, on the storage it was written for.
        (bool isOk, bytes memory answer) = _candidate.delegatecall(candidateInit);
        _setState(NONE);
        if (!isOk) Relay.revertWith(answer);
        _checkKept(_slot, bytes32(PolicyWord.unwrap(word)));
        _checkPlace(true);
        _checkKept(slot, admin);
    }

    function _setShare(bytes calldata arguments) private {
        _checkSender(msg.sender == _controller);
        PolicyWord word = _restingWord();
        (uint32 expectedEpoch, uint16 share) = abi.decode(arguments, (uint32, uint16));
        _checkEpoch(word, expectedEpoch);
        if (word.isFrozen()) revert TrafficErrors.CanaryFrozen();
        if (share > PolicyChecks.MAX_SHARE) revert TrafficErrors.ShareInvalid(share);
        _storeWord(word.withShare(share));
        emit TrafficEvents.ShareSet(share, word.epoch());
    }

    function _freezeBy(bytes calldata arguments) private {
        _checkSender(msg.sender == _controller || msg.sender == _guardian);
        PolicyWord word = _restingWord();
        _freeze(word, abi.decode(arguments, (string)));
    }

    /// @dev The router's own `upgradeToAndCall`, for its controller: OpenZeppelin's refuses while the slot holds a router.
    /// A candidate that was frozen is not promoted; the way to anything else leads over stable or another plan. Ends the
    /// call.
    function _takeOut() internal {
        _checkResting();
        (address next, bytes memory data) = abi.decode(msg.data[4:], (address, bytes));
        if (next == _candidate && _word().isFrozen()) revert TrafficErrors.CanaryFrozen();
        try IERC1822Proxiable(next).proxiableUUID() returns (bytes32 uuid) {
            if (uuid != IMPLEMENTATION_SLOT) revert TrafficErrors.NotUups(next);
        } catch {
            revert TrafficErrors.NotUups(next);
        }
        ERC1967Utils.upgradeToAndCall(next, data);
        Relay.returnWith("");
    }

    function _status() private view returns (TrafficStatus memory status) {
        PolicyWord word = _word();
        status.stable = _stable;
        status.candidate = _candidate;
        status.controller = _controller;
        status.guardian = _guardian;
        status.policyId = _policyId;
        if (!word.isInstalled()) return status;
        status.isInstalled = true;
        status.isFrozen = word.isFrozen();
        status.share = word.share();
        status.epoch = word.epoch();
        status.errorBudget = uint8(_errorBudget);
        status.breaks = word.breaks();
        uint256 counters = _counters();
        status.stableCalls = uint64(counters);
        status.candidateCalls = uint64(counters >> 64);
        status.fallbacks = uint64(counters >> 128);
        if (_cap == 0) return status;
        status.cap = uint128(_cap);
        status.interval = uint32(_interval);
        (, uint256 previous, uint256 current) = Budget.roll(word.window(), _interval);
        status.usedPrevious = uint128(previous * _unit);
        status.usedCurrent = uint128(current * _unit);
    }
}
