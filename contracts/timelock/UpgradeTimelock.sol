// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RecoveryProposer} from "./RecoveryProposer.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice OpenZeppelin's timelock, deployed wired: the registry is its only proposer, canceller and executor, beside the
/// recovery proposer where there is one, and it administers itself, so that roles change through a plan alone.
contract UpgradeTimelock is TimelockController {
    event RecoveryProposerSet(address indexed recovery);

    /// @param minDelay Seconds; the least delay of any plan class. The registry adds each class's own.
    /// @param recovery A `RecoveryProposer` without a timelock; zero: there is no way to recover.
    constructor(
        uint256 minDelay,
        address registry,
        address recovery
    ) TimelockController(minDelay, _only(registry), _only(registry), address(0)) {
        if (recovery == address(0)) return;
        RecoveryProposer(recovery).bind();
        _grantRole(PROPOSER_ROLE, recovery);
        _grantRole(EXECUTOR_ROLE, recovery);
        emit RecoveryProposerSet(recovery);
    }

    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
