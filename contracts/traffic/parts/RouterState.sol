// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LimitsWord} from "../libraries/LimitsWord.sol";
import {PolicyWord} from "../libraries/PolicyWord.sol";
import {TrafficEvents} from "../libraries/TrafficEvents.sol";
import {RouterCode} from "./RouterCode.sol";

/// @notice What a canary keeps in the proxy's storage, all of it in one namespace: the policy word, the counters, and in
/// transient storage which version runs.
///
/// @dev The call state is one transient word at the policy word's own number, so that no protocol's transient slot is
/// near. It is one of the constants below for as long as the outermost call runs, or a token.
abstract contract RouterState is RouterCode {
    /// @dev ERC-1967's, as in OpenZeppelin's `ERC1967Utils`: assembly reads only constants of the contract itself.
    bytes32 internal constant IMPLEMENTATION_SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;
    bytes32 internal constant ADMIN_SLOT = 0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103;

    uint256 internal constant NONE = 0;
    uint256 internal constant STABLE = 1;
    uint256 internal constant CANDIDATE = 2;
    // A condition is being read: nested calls are answered by stable's code, whatever ran before.
    uint256 internal constant PROBING = 3;
    // Anything above is a token: whoever enters next is the frame, and this is the policy word that it starts with.

    /// @dev Enough for the router to recognise the question and write one transient word. In a static context the write
    /// burns all of it.
    uint256 internal constant STATIC_PROBE_GAS = 1_000;

    function _state() internal view returns (uint256 state) {
        bytes32 slot = _slot;
        assembly ("memory-safe") {
            state := tload(slot)
        }
    }

    function _setState(uint256 state) internal {
        bytes32 slot = _slot;
        assembly ("memory-safe") {
            tstore(slot, state)
        }
    }

    function _word() internal view returns (PolicyWord) {
        return PolicyWord.wrap(uint256(_sload(_slot)));
    }

    function _storeWord(PolicyWord word) internal {
        _sstore(_slot, PolicyWord.unwrap(word));
    }

    function _freeze(PolicyWord word, string memory reason) internal {
        PolicyWord next = word.withFreeze();
        _storeWord(next);
        emit TrafficEvents.CanaryFrozen(next.epoch(), next.breaks(), reason);
    }

    function _storeLimits(LimitsWord limits) internal {
        _sstore(_limitsSlot(), LimitsWord.unwrap(limits));
    }

    function _limitsSlot() internal view returns (bytes32) {
        return bytes32(uint256(_slot) | 2);
    }

    /// @dev stable's calls (64) | candidate's (64) | fallbacks (64), from the low end.
    function _counters() internal view returns (uint256) {
        return uint256(_sload(_counterSlot()));
    }

    function _count(uint256 stableCalls, uint256 candidateCalls, uint256 fallbacks) internal {
        // 64 bits each: no chain lives long enough to carry one into the next.
        unchecked {
            _sstore(_counterSlot(), _counters() + stableCalls + (candidateCalls << 64) + (fallbacks << 128));
        }
    }

    function _counterSlot() internal view returns (bytes32) {
        return bytes32(uint256(_slot) | 1);
    }

    function _implementation() internal view returns (address) {
        return address(uint160(uint256(_sload(_implementationSlot))));
    }

    function _sload(bytes32 slot) internal view returns (bytes32 word) {
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }

    function _sstore(bytes32 slot, uint256 word) private {
        assembly ("memory-safe") {
            sstore(slot, word)
        }
    }

    /// @dev An account without code that sends the transaction calls directly, and no such call is static. Any other
    /// caller's may be: a call inherits staticness, and the router's account is warm, since the proxy has just delegated
    /// to it. A poor call cannot pass for a static one: the probe fails for lack of gas only when a few hundred are left,
    /// and it burns all but a 64th of them, with which nothing can run.
    function _isStatic() internal returns (bool isStatic) {
        address self = _self;
        assembly ("memory-safe") {
            if or(sub(caller(), origin()), extcodesize(caller())) {
                isStatic := iszero(call(STATIC_PROBE_GAS, self, 0, 0, 0, 0, 0))
            }
        }
    }
}
