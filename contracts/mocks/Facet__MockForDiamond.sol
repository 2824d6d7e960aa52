// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DiamondCuts} from "../diamond/DiamondCuts.sol";

/// @notice Functions to cut in and out. `TAG` tells which of several deployments answered.
contract Facet__MockForDiamond {
    error Failed(uint256 code);

    uint256 public immutable TAG;

    constructor(uint256 tag) {
        TAG = tag;
    }

    function one() external view returns (uint256) {
        return TAG * 10 + 1;
    }

    function two() external view returns (uint256) {
        return TAG * 10 + 2;
    }

    function three() external view returns (uint256) {
        return TAG * 10 + 3;
    }

    function four() external view returns (uint256) {
        return TAG * 10 + 4;
    }

    function echo(bytes calldata data) external payable returns (address, uint256, bytes memory) {
        return (msg.sender, msg.value, data);
    }

    function fail(uint256 code) external pure {
        revert Failed(code);
    }

    function failSilently() external pure {
        assembly {
            revert(0, 0)
        }
    }

    /// @notice As an initialiser: announces an interface.
    function announce(bytes4 interfaceId) external returns (bytes32) {
        DiamondCuts.announce(interfaceId);
        return DiamondCuts.INITIALISED;
    }
}
