// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Op} from "../../types/Condition.sol";
import {Plan} from "../../types/Plan.sol";

/// @notice One pin as `revalidate` found it.
struct PinResult {
    uint16 stage;
    address account;
    bytes32 expected;
    bytes32 actual;
    bool isOk;
}

/// @notice One gate as `revalidate` found it. `isAvailable` is false where the probe gave no word.
struct GateResult {
    uint16 stage;
    address target;
    Op op;
    uint256 bound;
    uint256 actual;
    bool isAvailable;
    bool isOk;
}

/// @notice Execution. See `Stages` for errors and events.
interface IStageFacet {
    /// @notice Runs the next stage, or completes the plan after the last dwell. All of it or nothing. Caller: anyone.
    function advance(Plan calldata plan) external payable;

    /// @notice Takes a stalled plan back. Caller: anyone. (The council's own way is `rollbackByCouncil`.)
    function rollback(Plan calldata plan) external payable;

    /// @notice First call of every batch: reverts unless the registry itself is executing exactly that batch.
    function onlyWhileAdvancing(bytes32 proposalId, uint256 tag) external view;
}

/// @notice What anyone may find out about the stages to come, and do about a plan that cannot go on. See `Revalidation`
/// for errors and events.
interface IRevalidationFacet {
    /// @notice Closes a scheduled plan for ever (or stalls one in progress) by showing that a pin of a stage to come,
    /// which held at `schedule`, is broken. Caller: anyone.
    function invalidate(Plan calldata plan, uint256 stage, uint256 pin) external;

    /// @notice Cancels in the timelock what an ended plan left there. Caller: anyone.
    function sweep(Plan calldata plan) external;

    /// @notice Every pin and gate of every stage still to come, with expected, actual and verdict.
    function revalidate(Plan calldata plan) external view returns (PinResult[] memory pins, GateResult[] memory gates);
}

/// @notice The selectors of gates that have no target, with what each answers for the plan that carries it.
interface IBuiltInGates {
    /// @notice Blocks since the plan was scheduled.
    function blocksSinceSchedule() external view returns (uint256);

    /// @notice Clipped power that signalled ready.
    function readyPower() external view returns (uint256);

    /// @notice Clipped power that advertised the plan's artifact.
    function adoptedPower() external view returns (uint256);

    /// @notice Clipped power that reported success of the stage that ran last; unavailable before the first one.
    function successReports() external view returns (uint256);

    /// @notice Calls that the candidate served, counted by the router in `proxy`.
    function canaryCalls(address proxy) external view returns (uint256);

    /// @notice `DrainState` of the router in `proxy`: 0 entries are open, 1 draining, 2 drained. The plan names the proxy,
    /// and waits with `drainState(proxy) == 2` until nothing is in flight.
    function drainState(address proxy) external view returns (uint256);
}
