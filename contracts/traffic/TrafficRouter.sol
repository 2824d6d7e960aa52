// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1822Proxiable} from "@openzeppelin/contracts/interfaces/draft-IERC1822.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Condition} from "../types/Condition.sol";
import {ITrafficControl, ITrafficRouter, Policy, TrafficStatus} from "./ITrafficRouter.sol";
import {Budget} from "./libraries/Budget.sol";
import {CallState} from "./libraries/CallState.sol";
import {Cohort} from "./libraries/Cohort.sol";
import {Baseline, Breach, FrameConditions} from "./libraries/FrameConditions.sol";
import {PolicyChecks} from "./libraries/PolicyChecks.sol";
import {PolicyStore} from "./libraries/PolicyStore.sol";
import {PolicyWord, PolicyWordLib} from "./libraries/PolicyWord.sol";
import {TrafficErrors} from "./libraries/TrafficErrors.sol";
import {TrafficEvents} from "./libraries/TrafficEvents.sol";

/// @notice How the proxy is upgraded, which decides who installs the router and who takes it out.
enum RouterKind {
    // The implementation upgrades itself; the controller is its owner.
    Uups,
    // The proxy does, for its admin.
    Transparent
}

/// @notice Answered by the router's own account.
interface IPolicyKeeper {
    /// @notice Keeps `policy` as code for the caller, once.
    function keepPolicy(bytes calldata policy) external;
}

/// @notice Serves each call to an ERC-1967 proxy by stable or by candidate code, for the length of one canary. It is
/// the proxy's implementation meanwhile, so it runs on the protocol's storage and at the protocol's address.
///
///   call ─► live? ──no──► stable, nothing else
///             │yes
///             ├─ nested in a running call ─► the code that runs
///             └─ outermost ─► cohort ─► budget ─┬─► stable
///                                               └─► frame: charge ─► candidate ─► slots, invariants ─► done
///                                                     └─ undone on any failure ─► stable serves the same call
///
/// @dev There are no external functions: every selector but one belongs to the protocol. The candidate is not trusted
/// here beyond what it does through its own calls: what the router decides by is one word, checked after each frame,
/// and code, which nobody can write.
contract TrafficRouter {
    using PolicyStore for uint256;
    using PolicyStore for uint256[];

    bytes32 private constant MAGIC = keccak256("slipway.traffic.router.v1");

    /// @dev Enough for the router to recognise the question and write one transient word. In a static context the write
    /// burns all of it.
    uint256 private constant STATIC_PROBE_GAS = 1_000;

    /// @dev What the frame needs after the candidate, apart from conditions and from copying a long answer.
    uint256 private constant FRAME_RESERVE = 12_000;

    /// @dev Kept back from stable when it serves after an undone frame: to record why, or to say that gas was short.
    uint256 private constant SETTLE_RESERVE = 20_000;

    // How a frame failed: the first word of its revert data. Only the router's own code reverts a frame, so a candidate
    // cannot forge one. Anything else (a starved probe, out of gas) means that gas was short.
    uint256 private constant TAG_REVERTED = 1;
    uint256 private constant TAG_EXPECTED = 2;
    uint256 private constant TAG_SLOT = 3;
    uint256 private constant TAG_BROKEN = 4;

    address private immutable _self = address(this);
    bool private immutable _isUups;
    address private immutable _stable;
    address private immutable _candidate;
    address private immutable _controller;
    address private immutable _guardian;
    bytes32 private immutable _policyId;
    /// @dev The policy word; the budget's window and the counters follow it. The number is the call state's as well, in
    /// transient storage.
    bytes32 private immutable _slot;

    /// @param controller Installs and steers: the timelock.
    /// @param guardian May only freeze: the registry.
    /// @param policyId Separates this canary's storage from every other's on the same proxy.
    constructor(
        RouterKind kind,
        address stable,
        address candidate,
        address controller,
        address guardian,
        bytes32 policyId
    ) {
        _isUups = kind == RouterKind.Uups;
        _stable = stable;
        _candidate = candidate;
        _controller = controller;
        _guardian = guardian;
        _policyId = policyId;
        _slot =
            keccak256(abi.encode(uint256(keccak256(abi.encode("slipway.traffic", policyId))) - 1)) &
            ~bytes32(uint256(0xff));
    }

    /// @dev Plain transfers come here too: their selector is zero.
    // solhint-disable-next-line no-complex-fallback, payable-fallback
    fallback() external payable {
        if (address(this) == _self) _answerDirectly();

        bytes4 selector = _calledSelector();
        if (selector == ITrafficRouter.traffic.selector) _control();
        if (selector == UUPSUpgradeable.upgradeToAndCall.selector) {
            if (_isUups && msg.sender == _controller) _takeOut();
        }

        PolicyWord word = _policyWord();
        if (!word.isLive()) _passIdle(word);

        uint256 state = CallState.read(_slot);
        if (state == CallState.NONE) _routeOutermost(word, selector);
        if (state >= CallState.FRAME) _runFrame(word, state == CallState.FRAME_CHARGED);
        if (state != CallState.CANDIDATE) _pass(_stable);
        _chargeNested(word, selector);
        _pass(_candidate);
    }

    // --- routing

    /// @dev Reads the call state only in the block of an install, where the candidate's init may be running: what it
    /// calls back must meet the candidate too.
    function _passIdle(PolicyWord word) private {
        if (word.isSetInThisBlock() && CallState.read(_slot) == CallState.CANDIDATE) _pass(_candidate);
        _pass(_stable);
    }

    function _routeOutermost(PolicyWord word, bytes4 selector) private {
        (bool isCandidate, uint256 window) = _decide(word, msg.sender, msg.value, msg.data);
        // A static call can neither be marked nor undone nor counted, and changes nothing.
        if (_isStatic()) _pass(isCandidate ? _candidate : _stable);
        if (isCandidate) _tryCandidate(word, selector, window);

        CallState.write(_slot, CallState.STABLE);
        bool isOk = _delegate(_stable, gasleft());
        CallState.write(_slot, CallState.NONE);
        if (isOk && word.isCounted()) _count(1, 0, 0);
        _finish(isOk);
    }

    /// @return isCandidate Whether a call from `sender` is the candidate's.
    /// @return window The budget's word once the call is charged; zero without a cap.
    function _decide(
        PolicyWord word,
        address sender,
        uint256 value,
        bytes calldata data
    ) private view returns (bool isCandidate, uint256 window) {
        bytes32 key = bytes32(uint256(uint160(sender)));
        if (word.isBySender()) {
            return (Cohort.contains(word.seed(), key, word.share()), 0);
        }

        uint256[] memory book = _book(word);
        uint256 rule = book.ruleOf(_selectorOf(data));
        if (rule.cohortWord() != 0) key = bytes32(_wordOf(data, rule.cohortWord()));
        if (!Cohort.contains(word.seed(), key, word.share())) return (false, 0);
        if (!word.hasCap()) return (true, 0);

        if (!_isAdmissible(rule)) return (false, 0);
        uint256 amount = _amountOf(book, rule, value, data);
        // A charge of zero too: the frame then starts from this window's word, and can tell a nested charge from a write.
        (isCandidate, window, ) = Budget.charge(_sload(1), book.interval(), book.cap(), amount);
        if (!isCandidate) window = 0;
    }

    /// @dev While the candidate runs, what it calls back is still metered. It cannot be handed to stable, so it reverts.
    function _chargeNested(PolicyWord word, bytes4 selector) private {
        if (!word.hasCap()) return;
        uint256[] memory book = _book(word);
        uint256 rule = book.ruleOf(selector);
        // The proxy paying itself moves nothing.
        uint256 value = msg.sender == address(this) ? 0 : msg.value;
        uint256 amount = _amountOf(book, rule, value, msg.data);
        if (amount == 0 && _isAdmissible(rule)) return;
        if (_isStatic()) return;
        if (!_isAdmissible(rule)) revert TrafficErrors.Unmetered(selector);

        (bool fits, uint256 window, uint256 left) = Budget.charge(_sload(1), book.interval(), book.cap(), amount);
        if (!fits) revert TrafficErrors.OverBudget(selector, amount, left);
        _sstore(1, window);
    }

    function _isAdmissible(uint256 rule) private pure returns (bool) {
        return rule.meterWord() != 0 || rule.isFree();
    }

    function _amountOf(
        uint256[] memory book,
        uint256 rule,
        uint256 value,
        bytes calldata data
    ) private pure returns (uint256 amount) {
        amount = Budget.weigh(value, book.valueWeight());
        uint256 number = rule.meterWord();
        if (number != 0) amount = Budget.add(amount, Budget.weigh(_wordOf(data, number), rule.weight()));
    }

    // --- the frame

    /// @dev Either ends the call, or never returns.
    function _tryCandidate(PolicyWord word, bytes4 selector, uint256 window) private {
        uint256 available = gasleft();
        if (window != 0) CallState.writeWindow(_slot, window);
        CallState.write(_slot, window == 0 ? CallState.FRAME : CallState.FRAME_CHARGED);
        if (!_delegate(_self, gasleft())) _recover(word, selector, available);

        CallState.write(_slot, CallState.NONE);
        if (word.isCounted()) _count(0, 1, 0);
        _finish(true);
    }

    /// @dev Runs in a delegatecall of the router to itself, so that all of it can be undone. Ends the call.
    function _runFrame(PolicyWord word, bool isCharged) private {
        // Consumes the token.
        CallState.write(_slot, CallState.CANDIDATE);
        uint256 window;
        if (isCharged) {
            window = CallState.readWindow(_slot);
            _sstore(1, window);
        }
        uint256 counters = word.isCounted() ? _sload(2) : 0;
        bytes32 admin = _isUups ? bytes32(0) : _sloadAt(ERC1967Utils.ADMIN_SLOT);
        if (word.hasInvariants()) _runWatched(word, window, counters, admin);

        _runCandidate(word, FRAME_RESERVE);
        _checkSlots(word, window, counters, admin);
        _finish(true);
    }

    /// @dev The same with conditions around it.
    function _runWatched(PolicyWord word, uint256 window, uint256 counters, bytes32 admin) private {
        Condition[] memory conditions = _conditions(word);
        CallState.write(_slot, CallState.PROBING);
        Baseline[] memory baselines = FrameConditions.baselines(conditions);
        CallState.write(_slot, CallState.CANDIDATE);

        bool isFair = _runCandidate(word, FRAME_RESERVE + FrameConditions.gasNeeded(conditions));
        bytes memory answer = _returnData();
        _checkSlots(word, window, counters, admin);
        CallState.write(_slot, CallState.PROBING);
        (bool isBroken, Breach memory breach) = FrameConditions.firstBroken(conditions, baselines);
        if (isBroken && !isFair) revert TrafficErrors.CanaryGas(gasleft());
        if (isBroken) _revertWith(abi.encode(TAG_BROKEN, breach));
        _returnWith(answer);
    }

    /// @dev Reverts the frame unless the candidate succeeds.
    /// @return isFair Whether gas cannot explain what the candidate did: it left a quarter unused, or had all that the
    /// policy grants. A callee starved by the sender uses all but a 64th, however deep it sits.
    function _runCandidate(PolicyWord word, uint256 reserve) private returns (bool isFair) {
        uint256 before = gasleft();
        bool isOk;
        // Amounts of gas: far from overflow, and each difference is taken of the larger one.
        unchecked {
            // EIP-150 holds back 1/64 in any case: without it the candidate would be given less than is reckoned here.
            uint256 kept = before / 64 + 1_000;
            if (kept < reserve) kept = reserve;
            if (before <= kept) revert TrafficErrors.CanaryGas(before);
            uint256 granted = word.candidateGas();
            uint256 given = before - kept;
            if (given > granted) given = granted;

            isOk = _delegate(_candidate, given);
            uint256 used = before - gasleft();
            isFair = given == granted || (used < given && given - used >= given / 4);
        }
        if (isOk) return isFair;

        // No more of a failed candidate's data than its selector: it could be made to cost any amount of gas.
        bytes4 reason = _reasonOf();
        if (reason != bytes4(0) && PolicyStore.isExpected(_store(), word.ruleCount(), reason)) {
            _revertWith(bytes.concat(bytes32(TAG_EXPECTED), _returnData()));
        }
        if (!isFair) revert TrafficErrors.CanaryGas(before);
        _revertWith(abi.encode(TAG_REVERTED, reason));
    }

    /// @dev Slots that decide which code runs, or keep count of it, must be as they were before the candidate. A UUPS
    /// proxy does not read the admin slot, and neither kind the beacon slot.
    function _checkSlots(PolicyWord word, uint256 window, uint256 counters, bytes32 admin) private view {
        if (_sload(0) != PolicyWord.unwrap(word)) _revertSlot(_slot);
        if (_implementation() != _self) _revertSlot(ERC1967Utils.IMPLEMENTATION_SLOT);
        if (!_isUups && _sloadAt(ERC1967Utils.ADMIN_SLOT) != admin) _revertSlot(ERC1967Utils.ADMIN_SLOT);
        if (window != 0 && !Budget.isGrownFrom(_sload(1), window)) _revertSlot(_slotAt(1));
        if (word.isCounted() && _sload(2) != counters) _revertSlot(_slotAt(2));
        if (CallState.read(_slot) != CallState.CANDIDATE) _revertSlot(_slot);
    }

    // --- after a frame that was undone

    /// @dev Serves the call by stable, then settles whose fault it was. Ends the call.
    function _recover(PolicyWord word, bytes4 selector, uint256 available) private {
        // The frame consumed its token, but that was undone with it: this replaces it before anyone else can enter.
        CallState.write(_slot, CallState.STABLE);
        bytes memory failure = _failure();
        uint256 tag = uint256(_head(failure));
        if (tag == TAG_EXPECTED) _revertExpected();
        if (tag == 0 || tag > TAG_BROKEN) revert TrafficErrors.CanaryGas(available);

        uint256 before = gasleft();
        if (before <= SETTLE_RESERVE) revert TrafficErrors.CanaryGas(available);
        bool isOk = _delegate(_stable, before - SETTLE_RESERVE);
        bytes memory answer = _returnData();
        if (!isOk) {
            // Stable ran dry, since the candidate had eaten first: alone it might have served the call.
            bool isDry = answer.length == 0 && gasleft() < SETTLE_RESERVE + before / 16;
            if (isDry) revert TrafficErrors.CanaryGas(available);
            _revertWith(answer);
        }

        if (tag == TAG_REVERTED) {
            (, bytes4 reason) = abi.decode(failure, (uint256, bytes4));
            emit TrafficEvents.CandidateReverted(selector, reason);
        } else if (tag == TAG_SLOT) {
            (, bytes32 slot) = abi.decode(failure, (uint256, bytes32));
            PolicyWord next = _policyWord().withBreak();
            emit TrafficEvents.SlotBroken(selector, slot, next.breaks());
            _storeBreak(next, "slot written");
        } else {
            (, Breach memory breach) = abi.decode(failure, (uint256, Breach));
            _settle(word, selector, breach, available);
        }
        CallState.write(_slot, CallState.NONE);
        if (word.isCounted()) _count(1, 0, tag == TAG_REVERTED ? 1 : 0);
        _returnWith(answer);
    }

    /// @dev A break counts only if the same condition holds now that stable has served the same call in the same
    /// transaction: what a flash loan had bent before is bent still.
    function _settle(PolicyWord word, bytes4 selector, Breach memory breach, uint256 available) private {
        Condition memory condition = _conditions(word)[breach.index];
        // Not the probe's failure, but the sender's.
        if (gasleft() < FrameConditions.gasNeeded(condition)) revert TrafficErrors.CanaryGas(available);
        (bool isOk, uint256 left, uint256 right) = FrameConditions.holds(condition, breach.baseline);
        if (!isOk) {
            emit TrafficEvents.BreakNotCounted(selector, breach.index, left, right);
            return;
        }
        PolicyWord next = _policyWord().withBreak();
        emit TrafficEvents.InvariantBroken(selector, breach.index, breach.left, breach.right, next.breaks());
        _storeBreak(next, "error budget spent");
    }

    function _storeBreak(PolicyWord next, string memory reason) private {
        if (next.breaks() < next.errorBudget() || next.isFrozen()) {
            _storeWord(next);
        } else {
            _freeze(next, reason);
        }
    }

    function _freeze(PolicyWord word, string memory reason) private {
        PolicyWord next = word.withFreeze();
        _storeWord(next);
        emit TrafficEvents.CanaryFrozen(next.epoch(), next.breaks(), reason);
    }

    // --- control

    /// @dev Ends the call.
    function _control() private {
        bytes calldata message = _bytesAt(msg.data[4:], 0);
        bytes4 selector = _selectorOf(message);
        if (selector == ITrafficControl.install.selector) {
            _install(message);
            _reply("");
        }
        if (msg.value != 0) revert TrafficErrors.ValueNotAccepted(msg.value);
        if (selector == ITrafficControl.setShare.selector) {
            _setShare(message);
            _reply("");
        }
        if (selector == ITrafficControl.freeze.selector) {
            _freezeBy(message);
            _reply("");
        }
        if (selector == ITrafficControl.isCandidate.selector) _reply(abi.encode(_isCandidate(message[4:])));
        if (selector == ITrafficControl.status.selector) _reply(abi.encode(_status()));
        if (selector == ITrafficControl.routerMagic.selector) _reply(abi.encode(MAGIC));
        revert TrafficErrors.UnknownMessage(selector);
    }

    function _install(bytes calldata message) private {
        (Policy memory policy, bytes memory candidateInit) = abi.decode(message[4:], (Policy, bytes));
        _checkInstaller();
        if (_implementation() != _self) revert TrafficErrors.NotImplementation(_implementation());
        if (_policyWord().isInstalled()) revert TrafficErrors.AlreadyInstalled();
        PolicyChecks.checkCode(_stable);
        PolicyChecks.checkCode(_candidate);
        PolicyChecks.check(policy);

        IPolicyKeeper(_self).keepPolicy(PolicyStore.encode(policy));
        PolicyWord word = PolicyWordLib.pack(policy);
        _storeWord(word);
        emit TrafficEvents.CanaryInstalled(_policyId, _stable, _candidate, policy.share, _store());
        if (candidateInit.length != 0) _initCandidate(word, candidateInit);
    }

    /// @dev A ProxyAdmin, not the timelock, is the sender under a transparent proxy.
    function _checkInstaller() private view {
        if (msg.sender == _controller) return;
        bool isAdmin = !_isUups && msg.sender == address(uint160(uint256(_sloadAt(ERC1967Utils.ADMIN_SLOT))));
        if (!isAdmin) revert TrafficErrors.TrafficUnauthorized(msg.sender);
    }

    /// @dev With the sender unchanged: some published inits accept the proxy's admin alone.
    function _initCandidate(PolicyWord word, bytes memory candidateInit) private {
        bytes32 admin = _sloadAt(ERC1967Utils.ADMIN_SLOT);
        CallState.write(_slot, CallState.CANDIDATE);
        // Code that the plan's voters approved, on the storage it was written for.
        (bool isOk, bytes memory answer) = _candidate.delegatecall(candidateInit);
        CallState.write(_slot, CallState.NONE);
        if (!isOk) _revertWith(answer);
        if (PolicyWord.unwrap(_policyWord()) != PolicyWord.unwrap(word)) revert TrafficErrors.SlotWritten(_slot);
        if (_implementation() != _self) revert TrafficErrors.SlotWritten(ERC1967Utils.IMPLEMENTATION_SLOT);
        if (_sloadAt(ERC1967Utils.ADMIN_SLOT) != admin) revert TrafficErrors.SlotWritten(ERC1967Utils.ADMIN_SLOT);
    }

    function _setShare(bytes calldata message) private {
        if (msg.sender != _controller) revert TrafficErrors.TrafficUnauthorized(msg.sender);
        PolicyWord word = _restingWord();
        (uint32 expectedEpoch, uint16 share) = abi.decode(message[4:], (uint32, uint16));
        if (expectedEpoch != word.epoch()) revert TrafficErrors.StalePolicy(expectedEpoch, word.epoch());
        if (word.isFrozen()) revert TrafficErrors.CanaryFrozen();
        if (share > PolicyChecks.MAX_SHARE) revert TrafficErrors.ShareInvalid(share);
        _storeWord(word.withShare(share));
        emit TrafficEvents.ShareSet(share, word.epoch());
    }

    function _freezeBy(bytes calldata message) private {
        if (msg.sender != _controller && msg.sender != _guardian) revert TrafficErrors.TrafficUnauthorized(msg.sender);
        PolicyWord word = _restingWord();
        _freeze(word, abi.decode(message[4:], (string)));
    }

    /// @dev Control comes only while no call to the proxy runs. Inside a candidate's frame it could not survive, and
    /// inside stable's call it would let a callback cross into other code.
    function _restingWord() private view returns (PolicyWord word) {
        word = _policyWord();
        if (!word.isInstalled()) revert TrafficErrors.NotInstalled();
        _checkResting();
    }

    function _checkResting() private view {
        if (CallState.read(_slot) != CallState.NONE) revert TrafficErrors.CallInProgress();
    }

    /// @dev The router's own `upgradeToAndCall`, for its controller: OpenZeppelin's refuses while the slot holds a router.
    /// Ends the call.
    function _takeOut() private {
        _checkResting();
        (address next, bytes memory data) = abi.decode(msg.data[4:], (address, bytes));
        try IERC1822Proxiable(next).proxiableUUID() returns (bytes32 uuid) {
            if (uuid != ERC1967Utils.IMPLEMENTATION_SLOT) revert TrafficErrors.NotUups(next);
        } catch {
            revert TrafficErrors.NotUups(next);
        }
        ERC1967Utils.upgradeToAndCall(next, data);
        _returnWith("");
    }

    /// @param arguments `isCandidate`'s, still encoded: the inner calldata is read where it lies.
    function _isCandidate(bytes calldata arguments) private view returns (bool isCandidate) {
        PolicyWord word = _policyWord();
        if (!word.isLive()) return false;
        address sender = abi.decode(arguments, (address));
        (isCandidate, ) = _decide(word, sender, 0, _bytesAt(arguments, 32));
    }

    function _status() private view returns (TrafficStatus memory status) {
        PolicyWord word = _policyWord();
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
        status.errorBudget = word.errorBudget();
        status.breaks = word.breaks();
        uint256 counters = _sload(2);
        status.stableCalls = uint64(counters);
        status.candidateCalls = uint64(counters >> 64);
        status.fallbacks = uint64(counters >> 128);
        if (!word.hasCap()) return status;
        uint256[] memory book = _book(word);
        status.cap = uint128(book.cap());
        status.interval = uint32(book.interval());
        (, uint256 previous, uint256 current) = Budget.roll(_sload(1), book.interval());
        status.usedPrevious = uint128(previous);
        status.usedCurrent = uint128(current);
    }

    // --- the router's own account

    /// @dev Ends the call. Nothing here touches a proxy.
    function _answerDirectly() private {
        // The static probe: a write in the router's own transient storage, which means nothing.
        assembly ("memory-safe") {
            if iszero(or(calldatasize(), callvalue())) {
                tstore(0, 1)
                stop()
            }
        }
        if (msg.value != 0) revert TrafficErrors.DirectCall();
        if (msg.sig == IERC1822Proxiable.proxiableUUID.selector && _isUups) {
            _returnWith(abi.encode(ERC1967Utils.IMPLEMENTATION_SLOT));
        }
        if (msg.sig == IPolicyKeeper.keepPolicy.selector) {
            PolicyStore.create(msg.sender, abi.decode(msg.data[4:], (bytes)));
            _returnWith("");
        }
        revert TrafficErrors.DirectCall();
    }

    /// @dev A call inherits staticness, and the router's account is warm: the proxy has just delegated to it. A poor call
    /// cannot pass for a static one: the probe fails for lack of gas only when a few hundred are left, and it burns all
    /// but a 64th of them, with which nothing can run.
    function _isStatic() private returns (bool isStatic) {
        address self = _self;
        assembly ("memory-safe") {
            isStatic := iszero(call(STATIC_PROBE_GAS, self, 0, 0, 0, 0, 0))
        }
    }

    // --- storage

    function _policyWord() private view returns (PolicyWord word) {
        bytes32 slot = _slot;
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }

    function _storeWord(PolicyWord word) private {
        _sstore(0, PolicyWord.unwrap(word));
    }

    function _count(uint256 stableCalls, uint256 candidateCalls, uint256 fallbacks) private {
        // 64 bits each: no chain lives long enough to carry one into the next.
        unchecked {
            _sstore(2, _sload(2) + stableCalls + (candidateCalls << 64) + (fallbacks << 128));
        }
    }

    function _slotAt(uint256 offset) private view returns (bytes32) {
        return bytes32(uint256(_slot) | offset);
    }

    function _sload(uint256 offset) private view returns (uint256) {
        return uint256(_sloadAt(_slotAt(offset)));
    }

    function _sloadAt(bytes32 slot) private view returns (bytes32 word) {
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }

    function _sstore(uint256 offset, uint256 word) private {
        bytes32 slot = _slotAt(offset);
        assembly ("memory-safe") {
            sstore(slot, word)
        }
    }

    function _implementation() private view returns (address) {
        return address(uint160(uint256(_sloadAt(ERC1967Utils.IMPLEMENTATION_SLOT))));
    }

    function _store() private view returns (address) {
        return PolicyStore.addressOf(_self, address(this));
    }

    function _book(PolicyWord word) private view returns (uint256[] memory) {
        return PolicyStore.routes(_store(), word.ruleCount());
    }

    function _conditions(PolicyWord word) private view returns (Condition[] memory) {
        return PolicyStore.conditionsOf(_store(), word.ruleCount());
    }

    // --- calldata

    /// @dev This call's selector. Calldata shorter than one has that of a plain transfer.
    function _calledSelector() private pure returns (bytes4 selector) {
        assembly ("memory-safe") {
            if gt(calldatasize(), 3) {
                selector := shl(224, shr(224, calldataload(0)))
            }
        }
    }

    /// @dev The same of other data.
    function _selectorOf(bytes calldata data) private pure returns (bytes4) {
        return data.length < 4 ? bytes4(0) : bytes4(data[:4]);
    }

    /// @dev The n-th head word (from 1). Data too short for it counts as the largest word: an amount must not be
    /// smuggled past a meter by leaving it out.
    function _wordOf(bytes calldata data, uint256 number) private pure returns (uint256) {
        uint256 end = 4 + number * 32;
        return data.length < end ? type(uint256).max : uint256(bytes32(data[end - 32:end]));
    }

    /// @dev The `bytes` whose offset stands at `head`; reverts when it lies outside.
    function _bytesAt(bytes calldata arguments, uint256 head) private pure returns (bytes calldata) {
        uint256 offset = uint256(bytes32(arguments[head:head + 32]));
        uint256 length = uint256(bytes32(arguments[offset:offset + 32]));
        return arguments[offset + 32:offset + 32 + length];
    }

    // --- calls and their answers

    /// @dev This call's data, value and sender, to `target`, on this storage: what a proxy does. `target` is one of the
    /// two versions that the plan names, or the router itself.
    function _delegate(address target, uint256 gasLimit) private returns (bool isOk) {
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, 0, calldatasize())
            isOk := delegatecall(gasLimit, target, data, calldatasize(), 0, 0)
        }
    }

    /// @dev Delegates and ends the call with the answer.
    function _pass(address target) private {
        _finish(_delegate(target, gasleft()));
    }

    /// @dev Ends the call with the last callee's answer.
    function _finish(bool isOk) private pure {
        assembly ("memory-safe") {
            let data := mload(0x40)
            returndatacopy(data, 0, returndatasize())
            if isOk {
                return(data, returndatasize())
            }
            revert(data, returndatasize())
        }
    }

    function _returnData() private pure returns (bytes memory data) {
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(data, returndatasize())
            returndatacopy(add(data, 0x20), 0, returndatasize())
            mstore(0x40, and(add(add(data, returndatasize()), 0x3f), not(0x1f)))
        }
    }

    /// @dev The failed callee's error selector; zero when it gave none.
    function _reasonOf() private pure returns (bytes4 reason) {
        assembly ("memory-safe") {
            if gt(returndatasize(), 3) {
                mstore(0x00, 0)
                returndatacopy(0x00, 0, 4)
                reason := mload(0x00)
            }
        }
    }

    /// @dev At most 256 bytes of a failed frame's data: more than any tag with its facts.
    function _failure() private pure returns (bytes memory data) {
        assembly ("memory-safe") {
            let size := returndatasize()
            if gt(size, 0x100) {
                size := 0x100
            }
            data := mload(0x40)
            mstore(data, size)
            returndatacopy(add(data, 0x20), 0, size)
            mstore(0x40, add(data, 0x120))
        }
    }

    function _head(bytes memory data) private pure returns (bytes32 word) {
        if (data.length < 32) return 0;
        assembly ("memory-safe") {
            word := mload(add(data, 0x20))
        }
    }

    /// @dev The candidate's own revert data, which follows the tag.
    function _revertExpected() private pure {
        assembly ("memory-safe") {
            let data := mload(0x40)
            let size := sub(returndatasize(), 0x20)
            returndatacopy(data, 0x20, size)
            revert(data, size)
        }
    }

    function _revertSlot(bytes32 slot) private pure {
        _revertWith(abi.encode(TAG_SLOT, slot));
    }

    function _revertWith(bytes memory data) private pure {
        assembly ("memory-safe") {
            revert(add(data, 0x20), mload(data))
        }
    }

    function _returnWith(bytes memory data) private pure {
        assembly ("memory-safe") {
            return(add(data, 0x20), mload(data))
        }
    }

    /// @dev Ends a control call with an ABI-encoded `bytes`.
    function _reply(bytes memory result) private pure {
        _returnWith(abi.encode(result));
    }
}
