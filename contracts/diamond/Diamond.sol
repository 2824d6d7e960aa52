// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DiamondStorage} from "./DiamondStorage.sol";

/// @notice ERC-2535 dispatch. Who may cut, and which facets there are, is the inheriting contract's business.
abstract contract Diamond {
    /// @notice No facet serves this selector.
    error FunctionUnknown(bytes4 selector);

    /// @notice The selector is paused.
    error FunctionIsPaused(bytes4 selector);

    fallback() external payable {
        uint256 route = DiamondStorage.routeOf(msg.sig);
        address facet = DiamondStorage.facetOf(route);
        if (facet == address(0)) revert FunctionUnknown(msg.sig);
        if (route & DiamondStorage.PAUSED != 0) revert FunctionIsPaused(msg.sig);
        // Memory belongs to this block alone: it never returns to Solidity, so it may overwrite everything.
        assembly {
            calldatacopy(0, 0, calldatasize())
            let isOk := delegatecall(gas(), facet, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(isOk) {
                revert(0, returndatasize())
            }
            return(0, returndatasize())
        }
    }

    /// @dev A diamond keeps no native value that a facet did not ask for.
    receive() external payable {
        revert FunctionUnknown(msg.sig);
    }
}
