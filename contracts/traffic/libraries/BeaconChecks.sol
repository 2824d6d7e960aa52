// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BeaconTarget} from "../IBeaconRouter.sol";
import {ITrafficControl, ITrafficRouter, Policy, TrafficStatus} from "../ITrafficRouter.sol";
import {PolicyChecks} from "./PolicyChecks.sol";
import {TrafficErrors} from "./TrafficErrors.sol";

/// @notice What target and policy of a beacon's router must satisfy, besides what any policy must.
library BeaconChecks {
    /// @return hasPrivileged Whether a rule names a privileged selector.
    function check(BeaconTarget memory target, Policy memory policy) internal view returns (bool hasPrivileged) {
        PolicyChecks.checkCode(target.beacon);
        if (policy.lanes.length != 0) revert TrafficErrors.TooMany(policy.lanes.length, 0);
        for (uint256 i; i < policy.rules.length; ++i) {
            // The cohort's key is the proxy, for every selector.
            if (policy.rules[i].cohortWord != 0) revert TrafficErrors.RuleInvalid(policy.rules[i].selector);
            if (policy.rules[i].isLockable) hasPrivileged = true;
        }
        if (target.predecessor != address(0)) _checkPredecessor(target, policy);
    }

    /// @dev Same versions, same storage, same cohort and more of it: a proxy that a step before gave to the candidate must
    /// not find itself outside while its call still runs.
    function _checkPredecessor(BeaconTarget memory target, Policy memory policy) private view {
        PolicyChecks.checkCode(target.predecessor);
        TrafficStatus memory before = abi.decode(
            _ask(target.predecessor, abi.encodeCall(ITrafficControl.status, ())),
            (TrafficStatus)
        );
        Policy memory last = abi.decode(_ask(target.predecessor, abi.encodeCall(ITrafficControl.policy, ())), (Policy));
        if (
            before.stable != target.stable ||
            before.candidate != target.candidate ||
            before.policyId != target.policyId ||
            last.salt != policy.salt ||
            last.share > policy.share ||
            !_isPartOf(last.segment, policy.segment)
        ) revert TrafficErrors.PredecessorInvalid(target.predecessor);
    }

    /// @dev Both in increasing order.
    function _isPartOf(bytes32[] memory part, bytes32[] memory whole) private pure returns (bool) {
        uint256 found;
        for (uint256 i; i < whole.length && found < part.length; ++i) {
            if (whole[i] == part[found]) ++found;
        }
        return found == part.length;
    }

    function _ask(address router, bytes memory message) private view returns (bytes memory) {
        (bool isOk, bytes memory answer) = router.staticcall(abi.encodeCall(ITrafficRouter.traffic, (message)));
        if (!isOk || answer.length < 64) revert TrafficErrors.PredecessorInvalid(router);
        return abi.decode(answer, (bytes));
    }
}
