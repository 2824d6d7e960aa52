// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {VaultV2} from "../examples/VaultV2.sol";

/// @notice A new function pays out whoever asks, once the asker has set a flag: what a review misses and calls in a row find.
contract VaultSweep__MockForRehearsal is VaultV2 {
    using SafeERC20 for IERC20;

    // keccak256("slipway.mocks.VaultSweep.armed")
    bytes32 private constant ARMED_SLOT = keccak256("slipway.mocks.VaultSweep.armed");

    error NotArmed();

    function arm(bool isArmed) external {
        bytes32 slot = ARMED_SLOT;
        // One word in a slot of its own.
        assembly ("memory-safe") {
            sstore(slot, isArmed)
        }
    }

    function sweep(address receiver) external {
        bytes32 slot = ARMED_SLOT;
        bool isArmed;
        assembly ("memory-safe") {
            isArmed := sload(slot)
        }
        if (!isArmed) revert NotArmed();
        IERC20(asset()).safeTransfer(receiver, totalAssets() / 2);
    }
}

/// @notice Keeps one percent of whatever is redeemed: users lose, and no call reverts.
contract VaultFee__MockForRehearsal is VaultV2 {
    function previewRedeem(uint256 shares) public view override returns (uint256) {
        return (super.previewRedeem(shares) * 99) / 100;
    }
}
