// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Artifacts} from "./Artifacts.sol";
import {ClassPolicy} from "../../types/Policy.sol";
import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {Ending, Proposal, ProposalStorage} from "../storage/ProposalStorage.sol";
import {Electorates} from "./Electorates.sol";
import {EvidenceRules} from "./EvidenceRules.sol";
import {Halts} from "./Halts.sol";
import {IAttestationFacet} from "../interfaces/IEvidence.sol";
import {IProposalFacet, IProposalViewFacet} from "../interfaces/IProposals.sol";
import {ModuleStorage} from "../storage/ModuleStorage.sol";
import {Modules} from "./Modules.sol";
import {Plan, PlanClass} from "../../types/Plan.sol";
import {PlanHash} from "./PlanHash.sol";
import {PlanRules} from "./PlanRules.sol";
import {Policies} from "./Policies.sol";
import {ProposalState, ProposalStatus, ProposalView} from "../../types/ProposalState.sol";

/*
 * propose ─► Voting ─┬─► Defeated
 *                    └─► Approved ── schedule ─► Scheduled ── advance ─► InProgress ── advance ─► Completed
 *
 *   before the first stage:  cancel, veto ─► Cancelled    lapsed deadline or window ─► Expired    invalidate ─► Invalidated
 *   after the first stage:   veto, invalidate, poke, lapsed window, too few reports of success ─► Stalled ── rollback ─► RolledBack
 *   over all of them:        halt, lift (isHalted)
 */

/// @notice A proposal's facts, and the state derived from them. Facts are stored, states never are.
library Proposals {
    using Modules for ModuleStorage.Layout;

    error ProposalUnknown(bytes32 proposalId);
    error ProposalExists(bytes32 proposalId);
    error ProposalInState(bytes32 proposalId, ProposalState actual, ProposalState expected);
    error ProposalHalted(bytes32 proposalId);
    error NotProposer(bytes32 proposalId, address caller, address proposer);
    error ClassUnavailable(PlanClass planClass);

    event ProposalCancelled(bytes32 indexed proposalId, address indexed by);

    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant NAME_HASH = keccak256("Slipway UpgradeRegistry");
    bytes32 private constant VERSION_HASH = keccak256("1");

    /// @notice Puts a plan to the electorate, thresholds and delays of this moment; later changes do not touch it.
    function propose(Plan calldata plan) internal returns (bytes32 proposalId) {
        if (msg.sender != plan.proposer) revert NotProposer(0, msg.sender, plan.proposer);
        proposalId = idOf(plan);
        Proposal storage proposal = ProposalStorage.state().proposals[proposalId];
        if (proposal.proposedAt != 0) revert ProposalExists(proposalId);

        ConfigStorage.Layout storage config = ConfigStorage.state();
        uint24 policyRow = Policies.rowOf(plan.planClass);
        ClassPolicy memory policy = Policies.policyAt(policyRow);
        if (policy.votingPeriod == 0) revert ClassUnavailable(plan.planClass);
        PlanRules.check(plan, policy, config.timelock);

        uint40 votingEndsAt = uint40(block.timestamp + policy.votingPeriod);
        Electorates.assign(proposalId, proposal);
        proposal.policyRow = policyRow;
        proposal.votingEndsAt = votingEndsAt;
        proposal.proposedAt = uint40(block.timestamp);
        proposal.scheduleBy = votingEndsAt + uint40(plan.readiness.deadline);
        proposal.stageCount = uint8(plan.stages.length);
        proposal.proposer = plan.proposer;
        proposal.proposedAtBlock = uint40(block.number);
        proposal.planClass = plan.planClass;
        // Most plans need neither slot.
        if (plan.evidence.reportHash != 0) proposal.reportHash = plan.evidence.reportHash;
        _keepModules(proposal, ModuleStorage.state().checkTargets(plan.targets, 0));
        PlanRules.keepBaselines(proposal, plan);
        // By a call to itself: with these rules inside, `propose` would outgrow EIP-170.
        if (EvidenceRules.isNeeded(plan, policy)) {
            IAttestationFacet(address(this)).cite(proposalId, plan.planClass, plan.artifact, plan.evidence);
        }
        _announce(proposalId, plan);
    }

    /// @notice Withdraws a proposal that is still being voted on.
    function cancel(bytes32 proposalId) internal {
        Proposal storage proposal = load(proposalId);
        if (msg.sender != proposal.proposer) revert NotProposer(proposalId, msg.sender, proposal.proposer);
        ProposalState state = stateByView(proposalId);
        if (state != ProposalState.Voting) revert ProposalInState(proposalId, state, ProposalState.Voting);
        proposal.ending = Ending.Cancelled;
        emit ProposalCancelled(proposalId, msg.sender);
    }

    // --- Lookups

    function load(bytes32 proposalId) internal view returns (Proposal storage proposal) {
        proposal = ProposalStorage.state().proposals[proposalId];
        if (proposal.proposedAt == 0) revert ProposalUnknown(proposalId);
    }

    function requireState(bytes32 proposalId, ProposalState expected) internal view {
        ProposalState actual = statusOf(proposalId).state;
        if (actual != expected) revert ProposalInState(proposalId, actual, expected);
    }

    /// @notice The state as the registry's own view tells it, for a facet that has no room for deriving it.
    function stateByView(bytes32 proposalId) internal view returns (ProposalState) {
        return IProposalViewFacet(address(this)).stateOf(proposalId).state;
    }

    /// @notice EIP-712 hash of the plan: content, chain and registry.
    function idOf(Plan calldata plan) internal view returns (bytes32) {
        return digestOf(PlanHash.hash(plan));
    }

    /// @notice The same of a plan that was proposed; of any other plan it is the id of no proposal.
    function idOfProposed(Plan calldata plan) internal view returns (bytes32) {
        return digestOf(PlanHash.hashAgain(plan));
    }

    /// @notice EIP-712 digest of a struct hash under the registry's domain.
    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        bytes32 separator = keccak256(
            abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this))
        );
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function modulesOf(Proposal storage proposal) internal view returns (bytes32[] memory names) {
        uint256 count = proposal.moduleCount;
        uint256 packed = (count << 240) | proposal.module;
        if (count > 1) packed |= proposal.otherModules;
        return ModuleStorage.state().unpack(packed);
    }

    /// @notice When the plan took its last step: halts are counted from here.
    function haltMarkOf(Proposal storage proposal) internal view returns (uint256) {
        return proposal.scheduledAt == 0 ? proposal.proposedAt : proposal.haltMark;
    }

    /// @notice Seconds since its last step in which the plan was halted, as a whole or by one of its modules.
    function haltedSeconds(Proposal storage proposal) internal view returns (uint256) {
        return Halts.secondsHalted(modulesOf(proposal), haltMarkOf(proposal));
    }

    function isHalted(Proposal storage proposal) internal view returns (bool) {
        return _isHalted(modulesOf(proposal));
    }

    function _isHalted(bytes32[] memory names) private view returns (bool) {
        if (Halts.isHalted(0)) return true;
        for (uint256 i; i < names.length; ++i) {
            if (Halts.isHalted(names[i])) return true;
        }
        return false;
    }

    /// @notice The one place where a state is derived. "Expired" and "stalled" use the same predicate: strictly after
    /// `notAfter`.
    function statusOf(bytes32 proposalId) internal view returns (ProposalStatus memory status) {
        Proposal storage proposal = ProposalStorage.state().proposals[proposalId];
        if (proposal.proposedAt == 0) return status;
        status.nextStage = proposal.nextStage;
        status.stageCount = proposal.stageCount;
        bytes32[] memory names = modulesOf(proposal);
        status.isHalted = _isHalted(names);
        uint64 shift = uint64(Halts.secondsHalted(names, haltMarkOf(proposal)));
        bool isStarted = proposal.nextStage != 0;

        Ending ending = proposal.ending;
        if (ending == Ending.Completed) status.state = ProposalState.Completed;
        else if (ending == Ending.RolledBack) status.state = ProposalState.RolledBack;
        else if (ending == Ending.Cancelled) status.state = ProposalState.Cancelled;
        else if (ending == Ending.Invalidated && !isStarted) status.state = ProposalState.Invalidated;
        if (status.state != ProposalState.Unknown) return status;

        if (proposal.scheduledAt == 0) {
            status.notBefore = proposal.votingEndsAt;
            status.notAfter = proposal.scheduleBy + shift;
            if (block.timestamp < proposal.votingEndsAt) status.state = ProposalState.Voting;
            else if (!_isApproved(proposal)) status.state = ProposalState.Defeated;
            else status.state = block.timestamp > status.notAfter ? ProposalState.Expired : ProposalState.Approved;
            return status;
        }

        bool isLast = status.nextStage == status.stageCount;
        status.notBefore = proposal.notBefore + shift;
        // After the last stage only completion is left, and it may come at any time.
        status.notAfter = isLast ? 0 : proposal.notAfter + shift;
        bool isLapsed = !isLast && block.timestamp > status.notAfter;
        if (!isStarted) status.state = isLapsed ? ProposalState.Expired : ProposalState.Scheduled;
        else if (isLapsed || ending != Ending.None || proposal.isBreached) status.state = ProposalState.Stalled;
        else if (isLast && Artifacts.hasFailed(proposalId, proposal, shift)) status.state = ProposalState.Stalled;
        else status.state = ProposalState.InProgress;
    }

    /// @notice Whether the last dwell is over, so that a plan in progress can only complete. From then on nothing may
    /// stall it either (veto, poke): it could neither complete nor go back.
    function isRollbackClosed(ProposalStatus memory status) internal view returns (bool) {
        return
            status.state == ProposalState.InProgress &&
            status.nextStage == status.stageCount &&
            block.timestamp >= status.notBefore;
    }

    /// @notice Facts for people and engines.
    function viewOf(bytes32 proposalId) internal view returns (ProposalView memory facts) {
        Proposal storage proposal = load(proposalId);
        facts.proposer = proposal.proposer;
        facts.proposedAt = proposal.proposedAt;
        facts.proposedAtBlock = proposal.proposedAtBlock;
        facts.votingEndsAt = proposal.votingEndsAt;
        facts.scheduledAt = proposal.scheduledAt;
        facts.scheduledAtBlock = proposal.scheduledAtBlock;
        facts.eta = proposal.eta;
        facts.reportHash = proposal.reportHash;
        facts.electorate = proposal.electorate;
        facts.modules = modulesOf(proposal);
        facts.forPower = proposal.forPower;
        facts.againstPower = proposal.againstPower;
        facts.abstainPower = proposal.abstainPower;
        facts.voters = proposal.voters;
        facts.readyPower = proposal.readyPower;
        facts.readySeats = proposal.readySeats;
        facts.clippedTotal = Electorates.wholeOf(proposal);
        facts.integrityAttestations = proposal.integrityAttestations;
        facts.simulationAttestations = proposal.simulationAttestations;
    }

    function _keepModules(Proposal storage proposal, uint256 packed) private {
        uint256 count = packed >> 240;
        proposal.moduleCount = uint8(count);
        proposal.module = uint16(packed);
        if (count > 1) proposal.otherModules = ((packed << 16) >> 32) << 16;
    }

    /// @dev `emit ProposalCreated(proposalId, plan.proposer, plan)`. From its first word to the end of the calldata the plan
    /// lies there as the event carries it; encoding it anew would cost as much gas as two slots.
    function _announce(bytes32 proposalId, Plan calldata plan) private {
        bytes32 topic = IProposalFacet.ProposalCreated.selector;
        address proposer = plan.proposer;
        assembly ("memory-safe") {
            let data := mload(0x40)
            let size := sub(calldatasize(), plan)
            // Where the plan begins.
            mstore(data, 0x20)
            calldatacopy(add(data, 0x20), plan, size)
            log3(data, add(size, 0x20), topic, proposalId, proposer)
        }
    }

    /// @notice Whether enough power voted, and whether the plan would pass, if the vote ended now.
    function outcomeOf(Proposal storage proposal) internal view returns (bool isQuorate, bool isApproved) {
        ClassPolicy memory policy = Policies.policyAt(proposal.policyRow);
        (bool isToken, uint256 whole) = Electorates.measureOf(proposal);
        uint256 decided = uint256(proposal.forPower) + proposal.againstPower;
        isQuorate = policy.quorum.isMetBy(decided + proposal.abstainPower, whole);
        isApproved =
            isQuorate &&
            proposal.voters >= policy.minVoters &&
            policy.approval.isMetBy(proposal.forPower, isToken ? decided : whole);
    }

    function _isApproved(Proposal storage proposal) private view returns (bool isApproved) {
        (, isApproved) = outcomeOf(proposal);
    }
}
