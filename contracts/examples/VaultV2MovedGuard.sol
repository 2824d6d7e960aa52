// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {VaultV2} from "./VaultV2.sol";

/// @notice Safe alone and dangerous in company: its reentrancy guard sits in another slot than V1's, so a callback that
/// could cross from one version into the other would meet an open door.
contract VaultV2MovedGuard is VaultV2 {
    bytes32 private constant GUARD_SLOT = keccak256("slipway.examples.VaultV2MovedGuard.guard");

    function _reentrancyGuardStorageSlot() internal pure override returns (bytes32) {
        return GUARD_SLOT;
    }
}
