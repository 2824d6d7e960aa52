// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {TrafficErrors} from "./libraries/TrafficErrors.sol";
import {Control} from "./parts/Control.sol";
import {RouterCode, RouterTarget} from "./parts/RouterCode.sol";

/// @notice What a router is told and asked through `traffic`, and how it is taken out: the code that few calls need, which
/// the router delegates to, so that it runs at the proxy's address and on its storage.
///
/// @dev The router creates it, by CREATE2 and with the router's own facts. Its address therefore names its code, and stands
/// in the router's code, whose hash a plan pins. Nothing in it selfdestructs, and it delegates to the candidate for its
/// init and to the implementation that takes the router's place, both only for controller or admin and only from a proxy.
contract TrafficControl is Control {
    address private immutable _home = address(this);

    /// @param store Where the router keeps the policy.
    /// @param storeHash Hash of that account's code.
    constructor(
        RouterTarget memory target,
        address store,
        bytes32 storeHash
    ) RouterCode(target, msg.sender, store) Control(target.policyId, store, storeHash) {}

    /// @dev For the router, which comes with `traffic` and, from its controller, with `upgradeToAndCall` alone.
    // solhint-disable-next-line no-complex-fallback, payable-fallback
    fallback() external payable {
        if (address(this) == _home) revert TrafficErrors.DirectCall();
        if (msg.sig == UUPSUpgradeable.upgradeToAndCall.selector) _takeOut();
        _answer();
    }
}
