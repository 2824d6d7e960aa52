// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ITrafficControl, ITrafficRouter} from "../traffic/ITrafficRouter.sol";

/// @notice An account that a plan moves: one word that its owner sets, and a canary that behaves as it is told to.
contract Module__MockForRegistry is ITrafficRouter {
    enum Canary {
        // No router stands here.
        None,
        Honest,
        // The router answers, and refuses to freeze.
        Refusing,
        // The answer to the magic question is a megabyte.
        Flooding,
        // Uses all gas it gets, whatever is asked.
        Burning,
        // Answers every question with another word.
        Lying,
        // Calls back into the registry when it is told to freeze.
        Reentering
    }

    error NotOwner(address caller);
    error NoRouter();
    error Refused();

    event Frozen(address by, string reason);

    address public immutable OWNER;
    uint256 public value;
    Canary public canary;
    bool public isFrozen;
    address public callbackTarget;
    bytes public callback;
    bool public hasCallbackWorked;
    bytes public callbackAnswer;

    constructor(address owner) {
        OWNER = owner;
    }

    function set(uint256 newValue) external payable {
        if (msg.sender != OWNER) revert NotOwner(msg.sender);
        value = newValue;
    }

    /// @notice Moves the value behind the plan's back, as a bug or a thief would.
    function corrupt(uint256 newValue) external {
        value = newValue;
    }

    function setCanary(Canary newCanary) external {
        canary = newCanary;
    }

    function setCallback(address target, bytes calldata data) external {
        callbackTarget = target;
        callback = data;
    }

    function traffic(bytes calldata message) external payable returns (bytes memory) {
        if (canary == Canary.None) revert NoRouter();
        if (canary == Canary.Burning) {
            for (uint256 i; ; ++i)
                assembly ("memory-safe") {
                    pop(keccak256(i, 0x20))
                }
        }
        if (canary == Canary.Flooding) {
            assembly {
                return(0, 1048576)
            }
        }
        if (bytes4(message) == ITrafficControl.routerMagic.selector) {
            return abi.encode(canary == Canary.Lying ? bytes32(uint256(1)) : keccak256("slipway.traffic.router.v1"));
        }
        if (canary == Canary.Refusing) revert Refused();
        if (canary == Canary.Reentering) (hasCallbackWorked, callbackAnswer) = callbackTarget.call(callback);
        if (bytes4(message) == ITrafficControl.drain.selector) return "";
        isFrozen = true;
        emit Frozen(msg.sender, abi.decode(message[4:], (string)));
        return "";
    }
}
