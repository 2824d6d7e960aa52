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
    // Whole literals, so that the compiler hashes them.
    bytes32 internal constant ARTIFACT_TYPEHASH = keccak256(
        "Artifact(string version,uint64 protocolVersion,bytes32 sha256Hash,string uri,uint8 migration,uint64 graceBlocks,bool isGraceReadOnly,bytes32 parentPlan,uint64 successDeadline,Fraction successThreshold)Fraction(uint32 numerator,uint32 denominator)"
    );
    bytes32 internal constant CALL_TYPEHASH = keccak256("Call(address target,uint256 value,bytes data)");
    bytes32 internal constant CONTAINMENT_TYPEHASH = keccak256(
        "Containment(uint8 breach,bytes32 label,Call[] calls,Pin[] pins,uint64 minGas)Call(address target,uint256 value,bytes data)Pin(address account,bytes32 codeHash)"
    );
    bytes32 internal constant EVIDENCE_TYPEHASH = keccak256(
        "Evidence(bytes32 reportHash,uint64 rehearsalChainId,bytes32 rehearsalProposal,uint64 minAge)"
    );
    bytes32 internal constant FRACTION_TYPEHASH = keccak256("Fraction(uint32 numerator,uint32 denominator)");
    bytes32 internal constant GATE_TYPEHASH = keccak256(
        "Gate(Probe probe,uint8 op,uint256 bound)Probe(address target,bytes data,uint64 gas)"
    );
    bytes32 internal constant PIN_TYPEHASH = keccak256("Pin(address account,bytes32 codeHash)");
    bytes32 internal constant PROBE_TYPEHASH = keccak256("Probe(address target,bytes data,uint64 gas)");
    bytes32 internal constant READINESS_TYPEHASH = keccak256(
        "Readiness(Fraction threshold,uint64 deadline,uint64 schedulingWindow)Fraction(uint32 numerator,uint32 denominator)"
    );
    bytes32 internal constant ROLLBACK_TYPEHASH = keccak256(
        "Rollback(uint16 from,uint16 to,uint8 kind,Call[] calls,Pin[] pins,bytes32[] invariants,uint64 minGas)Call(address target,uint256 value,bytes data)Pin(address account,bytes32 codeHash)"
    );
    bytes32 internal constant STAGE_TYPEHASH = keccak256(
        "Stage(bytes32 label,Call[] calls,Pin[] pins,Gate[] gates,bytes32[] invariants,uint64 dwell,uint64 minGas)Call(address target,uint256 value,bytes data)Gate(Probe probe,uint8 op,uint256 bound)Pin(address account,bytes32 codeHash)Probe(address target,bytes data,uint64 gas)"
    );
    bytes32 internal constant TARGET_TYPEHASH = keccak256("Target(bytes32 module,uint64 baseVersion)");
    bytes32 internal constant PLAN_TYPEHASH = keccak256(
        "Plan(string title,string uri,address proposer,uint256 nonce,uint8 planClass,Target[] targets,Stage[] stages,Rollback[] rollbacks,Containment[] containments,Readiness readiness,Artifact artifact,uint64 executionWindow,Evidence evidence)Artifact(string version,uint64 protocolVersion,bytes32 sha256Hash,string uri,uint8 migration,uint64 graceBlocks,bool isGraceReadOnly,bytes32 parentPlan,uint64 successDeadline,Fraction successThreshold)Call(address target,uint256 value,bytes data)Containment(uint8 breach,bytes32 label,Call[] calls,Pin[] pins,uint64 minGas)Evidence(bytes32 reportHash,uint64 rehearsalChainId,bytes32 rehearsalProposal,uint64 minAge)Fraction(uint32 numerator,uint32 denominator)Gate(Probe probe,uint8 op,uint256 bound)Pin(address account,bytes32 codeHash)Probe(address target,bytes data,uint64 gas)Readiness(Fraction threshold,uint64 deadline,uint64 schedulingWindow)Rollback(uint16 from,uint16 to,uint8 kind,Call[] calls,Pin[] pins,bytes32[] invariants,uint64 minGas)Stage(bytes32 label,Call[] calls,Pin[] pins,Gate[] gates,bytes32[] invariants,uint64 dwell,uint64 minGas)Target(bytes32 module,uint64 baseVersion)"
    );

    /// @notice EIP-712 `hashStruct(plan)`.
    /// @dev Words are gathered in an array because the struct has more members than the stack has room for.
    function hash(Plan calldata plan) internal pure returns (bytes32) {
        bytes32[] memory words = new bytes32[](14);
        words[0] = PLAN_TYPEHASH;
        words[1] = keccak256(bytes(plan.title));
        words[2] = keccak256(bytes(plan.uri));
        words[3] = bytes32(uint256(uint160(plan.proposer)));
        words[4] = bytes32(plan.nonce);
        words[5] = bytes32(uint256(plan.planClass));
        words[6] = _targets(plan.targets);
        words[7] = _stages(plan.stages);
        words[8] = _rollbacks(plan.rollbacks);
        words[9] = _containments(plan.containments);
        words[10] = _readiness(plan.readiness);
        words[11] = _artifact(plan.artifact);
        words[12] = bytes32(uint256(plan.executionWindow));
        words[13] = _evidence(plan.evidence);
        return keccak256(abi.encodePacked(words));
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
        for (uint256 i; i < stages.length; ++i) hashes[i] = _stage(stages[i]);
        return keccak256(abi.encodePacked(hashes));
    }

    function _stage(Stage calldata stage) private pure returns (bytes32) {
        bytes32[] memory words = new bytes32[](8);
        words[0] = STAGE_TYPEHASH;
        words[1] = stage.label;
        words[2] = _calls(stage.calls);
        words[3] = _pins(stage.pins);
        words[4] = _gates(stage.gates);
        words[5] = keccak256(abi.encodePacked(stage.invariants));
        words[6] = bytes32(uint256(stage.dwell));
        words[7] = bytes32(uint256(stage.minGas));
        return keccak256(abi.encodePacked(words));
    }

    function _rollbacks(Rollback[] calldata rollbacks) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](rollbacks.length);
        for (uint256 i; i < rollbacks.length; ++i) hashes[i] = _rollback(rollbacks[i]);
        return keccak256(abi.encodePacked(hashes));
    }

    function _rollback(Rollback calldata rollback) private pure returns (bytes32) {
        bytes32[] memory words = new bytes32[](8);
        words[0] = ROLLBACK_TYPEHASH;
        words[1] = bytes32(uint256(rollback.from));
        words[2] = bytes32(uint256(rollback.to));
        words[3] = bytes32(uint256(rollback.kind));
        words[4] = _calls(rollback.calls);
        words[5] = _pins(rollback.pins);
        words[6] = keccak256(abi.encodePacked(rollback.invariants));
        words[7] = bytes32(uint256(rollback.minGas));
        return keccak256(abi.encodePacked(words));
    }

    function _containments(Containment[] calldata containments) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](containments.length);
        for (uint256 i; i < containments.length; ++i) {
            Containment calldata containment = containments[i];
            bytes32[] memory words = new bytes32[](6);
            words[0] = CONTAINMENT_TYPEHASH;
            words[1] = bytes32(uint256(containment.breach));
            words[2] = containment.label;
            words[3] = _calls(containment.calls);
            words[4] = _pins(containment.pins);
            words[5] = bytes32(uint256(containment.minGas));
            hashes[i] = keccak256(abi.encodePacked(words));
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
        bytes32[] memory words = new bytes32[](11);
        words[0] = ARTIFACT_TYPEHASH;
        words[1] = keccak256(bytes(artifact.version));
        words[2] = bytes32(uint256(artifact.protocolVersion));
        words[3] = artifact.sha256Hash;
        words[4] = keccak256(bytes(artifact.uri));
        words[5] = bytes32(uint256(artifact.migration));
        words[6] = bytes32(uint256(artifact.graceBlocks));
        words[7] = bytes32(uint256(artifact.isGraceReadOnly ? 1 : 0));
        words[8] = artifact.parentPlan;
        words[9] = bytes32(uint256(artifact.successDeadline));
        words[10] = _fraction(artifact.successThreshold);
        return keccak256(abi.encodePacked(words));
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
