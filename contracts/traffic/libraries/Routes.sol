// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IDiamondLoupe} from "../../diamond/IDiamond.sol";

/// @notice Where a diamond sends a selector, by the code of its loupe. That code runs in the diamond's storage without
/// the diamond being asked for it: whoever rewrote the loupe's own route changes nothing here.
library Routes {
    /// @dev One question: a cold slot of a mapping in the diamond's storage takes a third of it.
    uint256 internal constant GAS = 10_000;

    /// @notice What must be left for `count` questions, with EIP-150's share and a cold account.
    function gasNeeded(uint256 count) internal pure returns (uint256) {
        return 3_000 + count * (GAS + GAS / 63 + 500);
    }

    /// @notice Zero where there is no facet, or no answer of one word.
    /// @param loupe Code that the plan pins.
    function facetOf(address loupe, bytes4 selector) internal returns (address facet) {
        bytes4 question = IDiamondLoupe.facetAddress.selector;
        assembly ("memory-safe") {
            mstore(0x00, question)
            mstore(0x04, selector)
            let isOk := delegatecall(GAS, loupe, 0x00, 0x24, 0x00, 0x20)
            let word := mload(0x00)
            if and(and(isOk, eq(returndatasize(), 0x20)), iszero(shr(160, word))) {
                facet := word
            }
        }
    }
}
