// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What one plan cites besides its report, and how many vouched for it.
struct CitedEvidence {
    // sha256 of the node artifact; zero: the plan has none.
    bytes32 artifactHash;
    // The plan's id in the registry of the other network.
    bytes32 rehearsalProposal;
    // Chain id of that network; zero: the plan names no rehearsal.
    uint64 rehearsalChainId;
    // Seconds that must lie between the end of the rehearsal and the proposal.
    uint64 minAge;
    uint8 artifactAttestations;
    uint8 auditAttestations;
    uint8 rehearsalAttestations;
}
