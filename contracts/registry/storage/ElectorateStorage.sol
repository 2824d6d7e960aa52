// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fraction} from "../../types/Fraction.sol";

/// @dev What is stored of a draft so far.
struct DraftProgress {
    // Root of the chunks that are still missing; zero with `seats` above zero: complete.
    bytes32 rest;
    // Account of the last seat; the next one must be larger.
    address last;
    uint96 total;
    uint32 seats;
    // By `PlanClass`.
    uint96[3] clippedTotals;
    // The electorate, once complete.
    address pointer;
    address[] chunks;
}

/// @notice Electorates in the making, and what token electorates need beside their seats.
library ElectorateStorage {
    /// @custom:storage-location erc7201:slipway.registry.electorates
    struct Layout {
        mapping(bytes32 draftId => DraftProgress) drafts;
        // The token's clock when the proposal was made.
        mapping(bytes32 proposalId => uint48) timepoints;
        // Delegates without a seat who have voted.
        mapping(bytes32 proposalId => mapping(address account => bool)) unlistedVoted;
        // Share of the whole from which an elector may propose; zero: electors may not.
        Fraction proposalThreshold;
        // Minutes by which the vote will be prolonged if it turns late; zero from then on.
        mapping(bytes32 proposalId => uint16) lateExtensions;
        // Delegates without a seat who have signalled that they are ready.
        mapping(bytes32 proposalId => mapping(address account => bool)) unlistedReady;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.registry.electorates")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0xef4928d11994f4c9b6da13f123a38f684124351394ddf975bddf79b5a4e39a00;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
