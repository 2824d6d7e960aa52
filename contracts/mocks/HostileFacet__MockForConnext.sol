// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice In place of a facet of Connext's diamond: one of its views, which takes the diamond over, and a function that
/// the diamond has not.
contract HostileFacet__MockForConnext {
    error NotYet(uint256 code);

    /// @notice Makes the caller the owner, who may cut. LibDiamond keeps it in the fifth slot of its storage.
    function delay() external returns (uint256) {
        bytes32 slot = bytes32(uint256(keccak256("diamond.standard.diamond.storage")) + 4);
        assembly {
            sstore(slot, caller())
        }
        return 0;
    }

    function added() external pure returns (uint256) {
        return 7;
    }

    function refusing(uint256 code) external pure {
        revert NotYet(code);
    }
}
