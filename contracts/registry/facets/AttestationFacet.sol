// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AttestationKind, IAttestationFacet} from "../interfaces/IUpgradeRegistry.sol";
import {Attestations} from "../libraries/Attestations.sol";
import {Proposals} from "../libraries/Proposals.sol";

contract AttestationFacet is IAttestationFacet {
    /// @inheritdoc IAttestationFacet
    function attest(bytes32 proposalId, AttestationKind kind, bytes32 reportHash) external {
        Attestations.attest(proposalId, kind, reportHash);
    }

    /// @inheritdoc IAttestationFacet
    function attestBySig(
        bytes32 proposalId,
        AttestationKind kind,
        bytes32 reportHash,
        bytes[] calldata signatures
    ) external {
        Attestations.attestBySig(proposalId, kind, reportHash, signatures);
    }

    /// @inheritdoc IAttestationFacet
    function hasAttested(bytes32 proposalId, AttestationKind kind, address attester) external view returns (bool) {
        return Proposals.load(proposalId).attested[uint8(kind)][attester];
    }
}
