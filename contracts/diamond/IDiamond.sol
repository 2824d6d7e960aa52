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
    /// @notice Adds, replaces and removes selectors, then delegatecalls `_init` with `_calldata`, both empty where there is
    /// nothing to initialise.
    function diamondCut(FacetCut[] calldata _diamondCut, address _init, bytes calldata _calldata) external;
}

interface ICutRehearsal {
    /// @notice Part of `diamondCut`: undoes the latest cut through the diamond's present facets, and always reverts, so
    /// that nothing of it stays.
    /// @dev Reverts with `CutRehearsed` where the way back works; with `LoupeWrong`, `InverseCutRefused` or
    /// `RouteNotRestored` where it does not; with `NotTimelock` for anyone else.
    /// @param selectors Those that the cut named.
    /// @param facets Those that served them before the cut; zero: none.
    function rehearseCut(bytes4[] calldata selectors, address[] calldata facets) external;
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
