// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice A wallet of k of n keys. Like a Safe it asks its owners to sign what it is asked about together with its own
/// address, in order of their addresses. It can also misbehave.
contract Wallet__MockForCouncil is IERC1271 {
    error CallFailed();
    error Refused();

    enum Mode {
        Honest,
        AnswersOther,
        AnswersShort,
        Floods,
        Burns,
        Reverts
    }

    address[] private _owners;
    uint256 private _threshold;
    Mode public mode;

    constructor(address[] memory owners, uint256 threshold) {
        _owners = owners;
        _threshold = threshold;
    }

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    /// @notice Sends a call, as a Safe does.
    function send(address target, bytes calldata data) external returns (bytes memory) {
        (bool isOk, bytes memory answer) = target.call(data);
        if (!isOk) revert CallFailed();
        return answer;
    }

    function isValidSignature(bytes32 digest, bytes calldata signatures) external view returns (bytes4) {
        if (mode == Mode.AnswersOther) return 0xffffffff;
        if (mode == Mode.Reverts) revert Refused();
        if (mode == Mode.Burns) while (true) {}
        if (mode == Mode.AnswersShort) {
            assembly ("memory-safe") {
                mstore(0x00, shl(224, 0x1626ba7e))
                return(0x00, 0x04)
            }
        }
        if (mode == Mode.Floods) {
            assembly ("memory-safe") {
                return(0x00, 0x20000)
            }
        }
        return _isSigned(digest, signatures) ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    /// @notice What an owner signs for `digest`.
    function messageOf(bytes32 digest) public view returns (bytes32) {
        return keccak256(abi.encode(address(this), block.chainid, digest));
    }

    function _isSigned(bytes32 digest, bytes calldata signatures) private view returns (bool) {
        uint256 count = signatures.length / 65;
        if (signatures.length != count * 65 || count < _threshold) return false;
        bytes32 message = messageOf(digest);
        address last;
        for (uint256 i; i < count; ++i) {
            (address signer, , ) = ECDSA.tryRecover(message, signatures[65 * i:65 * (i + 1)]);
            if (signer <= last || !_isOwner(signer)) return false;
            last = signer;
        }
        return true;
    }

    function _isOwner(address account) private view returns (bool) {
        for (uint256 i; i < _owners.length; ++i) {
            if (_owners[i] == account) return true;
        }
        return false;
    }
}
