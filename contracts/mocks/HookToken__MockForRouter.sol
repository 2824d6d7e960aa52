// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

interface ITokenHook {
    function onTokens() external;
}

/// @notice A token that tells its receiver, as ERC-777 and ERC-1363 do, and that anyone can mint.
contract HookToken__MockForRouter is ERC20("Hook token", "HOOK") {
    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function burn(address account, uint256 amount) external {
        _burn(account, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        // Not on a mint or a burn, so that a test can fund the account it watches.
        if (from != address(0) && to.code.length != 0 && to != msg.sender) ITokenHook(to).onTokens();
    }
}
