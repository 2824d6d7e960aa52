// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Probes} from "../../registry/libraries/Probes.sol";
import {Condition, Probe, RightKind} from "../../types/Condition.sol";
import {ITrafficRouter, Meter, Policy, SelectorRule} from "../ITrafficRouter.sol";
import {ControlSelector} from "./ControlSelector.sol";
import {TrafficErrors} from "./TrafficErrors.sol";

/// @notice What a policy must satisfy before a router is made for it.
library PolicyChecks {
    uint256 internal constant MAX_SHARE = 10_000;
    uint256 internal constant MAX_RULES = 32;
    uint256 internal constant MAX_ERRORS = 64;
    uint256 internal constant MAX_INVARIANTS = 12;
    uint256 internal constant MAX_LANES = 4;
    uint256 internal constant MAX_SEGMENT = 256;
    uint256 internal constant MAX_METERS = 64;
    // A guardian's word alone closes nothing for longer.
    uint256 internal constant MAX_LANE_PAUSE = 30 days;
    // A year: the number of the current window is then never the one after "none yet".
    uint256 internal constant MAX_INTERVAL = 365 days;

    function check(Policy memory policy) internal view {
        if (policy.share > MAX_SHARE) revert TrafficErrors.ShareInvalid(policy.share);
        if (policy.errorBudget == 0) revert TrafficErrors.ErrorBudgetInvalid(0);
        if (policy.candidateGas == 0) revert TrafficErrors.CandidateGasInvalid(0);
        _checkBudget(policy);
        _checkRules(policy);
        _checkErrors(policy.expectedErrors);
        _checkInvariants(policy.invariants);
        _checkLanes(policy);
        _checkSegment(policy.segment);
        _checkMeters(policy);
    }

    /// @dev A function of the protocol with the control's selector would be out of reach.
    function checkVersion(address account) internal view {
        checkCode(account);
        ControlSelector.checkAbsent(account);
    }

    function checkCode(address account) internal view {
        if (account.code.length == 0) revert TrafficErrors.NoCode(account);
    }

    function _checkCount(uint256 count, uint256 max) private pure {
        if (count > max) revert TrafficErrors.TooMany(count, max);
    }

    function _checkBudget(Policy memory policy) private pure {
        bool isCapped = policy.cap != 0;
        if (
            isCapped != (policy.interval != 0) ||
            (!isCapped && policy.valueWeight != 0) ||
            policy.interval > MAX_INTERVAL
        ) revert TrafficErrors.BudgetInvalid(policy.interval, policy.cap);
    }

    function _checkRules(Policy memory policy) private pure {
        uint256 count = policy.rules.length;
        _checkCount(count, MAX_RULES);
        for (uint256 i; i < count; ++i) {
            SelectorRule memory rule = policy.rules[i];
            bool isMetered = rule.meterWord != 0;
            if (
                rule.selector == ITrafficRouter.traffic.selector ||
                isMetered != (rule.weight != 0) ||
                (isMetered && (rule.isFree || policy.cap == 0))
            ) revert TrafficErrors.RuleInvalid(rule.selector);
            for (uint256 j; j < i; ++j) {
                if (policy.rules[j].selector == rule.selector) revert TrafficErrors.RuleDuplicated(rule.selector);
            }
        }
    }

    function _checkSegment(bytes32[] memory segment) private pure {
        if (segment.length > MAX_SEGMENT) revert TrafficErrors.TooMany(segment.length, MAX_SEGMENT);
        for (uint256 i = 1; i < segment.length; ++i) {
            if (segment[i] <= segment[i - 1]) revert TrafficErrors.SegmentInvalid(i);
        }
    }

    function _checkMeters(Policy memory policy) private view {
        uint256 count = policy.meters.length;
        if (count > MAX_METERS) revert TrafficErrors.TooMany(count, MAX_METERS);
        for (uint256 i; i < count; ++i) {
            Meter memory meter = policy.meters[i];
            bool isGood =
                meter.word != 0 &&
                    meter.weight != 0 &&
                    policy.cap != 0 &&
                    meter.selector != ITrafficRouter.traffic.selector;
            for (uint256 j; j < policy.rules.length; ++j) {
                SelectorRule memory rule = policy.rules[j];
                if (rule.selector == meter.selector && (rule.meterWord != 0 || rule.isFree)) isGood = false;
            }
            for (uint256 j; j < i; ++j) {
                Meter memory other = policy.meters[j];
                if (other.selector == meter.selector && other.word == meter.word) isGood = false;
            }
            if (!isGood) revert TrafficErrors.MeterInvalid(meter.selector);
        }
        bool hasFall = policy.fall.probe.target != address(0);
        if (hasFall != (policy.fall.weight != 0) || (hasFall && policy.cap == 0)) {
            revert TrafficErrors.MeterInvalid(bytes4(0));
        }
        if (hasFall) _checkProbe(policy.fall.probe);
    }

    function _checkLanes(Policy memory policy) private view {
        uint256 count = policy.lanes.length;
        _checkCount(count, MAX_LANES);
        if ((count == 0) != (policy.lanePause == 0) || policy.lanePause > MAX_LANE_PAUSE) {
            revert TrafficErrors.LanePauseInvalid(policy.lanePause, MAX_LANE_PAUSE);
        }
        _checkLane(policy.otherLane, count);
        for (uint256 i; i < policy.rules.length; ++i) _checkLane(policy.rules[i].lane, count);
        if (policy.inFlight.target != address(0)) _checkProbe(policy.inFlight);
    }

    function _checkLane(uint256 lane, uint256 count) private pure {
        if (lane > count) revert TrafficErrors.LaneUnknown(lane, false);
    }

    function _checkErrors(bytes4[] memory errors) private pure {
        _checkCount(errors.length, MAX_ERRORS);
        for (uint256 i; i < errors.length; ++i) {
            if (errors[i] == bytes4(0)) revert TrafficErrors.ExpectedErrorInvalid();
        }
    }

    function _checkInvariants(Condition[] memory conditions) private view {
        _checkCount(conditions.length, MAX_INVARIANTS);
        for (uint256 i; i < conditions.length; ++i) {
            Condition memory condition = conditions[i];
            // The registry keeps the words of `AtPropose`; the data plane asks nobody while it serves a call.
            if (condition.rightKind == RightKind.AtPropose) revert TrafficErrors.ConditionInvalid(i);
            _checkProbe(condition.left);
            if (condition.rightKind == RightKind.Probe) _checkProbe(condition.right);
        }
    }

    function _checkProbe(Probe memory probe) private view {
        checkCode(probe.target);
        Probes.checkShape(probe);
    }
}
