// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Three protocols that others built on a vault, each with its own way through it.
abstract contract Integrator__MockForVault {
    using SafeERC20 for IERC20;

    IERC4626 public immutable vault;
    IERC20 public immutable asset;

    constructor(IERC4626 vault_) {
        vault = vault_;
        asset = IERC20(vault_.asset());
        asset.forceApprove(address(vault_), type(uint256).max);
    }

    /// @notice The token tells its receivers; nothing to do.
    function onTokens() external {}
}

/// @notice In and out for its users, also several times within one transaction.
contract Aggregator__MockForVault is Integrator__MockForVault {
    using SafeERC20 for IERC20;

    constructor(IERC4626 vault_) Integrator__MockForVault(vault_) {}

    function zapIn(uint256 assets) external returns (uint256 shares) {
        asset.safeTransferFrom(msg.sender, address(this), assets);
        return vault.deposit(assets, msg.sender);
    }

    function zapOut(uint256 shares) external returns (uint256 assets) {
        IERC20(address(vault)).safeTransferFrom(msg.sender, address(this), shares);
        return vault.redeem(shares, msg.sender, address(this));
    }

    function roundTrips(uint256 assets, uint256 times) external returns (uint256 left) {
        asset.safeTransferFrom(msg.sender, address(this), assets);
        left = assets;
        for (uint256 i; i < times; ++i) {
            left = vault.redeem(vault.deposit(left, address(this)), address(this), address(this));
        }
        asset.safeTransfer(msg.sender, left);
    }
}

/// @notice Lends against vault shares, and sells them for whoever liquidates.
contract Liquidator__MockForVault is Integrator__MockForVault {
    using SafeERC20 for IERC20;

    mapping(address borrower => uint256) public pledged;

    constructor(IERC4626 vault_) Integrator__MockForVault(vault_) {}

    function pledge(uint256 shares) external {
        IERC20(address(vault)).safeTransferFrom(msg.sender, address(this), shares);
        pledged[msg.sender] += shares;
    }

    function liquidate(address borrower) external returns (uint256 assets) {
        uint256 shares = pledged[borrower];
        pledged[borrower] = 0;
        return vault.redeem(shares, msg.sender, address(this));
    }
}

/// @notice Delivers deposits from elsewhere, and takes them out again by amount of assets.
contract Bridge__MockForVault is Integrator__MockForVault {
    using SafeERC20 for IERC20;

    mapping(address user => uint256) public bridged;

    constructor(IERC4626 vault_) Integrator__MockForVault(vault_) {}

    function deliver(address[] calldata users, uint256 assets) external {
        asset.safeTransferFrom(msg.sender, address(this), assets * users.length);
        for (uint256 i; i < users.length; ++i) bridged[users[i]] += vault.deposit(assets, address(this));
    }

    function release(address user, uint256 assets) external {
        bridged[user] -= vault.withdraw(assets, user, address(this));
    }
}
