// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Action, Category, Invariant, Severity} from "../../contracts/types/Invariant.sol";
import {Call, Gate, Pin, Plan, PlanClass, Rollback, RollbackKind, Stage, Target} from "../../contracts/types/Plan.sol";
import {ClassPolicy, CouncilConfig} from "../../contracts/types/Policy.sol";
import {Condition, Op, Probe, RightKind} from "../../contracts/types/Condition.sol";
import {Fraction} from "../../contracts/types/Fraction.sol";
import {IBuiltInGates} from "../../contracts/registry/interfaces/IStages.sol";
import {ITrafficControl, ITrafficRouter, Policy} from "../../contracts/traffic/ITrafficRouter.sol";
import {RouterTarget} from "../../contracts/traffic/parts/RouterCode.sol";
import {Seat, SeatLib} from "../../contracts/types/Electorate.sol";
import {Watched__MockForFuzz, World} from "./World.sol";

interface IUups {
    function upgradeToAndCall(address implementation, bytes calldata data) external payable;
}

/// @notice Plans by seed: sound ones, and ones that are broken in one place.
abstract contract Plans is World {
    /// @dev No sound plan sets a module's value above it; the catalogue's invariants forbid more.
    uint256 internal constant LIMIT = 1000;

    bytes32[] internal catalogue;
    uint256 private _nonce;
    uint256 private _seed;

    constructor() {
        for (uint256 i; i < 2; ++i) {
            for (uint256 j; j < 2; ++j) {
                vm.prank(staff[2]);
                catalogue.push(registry.defineInvariant(_invariant(i, j == 0)));
            }
        }
    }

    /// @dev Number `2 * module` stalls a plan when it was seen broken twice, `2 * module + 1` at once.
    function _invariant(uint256 module, bool isTwice) internal view returns (Invariant memory invariant) {
        invariant.name = string.concat("limit ", vm.toString(module), isTwice ? " twice" : " once");
        invariant.category = Category.Asset;
        invariant.severity = Severity.High;
        invariant.owner = "risk";
        invariant.action = Action.Rollback;
        invariant.isIrreversible = !isTwice;
        invariant.condition.left = Probe(modules[module], abi.encodeWithSignature("value()"), 30_000);
        invariant.condition.op = Op.Lte;
        invariant.condition.rightKind = RightKind.Constant;
        invariant.condition.constantValue = LIMIT;
    }

    function _plan(uint256 kind, uint256 seed, address proposer) internal returns (Plan memory plan) {
        _seed = seed;
        plan.title = "plan";
        plan.proposer = proposer;
        plan.nonce = ++_nonce;
        plan.readiness.threshold = Fraction(uint32(_pick(3)), 4);
        plan.readiness.deadline = uint64(1 days + _pick(3) * 1 days);
        plan.readiness.schedulingWindow = uint64(_pick(3) * 2 hours);
        plan.artifact.successThreshold = Fraction(0, 1);
        plan.executionWindow = uint64(12 hours + _pick(4) * 1 days);
        plan.evidence.reportHash = keccak256("report");
        if (kind % 16 < 4) _single(plan);
        else if (kind % 16 < 8) _staged(plan);
        else if (kind % 16 < 11) _canary(plan);
        else _governing(plan);
        _askForReports(plan);
        _pinCalls(plan);
        if (kind % 16 == 15 || (kind / 16) % 5 == 0) _break(plan);
    }

    // --- Sound plans

    /// @dev One module, one stage, with or without a dwell.
    function _single(Plan memory plan) private {
        uint256 module = _pick(MODULES);
        plan.targets = _targets(module, module);
        plan.stages = new Stage[](1);
        plan.stages[0] = _stage(module);
        plan.stages[0].dwell = uint64(_pick(2) * 6 hours);
        plan.rollbacks = new Rollback[](1);
        plan.rollbacks[0] = _rollback(module, 0, 0);
    }

    /// @dev Two or three stages with dwells, over one module or two.
    function _staged(Plan memory plan) private {
        uint256 first = _pick(MODULES);
        uint256 second = _pick(2) == 0 ? first : (first + 1) % MODULES;
        plan.targets = _targets(first, second);
        uint256 count = 2 + _pick(2);
        plan.stages = new Stage[](count);
        for (uint256 i; i < count; ++i) {
            plan.stages[i] = _stage(i % 2 == 0 ? first : second);
            plan.stages[i].dwell = uint64(1 hours + _pick(4) * 3 hours);
        }
        plan.rollbacks = new Rollback[](2);
        plan.rollbacks[0] = _rollback(first, 0, 0);
        plan.rollbacks[1] = _rollback(first, 1, count - 1);
        plan.rollbacks[1].calls = _both(plan.rollbacks[1].calls[0], _moduleCall(second));
    }

    /// @dev A router takes the vault's place, its share grows, and the candidate takes the router's.
    function _canary(Plan memory plan) private {
        address stable = address(uint160(uint256(vm.load(modules[VAULT], IMPLEMENTATION_SLOT))));
        if (stable != implementations[1]) stable = implementations[0];
        address candidate = implementations[stable == implementations[0] ? 1 : 0];
        RouterTarget memory target;
        target.stable = stable;
        target.candidate = candidate;
        target.controller = address(timelock);
        target.guardian = address(registry);
        target.policyId = bytes32(plan.nonce);
        uint16 share = uint16(_pick(5) * 1000);
        address router = _deploy(abi.encodePacked(routerCode, abi.encode(target, _policyOf(share))));
        firstShare[uint160(router)] = share;
        plan.targets = _targets(VAULT, VAULT);
        plan.stages = new Stage[](3);
        for (uint256 i; i < 3; ++i) {
            plan.stages[i] = _stage(VAULT);
            plan.stages[i].dwell = uint64(2 hours + _pick(3) * 3 hours);
        }
        bytes memory install = abi.encodeCall(ITrafficControl.install, (""));
        bytes memory wider = abi.encodeCall(ITrafficControl.setShare, (1, uint16(5000 + _pick(6) * 1000)));
        plan.stages[0].calls = _one(_upgrade(router, abi.encodeCall(ITrafficRouter.traffic, (install))));
        plan.stages[1].calls = _one(Call(modules[VAULT], 0, abi.encodeCall(ITrafficRouter.traffic, (wider))));
        plan.stages[2].calls = _one(_upgrade(candidate, ""));
        plan.rollbacks = new Rollback[](1);
        plan.rollbacks[0] = _rollback(VAULT, 0, 2);
        plan.rollbacks[0].calls = _one(_upgrade(stable, ""));
    }

    function _policyOf(uint16 share) private pure returns (Policy memory policy) {
        policy.share = share;
        policy.isCounted = true;
        policy.errorBudget = 1;
        policy.candidateGas = 1_000_000;
    }

    function _upgrade(address implementation, bytes memory data) private view returns (Call memory call) {
        call.target = modules[VAULT];
        call.data = abi.encodeCall(IUups.upgradeToAndCall, (implementation, data));
    }

    /// @dev Some plans carry a node program, and want to hear that it works.
    function _askForReports(Plan memory plan) private {
        uint64 dwell = plan.stages[plan.stages.length - 1].dwell;
        if (dwell == 0 || _pick(3) != 0) return;
        plan.artifact.version = "2.0.0";
        plan.artifact.protocolVersion = 2;
        plan.artifact.sha256Hash = sha256("2.0.0");
        plan.artifact.successThreshold = Fraction(uint32(1 + _pick(3)), 4);
        plan.artifact.successDeadline = dwell;
    }

    /// @dev The registry's and the timelock's own settings; always class Critical.
    function _governing(Plan memory plan) private {
        plan.planClass = PlanClass.Critical;
        plan.stages = new Stage[](1 + _pick(2));
        for (uint256 i; i < plan.stages.length; ++i) {
            plan.stages[i].label = "govern";
            plan.stages[i].calls = _one(_governingCall());
            plan.stages[i].pins = _pins();
            plan.stages[i].dwell = uint64(_pick(2) * 6 hours);
        }
        plan.rollbacks = new Rollback[](1);
        plan.rollbacks[0].to = uint16(plan.stages.length - 1);
        plan.rollbacks[0].calls = _one(_governingCall());
    }

    function _governingCall() private returns (Call memory call) {
        uint256 choice = _pick(12);
        call.target = address(registry);
        if (choice < 3)
            call.data = abi.encodeCall(registry.grantRole, (_role(), staff[_pick(STAFF)]));
            // The first of each role stays, or nobody could propose any more.
        else if (choice == 3) call.data = abi.encodeCall(registry.revokeRole, (_role(), _second()));
        else if (choice == 4) call.data = abi.encodeCall(registry.setElectorate, (_seats(), 0));
        else if (choice == 5) call.data = abi.encodeCall(registry.setClassPolicy, (PlanClass(_pick(2)), _policyRow()));
        else if (choice == 6) call.data = abi.encodeCall(registry.setCouncil, (_council()));
        else if (choice == 7) call.data = abi.encodeCall(registry.setMinInterval, (_pick(3) * 1 hours));
        else if (choice == 8) {
            call.data = abi.encodeCall(registry.setMaxPower, (PlanClass(_pick(3)), Fraction(1, uint32(3 + _pick(5)))));
        } else if (choice < 11) call.data = abi.encodeCall(registry.refillHaltBudget, (_scope(_pick(MODULES + 1))));
        else {
            call.target = address(timelock);
            call.data = abi.encodeCall(timelock.updateDelay, (_pick(4) * 1 hours));
        }
    }

    /// @dev What a batch calls it must pin. Modules and registry keep their code; what breaks is among the others.
    function _pinCalls(Plan memory plan) private view {
        for (uint256 i; i < plan.stages.length; ++i) {
            plan.stages[i].pins = _withPins(plan.stages[i].calls, plan.stages[i].pins);
        }
        for (uint256 i; i < plan.rollbacks.length; ++i) {
            plan.rollbacks[i].pins = _withPins(plan.rollbacks[i].calls, plan.rollbacks[i].pins);
        }
    }

    function _withPins(Call[] memory calls, Pin[] memory pins) private view returns (Pin[] memory all) {
        all = new Pin[](pins.length + calls.length);
        for (uint256 i; i < pins.length; ++i) all[i] = pins[i];
        for (uint256 i; i < calls.length; ++i) {
            all[pins.length + i] = Pin(calls[i].target, calls[i].target.codehash);
        }
    }

    // --- Broken plans

    function _break(Plan memory plan) private {
        uint256 choice = _pick(13);
        Stage memory stage = plan.stages[plan.stages.length - 1];
        if (choice == 0) plan.rollbacks = new Rollback[](0);
        else if (choice == 1) stage.pins[0] = Pin(pinned[0], keccak256("other code"));
        else if (choice == 2) {
            stage.calls = _one(Call(address(0xBEEF), 0, hex"12345678"));
            stage.pins = _onePin(address(0xBEEF), keccak256("no code"));
        } else if (choice == 12) stage.pins = _pins();
        else if (choice == 3) plan.targets = new Target[](0);
        else if (choice == 4 && plan.targets.length != 0) ++plan.targets[0].baseVersion;
        else if (choice == 5) {
            // A gate that never holds.
            stage.gates = new Gate[](1);
            stage.gates[0].probe.data = abi.encodeCall(IBuiltInGates.readyPower, ());
            stage.gates[0].op = Op.Gt;
            stage.gates[0].bound = type(uint96).max;
        } else if (choice == 6) {
            // The registry would lose the timelock.
            plan.planClass = PlanClass.Critical;
            bytes memory data = abi.encodeCall(timelock.revokeRole, (timelock.PROPOSER_ROLE(), address(registry)));
            stage.calls = _one(Call(address(timelock), 0, data));
            stage.pins = _withPins(stage.calls, stage.pins);
        } else if (choice == 7) {
            // A call that belongs in a plan of class Critical.
            plan.planClass = PlanClass.Standard;
            stage.calls = _one(_governingCall());
            stage.pins = _withPins(stage.calls, stage.pins);
        } else if (choice == 8) plan.executionWindow = 0;
        else if (choice == 9) {
            stage.calls = _one(Call(modules[0], 0, abi.encodeCall(Watched__MockForFuzz.set, (LIMIT + 1))));
            stage.pins = _withPins(stage.calls, stage.pins);
        } else if (choice == 10) plan.proposer = stranger;
        else {
            // Runs its own next stage from within.
            bytes memory data = abi.encodeCall(registry.onlyWhileAdvancing, (bytes32(0), 0));
            stage.calls = _both(stage.calls[0], Call(address(registry), 0, data));
            stage.pins = _withPins(stage.calls, stage.pins);
        }
    }

    // --- Parts

    function _stage(uint256 module) private returns (Stage memory stage) {
        stage.label = "stage";
        stage.calls = _one(_moduleCall(module));
        stage.pins = _pins();
        if (module != VAULT) {
            stage.invariants = new bytes32[](1);
            stage.invariants[0] = catalogue[2 * module + _pick(2)];
        }
        if (_pick(3) == 0) {
            stage.gates = new Gate[](1);
            stage.gates[0].probe.data = abi.encodeCall(IBuiltInGates.blocksSinceSchedule, ());
            stage.gates[0].op = Op.Gte;
            stage.gates[0].bound = _pick(20);
        }
    }

    function _rollback(uint256 module, uint256 from, uint256 to) private returns (Rollback memory rollback) {
        rollback.from = uint16(from);
        rollback.to = uint16(to);
        rollback.kind = RollbackKind.Lossy;
        rollback.calls = _one(_moduleCall(module));
        if (_pick(4) == 0) rollback.pins = _pins();
    }

    function _moduleCall(uint256 module) private returns (Call memory call) {
        call.target = modules[module];
        call.data =
            module == VAULT
                ? abi.encodeCall(IUups.upgradeToAndCall, (implementations[_pick(2)], ""))
                : abi.encodeCall(Watched__MockForFuzz.set, (1 + _pick(LIMIT)));
    }

    function _targets(uint256 first, uint256 second) private view returns (Target[] memory targets) {
        targets = new Target[](first == second ? 1 : 2);
        targets[0] = Target(names[first], registry.moduleOf(names[first]).version);
        if (first != second) targets[1] = Target(names[second], registry.moduleOf(names[second]).version);
    }

    function _pins() private returns (Pin[] memory pins) {
        pins = new Pin[](_pick(3));
        for (uint256 i; i < pins.length; ++i) {
            address account = pinned[_pick(PINNED)];
            pins[i] = Pin(account, account.codehash);
        }
    }

    function _onePin(address account, bytes32 codeHash) private pure returns (Pin[] memory pins) {
        pins = new Pin[](1);
        pins[0] = Pin(account, codeHash);
    }

    function _one(Call memory call) private pure returns (Call[] memory calls) {
        calls = new Call[](1);
        calls[0] = call;
    }

    function _both(Call memory first, Call memory second) private pure returns (Call[] memory calls) {
        calls = new Call[](2);
        calls[0] = first;
        calls[1] = second;
    }

    function _scope(uint256 index) internal view returns (bytes32) {
        return index == 0 ? bytes32(0) : names[index - 1];
    }

    function _role() private returns (bytes32) {
        bytes32[4] memory roles = [RELEASE, RISK, INCIDENT, ATTESTER];
        return roles[_pick(4)];
    }

    function _second() private returns (address) {
        uint256[4] memory candidates = [uint256(1), 3, 6, 8];
        return staff[candidates[_pick(4)]];
    }

    /// @dev Every elector but one, with other powers.
    function _seats() private returns (Seat[] memory seats) {
        seats = new Seat[](ELECTORS - 1);
        uint256 without = _pick(ELECTORS);
        for (uint256 i; i < seats.length; ++i) {
            seats[i] = SeatLib.toSeat(electors[i < without ? i : i + 1], uint96(50 + _pick(100)));
        }
    }

    function _policyRow() private returns (ClassPolicy memory row) {
        row = policies[0];
        Fraction[3] memory approvals = [Fraction(2, 3), Fraction(3, 4), Fraction(51, 100)];
        row.approval = approvals[_pick(3)];
        row.minVoters = uint32(1 + _pick(6));
        row.delay = uint32(_pick(3) * 1 hours);
        row.integrityAttestations = uint8(_pick(3));
        row.simulationAttestations = uint8(_pick(3));
    }

    function _council() private returns (CouncilConfig memory config) {
        config = council;
        config.members = new address[](4 + _pick(3));
        for (uint256 i; i < config.members.length; ++i) config.members[i] = members[i];
        config.haltThreshold = uint8(1 + _pick(3));
        config.liftThreshold = uint8(1 + _pick(3));
        config.vetoThreshold = uint8(2 + _pick(2));
        config.rollbackThreshold = uint8(2 + _pick(2));
    }

    /// @dev A number below `bound`, each time another one.
    function _pick(uint256 bound) internal returns (uint256) {
        _seed = uint256(keccak256(abi.encode(_seed)));
        return _seed % bound;
    }
}
