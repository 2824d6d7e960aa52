// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice OpenZeppelin's timelock, deployed wired: the registry is its only proposer, canceller and executor, and it
/// administers itself, so that roles change through a plan alone.
contract UpgradeTimelock is TimelockController {
    /// @param minDelay Seconds; the least delay of any plan class. The registry adds each class's own.
    constructor(
        uint256 minDelay,
        address registry
    ) TimelockController(minDelay, _only(registry), _only(registry), address(0)) {}

    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
