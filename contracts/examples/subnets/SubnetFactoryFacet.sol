// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {GovernedDiamond} from "./GovernedDiamond.sol";
import {GovernedStorage} from "./GovernedStorage.sol";
import {ICutRehearsal, IDiamond, IDiamondCut, IDiamondLoupe} from "../../diamond/IDiamond.sol";
import {IGovernance} from "./IGovernance.sol";
import {ISubnetActorInit} from "./SubnetActorFacet.sol";

/// @notice A facet of new actors, and what it serves.
struct ActorFacet {
    address facet;
    bytes4[] selectors;
}

/// @notice What new actors are made of, and which were made.
library SubnetFactoryStorage {
    /// @custom:storage-location erc7201:slipway.examples.subnetFactory
    struct Layout {
        ActorFacet[] facets;
        address init;
        // Counts facet sets; zero: none was set yet.
        uint64 setNumber;
        mapping(bytes32 subnet => address) actors;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.examples.subnetFactory")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0xb841984c97672bfba9502e5139477b711bda398423bfef9a1e9cb595cf383200;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}

/// @notice Makes the actors of subnets. What a new one is made of is decided by plans of the factory's registry; an actor
/// answers to the registry of its own subnet from its first block on, and to the factory never.
contract SubnetFactoryFacet {
    error SubnetExists(bytes32 subnet, address actor);
    error SubnetNameEmpty();
    error FacetSetMissing();
    error FacetWithoutCode(address facet);
    error SelectorRepeated(bytes4 selector);
    /// @notice An actor without this function could not be looked into or upgraded.
    error SelectorMissing(bytes4 selector);

    event ActorFacetsSet(uint64 indexed setNumber, address init, ActorFacet[] facets);
    event SubnetCreated(bytes32 indexed subnet, address indexed actor, address indexed registry, uint64 setNumber);

    /// @notice Sets what actors to come are made of; those that exist stay as they are. Reverts with `NotGovernor` for
    /// anyone but the timelock, and for a set that could make no actor, or none that could be upgraded.
    /// @param init An `ISubnetActorInit`.
    function setActorFacets(ActorFacet[] calldata facets, address init) external {
        GovernedStorage.check();
        if (init.code.length == 0) revert FacetWithoutCode(init);
        _checkFacets(facets);
        SubnetFactoryStorage.Layout storage self = SubnetFactoryStorage.state();
        delete self.facets;
        for (uint256 i; i < facets.length; ++i) {
            ActorFacet storage facet = self.facets.push();
            facet.facet = facets[i].facet;
            facet.selectors = facets[i].selectors;
        }
        self.init = init;
        ++self.setNumber;
        emit ActorFacetsSet(self.setNumber, init, facets);
    }

    /// @notice Makes the actor of a new subnet. Caller: anyone; it gives him no power over the actor.
    /// @param registry Whose plans upgrade the actor.
    /// @param minStake Least stake of a validator, in wei.
    function createSubnet(bytes32 subnet, address registry, uint256 minStake) external returns (address actor) {
        SubnetFactoryStorage.Layout storage self = SubnetFactoryStorage.state();
        if (self.setNumber == 0) revert FacetSetMissing();
        if (subnet == 0) revert SubnetNameEmpty();
        if (self.actors[subnet] != address(0)) revert SubnetExists(subnet, self.actors[subnet]);
        IDiamond.FacetCut[] memory cuts = new IDiamond.FacetCut[](self.facets.length);
        for (uint256 i; i < cuts.length; ++i) {
            ActorFacet memory facet = self.facets[i];
            cuts[i] = IDiamond.FacetCut(facet.facet, IDiamond.FacetCutAction.Add, facet.selectors);
        }
        bytes memory data = abi.encodeCall(ISubnetActorInit.initialise, (subnet, minStake));
        actor = address(new GovernedDiamond(cuts, registry, self.init, data));
        self.actors[subnet] = actor;
        emit SubnetCreated(subnet, actor, registry, self.setNumber);
    }

    /// @notice The actor of a subnet; zero: none was made.
    function actorOf(bytes32 subnet) external view returns (address actor) {
        return SubnetFactoryStorage.state().actors[subnet];
    }

    /// @notice What actors to come are made of.
    function actorFacets() external view returns (ActorFacet[] memory facets, address init, uint64 setNumber) {
        SubnetFactoryStorage.Layout storage self = SubnetFactoryStorage.state();
        return (self.facets, self.init, self.setNumber);
    }

    /// @notice How many facet sets there were. One word, for gates and invariants.
    function actorSetNumber() external view returns (uint256 setNumber) {
        return SubnetFactoryStorage.state().setNumber;
    }

    function _checkFacets(ActorFacet[] calldata facets) private view {
        for (uint256 i; i < facets.length; ++i) {
            if (facets[i].facet.code.length == 0) revert FacetWithoutCode(facets[i].facet);
            for (uint256 j; j < facets[i].selectors.length; ++j) {
                if (_count(facets, facets[i].selectors[j]) > 1) revert SelectorRepeated(facets[i].selectors[j]);
            }
        }
        // What `GovernedDiamond` protects.
        _require(facets, IDiamondCut.diamondCut.selector);
        _require(facets, ICutRehearsal.rehearseCut.selector);
        _require(facets, IDiamondLoupe.facets.selector);
        _require(facets, IDiamondLoupe.facetAddress.selector);
        _require(facets, IGovernance.setUpgradeRegistry.selector);
        _require(facets, IGovernance.upgradeRegistry.selector);
    }

    function _require(ActorFacet[] calldata facets, bytes4 selector) private pure {
        if (_count(facets, selector) == 0) revert SelectorMissing(selector);
    }

    function _count(ActorFacet[] calldata facets, bytes4 selector) private pure returns (uint256 count) {
        for (uint256 i; i < facets.length; ++i) {
            for (uint256 j; j < facets[i].selectors.length; ++j) {
                if (facets[i].selectors[j] == selector) ++count;
            }
        }
    }
}
