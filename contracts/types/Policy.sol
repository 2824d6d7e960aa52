// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fraction} from "./Fraction.sol";

/// @notice Thresholds and delays of one plan class. Times in seconds. A proposal keeps a snapshot.
struct ClassPolicy {
    // `for` power over clipped total power.
    Fraction approval;
    // `for + against + abstain` power over clipped total power.
    Fraction quorum;
    // Least number of seats that voted.
    uint32 minVoters;
    uint32 votingPeriod;
    // Least seconds between scheduling and the first stage; the timelock's own minimum applies as well.
    uint32 delay;
    // Attestations needed before scheduling.
    uint8 integrityAttestations;
    uint8 simulationAttestations;
    // Maintainers that must sign the node artifact's hash, where the plan has one.
    uint8 artifactAttestations;
    // Auditors; never without reviewers of both kinds above beside them.
    uint8 auditAttestations;
    // Seconds between the end of a rehearsal on another network and the proposal, at least. Zero: none is needed.
    uint32 rehearsalAge;
    // Attesters that vouch for it. A plan that names a rehearsal needs one at least.
    uint8 rehearsalAttestations;
}

/// @notice The emergency body: how many of its members each act needs, and how long a halt lasts.
struct CouncilConfig {
    address[] members;
    uint8 haltThreshold;
    uint8 liftThreshold;
    uint8 vetoThreshold;
    uint8 rollbackThreshold;
    // Seconds one halt lasts.
    uint32 haltDuration;
    // Seconds of halt the council may spend on one scope until governance refills it.
    uint32 haltBudget;
    // Approvals that an Emergency plan needs before it can be scheduled.
    uint8 coSignThreshold;
    // Vetoes the council may spend until governance refills them; each one raises what the next one needs.
    uint8 vetoBudget;
    // To tighten a canary: pause a lane, drain, lock a selector, lower cap or share.
    uint8 pauseThreshold;
}
