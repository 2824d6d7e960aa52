// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILaneFacet} from "../interfaces/ILanes.sol";
import {Locked} from "../libraries/Lock.sol";
import {Tightenings} from "../libraries/Tightenings.sol";

contract LaneFacet is ILaneFacet, Locked {
    /// @inheritdoc ILaneFacet
    function tighten(
        bytes32 module,
        bytes calldata message,
        uint256 deadline,
        bytes[] calldata signatures
    ) external locked returns (bool executed) {
        return Tightenings.tighten(module, message, deadline, signatures);
    }

    /// @inheritdoc ILaneFacet
    function tighteningOf(bytes32 module, bytes calldata message) external pure returns (bytes32 subject) {
        return Tightenings.subjectOf(module, message);
    }
}
