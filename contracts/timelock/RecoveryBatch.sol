// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {RecoveryProposer} from "./RecoveryProposer.sol";

/// @notice The one operation that a recovery proposer schedules. The proposer builds it, and a registry that lives builds
/// it again to cancel it: what does not come out of here is not cancelled as a recovery.
library RecoveryBatch {
    struct Batch {
        address[] targets;
        uint256[] values;
        bytes[] payloads;
        bytes32 salt;
    }

    /// @notice What a registry holds on its timelock.
    bytes32 internal constant PROPOSER_ROLE = keccak256("PROPOSER_ROLE");
    bytes32 internal constant CANCELLER_ROLE = keccak256("CANCELLER_ROLE");
    bytes32 internal constant EXECUTOR_ROLE = keccak256("EXECUTOR_ROLE");

    /// @dev The first call refuses to run outside the proposer's own `execute`, as a plan's refuses outside `advance`.
    function build(
        address timelock,
        address proposer,
        address successor,
        uint256 number
    ) internal pure returns (Batch memory batch) {
        batch.targets = new address[](4);
        batch.values = new uint256[](4);
        batch.payloads = new bytes[](4);
        batch.salt = keccak256(abi.encode("slipway.recovery", proposer, number));
        batch.targets[0] = proposer;
        batch.payloads[0] = abi.encodeCall(RecoveryProposer.onlyWhileExecuting, (number));
        bytes32[3] memory roles = [PROPOSER_ROLE, CANCELLER_ROLE, EXECUTOR_ROLE];
        for (uint256 i; i < 3; ++i) {
            batch.targets[i + 1] = timelock;
            batch.payloads[i + 1] = abi.encodeCall(IAccessControl.grantRole, (roles[i], successor));
        }
    }
}
