// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fraction} from "../../types/Fraction.sol";

/// @notice Clipped power of the seats that stated something, and their number.
struct Count {
    uint96 power;
    uint32 seats;
}

/// @notice What electors reported about one stage, after it ran and before the next one.
struct Reports {
    Count succeeded;
    Count failed;
    // Seat bits, 256 a word. A report is one, whatever it says.
    mapping(uint256 word => uint256 bits) hasReported;
}

/// @notice What the registry keeps of a plan's artifact, and what electors said about it.
struct Release {
    // keccak256 of the version; zero: no artifact.
    bytes32 versionHash;
    uint64 protocolVersion;
    uint64 graceBlocks;
    uint48 successDeadline;
    Fraction successThreshold;
    // Enough electors reported success, or voted to keep the upgrade, in time.
    bool isSettled;
    bytes32 parentPlan;
    // Block in which the last stage of a plan with a grace period ran.
    uint48 upgradedAtBlock;
    Count adopted;
    Count overridden;
    mapping(uint256 stage => Reports) reports;
    // Seat bits, 256 a word.
    mapping(uint256 word => uint256 bits) hasAdvertised;
    mapping(uint256 word => uint256 bits) hasOverridden;
}

/// @notice Artifacts by plan. Nothing is written for a plan that names none of it.
library ArtifactStorage {
    /// @custom:storage-location erc7201:slipway.registry.artifacts
    struct Layout {
        mapping(bytes32 proposalId => Release) releases;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.registry.artifacts")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0xf9980a133a33543ebaec13ee4bf368268efcc53c264a44e6f953c71cc0e3f500;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
