// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Artifact, Evidence, PlanClass} from "../../types/Plan.sol";
import {CitedEvidence} from "../../types/Evidence.sol";

/// @notice What a reviewer attests.
enum AttestationKind {
    // The payload is what the plan says: calls, targets, code, roles.
    Integrity,
    // The rehearsal's report was read and found right.
    Simulation,
    // The node artifact with this sha256 is the one its maintainers built.
    Artifact,
    // An auditor read the code.
    Audit,
    // The plan was carried out on another network before.
    Rehearsal
}

/// @notice Signed statements of reviewers, maintainers and auditors.
interface IAttestationFacet {
    /// @notice Attests, once a kind, never a plan of one's own. Caller, and what `reportHash` must be: attester for
    /// integrity (his own report) and simulation (the plan's evidence), maintainer for an artifact (its sha256), auditor
    /// for an audit (his own report).
    function attest(bytes32 proposalId, AttestationKind kind, bytes32 reportHash) external;

    /// @notice The same with collected signatures over `Attestation(bytes32 proposalId,uint8 kind,bytes32 reportHash)`: a
    /// key's 65 bytes, or a contract's address and then what it takes for a signature (ERC-1271), on the terms of
    /// `castVotesByWalletSig`. One that counted before is passed over, any other bad one reverts: `AttestationInvalid`
    /// where a contract refuses, else `Unauthorized`. Caller: anyone.
    function attestBySig(
        bytes32 proposalId,
        AttestationKind kind,
        bytes32 reportHash,
        bytes[] calldata signatures
    ) external;

    /// @notice Vouches that the rehearsal which the plan names was carried out on its network, and ended at `completedAt`
    /// (seconds since the epoch): before the proposal by the plan's `minAge` at least, and by a year at most.
    /// Caller: attester, not the proposer, once.
    function attestRehearsal(bytes32 proposalId, uint64 completedAt) external;

    /// @notice The same with collected signatures, as in `attestBySig`, over
    /// `Rehearsal(bytes32 proposalId,uint64 chainId,bytes32 rehearsalProposal,uint64 completedAt)`. Caller: anyone.
    function attestRehearsalBySig(bytes32 proposalId, uint64 completedAt, bytes[] calldata signatures) external;

    /// @notice Whether `attester` has attested.
    function hasAttested(bytes32 proposalId, AttestationKind kind, address attester) external view returns (bool);

    /// @notice Checks and keeps what a plan cites besides its report: node artifact, rehearsal on another network.
    /// Caller: the registry itself, from within `propose`.
    function cite(
        bytes32 proposalId,
        PlanClass planClass,
        Artifact calldata artifact,
        Evidence calldata evidence
    ) external;

    /// @notice Artifact and rehearsal that the plan cites, and how many vouched for these and for an audit. All zero where
    /// it cites none.
    function citedEvidenceOf(bytes32 proposalId) external view returns (CitedEvidence memory cited);
}
