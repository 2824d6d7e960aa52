// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IArtifactFacet} from "./IArtifacts.sol";
import {IAttestationFacet} from "./IEvidence.sol";
import {IBallotFacet} from "./IBallots.sol";
import {IConfigFacet} from "./IConfig.sol";
import {IContainmentFacet, ICouncilRollbackFacet, IEmergencyFacet, IRecoveryFacet} from "./IEmergency.sol";
import {IElectorateFacet, ITokenElectorateFacet} from "./IElectorate.sol";
import {IElectorProposalFacet, IProposalFacet, IProposalViewFacet} from "./IProposals.sol";
import {IFeatureFlagFacet, IModuleFacet} from "./IModules.sol";
import {IInvariantFacet} from "./IInvariants.sol";
import {ILaneFacet} from "./ILanes.sol";
import {IReadinessFacet} from "./IReadiness.sol";
import {IRevalidationFacet, IStageFacet} from "./IStages.sol";

/// @notice The whole registry, without ERC-2535's own verbs.
interface IUpgradeRegistry is
    IProposalFacet,
    IProposalViewFacet,
    IBallotFacet,
    IElectorateFacet,
    ITokenElectorateFacet,
    IElectorProposalFacet,
    IAttestationFacet,
    IReadinessFacet,
    IArtifactFacet,
    IStageFacet,
    IRevalidationFacet,
    IInvariantFacet,
    IModuleFacet,
    IFeatureFlagFacet,
    IEmergencyFacet,
    ILaneFacet,
    IRecoveryFacet,
    ICouncilRollbackFacet,
    IContainmentFacet,
    IConfigFacet
{}
