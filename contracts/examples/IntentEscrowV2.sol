// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IntentEscrow} from "./IntentEscrow.sol";

/// @notice Settles many intents at once.
contract IntentEscrowV2 is IntentEscrow {
    function version() external pure override returns (uint256) {
        return 2;
    }

    /// @notice Pays the solver of each. Caller: the user of all of them.
    function settleMany(uint256[] calldata ids) external nonReentrant {
        for (uint256 i; i < ids.length; ++i) _settle(ids[i]);
    }
}
