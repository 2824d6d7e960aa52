// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CitedEvidence} from "../../types/Evidence.sol";

/// @notice Node artifacts, audits and rehearsals elsewhere. A plan that has none of these writes nothing here.
library EvidenceStorage {
    /// @custom:storage-location erc7201:slipway.registry.evidence
    struct Layout {
        mapping(bytes32 proposalId => CitedEvidence) cited;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.registry.evidence")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0x70dc353f538c45caceea8bff0a7574e021c4925feaad29c2e64310a72b31a700;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
