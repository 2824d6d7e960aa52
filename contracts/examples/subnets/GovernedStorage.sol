// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IConfigFacet} from "../../registry/interfaces/IConfig.sol";

/// @notice Which registry a diamond answers to, and so which timelock.
library GovernedStorage {
    /// @custom:storage-location erc7201:slipway.examples.governed
    struct Layout {
        address registry;
        // Kept beside the registry: a registry that no longer answers must not take its diamonds with it.
        address timelock;
    }

    /// @notice Only a plan of the diamond's own registry may do this.
    error NotGovernor(address caller, address timelock);
    /// @notice A registry has code and names a timelock that has code.
    error RegistryInvalid(address registry);

    event UpgradeRegistrySet(address indexed registry, address indexed timelock);

    // keccak256(abi.encode(uint256(keccak256("slipway.examples.governed")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0xc197b53eccb8970e0b8fec01e19a8755e5eb66fd69d57dc7ba6b398f472f8b00;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }

    /// @notice Reverts for anyone but the timelock.
    function check() internal view {
        address timelock = state().timelock;
        if (msg.sender != timelock) revert NotGovernor(msg.sender, timelock);
    }

    function set(address registry) internal {
        if (registry.code.length == 0) revert RegistryInvalid(registry);
        address timelock = IConfigFacet(registry).timelock();
        if (timelock.code.length == 0) revert RegistryInvalid(registry);
        state().registry = registry;
        state().timelock = timelock;
        emit UpgradeRegistrySet(registry, timelock);
    }
}
