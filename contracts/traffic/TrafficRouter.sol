// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Policy} from "./ITrafficRouter.sol";
import {TrafficControl} from "./TrafficControl.sol";
import {TrafficErrors} from "./libraries/TrafficErrors.sol";
import {RouterKind, RouterTarget} from "./parts/RouterCode.sol";
import {Routing} from "./parts/Routing.sol";

/// @notice Serves each call to an ERC-1967 proxy by stable or by candidate code, for the length of one canary. It is
/// the proxy's implementation meanwhile, so it runs on the protocol's storage and at the protocol's address.
///
///   call ─► live? ──no──► stable, nothing else
///             │yes
///             ├─ nested in a running call ─► the code that runs
///             └─ outermost ─► cohort ─► budget ─┬─► stable
///                                               └─► frame: charge ─► candidate ─► slots, invariants ─► done
///                                                     └─ undone on any failure ─► stable serves the same call
///
/// @dev There are no external functions: every selector but one belongs to the protocol. The candidate is not trusted
/// here beyond what it does through its own calls: what the router decides by is one word, checked after each frame,
/// and code, which nobody can write. From the base up: `RouterCode` what is fixed, `RouterState` what changes,
/// `Lanes` which calls are stopped, `Admission` who goes to the candidate, `Frame` the candidate's call and what follows a
/// failed one, `Routing`. What few calls ask for is in `TrafficControl`, which the router delegates to.
contract TrafficRouter is Routing {
    /// @param target What the router stands in front of, and who steers it.
    /// @param policy_ What decides which code serves which call; refused where no call could follow it.
    constructor(RouterTarget memory target, Policy memory policy_) Routing(target, policy_) {
        bool isOwnAdmin = target.kind == RouterKind.OwnAdmin;
        if (isOwnAdmin != (target.implementationSlot != 0) || isOwnAdmin != (target.authoritySlot != 0)) {
            revert TrafficErrors.TargetSlotsInvalid();
        }
    }

    function _createControl(RouterTarget memory target) internal override returns (address) {
        return address(new TrafficControl{salt: 0}(target, _store, _store.codehash));
    }
}
