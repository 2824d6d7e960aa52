// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Plan} from "../types/Plan.sol";
import {PlanHash} from "../registry/libraries/PlanHash.sol";

/// @notice Opens `PlanHash` to a test that compares it with the engine's hash.
contract PlanHash__Harness {
    function hash(Plan calldata plan) external pure returns (bytes32) {
        return PlanHash.hash(plan);
    }

    function hashAgain(Plan calldata plan) external pure returns (bytes32) {
        return PlanHash.hashAgain(plan);
    }
}
