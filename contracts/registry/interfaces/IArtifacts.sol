// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ballot, WalletBallot} from "./IBallots.sol";
import {ProposalState} from "../../types/ProposalState.sol";

/// @notice A plan's artifact and what electors said about it. Powers are clipped, in units of the electorate.
struct ArtifactView {
    // keccak256 of the version; zero: no artifact.
    bytes32 versionHash;
    uint64 protocolVersion;
    uint64 graceBlocks;
    // Block in which the last stage of a plan with a grace period ran; zero: not yet.
    uint64 upgradedAtBlock;
    // First second in which reports no longer decide; zero: not known before the last stage, or no reports asked for.
    uint64 reportBy;
    uint96 adoptedPower;
    uint96 successPower;
    uint96 failedPower;
    uint96 overridePower;
    uint96 clippedTotal;
    uint32 adoptedSeats;
    uint32 successSeats;
    uint32 failedSeats;
    uint32 overrideSeats;
    // Stage that the reports counted here are about: the one that ran last.
    uint16 reportedStage;
    // Of the last stage, for a plan that asks for reports.
    bool isSuccessful;
    bool isOverridden;
}

/// @notice The window that a parent plan opens for a child. Zero blocks: not yet.
struct Compatibility {
    bytes32 parent;
    ProposalState parentState;
    // First and last block in which the child's first stage may run.
    uint256 from;
    uint256 until;
    bool isOpen;
}

/// @notice The node program that goes with a plan: who runs it, how it went, and plans that follow a parent's. See
/// `ArtifactSignals` and `Parents` for errors and events.
interface IArtifactFacet {
    /// @notice States the version that the elector's own node runs. Counts where it is the plan's own, or of a later
    /// protocol version; cannot be withdrawn. From the proposal on, after completion too. Caller: the account at `seat`.
    function advertise(bytes32 proposalId, uint256 seat, string calldata version, uint64 protocolVersion) external;

    /// @notice The same with collected signatures over
    /// `Advertisement(bytes32 proposalId,string version,uint64 protocolVersion)`; a bad one is skipped and reported.
    /// Caller: anyone.
    function advertiseBySig(
        bytes32 proposalId,
        string calldata version,
        uint64 protocolVersion,
        Ballot[] calldata signals
    ) external returns (uint256 counted);

    /// @notice The same for seats of wallets, and for keys that sign 65 bytes, as in `castVotesByWalletSig`. Caller: anyone.
    function advertiseByWalletSig(
        bytes32 proposalId,
        string calldata version,
        uint64 protocolVersion,
        WalletBallot[] calldata signals
    ) external returns (uint256 counted);

    /// @notice States how stage number `stage`, the one that ran last, went on the elector's own systems, while the plan
    /// is in progress. Caller: the account at `seat`, once a stage.
    function reportSuccess(bytes32 proposalId, uint256 stage, uint256 seat, bool isSuccessful) external;

    /// @notice The same with collected signatures over
    /// `SuccessReport(bytes32 proposalId,uint256 stage,bool isSuccessful)`; a bad one is skipped and reported. Caller:
    /// anyone.
    function reportSuccessBySig(
        bytes32 proposalId,
        uint256 stage,
        bool isSuccessful,
        Ballot[] calldata reports
    ) external returns (uint256 counted);

    /// @notice The same for seats of wallets, and for keys that sign 65 bytes, as in `castVotesByWalletSig`. Caller: anyone.
    function reportSuccessByWalletSig(
        bytes32 proposalId,
        uint256 stage,
        bool isSuccessful,
        WalletBallot[] calldata reports
    ) external returns (uint256 counted);

    /// @notice Votes to keep the upgrade although too few may report success, after the last stage and before the
    /// reports' deadline. It takes what the plan took to be approved. Caller: the account at `seat`, once.
    function overrideSuccess(bytes32 proposalId, uint256 seat) external;

    /// @notice The same with collected signatures over `SuccessOverride(bytes32 proposalId)`; a bad one is skipped and
    /// reported. Caller: anyone.
    function overrideSuccessBySig(bytes32 proposalId, Ballot[] calldata votes) external returns (uint256 counted);

    /// @notice The same for seats of wallets, and for keys that sign 65 bytes, as in `castVotesByWalletSig`. Caller: anyone.
    function overrideSuccessByWalletSig(
        bytes32 proposalId,
        WalletBallot[] calldata votes
    ) external returns (uint256 counted);

    /// @notice Closes a plan whose parent ended without its upgrade for ever, or stalls it when it is in progress.
    /// `sweep` clears what it left in the timelock. Caller: anyone.
    function invalidateOrphan(bytes32 proposalId) external;

    /// @notice The artifact and every count.
    function artifactOf(bytes32 proposalId) external view returns (ArtifactView memory facts);

    /// @notice The window in which a child's first stage may run; zero throughout for a plan without a parent.
    function compatibilityOf(bytes32 proposalId) external view returns (Compatibility memory window);

    /// @notice Whether `seat` has advertised a version that counts.
    function hasAdvertised(bytes32 proposalId, uint256 seat) external view returns (bool);

    /// @notice Whether `seat` has reported about a stage, whatever it said.
    function hasReported(bytes32 proposalId, uint256 stage, uint256 seat) external view returns (bool);

    /// @notice Whether `seat` has voted to keep the upgrade.
    function hasOverridden(bytes32 proposalId, uint256 seat) external view returns (bool);
}
