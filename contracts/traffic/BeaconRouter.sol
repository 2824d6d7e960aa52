// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CallData} from "./libraries/CallData.sol";
import {ITrafficRouter, Policy} from "./ITrafficRouter.sol";
import {BeaconTarget} from "./IBeaconRouter.sol";
import {PolicyWord} from "./libraries/PolicyWord.sol";
import {Relay} from "./libraries/Relay.sol";
import {BeaconControl} from "./parts/BeaconControl.sol";

/// @notice Serves the calls of all proxies of one beacon by stable or by candidate code, for one step of a canary. It is
/// what the beacon names meanwhile, so it runs on each proxy's storage and at each proxy's address.
///
///   call of a proxy ─► in the share? ──no──► stable, nothing else
///                        │yes
///                        ├─ nested in a running call ─► the code that runs
///                        └─ outermost ─► router's own word: live? ─► proxy's own word: frozen? budget? ─┬─► stable
///                                                              frame: charge ─► candidate ─► slots, invariants ◄┘
///
/// @dev Two words decide, and they are in different hands. The router's own storage, which only calls to its own address
/// write, tells whether this step lives and how far: it is the same for all proxies. The proxy's storage keeps what that
/// proxy spent and broke, and nothing that a proxy does is seen by another. Anybody can make a proxy of this beacon, or a
/// contract that delegates to this router with any storage it likes: none of it is an account that others depend on.
contract BeaconRouter is BeaconControl {
    using CallData for bytes;

    /// @param target What the router stands in front of, who steers it, and the step before.
    /// @param policy_ What decides which code serves which call; refused where no call could follow it.
    constructor(BeaconTarget memory target, Policy memory policy_) BeaconControl(target, policy_) {}

    /// @dev Plain transfers come here too: their selector is zero.
    // solhint-disable-next-line no-complex-fallback, payable-fallback
    fallback() external payable {
        if (address(this) == _self) _answerDirectly();
        if (msg.sig == ITrafficRouter.traffic.selector) _answerThroughProxy();
        // Nobody can lower the share that is in the code, so that a proxy outside of it has never met the candidate and
        // needs no mark. A proxy inside stays inside for all steps to come.
        if (!_isInShare(_firstShare)) {
            if (_segmentCount == 0) Relay.pass(_stable);
            if (!_isInSegment()) Relay.pass(_stable);
        }

        uint256 state = _state();
        if (state > PROBING) _runBeaconFrame(_word(), PolicyWord.wrap(state));
        if (state != NONE) _routeNested(state);
        _routeOutermost();
    }

    /// @dev The outermost call has decided, whatever was frozen or installed meanwhile. Ends the call.
    function _routeNested(uint256 state) private {
        if (state != CANDIDATE) Relay.pass(_stable);
        if (_hasPrivileged) _refusePrivileged();
        if (_cap != 0) _chargeNested(_word());
        Relay.pass(_candidate);
    }

    /// @dev Ends the call.
    function _routeOutermost() private {
        bool isStatic = !_mark();
        uint256 next = _nextWord(msg.value, msg.data);
        // A static call can neither be marked nor undone nor counted, and changes nothing.
        if (isStatic) Relay.pass(next == 0 ? _stable : _candidate);
        if (next != 0) _tryCandidate(PolicyWord.wrap(next));

        _setState(STABLE);
        bool isOk = Relay.delegate(_stable, gasleft());
        _setState(NONE);
        if (_isCounted && isOk) _count(1, 0, 0);
        Relay.finish(isOk);
    }
}
