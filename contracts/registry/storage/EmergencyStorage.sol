// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CouncilConfig} from "../../types/Policy.sol";

/// @notice One halt: in force while `since <= now < until`.
struct HaltSpan {
    uint48 since;
    uint48 until;
}

/// @notice One scope's halts: `bytes32(0)` is global, anything else a module's name.
struct Halt {
    // In order of time, without overlap; the last one may be in force.
    HaltSpan[] spans;
    // Seconds the council may still spend; refilled by governance only.
    uint32 budget;
    bool isBudgetSet;
    // When governance last refilled the budget: what was halted before may be halted again at once.
    uint48 refilledAt;
}

/// @notice The council, its pending acts, and the halts.
library EmergencyStorage {
    /// @custom:storage-location erc7201:slipway.registry.emergency
    struct Layout {
        CouncilConfig council;
        // Counts councils: approvals given to an earlier one are void.
        uint64 epoch;
        // Counts executed acts: an act that was executed needs new approvals.
        mapping(bytes32 subject => uint256) nonces;
        // Until when (seconds) a member's approval of an act counts; zero: never given.
        mapping(bytes32 act => mapping(address member => uint48 expiry)) approvals;
        mapping(bytes32 scope => Halt) halts;
        // Epoch of the council that co-signed an Emergency plan; zero: none did.
        mapping(bytes32 proposalId => uint64 epoch) coSigns;
        // Vetoes since governance last refilled them.
        uint8 vetoesSpent;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.registry.emergency")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0x2b7ae0272a9e96f8cf7c10ea8d9327bcf48ce363e3b1272102ba38e74aa98700;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
