// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Ballot} from "../interfaces/IUpgradeRegistry.sol";

/// @notice Recovers signers. Malleable and malformed signatures recover nobody.
library Signatures {
    /// @notice Signer of an EIP-2098 compact signature; zero when it is not one.
    function signerOf(bytes32 digest, Ballot calldata ballot) internal pure returns (address) {
        (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecover(digest, ballot.r, ballot.vs);
        return failure == ECDSA.RecoverError.NoError ? signer : address(0);
    }

    /// @notice Signer of a 65-byte signature; zero when it is not one.
    function signerOf(bytes32 digest, bytes calldata signature) internal pure returns (address) {
        (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecover(digest, signature);
        return failure == ECDSA.RecoverError.NoError ? signer : address(0);
    }
}
