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
        return _ofWords(words);
    }

    function _targets(Target[] calldata targets) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](targets.length);
        for (uint256 i; i < targets.length; ++i) {
            hashes[i] = keccak256(abi.encode(TARGET_TYPEHASH, targets[i].module, targets[i].baseVersion));
        }
        return _ofWords(hashes);
    }

    function _stages(Stage[] calldata stages) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](stages.length);
        for (uint256 i; i < stages.length; ++i) hashes[i] = _stage(stages[i]);
        return _ofWords(hashes);
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
        return _ofWords(words);
    }

    function _rollbacks(Rollback[] calldata rollbacks) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](rollbacks.length);
        for (uint256 i; i < rollbacks.length; ++i) hashes[i] = _rollback(rollbacks[i]);
        return _ofWords(hashes);
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
        return _ofWords(words);
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
            hashes[i] = _ofWords(words);
        }
        return _ofWords(hashes);
    }

    function _calls(Call[] calldata calls) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            Call calldata call = calls[i];
            hashes[i] = keccak256(abi.encode(CALL_TYPEHASH, call.target, call.value, keccak256(call.data)));
        }
        return _ofWords(hashes);
    }

    function _pins(Pin[] calldata pins) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](pins.length);
        for (uint256 i; i < pins.length; ++i) {
            hashes[i] = keccak256(abi.encode(PIN_TYPEHASH, pins[i].account, pins[i].codeHash));
        }
        return _ofWords(hashes);
    }

    function _gates(Gate[] calldata gates) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](gates.length);
        for (uint256 i; i < gates.length; ++i) {
            hashes[i] = keccak256(abi.encode(GATE_TYPEHASH, _probe(gates[i].probe), gates[i].op, gates[i].bound));
        }
        return _ofWords(hashes);
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
        return _ofWords(words);
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

    // --- The same hash of a plan that was hashed before

    /// @notice `hash(plan)` for a plan that must equal one that `hash` has seen, at a third of the gas: fixed words are taken
    /// as they lie in the calldata. A number with stray high bits, which `hash` refuses, gives the id of no plan.
    function hashAgain(Plan calldata plan) internal pure returns (bytes32 hash_) {
        bytes32 targets = _targetsAgain(plan.targets);
        bytes32 stages = _stagesAgain(plan.stages);
        bytes32 rollbacks = _rollbacksAgain(plan.rollbacks);
        bytes32 containments = _containments(plan.containments);
        bytes32 artifact = _artifactAgain(plan.artifact);
        bytes32 title = _bytesAgain(bytes(plan.title));
        bytes32 uri = _bytesAgain(bytes(plan.uri));
        bytes32 evidence = _wordsAgain(EVIDENCE_TYPEHASH, _startOf(plan.evidence), 4);
        bytes32 readiness = _readinessAgain(plan.readiness);
        bytes32 typeHash = PLAN_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            mstore(add(words, 0x20), title)
            mstore(add(words, 0x40), uri)
            // Proposer, nonce and class.
            calldatacopy(add(words, 0x60), add(plan, 0x40), 0x60)
            mstore(add(words, 0xc0), targets)
            mstore(add(words, 0xe0), stages)
            mstore(add(words, 0x100), rollbacks)
            mstore(add(words, 0x120), containments)
            mstore(add(words, 0x140), readiness)
            mstore(add(words, 0x160), artifact)
            // After four words of readiness and the artifact's offset.
            mstore(add(words, 0x180), calldataload(add(plan, 0x1c0)))
            mstore(add(words, 0x1a0), evidence)
            hash_ := keccak256(words, 0x1c0)
        }
    }

    function _targetsAgain(Target[] calldata targets) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](targets.length);
        for (uint256 i; i < targets.length; ++i) {
            Target calldata target = targets[i];
            uint256 start;
            assembly ("memory-safe") {
                start := target
            }
            hashes[i] = _wordsAgain(TARGET_TYPEHASH, start, 2);
        }
        return _ofWords(hashes);
    }

    function _stagesAgain(Stage[] calldata stages) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](stages.length);
        for (uint256 i; i < stages.length; ++i) {
            Stage calldata stage = stages[i];
            bytes32 calls = _callsAgain(stage.calls);
            bytes32 pins = _pinsAgain(stage.pins);
            bytes32 gates = _gates(stage.gates);
            bytes32 invariants = _listAgain(stage.invariants);
            bytes32 typeHash = STAGE_TYPEHASH;
            bytes32 hash_;
            assembly ("memory-safe") {
                let words := mload(0x40)
                mstore(words, typeHash)
                mstore(add(words, 0x20), calldataload(stage))
                mstore(add(words, 0x40), calls)
                mstore(add(words, 0x60), pins)
                mstore(add(words, 0x80), gates)
                mstore(add(words, 0xa0), invariants)
                // Dwell and minGas.
                calldatacopy(add(words, 0xc0), add(stage, 0xa0), 0x40)
                hash_ := keccak256(words, 0x100)
            }
            hashes[i] = hash_;
        }
        return _ofWords(hashes);
    }

    function _rollbacksAgain(Rollback[] calldata rollbacks) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](rollbacks.length);
        for (uint256 i; i < rollbacks.length; ++i) {
            Rollback calldata rollback = rollbacks[i];
            bytes32 calls = _callsAgain(rollback.calls);
            bytes32 pins = _pinsAgain(rollback.pins);
            bytes32 invariants = _listAgain(rollback.invariants);
            bytes32 typeHash = ROLLBACK_TYPEHASH;
            bytes32 hash_;
            assembly ("memory-safe") {
                let words := mload(0x40)
                mstore(words, typeHash)
                // From, to and kind.
                calldatacopy(add(words, 0x20), rollback, 0x60)
                mstore(add(words, 0x80), calls)
                mstore(add(words, 0xa0), pins)
                mstore(add(words, 0xc0), invariants)
                mstore(add(words, 0xe0), calldataload(add(rollback, 0xc0)))
                hash_ := keccak256(words, 0x100)
            }
            hashes[i] = hash_;
        }
        return _ofWords(hashes);
    }

    function _callsAgain(Call[] calldata calls) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            Call calldata item = calls[i];
            bytes32 data = _bytesAgain(item.data);
            bytes32 typeHash = CALL_TYPEHASH;
            bytes32 hash_;
            assembly ("memory-safe") {
                let words := mload(0x40)
                mstore(words, typeHash)
                // Target and value.
                calldatacopy(add(words, 0x20), item, 0x40)
                mstore(add(words, 0x60), data)
                hash_ := keccak256(words, 0x80)
            }
            hashes[i] = hash_;
        }
        return _ofWords(hashes);
    }

    function _pinsAgain(Pin[] calldata pins) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](pins.length);
        for (uint256 i; i < pins.length; ++i) {
            Pin calldata pin = pins[i];
            uint256 start;
            assembly ("memory-safe") {
                start := pin
            }
            hashes[i] = _wordsAgain(PIN_TYPEHASH, start, 2);
        }
        return _ofWords(hashes);
    }

    function _readinessAgain(Readiness calldata readiness) private pure returns (bytes32 hash_) {
        uint256 start;
        assembly ("memory-safe") {
            start := readiness
        }
        bytes32 threshold = _wordsAgain(FRACTION_TYPEHASH, start, 2);
        bytes32 typeHash = READINESS_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            mstore(add(words, 0x20), threshold)
            // Deadline and window.
            calldatacopy(add(words, 0x40), add(start, 0x40), 0x40)
            hash_ := keccak256(words, 0x80)
        }
    }

    function _artifactAgain(Artifact calldata artifact) private pure returns (bytes32 hash_) {
        bytes32 version = _bytesAgain(bytes(artifact.version));
        bytes32 uri = _bytesAgain(bytes(artifact.uri));
        uint256 start;
        assembly ("memory-safe") {
            start := artifact
        }
        // After nine words: version, protocol version, hash, uri, migration, grace (blocks, read-only), parent, deadline.
        bytes32 threshold = _wordsAgain(FRACTION_TYPEHASH, start + 0x120, 2);
        bytes32 typeHash = ARTIFACT_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            mstore(add(words, 0x20), version)
            calldatacopy(add(words, 0x40), add(start, 0x20), 0x40)
            mstore(add(words, 0x80), uri)
            calldatacopy(add(words, 0xa0), add(start, 0x80), 0xa0)
            mstore(add(words, 0x140), threshold)
            hash_ := keccak256(words, 0x160)
        }
    }

    function _startOf(Evidence calldata evidence) private pure returns (uint256 start) {
        assembly ("memory-safe") {
            start := evidence
        }
    }

    /// @dev Struct hash of `count` words of calldata.
    function _wordsAgain(bytes32 typeHash, uint256 start, uint256 count) private pure returns (bytes32 hash_) {
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 0x20), start, shl(5, count))
            hash_ := keccak256(words, add(0x20, shl(5, count)))
        }
    }

    function _listAgain(bytes32[] calldata list) private pure returns (bytes32 hash_) {
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, list.offset, shl(5, list.length))
            hash_ := keccak256(words, shl(5, list.length))
        }
    }

    function _bytesAgain(bytes calldata data) private pure returns (bytes32 hash_) {
        assembly ("memory-safe") {
            let copy := mload(0x40)
            calldatacopy(copy, data.offset, data.length)
            hash_ := keccak256(copy, data.length)
        }
    }

    /// @dev `keccak256(abi.encodePacked(words))` without the copy.
    function _ofWords(bytes32[] memory words) private pure returns (bytes32 hash_) {
        assembly ("memory-safe") {
            hash_ := keccak256(add(words, 0x20), shl(5, mload(words)))
        }
    }
}
