// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a diamond's router is made for: one pair of facets. All routers of one canary have the same policy, the
/// same policy id and the same leader.
struct DiamondTarget {
    // Serves the selectors today. For selectors that the candidate adds: an account that refuses them.
    address stable;
    address candidate;
    // Installs and steers: the timelock, which cuts the diamond.
    address controller;
    // May only tighten: the registry.
    address guardian;
    // Separates this canary's storage from every other's in the same diamond.
    bytes32 policyId;
    // Facet that serves `facetAddress`: its code is asked, not the diamond.
    address loupe;
    // Facet that serves `diamondCut`: the way back leads through it.
    address cutFacet;
    // The router that serves `traffic`; zero: this one.
    address leader;
    // Stable has none of the selectors, so that the candidate's reverts are the user's.
    bool isAddition;
}
