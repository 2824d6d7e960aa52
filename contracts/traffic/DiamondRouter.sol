// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DiamondControl} from "./DiamondControl.sol";
import {DiamondTarget} from "./IDiamondRouter.sol";
import {Policy} from "./ITrafficRouter.sol";
import {PolicyWord} from "./libraries/PolicyWord.sol";
import {Relay} from "./libraries/Relay.sol";
import {Routes} from "./libraries/Routes.sol";
import {TrafficErrors} from "./libraries/TrafficErrors.sol";
import {DiamondRoutes} from "./parts/DiamondRoutes.sol";
import {RouterKind, RouterTarget} from "./parts/RouterCode.sol";
import {Routing} from "./parts/Routing.sol";

/// @notice Serves the selectors of one pair of facets of an ERC-2535 diamond by stable or by candidate code, for the
/// length of one canary. A canary has one router a pair; all of them read one policy word, one budget and one call state
/// in the diamond's storage, so that a call from one facet to another stays on its version.
///
///   call ─► diamond ─► the selector's facet, a router ─► stable facet | frame ─► candidate facet
///                      `traffic`, the leader          ─► control
///
/// @dev The storage of a diamond decides which code runs by a mapping of selectors, which no single slot stands for. After
/// the candidate three routes are checked: that of the selector called, and those by which the canary is steered and left.
/// They are read by the loupe's code, run here, not through the diamond.
contract DiamondRouter is DiamondRoutes, Routing {
    bool private immutable _isAddition;

    /// @param target What the router stands in front of, what leads to it, and who steers it.
    /// @param policy_ The same for every router of the canary.
    constructor(
        DiamondTarget memory target,
        Policy memory policy_
    )
        DiamondRoutes(target, address(this))
        Routing(
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
            policy_
        )
    {
        _isAddition = target.isAddition;
    }

    /// @dev As `Frame._runFrame`, with routes instead of slots.
    function _runFrame(PolicyWord word, PolicyWord token) internal override {
        if (PolicyWord.unwrap(word) & _watched != 0) _runWatched(word, token);
        if (PolicyWord.unwrap(token) != PolicyWord.unwrap(word)) _storeWord(token);
        uint256 counters = _isCounted ? _counters() : 0;
        _setState(CANDIDATE);
        (bool isOk, uint256 before, uint256 given) = _callCandidate(_frameReserve());
        if (!isOk) _failCandidate(before, given);
        bytes memory answer = Relay.answer();
        _checkSlots(token, counters, 0);
        Relay.returnWith(answer);
    }

    function _checkSlots(PolicyWord token, uint256 counters, bytes32) internal override {
        _checkWord(token);
        if (_isCounted && _counters() != counters) _revertSlot(_counterSlot());
        // A route that could not be asked for would count as lost.
        if (gasleft() < Routes.gasNeeded(3)) revert TrafficErrors.CanaryGas(gasleft());
        if (Routes.facetOf(_loupe, msg.sig) != _self) _revertSlot(msg.sig);
        (bytes4 selector, , ) = _lostRoute();
        if (selector != 0) _revertSlot(selector);
    }

    /// @dev A diamond has no admin slot.
    function _adminWord() internal pure override returns (bytes32) {
        return 0;
    }

    function _frameReserve() internal pure override returns (uint256) {
        return FRAME_RESERVE + Routes.gasNeeded(3);
    }

    /// @dev What stable has not got cannot be served by it: whatever the candidate says of it stands.
    function _isPassedOn(bytes4 reason) internal view override returns (bool) {
        return _isAddition || super._isPassedOn(reason);
    }

    function _createControl(RouterTarget memory target) internal override returns (address) {
        return
            address(
                new DiamondControl{salt: 0}(
                    DiamondTarget({
                        stable: target.stable,
                        candidate: target.candidate,
                        controller: target.controller,
                        guardian: target.guardian,
                        policyId: target.policyId,
                        loupe: _loupe,
                        cutFacet: _cutFacet,
                        leader: _leader,
                        isAddition: false
                    }),
                    _store,
                    _store.codehash
                )
            );
    }
}
