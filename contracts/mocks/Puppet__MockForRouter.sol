// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A contract that does what it is told: at once by `run`, or when somebody calls it back.
contract Puppet__MockForRouter {
    struct Step {
        address target;
        uint256 value;
        bytes data;
        bool isStatic;
        // Go on after a failure, which is then found in `outcomes`.
        bool isCaught;
        // Zero: all that is left.
        uint256 gas;
    }

    struct Outcome {
        bool isOk;
        bytes data;
    }

    Step[] private _onCall;
    // How often a callback may still act: the scripts below are not recursive by themselves.
    uint256 private _left;
    Outcome[] private _outcomes;
    bool private _isRejecting;

    error Rejected();

    receive() external payable {
        _react();
    }

    function onTokens() external {
        _react();
    }

    function react() external payable {
        _react();
    }

    function setReaction(Step[] calldata steps, uint256 times) external {
        delete _onCall;
        delete _outcomes;
        for (uint256 i; i < steps.length; ++i) _onCall.push(steps[i]);
        _left = times;
    }

    function setRejecting(bool isRejecting) external {
        _isRejecting = isRejecting;
    }

    function run(Step[] calldata steps) external payable {
        for (uint256 i; i < steps.length; ++i) _do(steps[i]);
    }

    function outcomes() external view returns (Outcome[] memory) {
        return _outcomes;
    }

    function _react() private {
        if (_isRejecting) revert Rejected();
        if (_left == 0) return;
        --_left;
        for (uint256 i; i < _onCall.length; ++i) _do(_onCall[i]);
    }

    function _do(Step memory step) private {
        uint256 gasLimit = step.gas == 0 ? gasleft() : step.gas;
        bool isOk;
        bytes memory data;
        if (step.isStatic) (isOk, data) = step.target.staticcall{gas: gasLimit}(step.data);
        else (isOk, data) = step.target.call{value: step.value, gas: gasLimit}(step.data);
        _outcomes.push(Outcome(isOk, data));
        if (isOk || step.isCaught) return;
        assembly ("memory-safe") {
            revert(add(data, 0x20), mload(data))
        }
    }
}
