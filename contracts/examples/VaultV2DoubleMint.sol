// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {VaultV2} from "./VaultV2.sol";

/// @notice Broken on purpose: every deposit mints its shares twice, at the expense of those who were there before.
contract VaultV2DoubleMint is VaultV2 {
    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        super._deposit(caller, receiver, assets, shares);
        _mint(receiver, shares);
    }
}
