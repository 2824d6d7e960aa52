// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC3156FlashBorrower, IERC3156FlashLender} from "@openzeppelin/contracts/interfaces/IERC3156.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

/// @dev Borrows power for the length of one call, and makes that call with it.
contract FlashVoter__MockForRegistry is IERC3156FlashBorrower {
    /// @notice Power it held while the borrowed tokens were its own.
    uint256 public power;

    function borrowAndCall(address token, uint256 amount, address target, bytes calldata data) external {
        IVotes(token).delegate(address(this));
        IERC3156FlashLender(token).flashLoan(this, token, amount, abi.encode(target, data));
    }

    function onFlashLoan(
        address,
        address token,
        uint256 amount,
        uint256,
        bytes calldata data
    ) external returns (bytes32) {
        power = IVotes(token).getVotes(address(this));
        (address target, bytes memory call) = abi.decode(data, (address, bytes));
        _call(target, call);
        IERC20(token).approve(token, amount);
        return keccak256("ERC3156FlashBorrower.onFlashLoan");
    }

    function callOut(address target, bytes calldata data) external {
        _call(target, data);
    }

    function _call(address target, bytes memory data) private {
        (bool isOk, bytes memory returned) = target.call(data);
        if (isOk) return;
        assembly ("memory-safe") {
            revert(add(returned, 0x20), mload(returned))
        }
    }
}
