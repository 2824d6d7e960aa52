// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {Budget} from "../libraries/Budget.sol";
import {PolicyStore} from "../libraries/PolicyStore.sol";

/// @notice How the proxy is upgraded, which decides who installs the router and who takes it out.
enum RouterKind {
    // The implementation upgrades itself; the controller is its owner.
    Uups,
    // The proxy does, for its admin.
    Transparent,
    // The implementation does, by `upgrade(address,bytes32,bytes)`, for whoever `RouterTarget.authoritySlot` names:
    // Axelar's proxies.
    OwnAdmin
}

/// @notice What a router is made for.
struct RouterTarget {
    RouterKind kind;
    address stable;
    address candidate;
    // Installs and steers: the timelock.
    address controller;
    // May only freeze: the registry.
    address guardian;
    // Separates this canary's storage from every other's on the same proxy.
    bytes32 policyId;
    // Of `OwnAdmin`, zero else: where the proxy keeps its implementation, and who may upgrade it.
    bytes32 implementationSlot;
    bytes32 authoritySlot;
}

/// @notice What never changes about a canary, in the router's own code: the candidate runs on the proxy's storage and
/// could rewrite what was kept there, but nobody can rewrite code. A plan pins the code's hash, and with it the policy.
/// @dev Router and control are made with the same facts, which are these. The control's address is one more of the
/// router's: by CREATE2 it names who created it and with which code, so that the pin of the router's code binds the
/// control's as well.
abstract contract RouterCode {
    /// @dev The router, in the control's code too.
    address internal immutable _self;
    /// @dev ERC-1967's but for `OwnAdmin`.
    bytes32 internal immutable _implementationSlot;
    /// @dev Says who may upgrade; zero: no slot does.
    bytes32 internal immutable _authoritySlot;
    address internal immutable _stable;
    address internal immutable _candidate;
    address internal immutable _controller;
    address internal immutable _guardian;
    /// @dev The policy word; the counters follow it. The number is the call state's as well, in transient storage.
    bytes32 internal immutable _slot;

    uint256 internal immutable _interval;
    uint256 internal immutable _cap;
    uint256 internal immutable _unit;
    uint256 internal immutable _errorBudget;
    uint256 internal immutable _laneCount;
    /// @dev Bit n: lane n is an exit.
    uint256 internal immutable _exitLanes;
    address internal immutable _store;

    /// @param self The router.
    /// @param store Where the policy is, which was checked.
    constructor(RouterTarget memory target, address self, address store) {
        _self = self;
        bool isOwnAdmin = target.kind == RouterKind.OwnAdmin;
        _implementationSlot = isOwnAdmin ? target.implementationSlot : ERC1967Utils.IMPLEMENTATION_SLOT;
        _authoritySlot = target.kind == RouterKind.Transparent ? ERC1967Utils.ADMIN_SLOT : target.authoritySlot;
        _stable = target.stable;
        _candidate = target.candidate;
        _controller = target.controller;
        _guardian = target.guardian;
        _slot = _namespace(target.policyId);

        uint256 cap = PolicyStore.field(store, PolicyStore.CAP);
        _interval = PolicyStore.field(store, PolicyStore.INTERVAL);
        _cap = cap;
        _unit = Budget.unitOf(cap);
        _errorBudget = PolicyStore.field(store, PolicyStore.ERROR_BUDGET);
        _laneCount = PolicyStore.count(store, PolicyStore.LANES);
        _exitLanes = PolicyStore.exitLanes(store);
        _store = store;
    }

    function _namespace(bytes32 policyId) private pure returns (bytes32) {
        return
            keccak256(abi.encode(uint256(keccak256(abi.encode("slipway.traffic", policyId))) - 1)) &
            ~bytes32(uint256(0xff));
    }
}
