// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice One lock for everything that moves a proposal, and the mark of the batch in execution. Both are transient
/// (EIP-1153) and gone with the transaction.
library Lock {
    /// @notice A verb that moves a proposal was called from within another one.
    error Reentered();

    /// @notice A batch of a plan was executed by someone other than the registry.
    error NotAdvancing(bytes32 proposalId, uint256 tag);

    // keccak256("slipway.registry.lock") and keccak256("slipway.registry.executing")
    bytes32 private constant LOCK_SLOT = 0xa25080cd6cf42be1ead8f10c2ed50d9b150f0f56a7168dd659bf918f2d2e0daa;
    bytes32 private constant EXECUTING_SLOT = 0xd6c364862c0e3431b8b1728ee0fe848f02790064e5a7e93cf3ed81b682078305;

    function enter() internal {
        if (_load(LOCK_SLOT) != 0) revert Reentered();
        _store(LOCK_SLOT, bytes32(uint256(1)));
    }

    function exit() internal {
        _store(LOCK_SLOT, 0);
    }

    /// @notice Marks the batch `tag` of a proposal as being executed by the registry; `tag` and id zero unmark.
    function markExecuting(bytes32 proposalId, uint256 tag) internal {
        _store(EXECUTING_SLOT, keccak256(abi.encode(proposalId, tag)));
    }

    function unmarkExecuting() internal {
        _store(EXECUTING_SLOT, 0);
    }

    /// @notice Reverts unless exactly that batch is marked.
    function checkExecuting(bytes32 proposalId, uint256 tag) internal view {
        if (_load(EXECUTING_SLOT) != keccak256(abi.encode(proposalId, tag))) revert NotAdvancing(proposalId, tag);
    }

    function _load(bytes32 slot) private view returns (bytes32 word) {
        // Transient storage has no Solidity syntax for a namespaced slot.
        assembly ("memory-safe") {
            word := tload(slot)
        }
    }

    function _store(bytes32 slot, bytes32 word) private {
        assembly ("memory-safe") {
            tstore(slot, word)
        }
    }
}

/// @notice Gives facets the `locked` modifier.
abstract contract Locked {
    modifier locked() {
        Lock.enter();
        _;
        Lock.exit();
    }
}
