// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {
    Artifact,
    Call,
    Containment,
    Evidence,
    Gate,
    Pin,
    Plan,
    Readiness,
    Rollback,
    Stage,
    Target
} from "../../types/Plan.sol";
import {Fraction} from "../../types/Fraction.sol";
import {Probe} from "../../types/Condition.sol";

/// @notice EIP-712 `hashStruct` of a plan, so that a wallet can show what is signed and every engine gets the same id.
/// @dev The type strings here and in `src/plan/eip712.ts` are compared by a test; neither may move without the other,
/// and moving them changes the id of every plan.
library PlanHash {
    string private constant ARTIFACT =
        "Artifact(string version,uint64 protocolVersion,bytes32 sha256Hash,string uri,uint8 migration,uint64 graceBlocks,bool isGraceReadOnly,bytes32 parentPlan,uint64 successDeadline,Fraction successThreshold)";
    string private constant CALL = "Call(address target,uint256 value,bytes data)";
    string private constant CONTAINMENT =
        "Containment(uint8 breach,bytes32 label,Call[] calls,Pin[] pins,uint64 minGas)";
    string private constant EVIDENCE =
        "Evidence(bytes32 reportHash,uint64 rehearsalChainId,bytes32 rehearsalProposal,uint64 minAge)";
    string private constant FRACTION = "Fraction(uint32 numerator,uint32 denominator)";
    string private constant GATE = "Gate(Probe probe,uint8 op,uint256 bound)";
    string private constant PIN = "Pin(address account,bytes32 codeHash)";
    string private constant PROBE = "Probe(address target,bytes data,uint64 gas)";
    string private constant READINESS = "Readiness(Fraction threshold,uint64 deadline,uint64 schedulingWindow)";
    string private constant ROLLBACK =
        "Rollback(uint16 from,uint16 to,uint8 kind,Call[] calls,Pin[] pins,bytes32[] invariants,uint64 minGas)";
    string private constant STAGE =
        "Stage(bytes32 label,Call[] calls,Pin[] pins,Gate[] gates,bytes32[] invariants,uint64 dwell,uint64 minGas)";
    string private constant TARGET = "Target(bytes32 module,uint64 baseVersion)";
    string private constant PLAN =
        "Plan(string title,string uri,address proposer,uint256 nonce,uint8 planClass,Target[] targets,Stage[] stages,Rollback[] rollbacks,Containment[] containments,Readiness readiness,Artifact artifact,uint64 executionWindow,Evidence evidence)";

    bytes32 internal constant ARTIFACT_TYPEHASH = keccak256(abi.encodePacked(ARTIFACT, FRACTION));
    bytes32 internal constant CALL_TYPEHASH = keccak256(bytes(CALL));
    bytes32 internal constant CONTAINMENT_TYPEHASH = keccak256(abi.encodePacked(CONTAINMENT, CALL, PIN));
    bytes32 internal constant EVIDENCE_TYPEHASH = keccak256(bytes(EVIDENCE));
    bytes32 internal constant FRACTION_TYPEHASH = keccak256(bytes(FRACTION));
    bytes32 internal constant GATE_TYPEHASH = keccak256(abi.encodePacked(GATE, PROBE));
    bytes32 internal constant PIN_TYPEHASH = keccak256(bytes(PIN));
    bytes32 internal constant PROBE_TYPEHASH = keccak256(bytes(PROBE));
    bytes32 internal constant READINESS_TYPEHASH = keccak256(abi.encodePacked(READINESS, FRACTION));
    bytes32 internal constant ROLLBACK_TYPEHASH = keccak256(abi.encodePacked(ROLLBACK, CALL, PIN));
    bytes32 internal constant STAGE_TYPEHASH = keccak256(abi.encodePacked(STAGE, CALL, GATE, PIN, PROBE));
    bytes32 internal constant TARGET_TYPEHASH = keccak256(bytes(TARGET));
    bytes32 internal constant PLAN_TYPEHASH = keccak256(
        abi.encodePacked(
            PLAN,
            ARTIFACT,
            CALL,
            CONTAINMENT,
            EVIDENCE,
            FRACTION,
            GATE,
            PIN,
            PROBE,
            READINESS,
            ROLLBACK,
            STAGE,
            TARGET
        )
    );

    /// @notice EIP-712 `hashStruct(plan)`.
    function hash(Plan calldata plan) internal pure returns (bytes32) {
        // In two parts only to stay within the stack.
        bytes memory head = abi.encode(
            PLAN_TYPEHASH,
            keccak256(bytes(plan.title)),
            keccak256(bytes(plan.uri)),
            plan.proposer,
            plan.nonce,
            plan.planClass,
            _targets(plan.targets)
        );
        bytes memory tail = abi.encode(
            _stages(plan.stages),
            _rollbacks(plan.rollbacks),
            _containments(plan.containments),
            _readiness(plan.readiness),
            _artifact(plan.artifact),
            plan.executionWindow,
            _evidence(plan.evidence)
        );
        return keccak256(bytes.concat(head, tail));
    }

    function _targets(Target[] calldata targets) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](targets.length);
        for (uint256 i; i < targets.length; ++i) {
            hashes[i] = keccak256(abi.encode(TARGET_TYPEHASH, targets[i].module, targets[i].baseVersion));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _stages(Stage[] calldata stages) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](stages.length);
        for (uint256 i; i < stages.length; ++i) {
            Stage calldata stage = stages[i];
            hashes[i] = keccak256(
                abi.encode(
                    STAGE_TYPEHASH,
                    stage.label,
                    _calls(stage.calls),
                    _pins(stage.pins),
                    _gates(stage.gates),
                    keccak256(abi.encodePacked(stage.invariants)),
                    stage.dwell,
                    stage.minGas
                )
            );
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _rollbacks(Rollback[] calldata rollbacks) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](rollbacks.length);
        for (uint256 i; i < rollbacks.length; ++i) {
            Rollback calldata rollback = rollbacks[i];
            hashes[i] = keccak256(
                abi.encode(
                    ROLLBACK_TYPEHASH,
                    rollback.from,
                    rollback.to,
                    rollback.kind,
                    _calls(rollback.calls),
                    _pins(rollback.pins),
                    keccak256(abi.encodePacked(rollback.invariants)),
                    rollback.minGas
                )
            );
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _containments(Containment[] calldata containments) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](containments.length);
        for (uint256 i; i < containments.length; ++i) {
            Containment calldata containment = containments[i];
            hashes[i] = keccak256(
                abi.encode(
                    CONTAINMENT_TYPEHASH,
                    containment.breach,
                    containment.label,
                    _calls(containment.calls),
                    _pins(containment.pins),
                    containment.minGas
                )
            );
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _calls(Call[] calldata calls) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            Call calldata call = calls[i];
            hashes[i] = keccak256(abi.encode(CALL_TYPEHASH, call.target, call.value, keccak256(call.data)));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _pins(Pin[] calldata pins) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](pins.length);
        for (uint256 i; i < pins.length; ++i) {
            hashes[i] = keccak256(abi.encode(PIN_TYPEHASH, pins[i].account, pins[i].codeHash));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _gates(Gate[] calldata gates) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](gates.length);
        for (uint256 i; i < gates.length; ++i) {
            hashes[i] = keccak256(abi.encode(GATE_TYPEHASH, _probe(gates[i].probe), gates[i].op, gates[i].bound));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _probe(Probe calldata probe) private pure returns (bytes32) {
        return keccak256(abi.encode(PROBE_TYPEHASH, probe.target, keccak256(probe.data), probe.gas));
    }

    function _fraction(Fraction calldata fraction) private pure returns (bytes32) {
        return keccak256(abi.encode(FRACTION_TYPEHASH, fraction.numerator, fraction.denominator));
    }

    function _readiness(Readiness calldata readiness) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    READINESS_TYPEHASH,
                    _fraction(readiness.threshold),
                    readiness.deadline,
                    readiness.schedulingWindow
                )
            );
    }

    function _artifact(Artifact calldata artifact) private pure returns (bytes32) {
        bytes memory head = abi.encode(
            ARTIFACT_TYPEHASH,
            keccak256(bytes(artifact.version)),
            artifact.protocolVersion,
            artifact.sha256Hash,
            keccak256(bytes(artifact.uri)),
            artifact.migration
        );
        bytes memory tail = abi.encode(
            artifact.graceBlocks,
            artifact.isGraceReadOnly,
            artifact.parentPlan,
            artifact.successDeadline,
            _fraction(artifact.successThreshold)
        );
        return keccak256(bytes.concat(head, tail));
    }

    function _evidence(Evidence calldata evidence) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    EVIDENCE_TYPEHASH,
                    evidence.reportHash,
                    evidence.rehearsalChainId,
                    evidence.rehearsalProposal,
                    evidence.minAge
                )
            );
    }
}
