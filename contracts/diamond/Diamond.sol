// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DiamondStorage} from "./DiamondStorage.sol";
import {Diamonds} from "./Diamonds.sol";

/// @notice Serves each call with the facet its selector belongs to.
abstract contract Diamond {
    using Diamonds for DiamondStorage.Layout;

    fallback() external payable {
        address facet = DiamondStorage.state().facetOf(msg.sig);
        if (facet == address(0)) revert Diamonds.SelectorUnknown(msg.sig);
        // Calldata and return data pass through unchanged; memory belongs to this frame alone.
        assembly {
            calldatacopy(0, 0, calldatasize())
            let success := delegatecall(gas(), facet, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch success
            case 0 {
                revert(0, returndatasize())
            }
            default {
                return(0, returndatasize())
            }
        }
    }
}
