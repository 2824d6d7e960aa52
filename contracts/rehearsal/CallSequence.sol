// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a sequence of calls from several senders would do, answered by one `eth_call`. Never deployed: the engine
/// puts this code at the senders' accounts by a state override, so that nothing is sent and nothing stays.
contract CallSequence {
    /// @param sender Account that makes the call; it holds this code too.
    /// @param target Account that is called; zero to create a contract from `data`.
    struct Step {
        address sender;
        address target;
        uint256 value;
        bytes data;
    }

    /// @param result What the call returned, or its revert data. For a creation: address and runtime code.
    struct Outcome {
        bool isOk;
        bytes result;
    }

    /// @notice Runs every step, one after another; a step that reverts undoes only itself.
    function run(Step[] calldata steps) external payable returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](steps.length);
        for (uint256 i; i < steps.length; ++i) {
            Step calldata step = steps[i];
            (bool isOk, bytes memory result) = step.sender.call(
                abi.encodeCall(CallSequence.forward, (step.target, step.value, step.data))
            );
            outcomes[i] = Outcome({isOk: isOk, result: isOk ? abi.decode(result, (bytes)) : result});
        }
    }

    /// @notice One step, made by the account that this code was put at.
    function forward(
        address target,
        uint256 value,
        bytes calldata data
    ) external payable returns (bytes memory result) {
        bool isOk;
        if (target != address(0)) {
            (isOk, result) = target.call{value: value}(data);
        } else {
            address created;
            bytes memory initCode = data;
            // Creation from bytes at hand has no form in Solidity; the memory is `initCode`'s own.
            assembly ("memory-safe") {
                created := create(value, add(initCode, 0x20), mload(initCode))
            }
            isOk = created != address(0);
            result = isOk ? abi.encode(created, created.code) : _returnData();
        }
        if (!isOk) {
            // Hands the reason on as it came.
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }

    function _returnData() private pure returns (bytes memory data) {
        // Solidity copies return data only for calls, not for `create`.
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(data, returndatasize())
            returndatacopy(add(data, 0x20), 0x00, returndatasize())
            mstore(0x40, and(add(add(data, returndatasize()), 0x3f), not(0x1f)))
        }
    }
}
