// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClassPolicy} from "../../types/Policy.sol";
import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {PlanClass} from "../../types/Plan.sol";

/// @notice Thresholds and delays by plan class. A proposal keeps a snapshot of its row.
library Policies {
    error ApprovalTooLow(PlanClass planClass, uint32 numerator, uint32 denominator);
    error PeriodOutOfBounds(PlanClass planClass, string field, uint256 actual, uint256 min, uint256 max);

    error ClassRequired(PlanClass planClass);
    error ClassUnsupported(PlanClass planClass);

    event ClassPolicySet(PlanClass indexed planClass, ClassPolicy policy);

    uint256 internal constant MIN_VOTING_PERIOD = 10 minutes;
    uint256 internal constant MAX_PERIOD = 90 days;

    /// @notice Sets one row. A voting period of zero makes the class unavailable; anything else must be a majority. Critical
    /// is always available, or nothing could ever change the registry again; Emergency is not, until there is a council
    /// co-sign to go with its short delays.
    function set(PlanClass planClass, ClassPolicy memory policy) internal {
        if (planClass == PlanClass.Critical && policy.votingPeriod == 0) revert ClassRequired(planClass);
        if (planClass == PlanClass.Emergency && policy.votingPeriod != 0) revert ClassUnsupported(planClass);
        if (policy.votingPeriod != 0) {
            policy.approval.checkProper();
            policy.quorum.checkProper();
            if (uint256(policy.approval.numerator) * 2 <= policy.approval.denominator) {
                revert ApprovalTooLow(planClass, policy.approval.numerator, policy.approval.denominator);
            }
            _checkPeriod(planClass, "votingPeriod", policy.votingPeriod, MIN_VOTING_PERIOD);
            _checkPeriod(planClass, "delay", policy.delay, 0);
        }
        ConfigStorage.state().policies[planClass] = policy;
        emit ClassPolicySet(planClass, policy);
    }

    function _checkPeriod(PlanClass planClass, string memory field, uint256 actual, uint256 min) private pure {
        if (actual < min || actual > MAX_PERIOD) {
            revert PeriodOutOfBounds(planClass, field, actual, min, MAX_PERIOD);
        }
    }
}
