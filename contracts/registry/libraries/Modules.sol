// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {Call, Target} from "../../types/Plan.sol";
import {Module, ModuleKind} from "../../types/Module.sol";
import {ModuleStorage} from "../storage/ModuleStorage.sol";
import {Pins} from "./Pins.sol";

/// @notice Named upgrade targets: versions, and the lock that one plan holds between its first stage and its end.
library Modules {
    using Arrays for bytes32[];
    using Modules for ModuleStorage.Layout;

    error ModuleUnknown(bytes32 module);
    error ModuleExists(bytes32 module);
    error ModuleRetired(bytes32 module);
    error ModuleNameEmpty();
    error ModuleLocked(bytes32 module, bytes32 lockedBy);
    /// @notice The account already belongs to a module.
    error AccountTaken(address account, bytes32 module);
    error AuthorityInvalid(address authority);
    /// @notice The module moved since the plan was written.
    error StaleBase(bytes32 module, uint64 expected, uint64 actual);
    /// @notice A call reaches a module that the plan does not name, and so would not lock.
    error ModuleNotTargeted(address account);
    error TooManyTargets(uint256 count, uint256 max);
    error TargetRepeated(bytes32 module);
    error TooManyModules(uint256 max);

    event ModuleRegistered(bytes32 indexed module, ModuleKind kind, address indexed account, address indexed authority);
    event ModuleRetirement(bytes32 indexed module);
    event ModuleVersionMoved(bytes32 indexed module, uint64 version, bytes32 indexed proposalId);

    /// @notice Most modules one plan may target; their numbers are packed in one slot.
    uint256 internal constant MAX_TARGETS = 15;

    /// @notice Most modules of one registry: a global halt visits each of them.
    uint256 internal constant MAX_MODULES = 512;

    function register(
        ModuleStorage.Layout storage self,
        bytes32 name,
        ModuleKind kind,
        address account,
        address authority
    ) internal {
        if (name == 0) revert ModuleNameEmpty();
        if (self.modules[name].number != 0) revert ModuleExists(name);
        if (self.nameOf[account] != 0) revert AccountTaken(account, self.nameOf[account]);
        if (self.names.length == MAX_MODULES) revert TooManyModules(MAX_MODULES);
        Pins.checkCode(account);
        if (authority == address(0) || authority == account) revert AuthorityInvalid(authority);
        self.names.push(name);
        self.nameOf[account] = name;
        ++self.governed[authority];
        self.modules[name] = Module({
            number: uint16(self.names.length),
            endedAt: 0,
            kind: kind,
            account: account,
            authority: authority,
            version: 0,
            isRetired: false,
            hasRequirements: false,
            lockedBy: 0
        });
        emit ModuleRegistered(name, kind, account, authority);
    }

    /// @dev The account stays taken and governed: a retired module still holds what it held.
    function retire(ModuleStorage.Layout storage self, bytes32 name) internal {
        Module storage module = self.load(name);
        if (module.isRetired) revert ModuleRetired(name);
        if (module.lockedBy != 0) revert ModuleLocked(name, module.lockedBy);
        module.isRetired = true;
        emit ModuleRetirement(name);
    }

    function load(ModuleStorage.Layout storage self, bytes32 name) internal view returns (Module storage module) {
        module = self.modules[name];
        if (module.number == 0) revert ModuleUnknown(name);
    }

    /// @notice Reverts unless every target is a live, free module at its base version, named once.
    /// @return packed The targets' numbers for `Proposal.modules`.
    function checkTargets(
        ModuleStorage.Layout storage self,
        Target[] calldata targets,
        bytes32 lockedBy
    ) internal view returns (uint256 packed) {
        if (targets.length > MAX_TARGETS) revert TooManyTargets(targets.length, MAX_TARGETS);
        for (uint256 i; i < targets.length; ++i) {
            bytes32 name = targets[i].module;
            for (uint256 j; j < i; ++j) {
                if (targets[j].module == name) revert TargetRepeated(name);
            }
            Module storage module = self.load(name);
            if (module.isRetired) revert ModuleRetired(name);
            if (module.lockedBy != lockedBy) revert ModuleLocked(name, module.lockedBy);
            if (module.version != targets[i].baseVersion) {
                revert StaleBase(name, targets[i].baseVersion, module.version);
            }
            packed |= uint256(module.number) << (16 * i);
        }
        packed |= targets.length << 240;
    }

    /// @notice Names behind `Proposal.modules`.
    function unpack(ModuleStorage.Layout storage self, uint256 packed) internal view returns (bytes32[] memory names) {
        names = new bytes32[](packed >> 240);
        for (uint256 i; i < names.length; ++i) {
            // Modules are never taken off the list, so a number once given needs no look at its length.
            names[i] = self.names.unsafeAccess(((packed >> (16 * i)) & 0xffff) - 1).value;
        }
    }

    /// @notice Reverts where a call reaches a registered module, or the account that upgrades one, without naming it
    /// as a target. For an authority (a ProxyAdmin) the first argument tells which of its proxies it is about.
    function checkCalls(
        ModuleStorage.Layout storage self,
        Call[] calldata calls,
        Target[] calldata targets
    ) internal view {
        for (uint256 i; i < calls.length; ++i) {
            address account = calls[i].target;
            bytes32 name = self.nameOf[account];
            if (name != 0 && !_isTargeted(targets, name)) revert ModuleNotTargeted(account);
            // An authority may be a module itself, and upgrades others all the same.
            if (self.governed[account] != 0 && calls[i].data.length >= 36) {
                address subject = _subjectOf(calls[i]);
                name = self.nameOf[subject];
                if (name != 0 && !_isTargeted(targets, name)) revert ModuleNotTargeted(subject);
            }
        }
    }

    /// @notice Reverts where a call reaches a module that another plan holds: it may have been registered after the plan
    /// was proposed, when there was nothing to name.
    function checkReach(
        ModuleStorage.Layout storage self,
        Call[] calldata calls,
        Target[] calldata targets,
        bytes32 proposalId
    ) internal view {
        for (uint256 i; i < calls.length; ++i) {
            _checkHolder(self, calls[i].target, targets, proposalId);
            if (calls[i].data.length >= 36 && self.governed[calls[i].target] != 0) {
                _checkHolder(self, _subjectOf(calls[i]), targets, proposalId);
            }
        }
    }

    /// @notice Whether a call to an authority names, by its first argument, a registered module.
    function isScoped(ModuleStorage.Layout storage self, Call calldata call) internal view returns (bool) {
        if (self.governed[call.target] == 0) return true;
        if (call.data.length < 36) return false;
        // Only a module that this very authority upgrades: any other account could be an argument of any call.
        bytes32 name = self.nameOf[_subjectOf(call)];
        return name != 0 && self.modules[name].authority == call.target;
    }

    /// @notice Takes the modules for a plan, until `release`.
    function acquire(ModuleStorage.Layout storage self, bytes32[] memory names, bytes32 proposalId) internal {
        for (uint256 i; i < names.length; ++i) self.modules[names[i]].lockedBy = proposalId;
    }

    /// @notice Gives the modules back, one version on.
    function release(ModuleStorage.Layout storage self, bytes32[] memory names, bytes32 proposalId) internal {
        for (uint256 i; i < names.length; ++i) {
            Module storage module = self.modules[names[i]];
            module.lockedBy = 0;
            ++module.version;
            module.endedAt = uint40(block.timestamp);
            emit ModuleVersionMoved(names[i], module.version, proposalId);
        }
    }

    function _checkHolder(
        ModuleStorage.Layout storage self,
        address account,
        Target[] calldata targets,
        bytes32 proposalId
    ) private view {
        bytes32 name = self.nameOf[account];
        if (name == 0 || _isTargeted(targets, name)) return;
        bytes32 holder = self.modules[name].lockedBy;
        if (holder != 0 && holder != proposalId) revert ModuleLocked(name, holder);
    }

    function _subjectOf(Call calldata call) private pure returns (address) {
        return address(uint160(uint256(bytes32(call.data[4:36]))));
    }

    function _isTargeted(Target[] calldata targets, bytes32 name) private pure returns (bool) {
        for (uint256 i; i < targets.length; ++i) {
            if (targets[i].module == name) return true;
        }
        return false;
    }
}
