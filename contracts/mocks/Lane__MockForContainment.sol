// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @notice A lane that payers use and its administrator stops: what a containment acts on.
contract Lane__MockForContainment is AccessControl, Pausable {
    bytes32 public constant PAYER = keccak256("PAYER");

    uint256 public paid;

    constructor(address admin, address payer) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(PAYER, payer);
    }

    function pause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    function pay(uint256 amount) external onlyRole(PAYER) whenNotPaused {
        paid += amount;
    }
}
