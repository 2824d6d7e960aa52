// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Probes} from "../../registry/libraries/Probes.sol";
import {Condition, Probe} from "../../types/Condition.sol";
import {Budget} from "../libraries/Budget.sol";
import {Baseline, Breach, FrameConditions} from "../libraries/FrameConditions.sol";
import {PolicyStore} from "../libraries/PolicyStore.sol";
import {PolicyWord} from "../libraries/PolicyWord.sol";
import {Relay} from "../libraries/Relay.sol";
import {TrafficErrors} from "../libraries/TrafficErrors.sol";
import {TrafficEvents} from "../libraries/TrafficEvents.sol";
import {Admission} from "./Admission.sol";

/// @notice The candidate's call, in a delegatecall of the router to itself, so that all of it can be undone.
abstract contract Frame is Admission {
    /// @dev What the frame needs after the candidate, apart from conditions and from copying a long answer.
    uint256 internal constant FRAME_RESERVE = 12_000;

    /// @dev Kept back from stable when it serves after an undone frame: to record why, or to say that gas was short.
    uint256 private constant SETTLE_RESERVE = 20_000;
    /// @dev To load the metered word's probe and to store the charge.
    uint256 private constant FALL_RESERVE = 20_000;
    /// @dev The counters' slot is cold again once the frame is undone, and may be empty.
    uint256 private constant COUNT_RESERVE = 25_000;

    // How a frame failed: the first word of its revert data. Only the router's own code reverts a frame, so a candidate
    // cannot forge one. Anything else (a starved probe, out of gas) means that gas was short.
    uint256 internal constant TAG_REVERTED = 1;
    uint256 internal constant TAG_EXPECTED = 2;
    uint256 internal constant TAG_SLOT = 3;
    uint256 internal constant TAG_BROKEN = 4;
    uint256 internal constant TAG_OVER = 5;

    /// @dev Has the candidate serve an outermost call, stable if that fails. Ends the call.
    /// @param next The policy word that the frame starts with: charged, or as it is.
    function _tryCandidate(PolicyWord next) internal {
        address self = _self;
        bytes32 slot = _slot;
        bool isCounted = _isCounted;
        uint256 available;
        assembly {
            available := gas()
            // The token. Whoever enters next is the frame.
            tstore(slot, next)
            calldatacopy(0, 0, calldatasize())
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
        _recover(available);
    }

    /// @dev Ends the call. The token tells what the policy word is once the frame has begun: charged, or as it was.
    /// Written out, since each call of the cohort runs it. Where a check fails they are made again, one by one, to tell
    /// which.
    function _runFrame(PolicyWord word, PolicyWord token) internal virtual {
        if (PolicyWord.unwrap(word) & _watched != 0) _runWatched(word, token);
        bytes32 slot = _slot;
        uint256 guards = _guards;
        bytes32 implementationSlot = _implementationSlot;
        address self = _self;
        bool isOk;
        uint256 before;
        uint256 given;
        {
            address candidate = _candidate;
            uint256 granted = _candidateGas;
            assembly ("memory-safe") {
                tstore(slot, 2)
                if sub(token, word) {
                    sstore(slot, token)
                }
                // To scratch space: nothing below writes there.
                if guards {
                    if and(guards, 1) {
                        mstore(0x00, sload(or(slot, 1)))
                    }
                    if and(guards, 2) {
                        mstore(0x20, sload(ADMIN_SLOT))
                    }
                }
                // As in `_callCandidate`. Without gas it fails at once.
                let data := mload(0x40)
                calldatacopy(data, 0, calldatasize())
                before := gas()
                let kept := add(shr(6, before), 1000)
                if lt(kept, FRAME_RESERVE) {
                    kept := FRAME_RESERVE
                }
                given := mul(sub(before, kept), gt(before, kept))
                if gt(given, granted) {
                    given := granted
                }
                isOk := delegatecall(given, candidate, data, calldatasize(), 0, 0)
            }
        }
        if (!isOk) _failCandidate(before, given);
        uint256 counters;
        bytes32 admin;
        assembly ("memory-safe") {
            // As in `_checkSlots`.
            let isChanged := or(sub(sload(slot), token), sub(sload(implementationSlot), self))
            isChanged := or(isChanged, sub(tload(slot), 2))
            if guards {
                if and(guards, 1) {
                    counters := mload(0x00)
                    isChanged := or(isChanged, sub(sload(or(slot, 1)), counters))
                }
                if and(guards, 2) {
                    admin := mload(0x20)
                    isChanged := or(isChanged, sub(sload(ADMIN_SLOT), admin))
                }
            }
            if iszero(isChanged) {
                let data := mload(0x40)
                returndatacopy(data, 0, returndatasize())
                return(data, returndatasize())
            }
        }
        _checkSlots(token, counters, admin);
        Relay.finish(true);
    }

    /// @dev The same with conditions around it, or limits to watch.
    function _runWatched(PolicyWord word, PolicyWord token) internal {
        if (PolicyWord.unwrap(token) != PolicyWord.unwrap(word)) _storeWord(token);
        uint256 counters = _isCounted ? _counters() : 0;
        bytes32 admin = _adminWord();
        bytes32 limits = word.isTight() ? _sload(_limitsSlot()) : bytes32(0);
        Condition[] memory conditions = _conditions();
        _setState(PROBING);
        Baseline[] memory baselines = FrameConditions.baselines(conditions);
        uint256 reserve = _frameReserve() + FrameConditions.gasNeeded(conditions);
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
        _checkSlots(token, counters, admin);
        if (word.isTight() && _sload(_limitsSlot()) != limits) _revertSlot(_limitsSlot());
        _setState(PROBING);
        (bool isBroken, Breach memory breach) = FrameConditions.firstBroken(conditions, baselines);
        if (isBroken && !isFair) revert TrafficErrors.CanaryGas(gasleft());
        if (isBroken) Relay.revertWith(abi.encode(TAG_BROKEN, breach));
        if (_fallWeight != 0) _chargeFall(level, isFair);
        Relay.returnWith(answer);
    }

    /// @dev Like the conditions, the metered word is read of stable's code: a candidate must not answer for itself.
    /// @return needed Gas to read it once more.
    function _levelBefore() internal view returns (uint256 needed, uint256 level) {
        Probe memory probe = _fallProbe();
        bool isAvailable;
        (isAvailable, level) = Probes.read(probe);
        if (!isAvailable) _revertOver(type(uint256).max);
        return (FrameConditions.gasNeeded(probe) + FALL_RESERVE, level);
    }

    /// @dev Charges what the metered word fell by since `level` was read. Whoever makes it rise again within the call has paid
    /// it back.
    /// @param isFair `_isFair`: a call that was short of gas is not handed to stable for what it did then.
    function _chargeFall(uint256 level, bool isFair) internal {
        (bool isAvailable, uint256 left) = Probes.read(_fallProbe());
        uint256 amount = type(uint256).max;
        if (isAvailable) {
            if (left >= level) return;
            amount = Budget.weigh(level - left, _fallWeight);
        }
        uint256 charged = _charge(_word(), amount);
        if (charged == 0 && !isFair) revert TrafficErrors.CanaryGas(gasleft());
        if (charged == 0) _revertOver(amount);
        _storeWord(PolicyWord.wrap(charged));
    }

    function _fallProbe() internal view virtual returns (Probe memory) {
        return PolicyStore.fall(_store).probe;
    }

    function _revertOver(uint256 amount) private pure {
        Relay.revertWith(abi.encode(TAG_OVER, amount));
    }

    /// @dev Gives the candidate all gas but `reserve`, at most what the policy grants. None: it is not called.
    /// @return isOk Whether it succeeded.
    /// @return before Gas left just before. Taken after the calldata is copied: a sender could make that cost so much that
    /// the candidate has less than is reckoned here.
    /// @return given Gas given to it.
    function _callCandidate(uint256 reserve) internal returns (bool isOk, uint256 before, uint256 given) {
        address candidate = _candidate;
        uint256 granted = _candidateGas;
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, 0, calldatasize())
            before := gas()
            // EIP-150 holds back 1/64 in any case.
            let kept := add(shr(6, before), 1000)
            if lt(kept, reserve) {
                kept := reserve
            }
            if gt(before, kept) {
                given := sub(before, kept)
                if gt(given, granted) {
                    given := granted
                }
                isOk := delegatecall(given, candidate, data, calldatasize(), 0, 0)
            }
        }
    }

    /// @dev Whether gas cannot explain what the candidate did: it left a quarter unused, or had all that the policy
    /// grants. A callee starved by the sender uses all but a 64th, however deep it sits.
    /// @param before Gas left before the candidate was called, just now.
    function _isFair(uint256 given, uint256 before) internal view returns (bool) {
        unchecked {
            uint256 used = before - gasleft();
            return given == _candidateGas || (used < given && given - used >= given / 4);
        }
    }

    /// @dev Reverts the frame of a candidate that reverted, or could not be called.
    function _failCandidate(uint256 before, uint256 given) internal view {
        if (given == 0) revert TrafficErrors.CanaryGas(before);
        bool isFair = _isFair(given, before);
        // No more of a failed candidate's data than its selector: it could be made to cost any amount of gas.
        bytes4 reason = Relay.reason();
        if (_isPassedOn(reason)) {
            Relay.revertWith(bytes.concat(bytes32(TAG_EXPECTED), Relay.answer()));
        }
        if (!isFair) revert TrafficErrors.CanaryGas(before);
        Relay.revertWith(abi.encode(TAG_REVERTED, reason));
    }

    /// @dev Whether what the candidate reverted with is the user's to see, not stable's to serve.
    function _isPassedOn(bytes4 reason) internal view virtual returns (bool) {
        return reason != bytes4(0) && _isExpected(reason);
    }

    function _frameReserve() internal view virtual returns (uint256) {
        return FRAME_RESERVE;
    }

    /// @dev Who may upgrade; zero where no slot says so.
    function _adminWord() internal view virtual returns (bytes32) {
        return _isUups ? bytes32(0) : _sload(_authoritySlot);
    }

    /// @dev Slots that decide which code runs, or keep count of it, must be as they were before the candidate. A UUPS
    /// proxy does not read the admin slot, and neither kind the beacon slot.
    function _checkSlots(PolicyWord token, uint256 counters, bytes32 admin) internal virtual {
        _checkWord(token);
        if (_implementation() != _self) _revertSlot(_implementationSlot);
        if (!_isUups && _sload(_authoritySlot) != admin) _revertSlot(_authoritySlot);
        if (_isCounted && _counters() != counters) _revertSlot(_counterSlot());
    }

    /// @dev The policy word but for further charges, and the call state.
    function _checkWord(PolicyWord token) internal view {
        PolicyWord word = _word();
        if (PolicyWord.unwrap(word) != PolicyWord.unwrap(token)) {
            if (_cap == 0 || !word.isGrownFrom(token)) _revertSlot(_slot);
        }
        if (_state() != CANDIDATE) _revertSlot(_slot);
    }

    // --- after a frame that was undone

    /// @dev Serves the call by stable, then settles whose fault it was. Ends the call.
    function _recover(uint256 available) internal {
        // The frame consumed its token, but that was undone with it: this replaces it before anyone else can enter.
        _setState(STABLE);
        bytes memory failure = Relay.failure();
        uint256 tag = Relay.head(failure);
        if (tag == TAG_EXPECTED) Relay.revertTail();
        if (tag == 0 || tag > TAG_OVER) revert TrafficErrors.CanaryGas(available);

        uint256 reserve = _isCounted ? SETTLE_RESERVE + COUNT_RESERVE : SETTLE_RESERVE;
        uint256 before = gasleft();
        if (before <= reserve) revert TrafficErrors.CanaryGas(available);
        bool isOk = Relay.delegate(_stable, before - reserve);
        bytes memory answer = Relay.answer();
        if (!isOk) {
            // Stable ran dry, since the candidate had eaten first: alone it might have served the call.
            bool isDry = answer.length == 0 && gasleft() < reserve + before / 16;
            if (isDry) revert TrafficErrors.CanaryGas(available);
            Relay.revertWith(answer);
        }

        if (tag == TAG_REVERTED) {
            (, bytes4 reason) = abi.decode(failure, (uint256, bytes4));
            emit TrafficEvents.CandidateReverted(_selector(), reason);
        } else if (tag == TAG_SLOT) {
            (, bytes32 slot) = abi.decode(failure, (uint256, bytes32));
            PolicyWord next = _word().withBreak();
            emit TrafficEvents.SlotBroken(_selector(), slot, next.breaks());
            _storeBreak(next, "slot written");
        } else if (tag == TAG_OVER) {
            (, uint256 amount) = abi.decode(failure, (uint256, uint256));
            emit TrafficEvents.FallRefused(_selector(), amount);
        } else {
            (, Breach memory breach) = abi.decode(failure, (uint256, Breach));
            _settle(breach, available);
        }
        _setState(NONE);
        if (_isCounted) _count(1, 0, tag == TAG_REVERTED ? 1 : 0);
        Relay.returnWith(answer);
    }

    /// @dev A break counts only if the same condition holds now that stable has served the same call in the same
    /// transaction: what a flash loan had bent before is bent still.
    function _settle(Breach memory breach, uint256 available) private {
        Condition memory condition = _conditions()[breach.index];
        // Not the probe's failure, but the sender's.
        if (gasleft() < FrameConditions.gasNeeded(condition)) revert TrafficErrors.CanaryGas(available);
        (bool isOk, uint256 left, uint256 right) = FrameConditions.holds(condition, breach.baseline);
        if (!isOk) {
            emit TrafficEvents.BreakNotCounted(_selector(), breach.index, left, right);
            return;
        }
        PolicyWord next = _word().withBreak();
        emit TrafficEvents.InvariantBroken(_selector(), breach.index, breach.left, breach.right, next.breaks());
        _storeBreak(next, "error budget spent");
    }

    function _storeBreak(PolicyWord next, string memory reason) private {
        if (next.breaks() < _errorBudget || next.isFrozen()) _storeWord(next);
        else _freeze(next, reason);
    }

    function _selector() private pure returns (bytes4) {
        return msg.data.length < 4 ? bytes4(0) : msg.sig;
    }

    function _revertSlot(bytes32 slot) internal pure {
        Relay.revertWith(abi.encode(TAG_SLOT, slot));
    }
}
