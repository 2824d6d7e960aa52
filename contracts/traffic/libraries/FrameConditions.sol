// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Conditions} from "../../registry/libraries/Conditions.sol";
import {Probes} from "../../registry/libraries/Probes.sol";
import {Condition, Probe, RightKind} from "../../types/Condition.sol";

/// @notice A `Before` word, read before the candidate ran.
struct Baseline {
    bool isAvailable;
    uint256 word;
}

/// @notice One condition that does not hold. Both words are zero when a probe was unavailable.
struct Breach {
    uint256 index;
    Baseline baseline;
    uint256 left;
    uint256 right;
}

/// @notice Inline invariants. Unavailable counts as broken here: the candidate may be what made it so, and whether it
/// was is settled by asking again after stable.
library FrameConditions {
    /// @dev What `Probes` keeps around a read, and the evaluation itself.
    uint256 private constant PER_PROBE = 8_000;

    /// @notice Gas that must be there to evaluate every condition once.
    function gasNeeded(Condition[] memory conditions) internal pure returns (uint256 needed) {
        for (uint256 i; i < conditions.length; ++i) needed += gasNeeded(conditions[i]);
    }

    function gasNeeded(Condition memory condition) internal pure returns (uint256 needed) {
        needed = _withReserve(condition.left.gas);
        if (condition.rightKind == RightKind.Probe) needed += _withReserve(condition.right.gas);
    }

    function baselines(Condition[] memory conditions) internal view returns (Baseline[] memory result) {
        result = new Baseline[](conditions.length);
        for (uint256 i; i < conditions.length; ++i) {
            if (conditions[i].rightKind != RightKind.Before) continue;
            (result[i].isAvailable, result[i].word) = Probes.read(conditions[i].left);
        }
    }

    function firstBroken(
        Condition[] memory conditions,
        Baseline[] memory baselines_
    ) internal view returns (bool isBroken, Breach memory breach) {
        for (uint256 i; i < conditions.length; ++i) {
            (bool isOk, uint256 left, uint256 right) = holds(conditions[i], baselines_[i]);
            if (!isOk) return (true, Breach(i, baselines_[i], left, right));
        }
    }

    function holds(
        Condition memory condition,
        Baseline memory baseline
    ) internal view returns (bool isOk, uint256 left, uint256 right) {
        bool isAvailable;
        (isAvailable, left) = Probes.read(condition.left);
        if (!isAvailable) return (false, 0, 0);
        if (condition.rightKind == RightKind.Constant) {
            right = condition.constantValue;
        } else if (condition.rightKind == RightKind.Probe) {
            (isAvailable, right) = Probes.read(condition.right);
            if (!isAvailable) return (false, 0, 0);
        } else {
            if (!baseline.isAvailable) return (false, 0, 0);
            right = baseline.word;
        }
        isOk = Conditions.compare(left, condition.op, right, Conditions.slack(condition, right));
    }

    function gasNeeded(Probe memory probe) internal pure returns (uint256) {
        return _withReserve(probe.gas);
    }

    function _withReserve(uint256 gas_) private pure returns (uint256) {
        return gas_ + gas_ / 63 + PER_PROBE;
    }
}
