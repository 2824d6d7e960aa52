// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClassPolicy} from "../../types/Policy.sol";
import {PlanClass} from "../../types/Plan.sol";

/// @notice Roles and thresholds.
interface IConfigFacet {
    /// @notice Gives `role` to `account`. Release and risk exclude each other. Caller: timelock.
    function grantRole(bytes32 role, address account) external;

    /// @notice Takes it away. Caller: timelock.
    function revokeRole(bytes32 role, address account) external;

    /// @notice Sets a class's thresholds for proposals to come. Caller: timelock.
    function setClassPolicy(PlanClass planClass, ClassPolicy calldata policy) external;

    function hasRole(bytes32 role, address account) external view returns (bool);

    /// @notice The row that proposals of a class get from now on.
    function classPolicyOf(PlanClass planClass) external view returns (ClassPolicy memory policy);

    /// @notice The row that a proposal was given when it was made, and keeps.
    function policyOf(bytes32 proposalId) external view returns (ClassPolicy memory policy);

    function timelock() external view returns (address);
}
