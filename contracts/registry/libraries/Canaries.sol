// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBeacon} from "@openzeppelin/contracts/proxy/beacon/IBeacon.sol";
import {ITrafficControl, ITrafficRouter} from "../../traffic/ITrafficRouter.sol";
import {Module, ModuleKind} from "../../types/Module.sol";
import {ModuleStorage} from "../storage/ModuleStorage.sol";
import {Modules} from "./Modules.sol";
import {Probe} from "../../types/Condition.sol";
import {Probes} from "./Probes.sol";

/// @notice Sends all traffic of a module back to its stable code, where a router stands in front of it. The module's
/// account may hold any code: it is asked first, with bounded gas, and nothing that it returns is trusted or copied.
library Canaries {
    using Modules for ModuleStorage.Layout;

    /// @notice No router answers at the module's account: there is nothing to freeze.
    error CanaryAbsent(bytes32 module);
    /// @notice The sender left too little gas for the router to answer.
    error FreezeStarved(bytes32 module, uint256 required, uint256 available);

    /// @notice The router refused the message, with this error.
    error TighteningRefused(bytes32 module, bytes4 reason);

    event CanaryFrozen(bytes32 indexed module);
    /// @notice The router is there and did not freeze. While the scope is halted anyone may try again.
    event CanaryFreezeFailed(bytes32 indexed module);

    bytes32 internal constant MAGIC = keccak256("slipway.traffic.router.v1");

    /// @dev A proxy, a router's code and one slot, all cold, take a tenth of it.
    uint64 private constant ASK_GAS = 100_000;
    uint256 private constant FREEZE_GAS = 300_000;
    /// @dev A beacon, cold, takes a sixth of it.
    uint64 private constant BEACON_GAS = 30_000;
    /// @dev All three with EIP-150's share on top, and the work around them.
    uint256 private constant REQUIRED_GAS = 490_000;

    /// @dev What a halt of everything spends on a module that it only visits: two cold slots and an event.
    uint256 private constant VISIT_GAS = 8_000;

    /// @notice Freezes, or reverts where there is no router or too little gas. A router that refuses is an event.
    function freeze(bytes32 name, string memory reason) internal {
        if (gasleft() < REQUIRED_GAS) revert FreezeStarved(name, REQUIRED_GAS, gasleft());
        address account = _account(name);
        if (!_isRouter(account)) revert CanaryAbsent(name);
        _freeze(name, account, reason);
    }

    /// @notice Sends a message to the router in front of a module, or reverts.
    function tell(bytes32 name, bytes memory control) internal {
        if (gasleft() < REQUIRED_GAS) revert FreezeStarved(name, REQUIRED_GAS, gasleft());
        address account = _account(name);
        if (!_isRouter(account)) revert CanaryAbsent(name);
        bytes memory message = _message(control);
        bool isOk;
        bytes4 reason;
        assembly ("memory-safe") {
            isOk := call(FREEZE_GAS, account, 0, add(message, 0x20), mload(message), 0x00, 0x00)
            if gt(returndatasize(), 3) {
                mstore(0x00, 0)
                returndatacopy(0x00, 0, 4)
                reason := mload(0x00)
            }
        }
        if (!isOk) revert TighteningRefused(name, reason);
    }

    /// @notice Freezes what can be frozen of these modules; skips those without a router. Reverts only on too little gas,
    /// so that a stranger who pokes cannot spare the canary.
    function freezeAll(bytes32[] memory names, string memory reason) internal {
        for (uint256 i; i < names.length; ++i) {
            if (gasleft() < REQUIRED_GAS) revert FreezeStarved(names[i], REQUIRED_GAS, gasleft());
            address account = _account(names[i]);
            if (_isRouter(account)) _freeze(names[i], account, reason);
        }
    }

    /// @notice The same for a halt: of one module, or of every module that a plan holds. Never reverts: where gas runs
    /// short the module is reported, and anyone may freeze it while the halt lasts.
    function freezeScope(bytes32 scope, string memory reason) internal {
        if (scope != 0) return _tryFreeze(scope, reason, 0);
        ModuleStorage.Layout storage self = ModuleStorage.state();
        uint256 count = self.names.length;
        for (uint256 i; i < count; ++i) {
            bytes32 name = self.names[i];
            // Modules that burn what they are given leave enough to get to the end of the list.
            if (self.modules[name].lockedBy != 0) _tryFreeze(name, reason, (count - i) * VISIT_GAS);
        }
    }

    function _tryFreeze(bytes32 name, string memory reason, uint256 reserve) private {
        if (gasleft() < REQUIRED_GAS + reserve) {
            emit CanaryFreezeFailed(name);
            return;
        }
        address account = _account(name);
        if (_isRouter(account)) _freeze(name, account, reason);
    }

    function _freeze(bytes32 name, address account, string memory reason) private {
        bytes memory message = _message(abi.encodeCall(ITrafficControl.freeze, (reason)));
        bool isOk;
        // Solidity would copy the return data; a hostile account could make that cost any amount of gas.
        assembly ("memory-safe") {
            isOk := call(FREEZE_GAS, account, 0, add(message, 0x20), mload(message), 0x00, 0x00)
        }
        if (isOk) emit CanaryFrozen(name);
        else emit CanaryFreezeFailed(name);
    }

    function _isRouter(address account) private view returns (bool) {
        Probe memory probe = Probe({
            target: account,
            data: _message(abi.encodeCall(ITrafficControl.routerMagic, ())),
            gas: ASK_GAS
        });
        // `traffic` returns `bytes`: offset, length, magic.
        (bool isAvailable, uint256 word) = Probes.readWordAt(probe, 2, 3);
        return isAvailable && bytes32(word) == MAGIC;
    }

    /// @dev Where a router of the module answers. A beacon takes no messages: what it names does.
    function _account(bytes32 name) private view returns (address) {
        Module storage module = ModuleStorage.state().load(name);
        address account = module.account;
        if (module.kind != ModuleKind.Beacon) return account;
        Probe memory probe = Probe({
            target: account,
            data: abi.encodeCall(IBeacon.implementation, ()),
            gas: BEACON_GAS
        });
        (bool isAvailable, uint256 word) = Probes.read(probe);
        return isAvailable && word >> 160 == 0 ? address(uint160(word)) : account;
    }

    function _message(bytes memory inner) private pure returns (bytes memory) {
        return abi.encodeCall(ITrafficRouter.traffic, (inner));
    }
}
