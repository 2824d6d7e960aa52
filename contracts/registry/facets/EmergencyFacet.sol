// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {Canaries} from "../libraries/Canaries.sol";
import {CoSigns} from "../libraries/CoSigns.sol";
import {Council} from "../libraries/Council.sol";
import {CouncilConfig} from "../../types/Policy.sol";
import {EmergencyStorage} from "../storage/EmergencyStorage.sol";
import {Halts} from "../libraries/Halts.sol";
import {IEmergencyFacet} from "../interfaces/IEmergency.sol";
import {Locked} from "../libraries/Lock.sol";
import {ModuleStorage} from "../storage/ModuleStorage.sol";
import {Modules} from "../libraries/Modules.sol";
import {Roles} from "../libraries/Roles.sol";
import {Stops} from "../libraries/Stops.sol";
import {Vetoes} from "../libraries/Vetoes.sol";

/// @notice Each act checks first that there is something to do, so that no approval is kept for another day.
contract EmergencyFacet is IEmergencyFacet, Access, Locked {
    using Modules for ModuleStorage.Layout;

    /// @inheritdoc IEmergencyFacet
    function halt(
        bytes32 scope,
        string calldata reason,
        uint256 deadline,
        bytes[] calldata signatures
    ) external locked returns (bool executed) {
        if (scope != 0) ModuleStorage.state().load(scope);
        Halts.requireNotHalted(scope);
        executed = Council.approve(Council.HALT, scope, deadline, signatures);
        if (!executed) return false;
        Halts.start(scope, reason);
        Canaries.freezeScope(scope, reason);
    }

    /// @inheritdoc IEmergencyFacet
    /// @dev Without the lock: the timelock lifts from within an `advance`. Nothing is called from here.
    function lift(bytes32 scope, uint256 deadline, bytes[] calldata signatures) external returns (bool executed) {
        Halts.requireHalted(scope);
        executed = Roles.isTimelock(msg.sender) || Council.approve(Council.LIFT, scope, deadline, signatures);
        if (executed) Halts.lift(scope);
    }

    /// @inheritdoc IEmergencyFacet
    function veto(
        bytes32 proposalId,
        string calldata reason,
        uint256 deadline,
        bytes[] calldata signatures
    ) external locked returns (bool executed) {
        Vetoes.requireVetoable(proposalId);
        executed = Council.approve(Council.VETO, proposalId, deadline, signatures);
        if (executed) Vetoes.veto(proposalId, reason);
    }

    /// @inheritdoc IEmergencyFacet
    function emergencyHalt(
        bytes32 proposalId,
        string calldata reason,
        uint256 deadline,
        bytes[] calldata signatures
    ) external locked returns (bool executed) {
        Stops.requireStoppable(proposalId);
        executed = Council.approve(Council.STOP, proposalId, deadline, signatures);
        if (executed) Stops.stop(proposalId, reason);
    }

    /// @inheritdoc IEmergencyFacet
    function coSign(
        bytes32 proposalId,
        uint256 deadline,
        bytes[] calldata signatures
    ) external locked returns (bool executed) {
        CoSigns.requireCoSignable(proposalId);
        executed = Council.approve(Council.CO_SIGN, proposalId, deadline, signatures);
        if (executed) CoSigns.coSign(proposalId);
    }

    /// @inheritdoc IEmergencyFacet
    function freeze(bytes32 module) external locked {
        if (!Halts.isHalted(module) && !Halts.isHalted(0) && !Council.isMember(msg.sender)) {
            Roles.check(Roles.INCIDENT);
        }
        Canaries.freeze(module, "freeze");
    }

    /// @inheritdoc IEmergencyFacet
    function setCouncil(CouncilConfig calldata config) external onlyTimelock {
        Council.set(config);
    }

    /// @inheritdoc IEmergencyFacet
    function refillHaltBudget(bytes32 scope) external onlyTimelock {
        Halts.refill(scope);
    }

    /// @inheritdoc IEmergencyFacet
    function refillVetoBudget() external onlyTimelock {
        Vetoes.refill();
    }

    /// @inheritdoc IEmergencyFacet
    function councilOf() external view returns (CouncilConfig memory config, uint64 epoch) {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        return (self.council, self.epoch);
    }

    /// @inheritdoc IEmergencyFacet
    function actOf(bytes32 kind, bytes32 subject) external view returns (bytes32 act, uint256 have, uint256 need) {
        act = Council.actOf(kind, subject);
        return (act, Council.approvalsOf(act), Council.thresholdOf(kind));
    }

    /// @inheritdoc IEmergencyFacet
    function approvalOf(bytes32 act, address member) external view returns (uint256 expiry) {
        return EmergencyStorage.state().approvals[act][member];
    }

    /// @inheritdoc IEmergencyFacet
    function haltOf(bytes32 scope) external view returns (uint64 until, uint32 budget) {
        return Halts.statusOf(scope);
    }

    /// @inheritdoc IEmergencyFacet
    function haltableAt(bytes32 scope) external view returns (uint256 notBefore) {
        return Halts.restedAt(scope);
    }

    /// @inheritdoc IEmergencyFacet
    function vetoBudget() external view returns (uint256 left) {
        return Vetoes.budgetLeft();
    }

    /// @inheritdoc IEmergencyFacet
    function isCoSigned(bytes32 proposalId) external view returns (bool) {
        return CoSigns.isCoSigned(proposalId);
    }
}
