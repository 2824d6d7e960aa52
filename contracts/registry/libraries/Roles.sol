// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ConfigStorage} from "../storage/ConfigStorage.sol";

/// @notice Who holds which role. Only the timelock changes them, through a plan.
library Roles {
    error Unauthorized(address caller, bytes32 role);
    error NotTimelock(address caller, address timelock);
    /// @notice Nobody both ships releases and defines what they must not break, and an auditor neither ships nor reviews.
    error ConflictOfInterest(address account);
    error RoleUnknown(bytes32 role);
    error AccountZero();

    event RoleGranted(bytes32 indexed role, address indexed account);
    event RoleRevoked(bytes32 indexed role, address indexed account);

    bytes32 internal constant RELEASE = keccak256("RELEASE");
    bytes32 internal constant RISK = keccak256("RISK");
    bytes32 internal constant INCIDENT = keccak256("INCIDENT");
    bytes32 internal constant ATTESTER = keccak256("ATTESTER");
    bytes32 internal constant MAINTAINER = keccak256("MAINTAINER");
    bytes32 internal constant AUDITOR = keccak256("AUDITOR");

    function grant(bytes32 role, address account) internal {
        _checkKnown(role);
        if (account == address(0)) revert AccountZero();
        if (_isExcluded(role, account)) revert ConflictOfInterest(account);
        ConfigStorage.state().roles[role][account] = true;
        emit RoleGranted(role, account);
    }

    function revoke(bytes32 role, address account) internal {
        _checkKnown(role);
        ConfigStorage.state().roles[role][account] = false;
        emit RoleRevoked(role, account);
    }

    function has(bytes32 role, address account) internal view returns (bool) {
        return ConfigStorage.state().roles[role][account];
    }

    function check(bytes32 role) internal view {
        checkHolder(role, msg.sender);
    }

    function checkHolder(bytes32 role, address account) internal view {
        if (!has(role, account)) revert Unauthorized(account, role);
    }

    function isTimelock(address account) internal view returns (bool) {
        return account == ConfigStorage.state().timelock;
    }

    function checkTimelock() internal view {
        if (!isTimelock(msg.sender)) revert NotTimelock(msg.sender, ConfigStorage.state().timelock);
    }

    function _checkKnown(bytes32 role) private pure {
        bool isKnown =
            role == RELEASE ||
                role == RISK ||
                role == INCIDENT ||
                role == ATTESTER ||
                role == MAINTAINER ||
                role == AUDITOR;
        if (!isKnown) revert RoleUnknown(role);
    }

    function _isExcluded(bytes32 role, address account) private view returns (bool) {
        if (role == RELEASE) return has(RISK, account) || has(AUDITOR, account);
        if (role == RISK) return has(RELEASE, account);
        if (role == ATTESTER) return has(AUDITOR, account);
        return role == AUDITOR && (has(RELEASE, account) || has(ATTESTER, account));
    }
}
