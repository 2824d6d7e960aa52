// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Ballot} from "../interfaces/IBallots.sol";

/// @notice Recovers signers, and asks wallets. Malleable and malformed signatures recover nobody.
library Signatures {
    /// @notice Too little gas is left to ask a wallet, and not asking would look like its refusal.
    error WalletGasTooLow(uint256 required, uint256 available);

    /// @notice What a wallet may use to check a signature: about thirty owners of a Safe.
    uint256 internal constant WALLET_GAS = 200_000;

    /// @dev ERC-1271's `isValidSignature(bytes32,bytes)`, which is also what it answers.
    bytes4 private constant IS_VALID = 0x1626ba7e;
    bytes32 private constant S_MASK = 0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff;
    /// @dev Half of the curve's order: a larger `s` is another form of the same signature.
    bytes32 private constant S_MOST = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Signer of an EIP-2098 compact signature; zero when it is not one.
    function signerOf(bytes32 digest, Ballot calldata ballot) internal pure returns (address) {
        (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecover(digest, ballot.r, ballot.vs);
        return failure == ECDSA.RecoverError.NoError ? signer : address(0);
    }

    /// @notice Seat of ballot number `index`, and signer of its EIP-2098 compact signature; zero when it is not one. A seat
    /// of more than 32 bits is no seat of any electorate, and is given as it is.
    /// @dev `signerOf` for batches of ballots, which are made of these calls. The caller keeps `index` below the length.
    function seatAndSignerOf(
        bytes32 digest,
        Ballot[] calldata ballots,
        uint256 index
    ) internal view returns (uint256 seat, address signer) {
        assembly ("memory-safe") {
            let ballot := add(ballots.offset, mul(index, 0x60))
            seat := calldataload(ballot)
            let vs := calldataload(add(ballot, 0x40))
            let s := and(vs, S_MASK)
            if iszero(gt(s, S_MOST)) {
                let input := mload(0x40)
                mstore(input, digest)
                mstore(add(input, 0x20), add(27, shr(255, vs)))
                mstore(add(input, 0x40), calldataload(add(ballot, 0x20)))
                mstore(add(input, 0x60), s)
                mstore(0x00, 0)
                // Without a signer there is no answer, and the zero stays.
                pop(staticcall(gas(), 1, input, 0x80, 0x00, 0x20))
                signer := mload(0x00)
            }
        }
    }

    /// @notice Signer of a 65-byte signature; zero when it is not one.
    function signerOf(bytes32 digest, bytes calldata signature) internal pure returns (address) {
        (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecover(digest, signature);
        return failure == ECDSA.RecoverError.NoError ? signer : address(0);
    }

    /// @notice What a batch of signatures without seats carries for a contract: its address, then what it takes for a signature
    /// (ERC-1271). Nobody, where there is no room for an address.
    function walletIn(bytes calldata named) internal pure returns (address wallet, bytes calldata signature) {
        if (named.length < 20) return (address(0), named);
        return (address(bytes20(named[:20])), named[20:]);
    }

    /// @notice Whether `account` signed: as a key, which it may be although it has code (EIP-7702), else as a wallet
    /// (ERC-1271). A wallet gets a fixed amount of gas and its answer is one word, whatever it returns.
    function isSignedBy(address account, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (account == address(0)) return false;
        if (signerOf(digest, signature) == account) return true;
        if (account.code.length == 0) return false;
        // A call gets at most 63 of 64 parts of what is left.
        uint256 required = WALLET_GAS + WALLET_GAS / 63 + 10_000;
        bytes memory message = abi.encodeWithSelector(IS_VALID, digest, signature);
        if (gasleft() < required) revert WalletGasTooLow(required, gasleft());
        bytes32 word;
        // Solidity would copy all that is returned.
        assembly ("memory-safe") {
            mstore(0x00, 0)
            if staticcall(WALLET_GAS, account, add(message, 0x20), mload(message), 0x00, 0x20) {
                if gt(returndatasize(), 0x1f) {
                    word := mload(0x00)
                }
            }
        }
        return word == bytes32(IS_VALID);
    }
}
