// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Derived from stored facts and the clock by `stateOf`, never stored.
enum ProposalState {
    Unknown,
    Voting,
    Defeated,
    Approved,
    Scheduled,
    InProgress,
    Stalled,
    Completed,
    RolledBack,
    Cancelled,
    Expired,
    Invalidated
}

/// @notice Why a plan was taken back. `None`: it was not.
enum RollbackReason {
    None,
    // By the council, whose own words are in `PlanRolledBack`.
    Council,
    // By anyone, after the council's veto.
    Veto,
    // By anyone, after proof that a pin broke or that the parent ended without its upgrade.
    Invalidated,
    // By anyone, after a proven break whose action is a rollback.
    Breach,
    // By anyone: too few reports of success by their deadline.
    Reports,
    // By anyone: the next stage was not run within its window.
    Window
}

/// @notice `stateOf` in full. Times are seconds since the epoch, with halted time already added.
struct ProposalStatus {
    ProposalState state;
    // Overlay: no schedule and no advance while it is true.
    bool isHalted;
    // Index of the stage that comes next; the number of stages already executed.
    uint16 nextStage;
    uint16 stageCount;
    // When the next step (vote's end, schedule, stage, completion) becomes possible, and until when. Zero: no bound.
    uint64 notBefore;
    uint64 notAfter;
}

/// @notice What a view tells about a proposal without the plan.
struct ProposalView {
    address proposer;
    uint64 proposedAt;
    uint64 proposedAtBlock;
    uint64 votingEndsAt;
    uint64 scheduledAt;
    uint64 scheduledAtBlock;
    uint64 eta;
    bytes32 reportHash;
    address electorate;
    bytes32[] modules;
    uint96 forPower;
    uint96 againstPower;
    uint96 abstainPower;
    uint32 voters;
    uint96 readyPower;
    uint32 readySeats;
    uint96 clippedTotal;
    uint8 integrityAttestations;
    uint8 simulationAttestations;
}
