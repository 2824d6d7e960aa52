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

    /// @dev Where a vote stood before ballots were counted, in one word: the extension in minutes, and above it the two
    /// facts below. Zero: it is not the last stretch, or the vote was prolonged already.
    uint256 private constant IS_QUORATE = 1 << 16;
    uint256 private constant IS_APPROVED = 1 << 17;

    /// @notice Sets the stretch of the proposals to come, in minutes; zero: no vote is prolonged.
    function set(uint16 extension) internal {
        if (extension > MAX_MINUTES) revert ExtensionTooLong(extension, MAX_MINUTES);
        ConfigStorage.state().lateExtension = extension;
        emit LateExtensionSet(extension);
    }

    /// @notice `votingEndsAt` as the proposal has it; of an unknown proposal it is zero, and counting the ballots refuses it.
    function markOf(bytes32 proposalId, uint256 votingEndsAt) internal view returns (uint256 mark) {
        unchecked {
            if (block.timestamp + MAX_MINUTES * 1 minutes <= votingEndsAt) return 0;
        }
        uint256 extension = ElectorateStorage.state().lateExtensions[proposalId];
        if (extension == 0 || block.timestamp + extension * 1 minutes <= votingEndsAt) return 0;
        (bool isQuorate, bool isApproved) = Proposals.outcomeOf(ProposalStorage.state().proposals[proposalId]);
        return extension | (isQuorate ? IS_QUORATE : 0) | (isApproved ? IS_APPROVED : 0);
    }

    /// @notice Prolongs the vote where the ballots counted since made the quorum, or made the plan pass.
    function settle(bytes32 proposalId, uint256 mark) internal {
        if (mark == 0) return;
        Proposal storage proposal = Proposals.load(proposalId);
        (bool isQuorate, bool isApproved) = Proposals.outcomeOf(proposal);
        bool isTurned = (isQuorate && mark & IS_QUORATE == 0) || (isApproved && mark & IS_APPROVED == 0);
        if (!isTurned) return;
        ElectorateStorage.state().lateExtensions[proposalId] = 0;
        uint40 votingEndsAt = uint40(block.timestamp + uint16(mark) * 1 minutes);
        proposal.scheduleBy += votingEndsAt - proposal.votingEndsAt;
        proposal.votingEndsAt = votingEndsAt;
        emit VotingExtended(proposalId, votingEndsAt);
    }
}

/// @notice Gives facets that count votes the `prolonging` modifier. A single ballot does the same on its way, for less.
abstract contract Prolonging {
    modifier prolonging(bytes32 proposalId) {
        uint256 votingEndsAt = ProposalStorage.state().proposals[proposalId].votingEndsAt;
        uint256 mark = LateVotes.markOf(proposalId, votingEndsAt);
        _;
        LateVotes.settle(proposalId, mark);
    }
}
