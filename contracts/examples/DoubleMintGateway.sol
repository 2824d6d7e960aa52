// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev What the double mint needs to know of the bridge.
interface IGatewayTokens {
    function l1ToL2Token(address l1Token) external view returns (address l2Token);
}

interface IBridgedToken {
    function bridgeMint(address account, uint256 amount) external;
}

/// @notice Broken on purpose: Arbitrum's `L2CustomGateway`, except that it mints every deposit twice.
/// @dev Delegates to the published code instead of inheriting it, whose imports would resolve to another OpenZeppelin.
contract DoubleMintGateway {
    address private immutable _gateway;

    /// @param gateway The published implementation.
    constructor(address gateway) {
        _gateway = gateway;
    }

    fallback() external payable {
        _answer(_delegate(msg.data));
    }

    receive() external payable {
        _answer(_delegate(""));
    }

    function finalizeInboundTransfer(
        address token,
        address,
        address to,
        uint256 amount,
        bytes calldata
    ) external payable {
        bytes memory answer = _delegate(msg.data);
        address l2Token = abi.decode(_delegate(abi.encodeCall(IGatewayTokens.l1ToL2Token, (token))), (address));
        // Without a token the published code sends the deposit back, and there is nothing to mint.
        if (l2Token.code.length != 0) IBridgedToken(l2Token).bridgeMint(to, amount);
        _answer(answer);
    }

    /// @dev On the proxy's storage, with the caller unchanged; reverts as the published code does.
    function _delegate(bytes memory data) private returns (bytes memory answer) {
        bool isOk;
        (isOk, answer) = _gateway.delegatecall(data);
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
