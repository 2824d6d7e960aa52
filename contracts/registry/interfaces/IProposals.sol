// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Plan} from "../../types/Plan.sol";
import {ProposalStatus, ProposalView, RollbackReason} from "../../types/ProposalState.sol";

/// @notice Propose and cancel. See `Proposals` for errors and events.
interface IProposalFacet {
    /// @notice The whole plan is here and nowhere else on chain.
    event ProposalCreated(bytes32 indexed proposalId, address indexed proposer, Plan plan);

    /// @notice Puts `plan` to the electorate of this moment. Caller: release role, and `plan.proposer`.
    /// @return proposalId EIP-712 hash of the plan.
    function propose(Plan calldata plan) external returns (bytes32 proposalId);

    /// @notice Withdraws a proposal before it is approved. Caller: its proposer.
    function cancel(bytes32 proposalId) external;
}

/// @notice Look a proposal up.
interface IProposalViewFacet {
    /// @notice EIP-712 hash of `plan` for this registry on this chain.
    function proposalIdOf(Plan calldata plan) external view returns (bytes32 proposalId);

    /// @notice State, derived from facts and the clock.
    function stateOf(bytes32 proposalId) external view returns (ProposalStatus memory status);

    /// @notice Facts of a proposal; its plan is in the `ProposalCreated` event of block `proposedAtBlock`.
    function proposalOf(bytes32 proposalId) external view returns (ProposalView memory facts);

    /// @notice Why a plan was taken back; the council's own words are in its `PlanRolledBack` event.
    function rollbackReason(bytes32 proposalId) external view returns (RollbackReason reason);
}

/// @notice Proposals by electors. Apart from `IProposalFacet` because it carries the whole of a proposal.
interface IElectorProposalFacet {
    /// @notice Puts `plan` to the electorate of this moment. Caller: `plan.proposer`, without the risk role, with a share
    /// of `proposalThreshold` or more: of the clipped total, at `seat` of the present electorate; of a token's supply, by
    /// the votes of the moment before (`seat` is not read).
    /// @return proposalId EIP-712 hash of the plan.
    function proposeAsElector(Plan calldata plan, uint256 seat) external returns (bytes32 proposalId);
}
