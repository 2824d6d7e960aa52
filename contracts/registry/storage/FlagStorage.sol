// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A switch that governance turns on and incident response may turn off.
struct Flag {
    bool isEnabled;
    // Counts clearings: what was agreed before a clearing does not turn the flag on after it.
    uint64 epoch;
}

/// @notice A module that must be at `minVersion` or later.
struct Dependency {
    bytes32 module;
    uint64 minVersion;
}

/// @notice What must be true before a plan on a module may advance.
struct Requirements {
    // Zero: none.
    bytes32 flag;
    Dependency[] dependencies;
}

/// @notice Feature flags, and what modules require.
library FlagStorage {
    /// @custom:storage-location erc7201:slipway.registry.flags
    struct Layout {
        mapping(bytes32 flag => Flag) flags;
        mapping(bytes32 module => Requirements) requirements;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.registry.flags")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0xd5febf31c70cad4864cc14be0c51d5dc8779c3850d60907929d0f3e684775f00;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
