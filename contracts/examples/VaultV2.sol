// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {VaultV1} from "./VaultV1.sol";

/// @notice The vault with a limit on what one withdrawal takes. V1 can serve the same storage: it knows no limit.
contract VaultV2 is VaultV1 {
    /// @custom:storage-location erc7201:slipway.examples.VaultV2
    struct V2Storage {
        // In units of the asset; zero before `migrateV2`: no withdrawals.
        uint256 withdrawalLimit;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.examples.VaultV2")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant V2_SLOT = 0x92b72a001fd788f94cf212d77fe89c4ccb15b826be630367a189fdefc6cacb00;

    error LimitExceeded(uint256 assets, uint256 limit);

    event WithdrawalLimitSet(uint256 limit);

    function migrateV2(uint256 limit) external reinitializer(2) {
        _v2().withdrawalLimit = limit;
        emit WithdrawalLimitSet(limit);
    }

    function version() external pure virtual override returns (uint256) {
        return 2;
    }

    function withdrawalLimit() external view returns (uint256) {
        return _v2().withdrawalLimit;
    }

    function maxWithdraw(address owner_) public view virtual override returns (uint256) {
        uint256 assets = super.maxWithdraw(owner_);
        uint256 limit = _v2().withdrawalLimit;
        return assets < limit ? assets : limit;
    }

    function maxRedeem(address owner_) public view virtual override returns (uint256) {
        uint256 shares = super.maxRedeem(owner_);
        uint256 limit = convertToShares(_v2().withdrawalLimit);
        return shares < limit ? shares : limit;
    }

    function withdraw(uint256 assets, address receiver, address owner_) public virtual override returns (uint256) {
        _checkLimit(assets);
        return super.withdraw(assets, receiver, owner_);
    }

    function redeem(uint256 shares, address receiver, address owner_) public virtual override returns (uint256) {
        _checkLimit(previewRedeem(shares));
        return super.redeem(shares, receiver, owner_);
    }

    function _checkLimit(uint256 assets) private view {
        uint256 limit = _v2().withdrawalLimit;
        if (assets > limit) revert LimitExceeded(assets, limit);
    }

    function _v2() private pure returns (V2Storage storage self) {
        bytes32 slot = V2_SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
