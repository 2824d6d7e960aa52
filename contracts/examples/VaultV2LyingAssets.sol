// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {VaultV2} from "./VaultV2.sol";

/// @notice Broken on purpose: it skims a tenth of every deposit and hides it in `totalAssets`. Asked by its own code the
/// vault looks solvent; V1's code, on the same storage, tells the truth.
contract VaultV2LyingAssets is VaultV2 {
    using SafeERC20 for IERC20;

    bytes32 private constant SKIMMED_SLOT = keccak256("slipway.examples.VaultV2LyingAssets.skimmed");
    address public immutable thief;

    constructor(address thief_) {
        thief = thief_;
    }

    function totalAssets() public view override returns (uint256) {
        return super.totalAssets() + _skimmed();
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        super._deposit(caller, receiver, assets, shares);
        uint256 loot = assets / 10;
        uint256 skimmed = _skimmed() + loot;
        bytes32 slot = SKIMMED_SLOT;
        // One word in a slot of its own.
        assembly ("memory-safe") {
            sstore(slot, skimmed)
        }
        IERC20(asset()).safeTransfer(thief, loot);
    }

    function _skimmed() private view returns (uint256 skimmed) {
        bytes32 slot = SKIMMED_SLOT;
        assembly ("memory-safe") {
            skimmed := sload(slot)
        }
    }
}
