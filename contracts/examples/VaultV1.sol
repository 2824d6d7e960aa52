// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {ERC4626Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/ERC4626Upgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

/// @notice An ERC-4626 vault that its owner upgrades: the protocol that the guides upgrade.
/// @dev It pays before it burns, so its guard is what keeps a receiver's callback from being paid twice.
contract VaultV1 is ERC4626Upgradeable, OwnableUpgradeable, UUPSUpgradeable, ReentrancyGuard {
    using SafeERC20 for IERC20;

    constructor() {
        _disableInitializers();
    }

    function initialize(IERC20 asset_, address owner_) external initializer {
        __ERC20_init("Vault share", "VLT");
        __ERC4626_init(asset_);
        __Ownable_init(owner_);
    }

    function version() external pure virtual returns (uint256) {
        return 1;
    }

    function deposit(uint256 assets, address receiver) public virtual override nonReentrant returns (uint256) {
        return super.deposit(assets, receiver);
    }

    function mint(uint256 shares, address receiver) public virtual override nonReentrant returns (uint256) {
        return super.mint(shares, receiver);
    }

    function withdraw(
        uint256 assets,
        address receiver,
        address owner_
    ) public virtual override nonReentrant returns (uint256) {
        return super.withdraw(assets, receiver, owner_);
    }

    function redeem(
        uint256 shares,
        address receiver,
        address owner_
    ) public virtual override nonReentrant returns (uint256) {
        return super.redeem(shares, receiver, owner_);
    }

    function _withdraw(
        address caller,
        address receiver,
        address owner_,
        uint256 assets,
        uint256 shares
    ) internal virtual override {
        if (caller != owner_) _spendAllowance(owner_, caller, shares);
        IERC20(asset()).safeTransfer(receiver, assets);
        _burn(owner_, shares);
        emit Withdraw(caller, receiver, owner_, assets, shares);
    }

    function _authorizeUpgrade(address) internal override onlyOwner {}
}
