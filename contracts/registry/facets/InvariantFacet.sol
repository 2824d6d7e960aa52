// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {Breaches} from "../libraries/Breaches.sol";
import {IInvariantFacet, InvariantResult} from "../interfaces/IInvariants.sol";
import {Invariant} from "../../types/Invariant.sol";
import {Invariants} from "../libraries/Invariants.sol";
import {Locked} from "../libraries/Lock.sol";
import {Plan} from "../../types/Plan.sol";

contract InvariantFacet is IInvariantFacet, Access, Locked {
    /// @inheritdoc IInvariantFacet
    function defineInvariant(Invariant calldata invariant) external onlyRisk returns (bytes32 id) {
        return Invariants.add(invariant);
    }

    /// @inheritdoc IInvariantFacet
    function retireInvariant(bytes32 id) external onlyRisk {
        Invariants.retire(id);
    }

    /// @inheritdoc IInvariantFacet
    function invariantOf(
        bytes32 id
    ) external view returns (Invariant memory invariant, uint64 definedAt, uint64 retiredAt) {
        (definedAt, retiredAt) = Invariants.timesOf(id);
        invariant = Invariants.read(id);
    }

    /// @inheritdoc IInvariantFacet
    function check(bytes32 proposalId, bytes32 id) external view returns (InvariantResult memory result) {
        return Breaches.check(proposalId, id);
    }

    /// @inheritdoc IInvariantFacet
    function poke(Plan calldata plan, bytes32 id) external locked returns (bool acted) {
        return Breaches.poke(plan, id);
    }
}
