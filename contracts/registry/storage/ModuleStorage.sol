// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Module} from "../../types/Module.sol";

/// @notice Modules by name, and the accounts that belong to them.
library ModuleStorage {
    /// @custom:storage-location erc7201:slipway.registry.modules
    struct Layout {
        mapping(bytes32 name => Module) modules;
        // In order of their numbers.
        bytes32[] names;
        // Name of the module whose users call this account.
        mapping(address account => bytes32 name) nameOf;
        // How many modules this account upgrades.
        mapping(address authority => uint256) governed;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.registry.modules")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0x1c56778d0e46a66cd69606147fd28fbac4e014113682e5cf9da53efe7ac1db00;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
