// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Probe} from "../../types/Condition.sol";

/// @notice Reads one word from an account that may be hostile: bounded gas, 32 bytes of return data, never a revert of
/// the account's making.
library Probes {
    /// @notice The sender left too little gas for the probe to be given what its author said it needs.
    error ProbeStarved(address target, uint256 required, uint256 available);

    /// @notice A probe's gas lies between 1 and `MAX_GAS`.
    error ProbeGasOutOfBounds(address target, uint256 actual, uint256 max);

    /// @notice Most gas a probe may ask for: half of the transaction cap of EIP-7825.
    uint256 internal constant MAX_GAS = 8_388_608;

    /// @dev Gas kept for the caller's own work around the call.
    uint256 private constant RESERVE = 5_000;

    /// @notice Reverts on a probe that could never be read. Built-in gates (no target) need no gas.
    function checkShape(Probe memory probe) internal pure {
        if (probe.target != address(0) && (probe.gas == 0 || probe.gas > MAX_GAS)) {
            revert ProbeGasOutOfBounds(probe.target, probe.gas, MAX_GAS);
        }
    }

    /// @notice The word, or `isAvailable == false` on a revert, a return shorter than 32 bytes, or no code.
    function read(Probe memory probe) internal view returns (bool isAvailable, uint256 word) {
        return readWordAt(probe, 0, 1);
    }

    /// @notice The same for word number `index` of an answer that is at least `words` words long.
    function readWordAt(
        Probe memory probe,
        uint256 index,
        uint256 words
    ) internal view returns (bool isAvailable, uint256 word) {
        address target = probe.target;
        if (target.code.length == 0) return (false, 0);
        // EIP-150 keeps 1/64 from the callee: without this check a poor sender could make a probe "unavailable".
        uint256 gasLimit = probe.gas;
        uint256 required = gasLimit + gasLimit / 63 + RESERVE;
        if (gasleft() < required) revert ProbeStarved(target, required, gasleft());

        bytes memory data = probe.data;
        // Solidity would copy all of the return data; a hostile target could make that cost any amount of gas.
        assembly ("memory-safe") {
            isAvailable := staticcall(gasLimit, target, add(data, 0x20), mload(data), 0x00, 0x00)
            isAvailable := and(isAvailable, iszero(lt(returndatasize(), mul(words, 0x20))))
            if isAvailable {
                returndatacopy(0x00, mul(index, 0x20), 0x20)
                word := mload(0x00)
            }
        }
    }
}
