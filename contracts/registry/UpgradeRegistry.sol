// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {ClassPolicy, CouncilConfig} from "../types/Policy.sol";
import {ConfigStorage} from "./storage/ConfigStorage.sol";
import {Council} from "./libraries/Council.sol";
import {Diamond} from "../diamond/Diamond.sol";
import {DiamondCuts} from "../diamond/DiamondCuts.sol";
import {Electorates} from "./libraries/Electorates.sol";
import {Fraction} from "../types/Fraction.sol";
import {IAttestationFacet} from "./interfaces/IEvidence.sol";
import {IBallotFacet} from "./interfaces/IBallots.sol";
import {IConfigFacet} from "./interfaces/IConfig.sol";
import {IProposalFacet, IProposalViewFacet} from "./interfaces/IProposals.sol";
import {IReadinessFacet} from "./interfaces/IReadiness.sol";
import {IStageFacet} from "./interfaces/IStages.sol";
import {IDiamond, IDiamondCut, IDiamondLoupe} from "../diamond/IDiamond.sol";
import {Pins} from "./libraries/Pins.sol";
import {PlanClass} from "../types/Plan.sol";
import {Policies} from "./libraries/Policies.sol";
import {Roles} from "./libraries/Roles.sol";
import {Seat, TokenElectorate} from "../types/Electorate.sol";
import {TokenElectorates} from "./libraries/TokenElectorates.sol";
import {UpgradeTimelock} from "../timelock/UpgradeTimelock.sol";

/// @notice Who holds which role from the first block on.
struct RoleHolders {
    address[] release;
    address[] risk;
    address[] incident;
    address[] attesters;
    address[] maintainers;
    address[] auditors;
}

/// @notice A facet, and the selectors it serves, four bytes each: in words they would not fit a creation (EIP-3860).
struct PackedFacet {
    address facet;
    bytes selectors;
}

/// @notice Everything a registry starts with.
struct RegistryConfig {
    PackedFacet[] facets;
    RoleHolders roles;
    // By `PlanClass`.
    ClassPolicy[3] policies;
    CouncilConfig council;
    // By `PlanClass`.
    Fraction[3] maxPower;
    // The first electorate: these seats, or the delegates of a token, where one is named.
    Seat[] seats;
    TokenElectorate token;
    // What one unit of power is.
    bytes32 unit;
    // An existing timelock that will make the registry its proposer, canceller and executor. Zero: deploy one.
    address timelock;
    // Seconds; of the timelock to deploy.
    uint256 timelockMinDelay;
    // A `RecoveryProposer` for the timelock to deploy, not bound yet. Zero: there is no way to recover.
    address recovery;
}

/// @notice The control plane: who agreed to what, and when. A diamond (ERC-2535) that holds the facts of every plan and
/// is the only hand on the timelock. Start reading at `libraries/Proposals.sol`.
/// @dev Made whole in one transaction: there is no moment at which a deployer could still change it.
contract UpgradeRegistry is Diamond {
    /// @notice Only the timelock that the registry deploys can be given a recovery proposer here.
    error RecoveryUnused(address timelock, address recovery);

    event TimelockSet(address indexed timelock);

    constructor(RegistryConfig memory config) {
        DiamondCuts.found(_unpack(config.facets));
        _protect();
        DiamondCuts.announce(type(IERC165).interfaceId);
        DiamondCuts.announce(type(IDiamondCut).interfaceId);
        DiamondCuts.announce(type(IDiamondLoupe).interfaceId);

        if (config.timelock == address(0)) {
            config.timelock = address(new UpgradeTimelock(config.timelockMinDelay, address(this), config.recovery));
        } else {
            Pins.checkCode(config.timelock);
            if (config.recovery != address(0)) revert RecoveryUnused(config.timelock, config.recovery);
        }
        ConfigStorage.state().timelock = config.timelock;
        emit TimelockSet(config.timelock);

        _grant(Roles.RELEASE, config.roles.release);
        _grant(Roles.RISK, config.roles.risk);
        _grant(Roles.INCIDENT, config.roles.incident);
        _grant(Roles.ATTESTER, config.roles.attesters);
        _grant(Roles.MAINTAINER, config.roles.maintainers);
        _grant(Roles.AUDITOR, config.roles.auditors);
        for (uint256 i; i < config.policies.length; ++i) Policies.set(PlanClass(i), config.policies[i]);
        Council.set(config.council);
        for (uint256 i; i < config.maxPower.length; ++i) Electorates.setMaxPower(PlanClass(i), config.maxPower[i]);
        if (config.token.token == address(0)) Electorates.store(config.seats, config.unit);
        else TokenElectorates.store(config.token, config.unit);
    }

    /// @dev What it takes to look into the registry, to change it, and to carry a plan from its proposal to its end or
    /// back: without any of these nothing could ever be repaired. A cut may replace them, never remove them.
    function _protect() private {
        _protectAll(
            (bytes32(IDiamondCut.diamondCut.selector) >> 0) |
                (bytes32(IDiamondLoupe.facets.selector) >> 32) |
                (bytes32(IDiamondLoupe.facetFunctionSelectors.selector) >> 64) |
                (bytes32(IDiamondLoupe.facetAddresses.selector) >> 96) |
                (bytes32(IDiamondLoupe.facetAddress.selector) >> 128) |
                (bytes32(IERC165.supportsInterface.selector) >> 160) |
                (bytes32(IConfigFacet.timelock.selector) >> 192) |
                (bytes32(IProposalFacet.propose.selector) >> 224)
        );
        _protectAll(
            // Read by `propose` and `cancel`.
            (bytes32(IProposalViewFacet.stateOf.selector) >> 0) |
                (bytes32(IBallotFacet.castVote.selector) >> 32) |
                (bytes32(IAttestationFacet.attest.selector) >> 64) |
                (bytes32(IReadinessFacet.signalReady.selector) >> 96) |
                (bytes32(IReadinessFacet.schedule.selector) >> 128) |
                (bytes32(IStageFacet.advance.selector) >> 160) |
                (bytes32(IStageFacet.rollback.selector) >> 192) |
                (bytes32(IStageFacet.onlyWhileAdvancing.selector) >> 224)
        );
        // Called by `propose` for a plan that cites an artifact, a parent or a rehearsal.
        _protectAll(bytes32(IAttestationFacet.cite.selector));
    }

    /// @dev Up to eight selectors in one word: a call for each of them would not fit next to 512 seats (EIP-3860).
    function _protectAll(bytes32 selectors) private {
        for (; selectors != 0; selectors <<= 32) DiamondCuts.protect(bytes4(selectors));
    }

    function _unpack(PackedFacet[] memory facets) private pure returns (IDiamond.FacetCut[] memory cuts) {
        cuts = new IDiamond.FacetCut[](facets.length);
        for (uint256 i; i < facets.length; ++i) {
            bytes memory packed = facets[i].selectors;
            bytes4[] memory selectors = new bytes4[](packed.length / 4);
            for (uint256 j; j < selectors.length; ++j) {
                bytes4 selector;
                // No slice of bytes in memory without a copy: four of them, at a place inside the array.
                assembly ("memory-safe") {
                    selector := mload(add(add(packed, 0x20), mul(j, 4)))
                }
                selectors[j] = selector;
            }
            cuts[i] = IDiamond.FacetCut(facets[i].facet, IDiamond.FacetCutAction.Add, selectors);
        }
    }

    function _grant(bytes32 role, address[] memory accounts) private {
        for (uint256 i; i < accounts.length; ++i) Roles.grant(role, accounts[i]);
    }
}
