// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CodeStore} from "../../registry/libraries/CodeStore.sol";
import {Condition, Probe} from "../../types/Condition.sol";
import {FallMeter, Policy} from "../ITrafficRouter.sol";
import {LimitsWord} from "./LimitsWord.sol";
import {PolicyChecks} from "./PolicyChecks.sol";

/// @notice The whole policy as contract code: `abi.encode(policy)`, as anybody can recompute it. The router's constructor
/// creates it, and the codes of router and control hold its address, the control's its hash as well. Whatever is needed
/// is read where it lies, since decoding a policy would be much code.
library PolicyStore {
    // Static fields of `Policy`, by their number.
    uint256 internal constant SHARE = 0;
    uint256 internal constant SALT = 1;
    uint256 internal constant IS_COUNTED = 2;
    uint256 internal constant INTERVAL = 3;
    uint256 internal constant CAP = 4;
    uint256 internal constant VALUE_WEIGHT = 5;
    uint256 internal constant ERROR_BUDGET = 6;
    uint256 internal constant CANDIDATE_GAS = 7;
    uint256 internal constant LANE_PAUSE = 8;
    uint256 internal constant OTHER_LANE = 9;
    // Those that are arrays, or hold bytes.
    uint256 internal constant RULES = 10;
    uint256 internal constant ERRORS = 11;
    uint256 internal constant INVARIANTS = 12;
    uint256 internal constant LANES = 13;
    uint256 private constant IN_FLIGHT = 14;
    uint256 internal constant SEGMENT = 15;
    uint256 internal constant METERS = 16;
    uint256 private constant FALL = 17;

    /// @dev Offset word, eighteen head words, and the length of the rules come first.
    uint256 private constant RULES_AT = 20 * 32;
    uint256 private constant RULE_SIZE = 7 * 32;
    uint256 private constant METER_SIZE = 3 * 32;

    /// @notice Of a policy that calls can follow, between versions that have code.
    function write(address stable, address candidate, Policy memory policy) internal returns (address) {
        PolicyChecks.checkVersion(stable);
        PolicyChecks.checkVersion(candidate);
        PolicyChecks.check(policy);
        return CodeStore.write(abi.encode(policy));
    }

    /// @notice The word of a static field.
    function field(address store, uint256 number) internal view returns (uint256) {
        return _word(store, 32 + 32 * number);
    }

    /// @notice The length of an array.
    function count(address store, uint256 number) internal view returns (uint256) {
        return _word(store, 32 + field(store, number));
    }

    /// @notice The packed rule at `index`; zero past the end.
    function ruleAt(address store, uint256 index) internal view returns (uint256 rule) {
        if (index >= count(store, RULES)) return 0;
        bytes memory data = CodeStore.slice(store, RULES_AT + index * RULE_SIZE, RULE_SIZE);
        uint256 place;
        assembly ("memory-safe") {
            place := add(data, 0x20)
        }
        return _pack(place);
    }

    /// @notice The rule of `selector` among those from `first` on, or zero.
    function ruleOf(
        address store,
        uint256 first,
        uint256 count_,
        uint256 selector
    ) internal view returns (uint256 rule) {
        // Offsets within a contract's code: far from overflow.
        unchecked {
            bytes memory data = CodeStore.slice(store, RULES_AT + first * RULE_SIZE, (count_ - first) * RULE_SIZE);
            uint256 place;
            assembly ("memory-safe") {
                place := add(data, 0x20)
                let end := add(place, mload(data))
                for {} lt(place, end) {
                    place := add(place, 0xe0)
                } {
                    if eq(shr(224, mload(place)), selector) {
                        break
                    }
                }
                if iszero(lt(place, end)) {
                    place := 0
                }
            }
            return place == 0 ? 0 : _pack(place);
        }
    }

    function isExpected(
        address store,
        uint256 ruleCount,
        uint256 errorCount,
        bytes4 reason
    ) internal view returns (bool) {
        bytes memory errors = CodeStore.slice(store, RULES_AT + ruleCount * RULE_SIZE + 32, errorCount * 32);
        for (uint256 i; i < errorCount; ++i) {
            bytes32 word;
            assembly ("memory-safe") {
                word := mload(add(add(errors, 0x20), shl(5, i)))
            }
            if (bytes4(word) == reason) return true;
        }
        return false;
    }

    /// @notice Which of the rules is the selector's, from 0; the number of rules where none is.
    function placeOf(address store, uint256 selector) internal view returns (uint256 place) {
        uint256 ruleCount = count(store, RULES);
        while (place < ruleCount && uint32(_selectorAt(store, place)) != selector) ++place;
    }

    function lockedSelectors(address store, LimitsWord limits) internal view returns (bytes4[] memory locked) {
        uint256 ruleCount = count(store, RULES);
        locked = new bytes4[](ruleCount);
        uint256 found;
        for (uint256 i; i < ruleCount; ++i) {
            if (limits.isLocked(i)) locked[found++] = _selectorAt(store, i);
        }
        assembly ("memory-safe") {
            mstore(locked, found)
        }
    }

    /// @notice Bit n: lane n, counted from 1, is an exit.
    function exitLanes(address store) internal view returns (uint256 exits) {
        uint256 first = 64 + field(store, LANES);
        uint256 laneCount = count(store, LANES);
        for (uint256 i; i < laneCount; ++i) exits |= _word(store, first + 64 * i + 32) << (i + 1);
    }

    function inFlight(address store) internal view returns (Probe memory) {
        return abi.decode(_alone(store, 32 + field(store, IN_FLIGHT), 32 + field(store, SEGMENT)), (Probe));
    }

    /// @param end What `conditionsEnd` tells.
    function conditions(
        address store,
        uint256 ruleCount,
        uint256 errorCount,
        uint256 end
    ) internal view returns (Condition[] memory) {
        return abi.decode(_alone(store, RULES_AT + ruleCount * RULE_SIZE + (1 + errorCount) * 32, end), (Condition[]));
    }

    /// @notice Where the conditions end: the lanes come next.
    function conditionsEnd(address store) internal view returns (uint256) {
        return 32 + field(store, LANES);
    }

    /// @notice Whether `key` is one of the segment's `count_` keys, which stand in increasing order.
    function isInSegment(address store, uint256 count_, bytes32 key) internal view returns (bool) {
        uint256 first = 64 + field(store, SEGMENT);
        uint256 low;
        uint256 high = count_;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            bytes32 found = CodeStore.word(store, first + 32 * middle);
            if (found == key) return true;
            if (found < key) low = middle + 1;
            else high = middle;
        }
        return false;
    }

    /// @notice The further meters, as they are encoded: selector, word, weight.
    function meters(address store, uint256 count_) internal view returns (bytes memory) {
        return CodeStore.slice(store, 64 + field(store, METERS), count_ * METER_SIZE);
    }

    /// @notice The probe whose fall is charged, and the weight of that; zero: none.
    function fall(address store) internal view returns (FallMeter memory) {
        return abi.decode(_alone(store, 32 + field(store, FALL), store.code.length - 1), (FallMeter));
    }

    /// @dev What is encoded from `offset` to `end`. Standing alone, something dynamic is encoded with one word before it.
    function _alone(address store, uint256 offset, uint256 end) private view returns (bytes memory data) {
        data = CodeStore.slice(store, offset - 32, end + 32 - offset);
        assembly ("memory-safe") {
            mstore(add(data, 0x20), 0x20)
        }
    }

    function _selectorAt(address store, uint256 index) private view returns (bytes4) {
        return bytes4(CodeStore.word(store, RULES_AT + index * RULE_SIZE));
    }

    function _word(address store, uint256 offset) private view returns (uint256) {
        return uint256(CodeStore.word(store, offset));
    }

    /// @dev Of the encoding in memory, as `Rules` says: selector, cohortWord, meterWord, weight, isFree, lane, isLockable.
    function _pack(uint256 place) private pure returns (uint256 rule) {
        assembly ("memory-safe") {
            rule := or(mload(place), shl(216, mload(add(place, 0x20))))
            rule := or(rule, shl(208, mload(add(place, 0x40))))
            rule := or(rule, or(mload(add(place, 0x60)), shl(200, mload(add(place, 0x80)))))
            rule := or(rule, or(shl(192, mload(add(place, 0xa0))), shl(191, mload(add(place, 0xc0)))))
        }
    }
}
