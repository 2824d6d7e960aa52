// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {ClassPolicy} from "../../types/Policy.sol";
import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {IConfigFacet} from "../interfaces/IConfig.sol";
import {PlanClass} from "../../types/Plan.sol";
import {Policies} from "../libraries/Policies.sol";
import {Proposals} from "../libraries/Proposals.sol";
import {Roles} from "../libraries/Roles.sol";

contract ConfigFacet is IConfigFacet, Access {
    /// @inheritdoc IConfigFacet
    function grantRole(bytes32 role, address account) external onlyTimelock {
        Roles.grant(role, account);
    }

    /// @inheritdoc IConfigFacet
    function revokeRole(bytes32 role, address account) external onlyTimelock {
        Roles.revoke(role, account);
    }

    /// @inheritdoc IConfigFacet
    function setClassPolicy(PlanClass planClass, ClassPolicy calldata policy) external onlyTimelock {
        Policies.set(planClass, policy);
    }

    /// @inheritdoc IConfigFacet
    function hasRole(bytes32 role, address account) external view returns (bool) {
        return Roles.has(role, account);
    }

    /// @inheritdoc IConfigFacet
    function classPolicyOf(PlanClass planClass) external view returns (ClassPolicy memory policy) {
        return Policies.policyAt(Policies.rowOf(planClass));
    }

    /// @inheritdoc IConfigFacet
    function policyOf(bytes32 proposalId) external view returns (ClassPolicy memory policy) {
        return Policies.policyAt(Proposals.load(proposalId).policyRow);
    }

    /// @inheritdoc IConfigFacet
    function timelock() external view returns (address) {
        return ConfigStorage.state().timelock;
    }
}
