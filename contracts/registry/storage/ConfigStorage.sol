// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ElectorateKind} from "../../types/Electorate.sol";
import {Fraction} from "../../types/Fraction.sol";
import {PlanClass} from "../../types/Plan.sol";

/// @notice Roles, thresholds, the timelock and the electorate of the next proposal. Written by the constructor, then by
/// the timelock alone.
library ConfigStorage {
    /// @custom:storage-location erc7201:slipway.registry.config
    struct Layout {
        address timelock;
        // 24 bits each: how many rows of thresholds and delays there have been, then the present row of each class.
        uint96 policyIndex;
        // Contract whose code holds the electorate of the next proposal.
        address electorate;
        // Counts electorates.
        uint64 epoch;
        ElectorateKind electorateKind;
        // Minutes by which a vote that turns late is prolonged; of the proposals to come.
        uint16 lateExtension;
        // Most of the total power that one seat may exert.
        mapping(PlanClass => Fraction) maxPower;
        // A `ClassPolicy` in one word each, as `Policies` packs it. Never rewritten: a proposal keeps the number of its row.
        // They count from one.
        mapping(uint256 row => uint256 packed) policyRows;
        mapping(bytes32 role => mapping(address account => bool)) roles;
        // What a row asks for besides integrity and simulation, where it does: artifact, audit, rehearsal.
        mapping(uint256 row => uint256 packed) evidenceRows;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.registry.config")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0x97eb238b15ea116a55fb811ab9d661a5610ff6a92c30fcdcf7186a94f1086e00;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
