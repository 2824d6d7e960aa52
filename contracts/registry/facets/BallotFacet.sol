// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ballot, Choice, IBallotFacet} from "../interfaces/IUpgradeRegistry.sol";
import {Ballots} from "../libraries/Ballots.sol";
import {Proposals} from "../libraries/Proposals.sol";
import {SeatBits} from "../libraries/SeatBits.sol";

contract BallotFacet is IBallotFacet {
    using SeatBits for mapping(uint256 => uint256);

    /// @inheritdoc IBallotFacet
    function castVote(bytes32 proposalId, Choice choice, uint256 seat) external {
        Ballots.cast(proposalId, choice, seat);
    }

    /// @inheritdoc IBallotFacet
    function castVotesBySig(
        bytes32 proposalId,
        Choice choice,
        Ballot[] calldata ballots
    ) external returns (uint256 counted) {
        return Ballots.castBySig(proposalId, choice, ballots);
    }

    /// @inheritdoc IBallotFacet
    function hasVoted(bytes32 proposalId, uint256 seat) external view returns (bool) {
        return Proposals.load(proposalId).voted.isSet(seat);
    }
}
