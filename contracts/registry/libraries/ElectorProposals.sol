// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";

import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {ElectorateKind} from "../../types/Electorate.sol";
import {Electorates} from "./Electorates.sol";
import {ElectorateStorage} from "../storage/ElectorateStorage.sol";
import {Fraction} from "../../types/Fraction.sol";
import {Plan, PlanClass} from "../../types/Plan.sol";
import {Proposals} from "./Proposals.sol";
import {Roles} from "./Roles.sol";

/// @notice Proposals by electors with enough power, so that no holder of the release role decides alone what is voted on.
library ElectorProposals {
    /// @notice No threshold is set: only the release role proposes.
    error ElectorsMayNotPropose();
    error PowerBelowThreshold(address account, uint256 power, uint256 whole, uint32 numerator, uint32 denominator);

    event ProposalThresholdSet(uint32 numerator, uint32 denominator);

    /// @notice Sets the share of the whole from which an elector may propose. Zero: electors may not.
    function setThreshold(Fraction memory threshold) internal {
        threshold.checkProper();
        ElectorateStorage.state().proposalThreshold = threshold;
        emit ProposalThresholdSet(threshold.numerator, threshold.denominator);
    }

    /// @notice Proposes with the power of a seat in the present electorate; of a token, with the votes of the caller just
    /// before this moment by its clock, whatever the seat.
    function propose(Plan calldata plan, uint256 seat) internal returns (bytes32 proposalId) {
        Fraction memory threshold = ElectorateStorage.state().proposalThreshold;
        if (threshold.numerator == 0) revert ElectorsMayNotPropose();
        // As with the release role: who defines what must hold ships nothing.
        if (Roles.has(Roles.RISK, msg.sender)) revert Roles.ConflictOfInterest(msg.sender);
        (uint256 power, uint256 whole) = _powerOf(plan.planClass, seat);
        if (!threshold.isMetBy(power, whole)) {
            revert PowerBelowThreshold(msg.sender, power, whole, threshold.numerator, threshold.denominator);
        }
        return Proposals.propose(plan);
    }

    function _powerOf(PlanClass planClass, uint256 seat) private view returns (uint256 power, uint256 whole) {
        ConfigStorage.Layout storage config = ConfigStorage.state();
        address pointer = config.electorate;
        if (config.electorateKind != ElectorateKind.Token) {
            power = Electorates.clippedPower(Electorates.rollAt(pointer, planClass), seat, msg.sender);
            return (power, Electorates.clipOf(pointer, planClass).clippedTotal);
        }
        address token = Electorates.tokenOf(pointer);
        uint48 past = Electorates.clockOf(token) - 1;
        return (IERC5805(token).getPastVotes(msg.sender, past), IERC5805(token).getPastTotalSupply(past));
    }
}
