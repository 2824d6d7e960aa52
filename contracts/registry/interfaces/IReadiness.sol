// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ballot, WalletBallot} from "./IBallots.sol";
import {Plan} from "../../types/Plan.sol";

/// @notice Operators' readiness, and scheduling when there is enough of it.
interface IReadinessFacet {
    /// @notice States that the elector's own systems are ready. Cannot be withdrawn. Caller: the account at `seat`.
    function signalReady(bytes32 proposalId, uint256 seat) external;

    /// @notice The same with collected signatures over `Ready(bytes32 proposalId)`; a bad one is skipped and reported.
    function signalReadyBySig(bytes32 proposalId, Ballot[] calldata signals) external returns (uint256 counted);

    /// @notice The same for seats of wallets, and for keys that sign 65 bytes, as in `castVotesByWalletSig`. Caller: anyone.
    function signalReadyByWalletSig(
        bytes32 proposalId,
        WalletBallot[] calldata signals
    ) external returns (uint256 counted);

    /// @notice Whether `seat` has signalled.
    function isReady(bytes32 proposalId, uint256 seat) external view returns (bool);

    /// @notice Schedules every stage and rollback in the timelock at once. One-shot. Caller: anyone, once the plan is
    /// approved, attested and ready.
    function schedule(Plan calldata plan) external;
}
