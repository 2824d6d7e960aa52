// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Invariant} from "../../types/Invariant.sol";
import {Plan} from "../../types/Plan.sol";

/// @notice One invariant as `check` found it.
struct InvariantResult {
    bool isAvailable;
    bool isOk;
    uint256 left;
    uint256 right;
}

/// @notice The catalogue of invariants.
interface IInvariantFacet {
    /// @notice Adds a definition. Its id is `keccak256(abi.encode(invariant))`. Caller: risk role.
    function defineInvariant(Invariant calldata invariant) external returns (bytes32 id);

    /// @notice Stops new plans from citing it; plans that already do keep it. Caller: risk role.
    function retireInvariant(bytes32 id) external;

    /// @notice A definition with the times (seconds) it was defined and retired (zero: live).
    function invariantOf(
        bytes32 id
    ) external view returns (Invariant memory invariant, uint64 definedAt, uint64 retiredAt);

    /// @notice Evaluates an invariant now. `proposalId` gives the baseline of `AtPropose`; zero where there is none.
    /// `Before` conditions are unavailable outside a stage.
    function check(bytes32 proposalId, bytes32 id) external view returns (InvariantResult memory result);

    /// @notice Acts on a proven break of an invariant cited by a plan in progress. A break counts when it was seen in
    /// two different blocks, or once if irreversible. Does nothing while the probes are unavailable. Caller: anyone.
    /// @return acted Whether the pre-committed action ran.
    function poke(Plan calldata plan, bytes32 id) external returns (bool acted);
}
