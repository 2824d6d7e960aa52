// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CodeStore} from "../registry/libraries/CodeStore.sol";

/// @notice One call of the action, made by the probe itself.
struct LivenessStep {
    address target;
    // In wei, of what the probe holds.
    uint256 value;
    bytes data;
}

/// @notice Whether a user's action still works: the probe carries it out in a frame that is always undone, and keeps the
/// outcome for `alive`, which is a probe for invariants and gates (a static call cannot act, and so could not try).
///
/// The probe is the user: it needs the dust that the action moves, and approvals are steps of the action. What it holds
/// it never gives away, since nothing it does stays.
contract LivenessProbe {
    /// @notice Only the probe itself opens the frame.
    error FrameOnly(address sender);
    error StepFailed(uint256 index);
    /// @notice Every step went through. What ends each good frame.
    error Undone();
    /// @notice Too little gas to give the action what it is granted; nothing was recorded.
    error LivenessStarved(uint256 required, uint256 available);
    /// @notice No outcome, or none young enough.
    /// @param checkedAt Seconds since the epoch; zero: never.
    error LivenessUnknown(uint256 checkedAt);
    error ActionInvalid();

    /// @param failedStep Number of the step that failed; the number of steps where none did, or the gas ran out.
    event LivenessChecked(bool isAlive, uint256 failedStep);

    uint256 private constant MAX_GAS = 8_388_608;
    uint256 private constant MAX_AGE = 30 days;
    /// @dev What `check` needs beside the frame.
    uint256 private constant RESERVE = 40_000;

    /// @notice Most gas the action may use; an action that needs more has failed.
    uint256 public immutable gasLimit;
    /// @notice Seconds for which an outcome counts.
    uint256 public immutable maxAge;
    address private immutable _store;
    uint256 private immutable _count;

    uint64 private _checkedAt;
    bool private _isAlive;

    /// @param steps In order; all have to go through.
    constructor(LivenessStep[] memory steps, uint256 gasLimit_, uint256 maxAge_) payable {
        if (steps.length == 0 || gasLimit_ == 0 || gasLimit_ > MAX_GAS || maxAge_ == 0 || maxAge_ > MAX_AGE) {
            revert ActionInvalid();
        }
        for (uint256 i; i < steps.length; ++i) {
            // A call to an account without code always goes through.
            if (steps[i].target.code.length == 0 || steps[i].target == address(this)) revert ActionInvalid();
        }
        gasLimit = gasLimit_;
        maxAge = maxAge_;
        _count = steps.length;
        _store = CodeStore.write(abi.encode(steps));
    }

    receive() external payable {}

    /// @notice Tries the action, undoes it and keeps whether it went through. Anyone may call.
    function check() external returns (bool isAlive) {
        uint256 granted = gasLimit;
        uint256 required = granted + granted / 63 + RESERVE;
        // A poor caller must not make a good action look dead.
        if (gasleft() < required) revert LivenessStarved(required, gasleft());
        bytes memory message = abi.encodeCall(LivenessProbe.tryAction, ());
        uint256 reason;
        uint256 failedStep = _count;
        address self = address(this);
        assembly ("memory-safe") {
            // The frame reverts in any case. No more of its data than is ours: it could be made to cost any amount of gas.
            pop(call(granted, self, 0, add(message, 0x20), mload(message), 0, 0))
            if gt(returndatasize(), 3) {
                mstore(0x00, 0)
                returndatacopy(0x00, 0, 4)
                reason := shr(224, mload(0x00))
            }
        }
        isAlive = reason == uint32(Undone.selector);
        if (reason == uint32(StepFailed.selector)) {
            assembly ("memory-safe") {
                returndatacopy(0x00, 4, 0x20)
                failedStep := mload(0x00)
            }
        }
        _checkedAt = uint64(block.timestamp);
        _isAlive = isAlive;
        emit LivenessChecked(isAlive, failedStep);
    }

    /// @notice The frame. Reverts always: with `Undone` where the action went through.
    function tryAction() external {
        if (msg.sender != address(this)) revert FrameOnly(msg.sender);
        LivenessStep[] memory steps = abi.decode(CodeStore.read(_store), (LivenessStep[]));
        for (uint256 i; i < steps.length; ++i) {
            address target = steps[i].target;
            uint256 value = steps[i].value;
            bytes memory data = steps[i].data;
            bool isOk;
            // A step's own data is not looked at: it could pass itself off as the frame's.
            assembly ("memory-safe") {
                isOk := call(gas(), target, value, add(data, 0x20), mload(data), 0, 0)
            }
            if (!isOk) revert StepFailed(i);
        }
        revert Undone();
    }

    /// @notice 1 where the last try went through, 0 where it did not; reverts (unavailable) where that is longer ago than
    /// `maxAge`.
    function alive() external view returns (uint256) {
        if (_checkedAt == 0 || block.timestamp > _checkedAt + maxAge) revert LivenessUnknown(_checkedAt);
        return _isAlive ? 1 : 0;
    }

    /// @notice What is tried.
    function action() external view returns (LivenessStep[] memory) {
        return abi.decode(CodeStore.read(_store), (LivenessStep[]));
    }
}
