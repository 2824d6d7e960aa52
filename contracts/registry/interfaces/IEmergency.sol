// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CouncilConfig} from "../../types/Policy.sol";
import {Plan} from "../../types/Plan.sol";
import {Response} from "../storage/ResponseStorage.sol";

/// @notice The council and the incident key. None of these moves funds or upgrades.
interface IEmergencyFacet {
    /// @notice Halts `scope` (zero: everything, else a module): no schedule, no advance, canaries of the scope frozen.
    /// A halt is not renewed back to back: the scope rests as long as it was halted, unless governance refilled its budget.
    /// Caller: council members; runs when `haltThreshold` of them approved, by call or by signature.
    /// @param signatures Over `CouncilApproval(bytes32 act,uint256 deadline)`: 65 bytes of a key; of a contract (ERC-1271),
    /// such as a Safe, its address (20 bytes), then what it takes for a signature.
    /// @return executed Whether this call completed the act.
    function halt(
        bytes32 scope,
        string calldata reason,
        uint256 deadline,
        bytes[] calldata signatures
    ) external returns (bool executed);

    /// @notice Ends a halt early and gives its unspent seconds back to the budget. Caller: council, or the timelock.
    function lift(bytes32 scope, uint256 deadline, bytes[] calldata signatures) external returns (bool executed);

    /// @notice Before the first stage: cancels. After it: stalls, so that anyone may roll back. Each veto since the last
    /// refill adds one to what the next one needs, up to all members. Caller: council.
    function veto(
        bytes32 proposalId,
        string calldata reason,
        uint256 deadline,
        bytes[] calldata signatures
    ) external returns (bool executed);

    /// @notice Stops a plan in whatever state it is, in one act: vetoes it where it can be vetoed, halts those of its
    /// modules that can be halted, and freezes their canaries. Needs the approvals of a halt and of a veto, whichever are
    /// more. Caller: council.
    function emergencyHalt(
        bytes32 proposalId,
        string calldata reason,
        uint256 deadline,
        bytes[] calldata signatures
    ) external returns (bool executed);

    /// @notice The council's yes to an Emergency plan, without which it cannot be scheduled. Void when the council changes.
    /// Caller: council, while the plan is voted on or approved.
    function coSign(bytes32 proposalId, uint256 deadline, bytes[] calldata signatures) external returns (bool executed);

    /// @notice Freezes the canary of a module. Caller: incident role or a council member; anyone while it is halted.
    function freeze(bytes32 module) external;

    /// @notice Replaces the council; approvals given to the old one are void. Caller: timelock.
    function setCouncil(CouncilConfig calldata config) external;

    /// @notice Refills the halt budget of `scope`. Caller: timelock.
    function refillHaltBudget(bytes32 scope) external;

    /// @notice Gives the council its full budget of vetoes again. Caller: timelock.
    function refillVetoBudget() external;

    /// @notice The council, its epoch.
    function councilOf() external view returns (CouncilConfig memory config, uint64 epoch);

    /// @notice Hash of the act that a member approves, at the current epoch and nonce.
    /// @param kind `keccak256` of "halt", "lift", "veto", "rollback", "stop" or "coSign"; `subject` the scope or proposal.
    function actOf(bytes32 kind, bytes32 subject) external view returns (bytes32 act, uint256 have, uint256 need);

    /// @notice Seconds since the epoch until which `member`'s approval of `act` counts; zero: none was given.
    function approvalOf(bytes32 act, address member) external view returns (uint256 expiry);

    /// @notice End of the halt in force for `scope` (seconds; zero: none) and the budget left (seconds).
    function haltOf(bytes32 scope) external view returns (uint64 until, uint32 budget);

    /// @notice From when on `scope` may be halted again (seconds; zero: at once).
    function haltableAt(bytes32 scope) external view returns (uint256 notBefore);

    /// @notice Vetoes that the council may still spend.
    function vetoBudget() external view returns (uint256 left);

    /// @notice Whether the present council co-signed an Emergency plan.
    function isCoSigned(bytes32 proposalId) external view returns (bool);
}

/// @notice The council's own way back. Apart from `IEmergencyFacet` because it carries the whole of a rollback, and a
/// contract's code is bounded.
interface ICouncilRollbackFacet {
    /// @notice Rolls a plan in progress back at once. `reason` of the call that completes the act goes into the event.
    /// Caller: council.
    function rollbackByCouncil(
        Plan calldata plan,
        string calldata reason,
        uint256 deadline,
        bytes[] calldata signatures
    ) external returns (bool executed);
}

/// @notice Calls agreed beforehand against a breach. See `Containments` for errors and events.
interface IContainmentFacet {
    /// @notice Runs one of the plan's containments, once; afterwards the plan runs no further stage. While the plan can still
    /// be taken back; a halt does not stop it. Caller: anyone, once `poke` proved a break of an invariant of the
    /// containment's class; before that the incident role or a council member.
    function contain(Plan calldata plan, uint256 index) external;

    /// @notice Which classes of breach were proven for a plan, which of its containments ran (bits), and why it was taken
    /// back.
    function responseOf(bytes32 proposalId) external view returns (Response memory response);
}

/// @notice How a registry that lives stops a recovery (`RecoveryProposer`).
interface IRecoveryFacet {
    /// @notice Cancels a recovery that waits in the timelock; a halt does not stop it. Caller: council, with the approvals
    /// of a veto on the operation, or the timelock.
    /// @param number Of the recovery, as `RecoveryStarted` tells it.
    function vetoRecovery(
        address proposer,
        address successor,
        uint256 number,
        uint256 deadline,
        bytes[] calldata signatures
    ) external returns (bool executed);

    /// @notice The timelock's id of a recovery: the subject of the council's act.
    function recoveryOperationOf(
        address proposer,
        address successor,
        uint256 number
    ) external view returns (bytes32 operation);
}
