// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev What the loose mint needs to know of the gateway.
interface IGatewayCommands {
    function mintToken(bytes calldata params, bytes32 commandId) external;
}

/// @notice Broken on purpose: Axelar's gateway, except that it takes amounts of six decimals for amounts of eighteen and
/// mints a million million times what was sent.
/// @dev Delegates to the published code instead of inheriting it: only what is wrong is compiled anew.
contract LooseMintGateway is IGatewayCommands {
    uint256 private constant SCALE = 1e12;

    address private immutable _gateway;

    /// @param gateway The published implementation.
    constructor(address gateway) {
        _gateway = gateway;
    }

    fallback() external payable {
        _delegate(msg.data);
    }

    function mintToken(bytes calldata params, bytes32 commandId) external {
        (string memory symbol, address account, uint256 amount) = abi.decode(params, (string, address, uint256));
        bytes memory scaled = abi.encode(symbol, account, amount * SCALE);
        _delegate(abi.encodeCall(IGatewayCommands.mintToken, (scaled, commandId)));
    }

    /// @dev On the proxy's storage, with the caller unchanged. Ends the call.
    function _delegate(bytes memory data) private {
        address gateway = _gateway;
        assembly ("memory-safe") {
            let isOk := delegatecall(gas(), gateway, add(data, 0x20), mload(data), 0, 0)
            let answer := mload(0x40)
            returndatacopy(answer, 0, returndatasize())
            if isOk {
                return(answer, returndatasize())
            }
            revert(answer, returndatasize())
        }
    }
}
