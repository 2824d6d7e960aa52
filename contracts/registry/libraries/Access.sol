// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Roles} from "./Roles.sol";

/// @notice Access in words. `docs/mechanism.md` lists role → function.
abstract contract Access {
    modifier onlyTimelock() {
        Roles.checkTimelock();
        _;
    }

    modifier onlyRelease() {
        Roles.check(Roles.RELEASE);
        _;
    }

    modifier onlyReleaseOrTimelock() {
        if (!Roles.isTimelock(msg.sender)) Roles.check(Roles.RELEASE);
        _;
    }

    modifier onlyRisk() {
        Roles.check(Roles.RISK);
        _;
    }
}
