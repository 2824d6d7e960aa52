// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bank__MockForModel, Caller__MockForModel} from "./Bank.sol";
import {ITrafficControl} from "../../../contracts/traffic/ITrafficRouter.sol";
import {Charge} from "./RouterModel.sol";
import {Peek__MockForModel, RouterWorld, Seen} from "./RouterWorld.sol";
import {SelectorRule} from "../../../contracts/traffic/ITrafficRouter.sol";
import {TrafficErrors} from "../../../contracts/traffic/libraries/TrafficErrors.sol";

/// @notice Users, controller and guardian of a canary by random choice. Before each call both versions are tried alone, from the
/// same state, and undone; what the call then does must be what one of the two did, and the one that the model says.
contract RouterHandler is RouterWorld {
    struct Call {
        address sender;
        address origin;
        uint256 value;
        bytes data;
        bool isStatic;
        // Nothing is nested in it.
        bool isLeaf;
    }

    struct Outcome {
        bool isOk;
        bytes32 answer;
        bytes4 reason;
        bytes32 digest;
        bool isSlotBroken;
        // Conditions that do not hold, as bits.
        uint256 broken;
        // Charged for what a word fell by, and whether that is too much.
        uint256 fallen;
        bool isOver;
    }

    struct Attempt {
        bool isOk;
        bytes32 end;
        bytes4 reason;
        bytes answer;
        uint256 used;
    }

    error Done(bytes result);

    uint256 private constant AMPLE = 5_000_000;
    // Alone it pays for the model's answers too.
    uint256 private constant ALONE = 6_000_000;
    uint256 private constant MODES = 15;
    uint256 private constant FLIP = 6;
    uint256 private constant TRANSIENT = 7;
    uint256 private constant INVALID = 8;
    uint256 private constant HUNGRY = 13;

    uint256 private constant SEEN = 24;
    /// @dev In the order of `summary`.
    uint256[SEEN] private _seen;
    uint256 private _random;
    uint256 private _mode;
    bool private _isSearching;
    Call private _last;
    bytes private _lastAnswer;
    bool private _isLastChosen;
    /// @dev Of the last call: what is charged for what it made fall.
    uint256 private _fallen;

    constructor(bool isUups) RouterWorld(isUups) {}

    function step(uint256 seed) external {
        _random = uint256(keccak256(abi.encode(_random, seed)));
        if (canary.router == address(0) || (_chance(canary.isFrozen ? 4 : 60))) {
            _roll(1);
            _start(_draw());
            _see(15);
        }
        for (uint256 i; i < 4; ++i) _act();
    }

    function _act() private {
        if (_chance(2)) _roll(1 + (_draw() % 2));
        if (_chance(3)) vm.warp(block.timestamp + (_draw() % 60));
        else if (_chance(20)) vm.warp(block.timestamp + (_draw() % 700));
        uint256 what = _draw() % 16;
        if (what == 0 && _chance(2)) return _control();
        if (what == 1 && _chance(2)) return _comeBack();
        _order();
        if (what == 2) mischief.bend(_chance(4) ? type(uint256).max : 0);
        _isSearching = what == 4 || what == 5;
        Call memory one = what == 3 ? _question() : _call();
        if (_isSearching) _estimate(one);
        else _user(one, AMPLE);
    }

    // --- users

    function _user(Call memory one, uint256 gas_) private {
        _last = one;
        delete _lastAnswer;
        bytes4 selector = _selectorOf(one.data);
        bool isRefused = !one.isStatic && _refusal(one.sender, selector).length != 0;
        bool isChosen = !isRefused && _isCandidates(one.sender, one.value, one.data);
        Outcome memory expected = _alone(false, one);
        bool isServed = expected.isOk;
        uint256 breaks;
        uint256 fallbacks;
        bool isCandidate;
        _fallen = 0;
        if (isChosen) {
            Outcome memory other = _alone(true, one);
            uint256 first = _firstBroken(other.broken);
            bool isExpected = canary.isExpecting && other.reason == Bank__MockForModel.Tightened.selector;
            if (one.isStatic || (!other.isOk && isExpected)) {
                (expected, isCandidate, isServed) = (other, true, false);
                if (!one.isStatic) _see(8);
            } else if (!other.isOk) {
                fallbacks = 1;
            } else if (other.isSlotBroken) {
                breaks = 1;
                if (isServed) _see(4);
            } else if (first != 0) {
                // Counted where it holds after stable.
                if (expected.broken & first == 0) breaks = 1;
                if (isServed) _see(breaks == 1 ? 5 : 6);
            } else if (other.isOver) {
                if (isServed) _see(20);
            } else {
                (expected, isCandidate) = (other, true);
                _fallen = other.fallen;
            }
        }

        vm.record();
        (bool isOk, bytes memory answer) = _send(one, gas_);
        (, bytes32[] memory writes) = vm.accesses(proxy);
        _see(0);
        (_lastAnswer, _isLastChosen) = (answer, isChosen);

        if (isRefused) {
            _see(9);
            _check(!isOk, "RMD-08: a call passed a closed lane");
        }
        _check(isOk || !isServed, "RMD-02: a call was refused that would be served");
        address implementation = _implementation();
        _check(implementation == canary.router, "RMD-05: the implementation moved");
        Seen memory seen = _look(canary.router);
        _checkRan(isOk && isCandidate, seen.ran);
        _check(isOk == expected.isOk, "RMD-01: served what neither version would serve");
        _check(keccak256(answer) == expected.answer, "RMD-01: the answer is not that of the version alone");
        _check(_digest(seen) == expected.digest, "RMD-01: the state is not that of the version alone");
        _check(seen.router[3] == 0, "RMD-01: a call left its mark");
        _checkWrites(writes);

        if (isOk && !one.isStatic) {
            if (isCandidate) ++canary.candidateCalls;
            else if (_isMarked()) ++canary.stableCalls;
            canary.fallbacks += fallbacks;
            if (breaks != 0) _countBreak();
            if (isCandidate && canary.cap != 0) _keepWindow();
            _see(isCandidate ? 2 : 1);
            if (isCandidate) _seeWhy(one);
            if (fallbacks != 0) _see(3);
        }
        if (one.isStatic) _see(11);
        if (isChosen && !one.isLeaf) _see(10);
        _checkWords(seen);
    }

    /// @dev What brought a call to the candidate, or was charged for it, that few policies have.
    function _seeWhy(Call memory one) private {
        if (_fallen != 0) _see(21);
        bytes4 selector = _selectorOf(one.data);
        SelectorRule memory rule = _ruleOf(selector);
        bytes32 key = bytes32(rule.cohortWord == 0 ? uint160(one.sender) : _word(one.data, rule.cohortWord));
        if (uint256(keccak256(abi.encode(canary.salt, key))) % 10_000 >= canary.share) _see(22);
        for (uint256 i; i < meters.length; ++i) if (meters[i].selector == selector) return _see(23);
    }

    /// @dev Whether stable's calls are marked and counted: while the share is above zero and nothing is frozen, and in the
    /// block that set it.
    function _isMarked() private view returns (bool) {
        return block.number < canary.freshUntil || (canary.share != 0 && !canary.isFrozen);
    }

    function _countBreak() private {
        if (canary.breaks < 255) ++canary.breaks;
        if (canary.breaks < canary.errorBudget || canary.isFrozen) return;
        canary.isFrozen = true;
        ++canary.epoch;
        _see(7);
    }

    function _keepWindow() private {
        (uint256 previous, uint256 current) = _used(false);
        canary.window = ((block.timestamp / canary.interval) << 128) | (previous << 64) | current;
    }

    /// @dev Whether a condition says that the bank is solvent.
    function _isWatched() private view returns (bool) {
        return canary.conditions.length != 0 && canary.conditions[0] == 1;
    }

    function _firstBroken(uint256 broken) private view returns (uint256) {
        for (uint256 i; i < canary.conditions.length; ++i) {
            uint256 bit = 1 << canary.conditions[i];
            if (broken & bit != 0) return bit;
        }
        return 0;
    }

    /// @dev What the protocol wrote down about the last call.
    function _checkRan(bool isCandidate, uint256[] memory ran) private {
        uint256 count = ran.length / 3;
        uint256 kept = charges.length;
        uint256 sum;
        for (uint256 i; i < count; ++i) {
            uint256 head = ran[3 * i];
            bytes4 selector = bytes4(uint32(head >> 160));
            address sender = address(uint160(head));
            _check(head >> 248 == (isCandidate ? 2 : 1) || !canary.isFrozen, "RMD-04: a frozen candidate ran");
            _check(head >> 248 == (isCandidate ? 2 : 1), "RMD-01: a version ran inside the other, or unasked");
            _check(_refusal(sender, selector).length == 0, "RMD-08: a call passed a closed lane");
            if (!isCandidate || canary.cap == 0) continue;
            sum += _keep(_chargeOf(selector, i != 0 && sender == proxy ? 0 : ran[3 * i + 2], ran[3 * i + 1]));
        }
        if (isCandidate && _fallen != 0) sum += _keep(_fallen);
        if (sum == 0) return;
        for (uint256 i = kept; i > 0; --i) {
            if (charges[i - 1].time + canary.interval < block.timestamp) break;
            sum += charges[i - 1].amount;
        }
        _check(sum <= canary.cap, "RMD-03: more than the cap in one interval");
        _check(sum <= (canary.cap * (10_000 - canary.cut)) / 10_000, "RMD-03: more than what was left of the cap");
    }

    function _keep(uint256 amount) private returns (uint256) {
        charges.push(Charge(block.timestamp, _units(amount), amount));
        return amount;
    }

    /// @dev What a call that was noted is charged.
    function _chargeOf(bytes4 selector, uint256 value, uint256 word) private returns (uint256) {
        SelectorRule memory rule = _ruleOf(selector);
        _check(_isMetered(selector, rule), "RMD-03: a call without a meter ran in the candidate");
        return _amount(rule, selector, value, _noted(selector, word));
    }

    /// @dev Calldata with the words that can be metered of a call that was noted.
    function _noted(bytes4 selector, uint256 word) private pure returns (bytes memory) {
        if (selector == Bank__MockForModel.transfer.selector) {
            return abi.encodeWithSelector(selector, word >> 96, uint256(uint96(word)));
        }
        // An offset, and the number of calls.
        if (selector == Bank__MockForModel.multicall.selector) return abi.encodeWithSelector(selector, 0x20, 2);
        return abi.encodeWithSelector(selector, word, 0);
    }

    function _checkWrites(bytes32[] memory writes) private {
        bytes32 slot = canary.slot;
        for (uint256 i; i < writes.length; ++i) {
            bytes32 written = writes[i];
            // The policy word, the counters, the limits.
            bool isRouters = written >= slot && uint256(written) < uint256(slot) + 3;
            bool isKnown = isRouters || isProtocols[written] || written == IMPLEMENTATION || written == ADMIN;
            _check(isKnown, "RMD-05: a slot was written that is nobody's");
        }
    }

    /// @dev All that the router keeps, against what the model expects.
    function _checkWords(Seen memory seen) private {
        uint256 word = seen.router[0];
        if (word != _policyWord()) {
            _check(uint8(word >> 176) & 1 == (canary.isFrozen ? 1 : 0), "RMD-04: frozen, or not, without a reason");
            _check(uint16(word >> 232) == canary.epoch, "RMD-06: the epoch moved without a reason");
            _check(uint16(word >> 160) == canary.share, "RMD-06: the share moved without a reason");
            _check(word >> 248 == canary.breaks, "RMD-09: breaks are not those that count");
            _check(uint160(word) == canary.window, "RMD-03: the budget is not what was charged");
            _check(false, "RMD-05: the policy word holds something else");
        }
        if (canary.isCounted) _check(seen.router[1] == _countersWord(), "RMD-07: the counters are not the calls");
        if (canary.isTight) _check(seen.router[2] == _limitsWord(), "RMD-08: limits are not what was tightened");
    }

    // --- one version alone

    function _alone(bool isCandidate, Call memory one) private returns (Outcome memory outcome) {
        try this.alone(isCandidate, one) {} catch (bytes memory result) {
            outcome = abi.decode(_result(result), (Outcome));
        }
    }

    /// @notice Serves the call by one version, and undoes it.
    function alone(bool isCandidate, Call calldata one) external {
        require(msg.sender == address(this), "not for you");
        address version = isCandidate ? candidateAlone : stableAlone;
        Seen memory before = _look(version);
        Outcome memory outcome;
        bytes memory answer;
        // Value that comes in is there before the candidate runs.
        uint256 level = canary.isTotalFalling ? before.total : proxy.balance + one.value;
        (outcome.isOk, answer) = _send(one, ALONE);
        outcome.answer = keccak256(answer);
        outcome.reason = outcome.isOk ? bytes4(0) : _selectorOf(answer);
        address implementation = _implementation();
        Seen memory later = _look(version);
        outcome.digest = _digest(later);
        if (isCandidate && outcome.isOk) {
            outcome.isSlotBroken =
                later.router[0] != before.router[0] ||
                (canary.isCounted && later.router[1] != before.router[1]) ||
                (canary.isTight && later.router[2] != before.router[2]) ||
                implementation != version ||
                (!canary.isUups && later.admin != before.admin) ||
                (_mode == TRANSIENT && later.extra != before.extra);
        }
        uint256 left = canary.isTotalFalling ? later.total : proxy.balance;
        if (isCandidate && canary.fallWeight != 0 && left < level) {
            outcome.fallen = _weighed(level - left, canary.fallWeight);
            outcome.isOver = !_fits(outcome.fallen, true);
        }
        if (proxy.balance < later.total) outcome.broken |= 1 << 1;
        if (later.owner != before.owner) outcome.broken |= 1 << 2;
        if (mischief.bent() != 0) outcome.broken |= 1 << 3;
        revert Done(abi.encode(outcome));
    }

    /// @dev Reads the proxy; `implementation` is put back.
    function _look(address implementation) private returns (Seen memory seen) {
        vm.store(proxy, IMPLEMENTATION, bytes32(uint256(uint160(peek))));
        seen = Peek__MockForModel(proxy).see(uint256(canary.slot), users);
        vm.store(proxy, IMPLEMENTATION, bytes32(uint256(uint160(implementation))));
    }

    /// @dev The protocol's storage, and all that its calls can move outside of it.
    function _digest(Seen memory seen) private view returns (bytes32) {
        uint256[] memory words = new uint256[](2 * USERS + 2);
        for (uint256 i; i < USERS; ++i) {
            words[2 * i] = users[i].balance;
            if (i >= USERS - 2) words[2 * i + 1] = Caller__MockForModel(payable(users[i])).memories();
        }
        words[2 * USERS] = proxy.balance;
        words[2 * USERS + 1] = address(0xbad).balance;
        return keccak256(abi.encode(seen.digest, words));
    }

    function _implementation() private view returns (address) {
        return address(uint160(uint256(vm.load(proxy, IMPLEMENTATION))));
    }

    function _send(Call memory one, uint256 gas_) private returns (bool isOk, bytes memory answer) {
        address to = proxy;
        vm.store(to, bytes32(uint256(6)), 0);
        vm.prank(one.sender, one.origin);
        if (one.isStatic) (isOk, answer) = to.staticcall{gas: gas_}(one.data);
        else (isOk, answer) = to.call{value: one.value, gas: gas_}(one.data);
        // Forge puts words into a failure without any where it suspects a call to no contract.
        if (!isOk && answer.length > 64 && abi.decode(answer, (uint256)) == 0x20) answer = "";
    }

    /// @dev What follows the error's selector.
    function _result(bytes memory failed) private pure returns (bytes memory result) {
        require(bytes4(failed) == Done.selector, "a trial failed");
        assembly ("memory-safe") {
            mstore(add(failed, 4), sub(mload(failed), 4))
            result := add(failed, 4)
        }
        return abi.decode(result, (bytes));
    }

    // --- gas

    /// @dev Searches for a gas limit as `eth_estimateGas` does, and sends the call with it.
    function _estimate(Call memory one) private {
        Attempt memory ample = _attempt(one, AMPLE);
        _last = one;
        if (!ample.isOk) return _user(one, AMPLE);
        uint256 low = ample.used - 1;
        uint256 high = AMPLE;
        uint256 next = ((ample.used + 2_300) * 64) / 63;
        while ((high - low) * 1_000 > high * 15) {
            if (next <= low || next >= high) next = (high + low) / 2;
            if (_isCarried(one, next, ample)) high = next;
            else low = next;
            next = low * 2 < (high + low) / 2 ? low * 2 : (high + low) / 2;
        }
        // And far below.
        _isCarried(one, 20_000 + (_draw() % ample.used), ample);
        _see(12);
        _user(one, high);
    }

    /// @dev With any gas the call ends as with plenty, or fails as a whole.
    function _isCarried(Call memory one, uint256 gas_, Attempt memory ample) private returns (bool) {
        Attempt memory found = _attempt(one, gas_);
        _lastAnswer = abi.encode(gas_, found.isOk, found.answer);
        if (found.isOk) {
            _check(found.end == ample.end, "RMD-02: with less gas the call ended otherwise");
            return true;
        }
        if (found.reason == TrafficErrors.CanaryGas.selector) _see(13);
        else if (one.isLeaf) _check(found.answer.length == 0, "RMD-02: a call that lacks gas failed by another name");
        return false;
    }

    function _attempt(Call memory one, uint256 gas_) private returns (Attempt memory found) {
        _see(0);
        try this.attempt(one, gas_) {} catch (bytes memory result) {
            found = abi.decode(_result(result), (Attempt));
        }
    }

    /// @notice Makes the call, and undoes it.
    function attempt(Call calldata one, uint256 gas_) external {
        require(msg.sender == address(this), "not for you");
        Attempt memory found;
        bytes memory answer;
        uint256 before = gasleft();
        (found.isOk, answer) = _send(one, gas_);
        found.used = before - gasleft();
        address implementation = _implementation();
        Seen memory seen = _look(implementation);
        found.end = keccak256(abi.encode(answer, _digest(seen), seen.router, implementation));
        found.answer = answer;
        found.reason = _selectorOf(answer);
        revert Done(abi.encode(found));
    }

    // --- what users call

    function _call() private returns (Call memory one) {
        one = _sender();
        uint256 what = _draw() % 12;
        if (what == 0) _payIn(one);
        else if (what == 1) one.data = abi.encodeCall(Bank__MockForModel.selfCall, (_inner()));
        else if (what == 2) {
            bytes[] memory calls = new bytes[](2);
            (calls[0], calls[1]) = (_inner(), _inner());
            one.data = abi.encodeCall(Bank__MockForModel.multicall, (calls));
        } else if (what == 3) _notify(one);
        else if (what == 4) _withdraw(one);
        else if (what == 5) one.data = abi.encodeCall(Bank__MockForModel.restrict, (_draw()));
        else if (what == 6) one.data = abi.encodeCall(Bank__MockForModel.fail, (_draw() % 4));
        else if (what == 7) _odd(one);
        else if (what == 8) _payIn(one);
        else {
            one.data = _inner();
            one.isLeaf = true;
        }
        // Where something is nested, what it meets would hang on when the candidate tampered.
        bool isTampering = _mode == FLIP || _mode == TRANSIENT || _mode == INVALID;
        // And one that starves itself may do so where nothing watches it.
        if ((!one.isLeaf && isTampering) || (_isSearching && _mode == HUNGRY && !_isWatched())) {
            _mode = 0;
            mischief.order(0, 0, 0);
        }
    }

    function _sender() private returns (Call memory one) {
        one.sender = _chance(24) ? controller : users[_draw() % USERS];
        one.origin = _chance(4) ? address(0x0419) : one.sender;
    }

    function _payIn(Call memory one) private {
        one.isLeaf = true;
        uint256 amount = _amount();
        if (amount > 2 ** 90) amount = 1;
        one.value = _chance(12) ? amount / 2 : amount;
        if (!_chance(4)) one.data = abi.encodeCall(Bank__MockForModel.deposit, (amount));
    }

    function _withdraw(Call memory one) private {
        address to = users[_draw() % USERS];
        _script(to);
        one.data = abi.encodeCall(Bank__MockForModel.withdraw, (_amount(), to));
    }

    function _notify(Call memory one) private {
        address to = users[USERS - 1 - (_draw() % 2)];
        if (_isMarked() && _chance(6)) {
            // Control from inside a call; an idle one is not marked.
            to = guardian;
            bytes memory message =
                _chance(2)
                    ? abi.encodeCall(ITrafficControl.freeze, ("inside"))
                    : abi.encodeCall(ITrafficControl.lowerShare, (0));
            Caller__MockForModel(payable(to)).script(proxy, _message(message), 1, true);
        } else {
            _script(to);
        }
        one.data = abi.encodeCall(Bank__MockForModel.notify, (to, abi.encodeCall(Caller__MockForModel.react, ())));
    }

    /// @dev What a contract does when it is called or paid: a call of its own, or through the other one.
    function _script(address to) private {
        if (to.code.length == 0) return;
        bytes memory data = _chance(4) ? abi.encodeCall(Bank__MockForModel.withdraw, (_amount(), to)) : _inner();
        address target = proxy;
        if (_chance(3)) {
            target = users[USERS - 1] == to ? users[USERS - 2] : users[USERS - 1];
            data = abi.encodeCall(Caller__MockForModel.run, (proxy, data));
        }
        // A search for gas asks whether a call succeeds: where failures are swallowed, that says little.
        Caller__MockForModel(payable(to)).script(target, data, 1 + (_draw() % 2), !_isSearching && _chance(3));
    }

    /// @dev Calldata that no function asks for.
    function _odd(Call memory one) private {
        one.isLeaf = true;
        uint256 what = _draw() % 5;
        if (what == 0) one.data = hex"0123";
        else if (what == 1) one.data = abi.encodePacked(Bank__MockForModel.deposit.selector);
        else if (what == 2) one.data = abi.encodePacked(_inner(), new bytes(_draw() % 600));
        else if (what == 3) one.data = abi.encodeCall(Bank__MockForModel.version, ());
        else {
            // From the controller it would be the router's own.
            if (one.sender == controller) one.sender = users[0];
            one.data = abi.encodeWithSignature("upgradeToAndCall(address,bytes)", stable, "");
        }
    }

    function _inner() private returns (bytes memory) {
        uint256 what = _draw() % 8;
        if (what < 3) return abi.encodeCall(Bank__MockForModel.transfer, (users[_draw() % USERS], _amount()));
        if (what == 3) return abi.encodeCall(Bank__MockForModel.setFee, (_amount()));
        if (what == 4) return abi.encodeCall(Bank__MockForModel.version, ());
        if (what == 5) return abi.encodeCall(Bank__MockForModel.deposit, (0));
        return abi.encodeCall(Bank__MockForModel.ping, ());
    }

    function _question() private returns (Call memory one) {
        one = _sender();
        // Who sends the transaction himself cannot ask statically.
        one.origin = address(0x0419);
        one.isStatic = true;
        one.isLeaf = true;
        uint256 what = _draw() % 4;
        if (what == 0) one.data = abi.encodeCall(Bank__MockForModel.ping, ());
        else if (what == 1) one.data = abi.encodeCall(bank.balanceOf, (users[_draw() % USERS]));
        else one.data = abi.encodeCall(Bank__MockForModel.version, ());
    }

    function _amount() private returns (uint256) {
        uint256 what = _draw();
        if (what % 40 == 0) return type(uint256).max;
        uint256 scale = canary.cap == 0 ? 1_000 : canary.cap;
        return what % 3 == 0 ? (what >> 8) % 5 : (what >> 8) % (scale / 3);
    }

    /// @dev What the candidate does beside its work; mostly nothing.
    function _order() private {
        _mode = _draw() % 5 < 3 ? 0 : 1 + (_draw() % MODES);
        uint256 arg = _draw();
        bytes32 slot = canary.slot;
        if (_mode == FLIP) {
            uint256 which = arg % 5;
            arg = (arg >> 8) % 256;
            if (which < 3) slot = bytes32(uint256(slot) | which);
            // The current sum may grow.
            if (which == 0) arg = 64 + (arg % 192);
            if (which > 2) (slot, arg) = (which == 3 ? IMPLEMENTATION : ADMIN, arg % 160);
        } else if (_mode == TRANSIENT) {
            arg = [0, 1, 3, arg][(arg >> 8) % 4];
        } else if (_mode == 11) {
            arg %= 100_000;
        } else if (_mode == 12) {
            arg %= 5_000;
        } else {
            arg %= 40_000;
        }
        mischief.order(_mode, arg, slot);
    }

    // --- controller and guardian

    function _control() private {
        uint256 who = _draw() % 8;
        address sender =
            who < 4
                ? controller
                : who < 7
                    ? guardian
                    : users[_draw() % USERS];
        (bytes memory message, bool isAllowed, bool isIdle) = _say(sender);
        vm.prank(sender, sender);
        (bool isOk, ) = proxy.call(_message(message));
        _check(!isOk || isAllowed, "RMD-06: somebody did what is not his");
        _check(isOk || !isAllowed, "RMD-06: a message was refused that must pass");
        _see(isOk ? 14 : 16);
        if (isOk && !isIdle) _heed(sender, message);
        _checkWords(_look(canary.router));
    }

    /// @return message One of the messages that a router takes.
    /// @return isAllowed Whether it must pass.
    /// @return isIdle Whether it passes and changes nothing.
    function _say(address sender) private returns (bytes memory message, bool isAllowed, bool isIdle) {
        bool isGuardian = sender == guardian;
        bool isController = sender == controller;
        bool isEither = isGuardian || isController;
        uint32 epoch = uint32(canary.epoch);
        if (_chance(4)) epoch = uint32(_draw() % (canary.epoch + 2));
        uint256 what = _draw() % 12;
        if (what == 0 && _chance(4)) {
            return (abi.encodeCall(ITrafficControl.freeze, ("enough")), isEither, false);
        }
        if (what < 5) {
            uint16 share = uint16([10_000, 10_000, 5_000, 7_000, _draw() % 10_000, 10_001][_draw() % 6]);
            isAllowed = isController && epoch == canary.epoch && !canary.isFrozen && share <= 10_000;
            return (abi.encodeCall(ITrafficControl.setShare, (epoch, share)), isAllowed, false);
        }
        if (what == 5) {
            uint8 lane = uint8(_draw() % 5);
            bool isExit = lane == 2 ? !_chance(4) : _chance(4);
            isAllowed = isEither && lane != 0 && lane <= lanes.length && lanes[lane - 1].isExit == isExit;
            if (isAllowed && isGuardian) isAllowed = _isRested(isExit ? canary.closedUntil[lane] : _entriesUntil(lane));
            return (abi.encodeCall(ITrafficControl.pauseLane, (lane, isExit)), isAllowed, false);
        }
        if (what == 6) {
            uint32 duration = uint32(_draw() % (_chance(4) ? 40 days : 400));
            uint256 most = isGuardian ? canary.lanePause : 30 days;
            isAllowed = isEither && duration != 0 && duration <= most;
            isIdle = block.timestamp + duration <= canary.drainDeadline;
            if (isGuardian) isAllowed = isAllowed && !isIdle && _isRested(_entriesUntil(0));
            return (abi.encodeCall(ITrafficControl.drain, (duration)), isAllowed, isIdle);
        }
        if (what == 7) {
            bytes4 selector = [
                Bank__MockForModel.setFee.selector,
                Bank__MockForModel.ping.selector,
                Bank__MockForModel.deposit.selector
            ][_draw() % 3];
            (SelectorRule memory rule, uint256 place) = _placeOf(selector);
            isIdle = (canary.locks >> place) & 1 == 1;
            isAllowed = isEither && rule.isLockable && !(isGuardian && isIdle);
            return (abi.encodeCall(ITrafficControl.lockSelector, (selector)), isAllowed, isIdle);
        }
        if (what == 8) {
            uint16 bps = uint16([9_000, 5_000, 10_000, _draw() % 10_000, 0][_draw() % 5]);
            isIdle = bps >= 10_000 - canary.cut;
            isAllowed = isEither && canary.cap != 0 && !(isGuardian && isIdle);
            return (abi.encodeCall(ITrafficControl.lowerCap, (bps)), isAllowed, isIdle);
        }
        if (what == 9) {
            uint16 share = uint16([_draw() % 10_000, 6_000, 10_000, 8_000][_draw() % 4]);
            isIdle = canary.isFrozen || share >= canary.share;
            isAllowed = isEither && !(isGuardian && isIdle);
            return (abi.encodeCall(ITrafficControl.lowerShare, (share)), isAllowed, isIdle);
        }
        isAllowed = isController && epoch == canary.epoch;
        return (abi.encodeCall(ITrafficControl.resume, (epoch)), isAllowed, false);
    }

    /// @dev What a message that passed means. Whatever the guardian does ends the epoch.
    function _heed(address sender, bytes memory message) private {
        bytes4 selector = bytes4(message);
        uint256 word = _word(message, 1);
        bool isGuardian = sender == guardian;
        if (selector == ITrafficControl.setShare.selector) {
            canary.share = _word(message, 2);
            canary.freshUntil = block.number + 1;
            return;
        }
        if (selector == ITrafficControl.resume.selector) {
            (canary.isTight, canary.cut, canary.drainDeadline, canary.locks) = (false, 0, 0, 0);
            for (uint256 i; i < 5; ++i) canary.closedUntil[i] = 0;
            return;
        }
        if (selector == ITrafficControl.freeze.selector) {
            canary.isFrozen = true;
            ++canary.epoch;
            return _see(17);
        }
        _see(18);
        if (isGuardian) ++canary.epoch;
        if (selector == ITrafficControl.lowerShare.selector) {
            canary.share = word;
            canary.freshUntil = block.number + 1;
            return;
        }
        canary.isTight = true;
        if (selector == ITrafficControl.pauseLane.selector) {
            canary.closedUntil[word] = isGuardian ? block.timestamp + canary.lanePause : FOREVER;
        } else if (selector == ITrafficControl.drain.selector) {
            canary.drainDeadline = block.timestamp + word;
        } else if (selector == ITrafficControl.lockSelector.selector) {
            (, uint256 place) = _placeOf(bytes4(bytes32(word)));
            canary.locks |= 1 << place;
        } else {
            canary.cut = 10_000 - word;
        }
    }

    /// @dev What the guardian closed rests as long as it was closed.
    function _isRested(uint256 until) private view returns (bool) {
        return until == 0 || block.timestamp >= until + canary.lanePause;
    }

    function _entriesUntil(uint256 lane) private view returns (uint256 last) {
        last = canary.drainDeadline;
        for (uint256 i = 1; i <= lanes.length; ++i) {
            uint256 until = canary.closedUntil[i];
            bool isMeant = lane == 0 ? !lanes[i - 1].isExit && until != FOREVER : i == lane;
            if (isMeant && until > last) last = until;
        }
    }

    /// @dev Out and in again: what was frozen stays so.
    function _comeBack() private {
        if (!canary.isUups || bank.owner() != controller) return;
        vm.prank(controller);
        bank.upgradeToAndCall(stable, "");
        vm.prank(controller);
        bank.upgradeToAndCall(canary.router, "");
        _see(19);
        _checkWords(_look(canary.router));
    }

    // --- parts

    function _draw() private returns (uint256) {
        _random = uint256(keccak256(abi.encode(_random)));
        return _random;
    }

    function _chance(uint256 oneIn) private returns (bool) {
        return _draw() % oneIn == 0;
    }

    function _roll(uint256 blocks) private {
        vm.roll(block.number + blocks);
    }

    function _context() internal view override returns (string memory) {
        string memory call_ = string.concat(
            " (last call ",
            vm.toString(_last.data),
            _last.isStatic ? " static" : "",
            " value ",
            vm.toString(_last.value),
            ", answer ",
            vm.toString(_lastAnswer)
        );
        return
            string.concat(
                call_,
                _isLastChosen ? ", the candidate's" : "",
                ", mode ",
                vm.toString(_mode),
                ", share ",
                vm.toString(canary.share),
                ", cap ",
                vm.toString(canary.cap),
                ")"
            );
    }

    function _see(uint256 what) private {
        ++_seen[what];
    }

    /// @notice One line of numbers about the run that ends, in the order of `ROUTER_COUNTED` in scripts/fuzz/run.ts.
    function summary() external view returns (string memory line) {
        for (uint256 i; i < SEEN; ++i) line = string.concat(line, vm.toString(_seen[i]), " ");
    }
}
