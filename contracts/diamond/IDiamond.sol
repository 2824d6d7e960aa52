// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice ERC-2535 (https://eips.ethereum.org/EIPS/eip-2535).
interface IDiamond {
    enum FacetCutAction {
        Add,
        Replace,
        Remove
    }

    struct FacetCut {
        address facetAddress;
        FacetCutAction action;
        bytes4[] functionSelectors;
    }

    event DiamondCut(FacetCut[] _diamondCut, address _init, bytes _calldata);
}

interface IDiamondCut is IDiamond {
    /// @notice Adds, replaces and removes selectors, then delegatecalls `_init` with `_calldata` where `_init` is not zero.
    function diamondCut(FacetCut[] calldata _diamondCut, address _init, bytes calldata _calldata) external;
}

interface IDiamondLoupe {
    struct Facet {
        address facetAddress;
        bytes4[] functionSelectors;
    }

    function facets() external view returns (Facet[] memory facets_);

    function facetFunctionSelectors(address _facet) external view returns (bytes4[] memory selectors_);

    function facetAddresses() external view returns (address[] memory addresses_);

    function facetAddress(bytes4 _functionSelector) external view returns (address facetAddress_);
}
