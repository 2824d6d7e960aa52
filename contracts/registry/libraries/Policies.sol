// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClassPolicy} from "../../types/Policy.sol";
import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {PlanClass} from "../../types/Plan.sol";

/// @notice Thresholds and delays by plan class. A proposal keeps a snapshot of its row.
library Policies {
    error ApprovalTooLow(PlanClass planClass, uint32 numerator, uint32 denominator);
    error PeriodOutOfBounds(PlanClass planClass, string field, uint256 actual, uint256 min, uint256 max);

    /// @notice What auditors say of code opens nothing by itself: reviewers of payload and rehearsal are needed too.
    error AuditStandsAlone(PlanClass planClass);
    error ClassRequired(PlanClass planClass);
    /// @notice An Emergency plan may do what a Critical one may, and sooner: it needs no less approval.
    error EmergencyTooEasy(uint32 numerator, uint32 denominator);

    event ClassPolicySet(PlanClass indexed planClass, ClassPolicy policy);

    uint256 internal constant MIN_VOTING_PERIOD = 10 minutes;
    uint256 internal constant MAX_PERIOD = 90 days;
    /// @dev A row's number in `ConfigStorage.policyIndex`.
    uint256 private constant ROW = type(uint24).max;
    /// @dev Set in a row that goes on in `ConfigStorage.evidenceRows`.
    uint256 private constant HAS_EVIDENCE = 1 << 240;

    /// @notice Sets one row. A voting period of zero makes the class unavailable; anything else must be a majority. Critical
    /// is always available, or nothing could ever change the registry again. Emergency needs at least Critical's approval,
    /// and a co-sign of the council (`CoSigns`) to go with its short delays.
    function set(PlanClass planClass, ClassPolicy memory policy) internal {
        if (planClass == PlanClass.Critical && policy.votingPeriod == 0) revert ClassRequired(planClass);
        if (policy.votingPeriod != 0) {
            policy.approval.checkProper();
            policy.quorum.checkProper();
            if (uint256(policy.approval.numerator) * 2 <= policy.approval.denominator) {
                revert ApprovalTooLow(planClass, policy.approval.numerator, policy.approval.denominator);
            }
            _checkPeriod(planClass, "votingPeriod", policy.votingPeriod, MIN_VOTING_PERIOD);
            _checkPeriod(planClass, "delay", policy.delay, 0);
            _checkPeriod(planClass, "rehearsalAge", policy.rehearsalAge, 0);
            if (
                policy.auditAttestations != 0 &&
                (policy.integrityAttestations == 0 || policy.simulationAttestations == 0)
            ) revert AuditStandsAlone(planClass);
        }
        ConfigStorage.Layout storage config = ConfigStorage.state();
        uint256 index = config.policyIndex;
        uint256 shift = _shiftOf(planClass);
        unchecked {
            uint256 row = (index & ROW) + 1;
            uint256 evidence =
                policy.artifactAttestations |
                    (uint256(policy.auditAttestations) << 8) |
                    (uint256(policy.rehearsalAge) << 16) |
                    (uint256(policy.rehearsalAttestations) << 48);
            config.policyRows[row] = _pack(policy) | (evidence == 0 ? 0 : HAS_EVIDENCE);
            if (evidence != 0) config.evidenceRows[row] = evidence;
            config.policyIndex = uint96(((index & ~(ROW << shift)) | (row << shift)) + 1);
        }
        if (planClass != PlanClass.Standard) _checkEmergency();
        emit ClassPolicySet(planClass, policy);
    }

    /// @notice Number of the row that new proposals of a class get.
    function rowOf(PlanClass planClass) internal view returns (uint24) {
        return uint24(ConfigStorage.state().policyIndex >> _shiftOf(planClass));
    }

    /// @notice Thresholds and delays of one row.
    function policyAt(uint256 row) internal view returns (ClassPolicy memory policy) {
        uint256 packed = ConfigStorage.state().policyRows[row];
        policy.approval.numerator = uint32(packed);
        policy.approval.denominator = uint32(packed >> 32);
        policy.quorum.numerator = uint32(packed >> 64);
        policy.quorum.denominator = uint32(packed >> 96);
        policy.minVoters = uint32(packed >> 128);
        policy.votingPeriod = uint32(packed >> 160);
        policy.delay = uint32(packed >> 192);
        policy.integrityAttestations = uint8(packed >> 224);
        policy.simulationAttestations = uint8(packed >> 232);
        // Most classes ask for no more, and pay for no second word.
        if (packed >> 240 == 0) return policy;
        packed = ConfigStorage.state().evidenceRows[row];
        policy.artifactAttestations = uint8(packed);
        policy.auditAttestations = uint8(packed >> 8);
        policy.rehearsalAge = uint32(packed >> 16);
        policy.rehearsalAttestations = uint8(packed >> 48);
    }

    function _pack(ClassPolicy memory policy) private pure returns (uint256 packed) {
        // The fields in order, each as wide as its type; Solidity would mask every one of them again.
        assembly ("memory-safe") {
            let approval := mload(policy)
            let quorum := mload(add(policy, 0x20))
            packed := or(mload(approval), shl(32, mload(add(approval, 0x20))))
            packed := or(packed, shl(64, mload(quorum)))
            packed := or(packed, shl(96, mload(add(quorum, 0x20))))
            packed := or(packed, shl(128, mload(add(policy, 0x40))))
            packed := or(packed, shl(160, mload(add(policy, 0x60))))
            packed := or(packed, shl(192, mload(add(policy, 0x80))))
            packed := or(packed, shl(224, mload(add(policy, 0xa0))))
            packed := or(packed, shl(232, mload(add(policy, 0xc0))))
        }
    }

    function _checkEmergency() private view {
        ClassPolicy memory critical = policyAt(rowOf(PlanClass.Critical));
        ClassPolicy memory emergency = policyAt(rowOf(PlanClass.Emergency));
        if (emergency.votingPeriod == 0) return;
        if (!critical.approval.isMetBy(emergency.approval.numerator, emergency.approval.denominator)) {
            revert EmergencyTooEasy(emergency.approval.numerator, emergency.approval.denominator);
        }
    }

    function _shiftOf(PlanClass planClass) private pure returns (uint256) {
        unchecked {
            return 24 * (1 + uint256(planClass));
        }
    }

    function _checkPeriod(PlanClass planClass, string memory field, uint256 actual, uint256 min) private pure {
        if (actual < min || actual > MAX_PERIOD) {
            revert PeriodOutOfBounds(planClass, field, actual, min, MAX_PERIOD);
        }
    }
}
