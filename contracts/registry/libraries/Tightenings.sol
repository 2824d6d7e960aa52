// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Canaries} from "./Canaries.sol";
import {Council} from "./Council.sol";
import {ITrafficControl} from "../../traffic/ITrafficRouter.sol";
import {Roles} from "./Roles.sol";

/// @notice Messages to a router that only tighten: the router itself refuses to loosen for anybody but the timelock, and
/// nothing else is passed on from here.
library Tightenings {
    /// @notice Not one of the messages that tighten.
    error MessageUnsupported(bytes4 selector);

    event CanaryTightened(bytes32 indexed module, bytes message);

    function tighten(
        bytes32 module,
        bytes calldata message,
        uint256 deadline,
        bytes[] calldata signatures
    ) internal returns (bool executed) {
        bool isExit = _check(message);
        // Users get out through an exit: one key does not close it.
        executed =
            (!isExit && Roles.has(Roles.INCIDENT, msg.sender)) ||
            Council.approve(Council.PAUSE, subjectOf(module, message), deadline, signatures);
        if (!executed) return false;
        Canaries.tell(module, message);
        emit CanaryTightened(module, message);
    }

    function subjectOf(bytes32 module, bytes calldata message) internal pure returns (bytes32) {
        return keccak256(abi.encode(module, message));
    }

    /// @notice Whether the message with this selector can only tighten, whoever sends it.
    function isKnown(bytes4 selector) internal pure returns (bool) {
        return
            selector == ITrafficControl.pauseLane.selector ||
            selector == ITrafficControl.drain.selector ||
            selector == ITrafficControl.lockSelector.selector ||
            selector == ITrafficControl.lowerCap.selector ||
            selector == ITrafficControl.lowerShare.selector;
    }

    /// @return isExit Whether it closes a lane through which users get out.
    function _check(bytes calldata message) private pure returns (bool isExit) {
        bytes4 selector = bytes4(message);
        if (!isKnown(selector)) revert MessageUnsupported(selector);
        if (selector == ITrafficControl.pauseLane.selector) (, isExit) = abi.decode(message[4:], (uint8, bool));
    }
}
