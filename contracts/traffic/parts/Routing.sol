// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1822Proxiable} from "@openzeppelin/contracts/interfaces/draft-IERC1822.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IContractIdentifier, ITrafficControl, ITrafficRouter, Policy} from "../ITrafficRouter.sol";
import {CallData} from "../libraries/CallData.sol";
import {PolicyStore} from "../libraries/PolicyStore.sol";
import {PolicyWord} from "../libraries/PolicyWord.sol";
import {Relay} from "../libraries/Relay.sol";
import {TrafficErrors} from "../libraries/TrafficErrors.sol";
import {Frame} from "./Frame.sol";
import {RouterCode, RouterTarget} from "./RouterCode.sol";

/// @notice A call's way through the router, from its first test to the code that serves it.
abstract contract Routing is Frame {
    using CallData for bytes;

    /// @dev Answers what few calls ask for. Its code cannot change: it destroys nothing, and hands a call on only to
    /// candidate and new implementation.
    address private immutable _control;

    constructor(
        RouterTarget memory target,
        Policy memory policy_
    ) RouterCode(target, address(this), PolicyStore.write(target.stable, target.candidate, policy_)) {
        _control = _createControl(target);
    }

    /// @dev By CREATE2, so that the address names the code.
    function _createControl(RouterTarget memory target) internal virtual returns (address);

    /// @dev Plain transfers come here too: their selector is zero. Written out for the calls that nearly all are, idle or
    /// stable's; a function's jump costs as much as a test. Memory is free to use, since what runs ends the call.
    // solhint-disable-next-line no-complex-fallback, payable-fallback
    fallback() external payable {
        bytes32 slot = _slot;
        address stable = _stable;
        address self = _self;
        uint256 word;
        // Not zero: for the router itself, or the share was set in this block, or something is closed.
        uint256 odd;
        assembly {
            let isSelf := eq(address(), self)
            // The static probe: a write in the router's own transient storage, which means nothing.
            if isSelf {
                if iszero(or(calldatasize(), callvalue())) {
                    tstore(0, 1)
                    stop()
                }
            }
            let selector := shr(224, calldataload(0))
            word := sload(slot)
            // `traffic`, `upgradeToAndCall`: neither ends in a zero byte, so shorter calldata is never taken for one.
            // Then `PolicyWord.isFresh` or `isTight`, which is the highest bit here.
            odd := or(
                or(isSelf, gt(and(shr(184, word), 0xffffffffffff), number())),
                or(eq(selector, 0x5e073e68), eq(selector, 0x4f1ef286))
            )
            // `PolicyWord.isOpen`: the frozen bit lies above the share.
            if iszero(or(odd, lt(sub(and(shr(160, word), 0x1ffff), 1), 0xffff))) {
                calldatacopy(0, 0, calldatasize())
                let isOk := delegatecall(gas(), stable, 0, calldatasize(), 0, 0)
                returndatacopy(0, 0, returndatasize())
                if isOk {
                    return(0, returndatasize())
                }
                revert(0, returndatasize())
            }
        }
        uint256 state;
        assembly ("memory-safe") {
            state := tload(slot)
        }
        if (state > PROBING) _runFrame(PolicyWord.wrap(word), PolicyWord.wrap(state));
        // What gas there was when the candidate was tried, and was undone.
        uint256 available;
        {
            bool hasRules = _hasRules;
            bool isCounted = _isCounted;
            bytes32 salt = _salt;
            assembly {
                // An outermost call that the sender alone decides.
                if iszero(or(odd, or(state, hasRules))) {
                    // `Cohort.contains`. An open word's share has no frozen bit beside it.
                    mstore(0x00, salt)
                    mstore(0x20, caller())
                    let isMember := lt(mod(keccak256(0x00, 0x40), 10000), and(shr(160, word), 0xffff))
                    // `_isStatic`
                    let isStatic := or(sub(caller(), origin()), extcodesize(caller()))
                    if isStatic {
                        isStatic := iszero(call(1000, self, 0, 0, 0, 0, 0))
                    }
                    if iszero(isStatic) {
                        calldatacopy(0, 0, calldatasize())
                        if iszero(isMember) {
                            tstore(slot, 1)
                            let isOk := delegatecall(gas(), stable, 0, calldatasize(), 0, 0)
                            tstore(slot, 0)
                            returndatacopy(0, 0, returndatasize())
                            if isOk {
                                if isCounted {
                                    let counters := or(slot, 1)
                                    sstore(counters, add(sload(counters), 1))
                                }
                                return(0, returndatasize())
                            }
                            revert(0, returndatasize())
                        }
                        // `_tryCandidate`
                        available := gas()
                        tstore(slot, word)
                        if delegatecall(gas(), self, 0, calldatasize(), 0, 0) {
                            tstore(slot, 0)
                            if isCounted {
                                let counters := or(slot, 1)
                                sstore(counters, add(sload(counters), shl(64, 1)))
                            }
                            returndatacopy(0, 0, returndatasize())
                            return(0, returndatasize())
                        }
                        // Solidity's memory goes on as it began.
                        mstore(0x40, 0x80)
                        mstore(0x60, 0)
                    }
                    // A static call goes on as if nested in one of its version.
                    if isStatic {
                        state := add(1, isMember)
                    }
                }
            }
        }
        if (odd | state | available == 0) _routeOutermost(PolicyWord.wrap(word));
        if (available != 0) _recover(available);
        if (odd != 0) _answer(PolicyWord.wrap(word));
        if (state != NONE) _routeNested(PolicyWord.wrap(word), state);
        if (PolicyWord.wrap(word).isFresh()) _serveStable();
        _routeOutermost(PolicyWord.wrap(word));
    }

    /// @dev What is for the router itself. Comes back with what is the protocol's, and serves that as well in the block
    /// that set the share: calls are marked though all are stable's, so that the batch that goes on in this block does not
    /// cross one that nobody knows of.
    function _answer(PolicyWord word) private {
        if (address(this) == _self) _answerDirectly();
        if (msg.sig == ITrafficRouter.traffic.selector) _steer(word);
        bool isTakeOut = msg.sig == UUPSUpgradeable.upgradeToAndCall.selector;
        if (isTakeOut && _isUups && msg.sender == _controller) Relay.pass(_control);
        if (word.isTight()) _checkLimits();
        if (!word.isOpen() && !word.isFresh()) Relay.pass(_stable);
    }

    /// @dev Whose code would serve a call is for this code to tell. Ends the call.
    function _steer(PolicyWord word) private {
        bytes calldata message = CallData.bytesAt(msg.data[4:], 0);
        bool isAsked = message.selectorOf() == uint32(ITrafficControl.isCandidate.selector);
        if (isAsked && msg.value == 0) Relay.reply(abi.encode(_isCandidate(word, message[4:])));
        Relay.pass(_control);
    }

    /// @param arguments `isCandidate`'s, still encoded: the inner calldata is read where it lies.
    function _isCandidate(PolicyWord word, bytes calldata arguments) private view returns (bool) {
        if (!word.isOpen() || word.isFresh()) return false;
        address sender = abi.decode(arguments, (address));
        return _decide(word, sender, 0, arguments.bytesAt(32)) != 0;
    }

    /// @dev The outermost call has decided. Ends the call.
    function _routeNested(PolicyWord word, uint256 state) private {
        if (state != CANDIDATE) Relay.pass(_stable);
        // In a fresh block the only candidate call is its own init, which no user can make.
        if (_cap != 0 && !word.isFresh()) _chargeNested(word);
        Relay.pass(_candidate);
    }

    /// @dev Ends the call.
    function _routeOutermost(PolicyWord word) private {
        uint256 next = _decide(word, msg.sender, msg.value, msg.data);
        address self = _self;
        bool isStatic;
        assembly ("memory-safe") {
            // `_isStatic`
            isStatic := or(sub(caller(), origin()), extcodesize(caller()))
            if isStatic {
                isStatic := iszero(call(1000, self, 0, 0, 0, 0, 0))
            }
        }
        // A static call can neither be marked nor undone nor counted, and changes nothing.
        if (isStatic) Relay.pass(next == 0 ? _stable : _candidate);
        if (next != 0) _tryCandidate(PolicyWord.wrap(next));

        _markStable();
    }

    /// @dev In the block that set the share. Ends the call.
    function _serveStable() private {
        if (_isStatic()) Relay.pass(_stable);
        _markStable();
    }

    /// @dev Ends the call.
    function _markStable() private {
        _setState(STABLE);
        bool isOk = Relay.delegate(_stable, gasleft());
        _setState(NONE);
        if (_isCounted && isOk) _count(1, 0, 0);
        Relay.finish(isOk);
    }

    /// @dev Ends the call. Nothing here touches a proxy.
    function _answerDirectly() private view {
        if (msg.value == 0 && msg.sig == IERC1822Proxiable.proxiableUUID.selector && _isUups) {
            Relay.returnWith(abi.encode(ERC1967Utils.IMPLEMENTATION_SLOT));
        }
        // Who upgrades such a proxy compares what old and new code say of themselves.
        if (_isOwnAdmin && msg.sig == IContractIdentifier.contractId.selector) {
            Relay.ask(_stable);
        }
        revert TrafficErrors.DirectCall();
    }
}
