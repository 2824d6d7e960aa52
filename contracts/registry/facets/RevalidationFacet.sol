// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {GateResult, IRevalidationFacet, PinResult} from "../interfaces/IStages.sol";
import {Locked} from "../libraries/Lock.sol";
import {Plan} from "../../types/Plan.sol";
import {Revalidation} from "../libraries/Revalidation.sol";

contract RevalidationFacet is IRevalidationFacet, Locked {
    /// @inheritdoc IRevalidationFacet
    function invalidate(Plan calldata plan, uint256 stage, uint256 pin) external locked {
        Revalidation.invalidate(plan, stage, pin);
    }

    /// @inheritdoc IRevalidationFacet
    function sweep(Plan calldata plan) external locked {
        Revalidation.sweep(plan);
    }

    /// @inheritdoc IRevalidationFacet
    function revalidate(Plan calldata plan) external view returns (PinResult[] memory pins, GateResult[] memory gates) {
        return Revalidation.revalidate(plan);
    }
}
