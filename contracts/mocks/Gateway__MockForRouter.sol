// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A published implementation with one function spoilt: it writes a slot first or, where there is none, does
/// nothing at all.
contract Gateway__MockForRouter {
    address private immutable _published;
    bytes4 private immutable _spoilt;
    bytes32 private immutable _slot;
    bytes32 private immutable _word;

    constructor(address published, bytes4 spoilt, bytes32 slot, bytes32 word) {
        _published = published;
        _spoilt = spoilt;
        _slot = slot;
        _word = word;
    }

    // solhint-disable-next-line no-complex-fallback, payable-fallback
    fallback() external payable {
        address published = _published;
        bytes32 slot = _slot;
        bytes32 word = _word;
        bool isSpoilt = msg.sig == _spoilt;
        assembly {
            if isSpoilt {
                if iszero(slot) {
                    return(0, 0)
                }
                sstore(slot, word)
            }
            calldatacopy(0, 0, calldatasize())
            let isOk := delegatecall(gas(), published, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if isOk {
                return(0, returndatasize())
            }
            revert(0, returndatasize())
        }
    }
}
