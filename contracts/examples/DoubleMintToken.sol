// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Broken on purpose: Arbitrum's `StandardArbERC20`, except that it mints every deposit twice.
/// @dev Delegates to the published code instead of inheriting it, whose imports would resolve to another OpenZeppelin.
contract DoubleMintToken {
    address private immutable _token;

    /// @param token The published implementation.
    constructor(address token) {
        _token = token;
    }

    fallback() external {
        _answer(_delegate());
    }

    function bridgeMint(address, uint256) external {
        _delegate();
        _answer(_delegate());
    }

    /// @dev On the proxy's storage, with the caller unchanged; reverts as the published code does.
    function _delegate() private returns (bytes memory answer) {
        bool isOk;
        (isOk, answer) = _token.delegatecall(msg.data);
        if (isOk) return answer;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    function _answer(bytes memory answer) private pure {
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }
}
