// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Who a diamond answers to.
interface IGovernance {
    /// @notice Moves the diamond to another registry and its timelock. Reverts with `NotGovernor` for anyone but the
    /// timelock, with `RegistryInvalid` for an account that names no timelock.
    function setUpgradeRegistry(address registry) external;

    /// @notice The registry whose plans upgrade this diamond.
    function upgradeRegistry() external view returns (address registry);

    /// @notice The one account that cuts this diamond: that registry's timelock.
    function governor() external view returns (address timelock);
}
