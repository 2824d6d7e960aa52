// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DiamondTarget} from "./IDiamondRouter.sol";
import {IDiamondLoupe} from "../diamond/IDiamond.sol";
import {Routes} from "./libraries/Routes.sol";
import {TrafficErrors} from "./libraries/TrafficErrors.sol";
import {Control} from "./parts/Control.sol";
import {DiamondRoutes} from "./parts/DiamondRoutes.sol";
import {RouterCode, RouterKind, RouterTarget} from "./parts/RouterCode.sol";

/// @notice What a diamond's canary is told and asked through `traffic`. As `TrafficControl`, which says how it is bound;
/// a diamond's canary ends by a cut, so there is no take-out. Each router has one, and the leader's is used.
contract DiamondControl is DiamondRoutes, Control {
    address private immutable _home = address(this);

    /// @param store Where the router keeps the policy.
    /// @param storeHash Hash of that account's code.
    constructor(
        DiamondTarget memory target,
        address store,
        bytes32 storeHash
    )
        DiamondRoutes(target, msg.sender)
        RouterCode(
            RouterTarget({
                kind: RouterKind.Transparent,
                stable: target.stable,
                candidate: target.candidate,
                controller: target.controller,
                guardian: target.guardian,
                policyId: target.policyId,
                implementationSlot: 0,
                authoritySlot: 0
            }),
            msg.sender,
            store
        )
        Control(target.policyId, store, storeHash)
    {}

    /// @dev For the router, which comes with `traffic` alone.
    // solhint-disable-next-line no-complex-fallback, payable-fallback
    fallback() external payable {
        if (address(this) == _home) revert TrafficErrors.DirectCall();
        _answer();
    }

    /// @dev A diamond has no admin but the one that cuts it.
    function _checkInstaller() internal view override {
        _checkSender(msg.sender == _controller);
    }

    /// @dev The diamond's loupe must be the one that every frame asks.
    function _checkPlace(bool) internal override {
        if (_leader != _self) revert TrafficErrors.RouteWrong(msg.sig, _leader, _self);
        bytes4 selector = IDiamondLoupe.facetAddress.selector;
        address expected = _loupe;
        address actual = Routes.facetOf(expected, selector);
        if (actual == expected) (selector, expected, actual) = _lostRoute();
        if (selector != 0) revert TrafficErrors.RouteWrong(selector, expected, actual);
    }
}
