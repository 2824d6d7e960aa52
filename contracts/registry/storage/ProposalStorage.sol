// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

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

/// @dev Times are seconds in 40 bits. `forPower + againstPower + abstainPower <= clippedTotal < 2**72`, checked when an
/// electorate is stored. What a proposal needs of its plan after the vote comes with the plan, which the id binds.
struct Proposal {
    // --- slot 0: written by `propose` and by ballots for
    address electorate;
    uint72 forPower;
    // Thresholds and delays of this proposal in `ConfigStorage.policyRows`.
    uint24 policyRow;
    // --- slot 1: written by `propose`, by every ballot, and by what ends a plan
    uint40 votingEndsAt;
    // Written by cancel, veto, invalidate, advance and rollback.
    Ending ending;
    PlanClass planClass;
    uint24 voters;
    // Bits of the first seats that voted; `voted` has the others.
    uint176 firstSeats;
    // --- slot 2: written by `propose` and by the other ballots
    uint72 againstPower;
    uint72 abstainPower;
    // Zero: there is no such proposal.
    uint40 proposedAt;
    uint40 scheduleBy;
    uint8 stageCount;
    // How many modules, and the number of the first one in `ModuleStorage.names`.
    uint8 moduleCount;
    uint16 module;
    // --- slot 3: written by `propose`
    address proposer;
    uint40 proposedAtBlock;
    // --- slot 4: written by `schedule` and `advance`
    uint40 scheduledAt;
    uint40 scheduledAtBlock;
    uint40 eta;
    // When the next stage (or completion) is possible, and until when; both without halted time.
    uint40 notBefore;
    uint40 notAfter;
    // When the two above were written: halts are counted from here. Before, from the proposal.
    uint40 haltMark;
    uint8 nextStage;
    // A proven break whose action is a rollback stalls the plan.
    bool isBreached;
    // --- slot 5: written by `propose` where there is evidence
    bytes32 reportHash;
    // --- slot 6: written by `propose` where there are several modules; the numbers of all but the first, 16 bits each,
    // from bit 16 on
    uint256 otherModules;
    // --- slot 7: written by readiness signals and attestations
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
