// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Lane, Meter, SelectorRule} from "../../../contracts/traffic/ITrafficRouter.sol";
import {TrafficErrors} from "../../../contracts/traffic/libraries/TrafficErrors.sol";
import {Cheats} from "../Vm.sol";
import {IJudge} from "./Shell.sol";

/// @notice What the model knows of a canary: its policy, and what it saw happen. Never read from the router.
struct Canary {
    address router;
    bytes32 slot;
    bool isUups;
    bytes32 salt;
    bool isCounted;
    uint256 interval;
    uint256 cap;
    uint256 valueWeight;
    uint256 errorBudget;
    uint256 lanePause;
    uint256 otherLane;
    bool isExpecting;
    // Who takes part whatever the share.
    bytes32[] segment;
    // Zero: nothing that falls is charged.
    uint256 fallWeight;
    // What the bank owes falls, not what it has.
    bool isTotalFalling;
    // Conditions in their order: 1 solvent, 2 the owner stays, 3 nothing is bent.
    uint8[] conditions;
    uint256 share;
    uint256 freshUntil;
    uint256 epoch;
    bool isFrozen;
    uint256 breaks;
    uint256 stableCalls;
    uint256 candidateCalls;
    uint256 fallbacks;
    // As they were when a charged frame was last kept.
    uint256 window;
    bool isTight;
    uint256 cut;
    uint256 drainDeadline;
    uint256[5] closedUntil;
    uint256 locks;
}

/// @notice One charge that was kept.
struct Charge {
    uint256 time;
    uint256 units;
    uint256 amount;
}

/// @notice Decides by the blueprint's words, in plain Solidity, what the router must do. It also answers the shells, so that one
/// version alone meets the same lanes and meters.
abstract contract RouterModel is Cheats, IJudge {
    uint256 internal constant ONE = 1e18;
    uint256 internal constant FOREVER = type(uint32).max;

    /// @notice The first property that did not hold, beginning with its id.
    string public failure;

    Canary internal canary;
    Charge[] internal charges;
    SelectorRule[] internal rules;
    Meter[] internal meters;
    Lane[] internal lanes;
    address internal controller = address(0xc0);
    address internal guardian = address(0x9a);
    address internal proxy;
    /// @dev Charges of the trial that runs.
    uint256[] private _pending;

    function _check(bool isOk, string memory what) internal {
        if (!isOk && bytes(failure).length == 0) failure = string.concat(what, _context());
    }

    /// @dev What was tried last.
    function _context() internal view virtual returns (string memory);

    // --- who serves

    /// @notice Whether an outermost call is the candidate's.
    function _isCandidates(address sender, uint256 value, bytes memory data) internal view returns (bool) {
        Canary storage c = canary;
        if (c.isFrozen || c.share == 0 || block.number < c.freshUntil) return false;
        bytes4 selector = _selectorOf(data);
        SelectorRule memory rule = _ruleOf(selector);
        bytes32 key = rule.cohortWord == 0 ? bytes32(uint256(uint160(sender))) : bytes32(_word(data, rule.cohortWord));
        bool isDrawn = uint256(keccak256(abi.encode(c.salt, key))) % 10_000 < c.share;
        if (!isDrawn && !_isNamed(key)) return false;
        if (c.cap == 0) return true;
        return _isMetered(selector, rule) && _fits(_amount(rule, selector, value, data), false);
    }

    function _isNamed(bytes32 key) internal view returns (bool) {
        for (uint256 i; i < canary.segment.length; ++i) if (canary.segment[i] == key) return true;
        return false;
    }

    /// @notice Whether the candidate may serve the selector while there is a cap.
    function _isMetered(bytes4 selector, SelectorRule memory rule) internal view returns (bool) {
        if (rule.meterWord != 0 || rule.isFree || canary.fallWeight != 0) return true;
        for (uint256 i; i < meters.length; ++i) if (meters[i].selector == selector) return true;
        return false;
    }

    /// @notice The previous fixed window in full, the current one so far, and the amount.
    function _fits(uint256 amount, bool isPending) internal view returns (bool) {
        (uint256 previous, uint256 current) = _used(isPending);
        uint256 left = _capUnits();
        if (previous + current > left) return false;
        return _units(amount) <= left - previous - current;
    }

    function _used(bool isPending) internal view returns (uint256 previous, uint256 current) {
        uint256 number = block.timestamp / canary.interval;
        for (uint256 i = charges.length; i > 0; --i) {
            uint256 number_ = charges[i - 1].time / canary.interval;
            if (number_ == number) current += charges[i - 1].units;
            else if (number_ + 1 == number) previous += charges[i - 1].units;
            else break;
        }
        if (!isPending) return (previous, current);
        for (uint256 i; i < _pending.length; ++i) current += _pending[i];
    }

    function _capUnits() internal view returns (uint256) {
        return ((canary.cap / _unit()) * (10_000 - canary.cut)) / 10_000;
    }

    function _unit() internal view returns (uint256) {
        return (canary.cap + 2 ** 63 - 1) / 2 ** 63;
    }

    function _units(uint256 amount) internal view returns (uint256) {
        uint256 unit = _unit();
        return amount / unit + (amount % unit == 0 ? 0 : 1);
    }

    /// @notice Native value, and every word of the calldata that is metered.
    function _amount(
        SelectorRule memory rule,
        bytes4 selector,
        uint256 value,
        bytes memory data
    ) internal view returns (uint256 amount) {
        amount = _weighed(value, canary.valueWeight);
        if (rule.meterWord != 0) amount = _sum(amount, _weighed(_word(data, rule.meterWord), rule.weight));
        for (uint256 i; i < meters.length; ++i) {
            Meter memory meter = meters[i];
            if (meter.selector == selector) amount = _sum(amount, _weighed(_word(data, meter.word), meter.weight));
        }
    }

    /// @dev Rounded up; what is too large to tell is the largest amount.
    function _weighed(uint256 word, uint256 weight) internal pure returns (uint256) {
        if (weight != 0 && word > type(uint256).max / weight) return type(uint256).max;
        uint256 product = word * weight;
        return product / ONE + (product % ONE == 0 ? 0 : 1);
    }

    function _sum(uint256 a, uint256 b) private pure returns (uint256) {
        return a > type(uint256).max - b ? type(uint256).max : a + b;
    }

    // --- lanes

    /// @return refusal The error that the call must meet; empty: it may pass.
    function _refusal(address sender, bytes4 selector) internal view returns (bytes memory refusal) {
        Canary storage c = canary;
        if (!c.isTight || sender == controller) return "";
        (SelectorRule memory rule, uint256 place) = _placeOf(selector);
        if (rule.isLockable && (c.locks >> place) & 1 == 1) {
            return abi.encodeWithSelector(TrafficErrors.SelectorLocked.selector, selector);
        }
        uint256 lane = rule.lane == 0 ? c.otherLane : rule.lane;
        if (lane == 0) return "";
        if (block.timestamp < c.closedUntil[lane]) {
            return abi.encodeWithSelector(TrafficErrors.LanePaused.selector, lane, c.closedUntil[lane]);
        }
        if (block.timestamp < c.drainDeadline && !lanes[lane - 1].isExit) {
            return abi.encodeWithSelector(TrafficErrors.Draining.selector, c.drainDeadline);
        }
    }

    // --- the shells' questions

    function touch() external {
        assembly ("memory-safe") {
            tstore(0, 1)
        }
    }

    function judge(bool isCandidate, bool isNested, address sender, uint256 value, bytes calldata data) external {
        bytes4 selector = _selectorOf(data);
        _revertWith(_refusal(sender, selector));
        if (!isCandidate || canary.cap == 0) return;
        SelectorRule memory rule = _ruleOf(selector);
        uint256 amount = _amount(rule, selector, isNested && sender == proxy ? 0 : value, data);
        if (isNested) {
            bool isAdmissible = _isMetered(selector, rule);
            if (amount == 0 && isAdmissible) return;
            if (!isAdmissible) revert TrafficErrors.Unmetered(selector);
            if (!_fits(amount, true)) {
                (uint256 previous, uint256 current) = _used(true);
                uint256 cap = _capUnits();
                uint256 left = previous + current < cap ? (cap - previous - current) * _unit() : 0;
                revert TrafficErrors.OverBudget(selector, amount, left);
            }
        }
        _pending.push(_units(amount));
    }

    // --- words

    /// @notice The router's policy word, field by field.
    function _policyWord() internal view returns (uint256) {
        Canary storage c = canary;
        return
            c.window |
            (c.share << 160) |
            (c.isFrozen ? 1 << 176 : 0) |
            (1 << 177) |
            (c.freshUntil << 184) |
            (c.isTight ? 1 << 231 : 0) |
            (c.epoch << 232) |
            (c.breaks << 248);
    }

    function _limitsWord() internal view returns (uint256 word) {
        Canary storage c = canary;
        for (uint256 lane = 1; lane <= lanes.length; ++lane) word |= c.closedUntil[lane] << (32 * (lane - 1));
        word |= (c.locks << 128) | (c.drainDeadline << 192) | (c.cut << 224);
    }

    function _countersWord() internal view returns (uint256) {
        return canary.stableCalls | (canary.candidateCalls << 64) | (canary.fallbacks << 128);
    }

    // --- parts

    function _ruleOf(bytes4 selector) internal view returns (SelectorRule memory rule) {
        (rule, ) = _placeOf(selector);
    }

    function _placeOf(bytes4 selector) internal view returns (SelectorRule memory rule, uint256 place) {
        for (; place < rules.length; ++place) {
            if (rules[place].selector == selector) return (rules[place], place);
        }
    }

    function _selectorOf(bytes memory data) internal pure returns (bytes4) {
        return data.length < 4 ? bytes4(0) : bytes4(data);
    }

    /// @dev The n-th argument word; what is missing counts as the largest.
    function _word(bytes memory data, uint256 n) internal pure returns (uint256 word) {
        if (data.length < 4 + 32 * n) return type(uint256).max;
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x24), mul(32, sub(n, 1))))
        }
    }

    function _revertWith(bytes memory data) internal pure {
        if (data.length == 0) return;
        assembly ("memory-safe") {
            revert(add(data, 0x20), mload(data))
        }
    }
}
