// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Condition, Op, RightKind} from "../../types/Condition.sol";
import {InvariantResult} from "../interfaces/IInvariants.sol";
import {Probes} from "./Probes.sol";

/// @notice Evaluates conditions. Unavailable is a third answer, never "broken" and never "holds".
library Conditions {
    uint256 private constant BPS = 10_000;

    /// @param hasBaseline Whether `baseline` stands for the right side of `Before` and `AtPropose`.
    function evaluate(
        Condition memory condition,
        bool hasBaseline,
        uint256 baseline
    ) internal view returns (InvariantResult memory result) {
        (bool isAvailable, uint256 left) = Probes.read(condition.left);
        if (!isAvailable) return result;
        uint256 right;
        if (condition.rightKind == RightKind.Constant) {
            right = condition.constantValue;
        } else if (condition.rightKind == RightKind.Probe) {
            (isAvailable, right) = Probes.read(condition.right);
            if (!isAvailable) return result;
        } else {
            if (!hasBaseline) return result;
            right = baseline;
        }
        result.isAvailable = true;
        result.left = left;
        result.right = right;
        result.isOk = compare(left, condition.op, right, slack(condition, right));
    }

    /// @notice `tolerance + right * toleranceBps / 10_000`, saturating.
    function slack(Condition memory condition, uint256 right) internal pure returns (uint256) {
        uint256 bps = condition.toleranceBps;
        uint256 relative =
            bps == 0
                ? 0
                : right <= type(uint256).max / bps
                    ? (right * bps) / BPS
                    : right / BPS >= type(uint256).max / bps
                        ? type(uint256).max
                        : (right / BPS) * bps;
        return _saturatingAdd(condition.tolerance, relative);
    }

    /// @notice `left op right`, with `margin` in favour of the left side. `Ne` asks for a difference above the margin.
    function compare(uint256 left, Op op, uint256 right, uint256 margin) internal pure returns (bool) {
        if (op == Op.Eq) return _distance(left, right) <= margin;
        if (op == Op.Ne) return _distance(left, right) > margin;
        if (op == Op.Lt) return left < _saturatingAdd(right, margin);
        if (op == Op.Lte) return left <= _saturatingAdd(right, margin);
        if (op == Op.Gt) return _saturatingAdd(left, margin) > right;
        return _saturatingAdd(left, margin) >= right;
    }

    function _distance(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : b - a;
    }

    function _saturatingAdd(uint256 a, uint256 b) private pure returns (uint256) {
        return b > type(uint256).max - a ? type(uint256).max : a + b;
    }
}
