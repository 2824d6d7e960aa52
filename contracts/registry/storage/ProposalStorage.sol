// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClassPolicy} from "../../types/Policy.sol";
import {Fraction} from "../../types/Fraction.sol";
import {PlanClass} from "../../types/Plan.sol";

/// @notice How a proposal ended, or was stopped. Facts only; the state is derived in `Proposals.statusOf`.
enum Ending {
    None,
    // By its proposer before approval, or by the council before the first stage.
    Cancelled,
    // By a proof that a pin broke. After the first stage this stalls the plan, and only a rollback ends it.
    Invalidated,
    // By the council after the first stage: stalls the plan, and only a rollback ends it.
    Vetoed,
    Completed,
    RolledBack
}

/// @dev `forPower + againstPower + abstainPower <= clippedTotal < 2**72`, checked when an electorate is stored.
struct Tally {
    uint72 forPower;
    uint72 againstPower;
    uint72 abstainPower;
    uint32 voters;
}

struct Proposal {
    // --- slots 0 to 5 written by `propose`
    address proposer;
    uint48 proposedAt;
    uint48 votingEndsAt;
    address electorate;
    uint48 proposedAtBlock;
    uint16 stageCount;
    PlanClass planClass;
    // Written by cancel, veto, invalidate, advance and rollback.
    Ending ending;
    ClassPolicy policy;
    Fraction readinessThreshold;
    uint48 scheduleBy;
    uint48 schedulingWindow;
    uint48 executionWindow;
    bytes32 reportHash;
    // Numbers of the plan's modules in `ModuleStorage.names`, 16 bits each, lowest first; the top 16 bits count them.
    uint256 modules;
    // --- slot 6 written by `schedule`
    uint48 scheduledAt;
    uint48 scheduledAtBlock;
    uint48 eta;
    // --- slot 7 written by `schedule` and `advance`
    uint16 nextStage;
    // When the next stage (or completion) is possible, and until when; both without halted time.
    uint48 notBefore;
    uint48 notAfter;
    // When the two above were written: halts are counted from here.
    uint48 haltMark;
    // A proven break whose action is a rollback stalls the plan.
    bool isBreached;
    // --- slot 8 written by ballots
    Tally tally;
    // --- slot 9 written by readiness signals and attestations
    uint96 readyPower;
    uint32 readySeats;
    uint8 integrityAttestations;
    uint8 simulationAttestations;
    // Seat bits, 256 a word.
    mapping(uint256 word => uint256 bits) voted;
    mapping(uint256 word => uint256 bits) ready;
    mapping(uint8 kind => mapping(address attester => bool)) attested;
    // Left words at propose, of invariants that compare with them.
    mapping(bytes32 invariant => uint256 word) baselines;
    mapping(bytes32 invariant => bool) hasBaseline;
    // Block in which `poke` first saw a break.
    mapping(bytes32 invariant => uint256 blockNumber) brokenSince;
}

/// @notice Every proposal ever made, by id.
library ProposalStorage {
    /// @custom:storage-location erc7201:slipway.registry.proposals
    struct Layout {
        mapping(bytes32 proposalId => Proposal) proposals;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.registry.proposals")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0x2e6fb8610bf942aaaf7dba4d4ee9c5463dfa0476590f20d4f82ec2d563438e00;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}
