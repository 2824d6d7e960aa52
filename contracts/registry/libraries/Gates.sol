// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Artifacts} from "./Artifacts.sol";
import {Conditions} from "./Conditions.sol";
import {Gate} from "../../types/Plan.sol";
import {IBuiltInGates} from "../interfaces/IStages.sol";
import {ITrafficControl, ITrafficRouter} from "../../traffic/ITrafficRouter.sol";
import {Op, Probe} from "../../types/Condition.sol";
import {Probes} from "./Probes.sol";
import {Proposal, ProposalStorage} from "../storage/ProposalStorage.sol";

/// @notice What must hold before a stage. A gate that does not hold makes the plan wait; it never ends it.
library Gates {
    /// @notice The gate does not hold yet. `isAvailable` is false where its probe gave no word.
    error GateNotMet(uint256 index, address target, Op op, uint256 bound, uint256 actual, bool isAvailable);

    /// @notice A gate without a target asks something that this registry cannot answer.
    error GateUnknown(bytes4 selector);

    /// @dev Gas for asking a router for its status: about ten cold slots.
    uint64 private constant STATUS_GAS = 100_000;
    /// @dev The policy is read from code and a probe of the protocol's is made, of as much gas as it states.
    uint64 private constant DRAIN_GAS = 1_000_000;
    /// @dev Position of `candidateCalls` among the words of `TrafficStatus`, and their number.
    uint256 private constant CANDIDATE_CALLS_WORD = 12;
    uint256 private constant STATUS_WORDS = 18;

    /// @notice Reverts on the first gate that does not hold.
    function check(bytes32 proposalId, Gate[] calldata gates) internal view {
        for (uint256 i; i < gates.length; ++i) {
            Gate calldata gate = gates[i];
            (bool isAvailable, uint256 actual, bool isOk) = evaluate(proposalId, gate);
            if (!isOk) revert GateNotMet(i, gate.probe.target, gate.op, gate.bound, actual, isAvailable);
        }
    }

    /// @notice The gate's word now, and whether it satisfies the bound.
    function evaluate(
        bytes32 proposalId,
        Gate calldata gate
    ) internal view returns (bool isAvailable, uint256 actual, bool isOk) {
        (isAvailable, actual) = gate.probe.target == address(0)
            ? _builtIn(proposalId, gate.probe.data)
            : Probes.read(gate.probe);
        isOk = isAvailable && Conditions.compare(actual, gate.op, gate.bound, 0);
    }

    /// @notice Reverts on a built-in gate that does not exist, or that asks about an artifact where the plan has none.
    function checkShape(Gate[] calldata gates, bool hasArtifact) internal pure {
        for (uint256 i; i < gates.length; ++i) {
            if (gates[i].probe.target != address(0)) continue;
            bytes calldata data = gates[i].probe.data;
            bytes4 selector = bytes4(data);
            bool isAboutProxy =
                selector == IBuiltInGates.canaryCalls.selector || selector == IBuiltInGates.drainState.selector;
            bool isKnown =
                isAboutProxy
                    ? data.length == 36 && bytes12(data[4:16]) == 0
                    : data.length == 4 &&
                        (selector == IBuiltInGates.blocksSinceSchedule.selector ||
                            selector == IBuiltInGates.readyPower.selector ||
                            (hasArtifact &&
                                (selector == IBuiltInGates.adoptedPower.selector ||
                                    selector == IBuiltInGates.successReports.selector)));
            if (!isKnown) revert GateUnknown(selector);
        }
    }

    function _builtIn(bytes32 proposalId, bytes calldata data) private view returns (bool, uint256) {
        bytes4 selector = bytes4(data);
        if (selector == IBuiltInGates.adoptedPower.selector) return (true, Artifacts.load(proposalId).adopted.power);
        Proposal storage proposal = ProposalStorage.state().proposals[proposalId];
        if (selector == IBuiltInGates.successReports.selector) {
            // Before the first stage there is nothing to report.
            uint256 ran = proposal.nextStage;
            return ran == 0 ? (false, 0) : (true, Artifacts.load(proposalId).reports[ran - 1].succeeded.power);
        }
        if (selector == IBuiltInGates.blocksSinceSchedule.selector) {
            uint256 since = proposal.scheduledAtBlock;
            return since == 0 ? (false, 0) : (true, block.number - since);
        }
        if (selector == IBuiltInGates.readyPower.selector) return (true, proposal.readyPower);
        address proxy = abi.decode(data[4:], (address));
        if (selector == IBuiltInGates.drainState.selector) {
            return _askRouter(proxy, abi.encodeCall(ITrafficControl.drainState, ()), DRAIN_GAS, 0, 1);
        }
        bytes memory question = abi.encodeCall(ITrafficControl.status, ());
        return _askRouter(proxy, question, STATUS_GAS, CANDIDATE_CALLS_WORD, STATUS_WORDS);
    }

    /// @dev The proxy may hold any code by now, so its answer is read as bytes and its length is checked.
    /// @param index Of the word among the `words` of the answer.
    function _askRouter(
        address proxy,
        bytes memory question,
        uint64 gasLimit,
        uint256 index,
        uint256 words
    ) private view returns (bool, uint256) {
        bytes memory message = abi.encodeCall(ITrafficRouter.traffic, (question));
        // `traffic` returns `bytes`: offset, length, then the words.
        return Probes.readWordAt(Probe({target: proxy, data: message, gas: gasLimit}), 2 + index, 2 + words);
    }
}
