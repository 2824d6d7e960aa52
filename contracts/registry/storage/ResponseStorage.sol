// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RollbackReason} from "../../types/ProposalState.sol";

/// @notice What was done about a plan that went wrong.
struct Response {
    RollbackReason rollbackReason;
    // Bit by `BreachClass`: `poke` proved a break of an invariant of that class.
    uint8 provenBreaches;
    // Bit by index: the containment ran.
    uint32 containments;
}

/// @notice Responses to breaches. A plan that goes well writes nothing here.
library ResponseStorage {
    /// @custom:storage-location erc7201:slipway.registry.responses
    struct Layout {
        mapping(bytes32 proposalId => Response) responses;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.registry.responses")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0x66d17c9ef7306b3185953df5a68338291b04dd8e20ce269ddb32f44f7f2bc300;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
