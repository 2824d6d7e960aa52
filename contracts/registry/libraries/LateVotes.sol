// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {ElectorateStorage} from "../storage/ElectorateStorage.sol";
import {Proposal, ProposalStorage} from "../storage/ProposalStorage.sol";
import {Proposals} from "./Proposals.sol";

/// @notice A vote that turns in its last stretch goes on for as long as that stretch, once: whoever waits until nobody
/// can answer is answered.
library LateVotes {
    error ExtensionTooLong(uint256 extension, uint256 max);

    /// @notice `extension` in minutes.
    event LateExtensionSet(uint16 extension);
    event VotingExtended(bytes32 indexed proposalId, uint64 votingEndsAt);

    /// @dev A day: ballots before the last day of a vote need not look further.
    uint256 internal constant MAX_MINUTES = 24 * 60;

    /// @dev Where a vote stood before ballots were counted.
    struct Mark {
        // Minutes; zero: it is not the last stretch, or the vote was prolonged already.
        uint256 extension;
        bool isQuorate;
        bool isApproved;
    }

    /// @notice Sets the stretch of the proposals to come, in minutes; zero: no vote is prolonged.
    function set(uint16 extension) internal {
        if (extension > MAX_MINUTES) revert ExtensionTooLong(extension, MAX_MINUTES);
        ConfigStorage.state().lateExtension = extension;
        emit LateExtensionSet(extension);
    }

    function markOf(bytes32 proposalId) internal view returns (Mark memory mark) {
        // Of an unknown proposal, nothing is found: counting the ballots refuses it.
        Proposal storage proposal = ProposalStorage.state().proposals[proposalId];
        uint256 votingEndsAt = proposal.votingEndsAt;
        if (block.timestamp + MAX_MINUTES * 1 minutes <= votingEndsAt) return mark;
        uint256 extension = ElectorateStorage.state().lateExtensions[proposalId];
        if (extension == 0 || block.timestamp + extension * 1 minutes <= votingEndsAt) return mark;
        mark.extension = extension;
        (mark.isQuorate, mark.isApproved) = Proposals.outcomeOf(proposal);
    }

    /// @notice Prolongs the vote where the ballots counted since made the quorum, or made the plan pass.
    function settle(bytes32 proposalId, Mark memory mark) internal {
        if (mark.extension == 0) return;
        Proposal storage proposal = Proposals.load(proposalId);
        (bool isQuorate, bool isApproved) = Proposals.outcomeOf(proposal);
        bool isTurned = (isQuorate && !mark.isQuorate) || (isApproved && !mark.isApproved);
        if (!isTurned) return;
        ElectorateStorage.state().lateExtensions[proposalId] = 0;
        uint40 votingEndsAt = uint40(block.timestamp + mark.extension * 1 minutes);
        proposal.scheduleBy += votingEndsAt - proposal.votingEndsAt;
        proposal.votingEndsAt = votingEndsAt;
        emit VotingExtended(proposalId, votingEndsAt);
    }
}

/// @notice Gives facets that count votes the `prolonging` modifier.
abstract contract Prolonging {
    modifier prolonging(bytes32 proposalId) {
        LateVotes.Mark memory mark = LateVotes.markOf(proposalId);
        _;
        LateVotes.settle(proposalId, mark);
    }
}
