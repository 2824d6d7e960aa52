// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RecoveryProposer} from "./RecoveryProposer.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice OpenZeppelin's timelock, deployed wired: the registry is its only proposer, canceller and executor, beside the
/// recovery proposer where there is one, and it administers itself, so that roles change through a plan alone.
contract UpgradeTimelock is TimelockController {
    event RecoveryProposerSet(address indexed recovery, address indexed owner);

    /// @param minDelay Seconds; the least delay of any plan class. The registry adds each class's own.
    /// @param recoveryOwner Who may start a recovery; zero: there is no way to recover.
    constructor(
        uint256 minDelay,
        address registry,
        address recoveryOwner
    ) TimelockController(minDelay, _only(registry), _only(registry), address(0)) {
        if (recoveryOwner == address(0)) return;
        address recovery = address(new RecoveryProposer(address(this), recoveryOwner));
        _grantRole(PROPOSER_ROLE, recovery);
        _grantRole(EXECUTOR_ROLE, recovery);
        emit RecoveryProposerSet(recovery, recoveryOwner);
    }

    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
