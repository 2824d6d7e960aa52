// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ballot, Choice, IBallotFacet, WalletBallot} from "../interfaces/IBallots.sol";
import {Electorates} from "./Electorates.sol";
import {Ending, Proposal, ProposalStorage} from "../storage/ProposalStorage.sol";
import {LateVotes} from "./LateVotes.sol";
import {PlanClass} from "../../types/Plan.sol";
import {ProposalState} from "../../types/ProposalState.sol";
import {Proposals} from "./Proposals.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Votes. A seat votes once; its bit is what prevents replay, by call, by signature or by batch.
/// @dev A ballot touches the two slots that `propose` wrote for it, and from seat 176 on the word of its seat's bit.
library Ballots {
    error AlreadyVoted(bytes32 proposalId, uint256 seat);

    event VoteCast(bytes32 indexed proposalId, address indexed voter, uint256 seat, Choice choice, uint96 power);
    event VoteCastWithReason(
        bytes32 indexed proposalId,
        address indexed voter,
        uint256 seat,
        Choice choice,
        uint96 power,
        string reason
    );
    /// @notice A ballot in a batch did not count; the others did. The signer is unknown where a wallet refused.
    event BallotSkipped(bytes32 indexed proposalId, uint256 seat, address signer);

    bytes32 internal constant BALLOT_TYPEHASH = keccak256("Ballot(bytes32 proposalId,uint8 choice)");

    /// @dev Where the fields that a ballot touches lie in the first two slots of a `Proposal`, in bits.
    uint256 private constant FOR_POWER = 160;
    uint256 private constant ENDING = 40;
    uint256 private constant PLAN_CLASS = 48;
    uint256 private constant VOTERS = 56;
    uint256 private constant FIRST_SEATS = 80;
    /// @dev How many seats have their bit there; the others have it in `Proposal.voted`.
    uint256 private constant FIRST_COUNT = 176;
    /// @dev Words of `VotesCast` before its seats: choice, power, offset and length of the list.
    uint256 private constant HEAD = 4;

    /// @dev A batch being counted. `_claim` finds the fields by their order.
    struct Run {
        // The code that holds the seats from `first` on, `count` of them, beginning at byte `offset`.
        address code;
        uint256 first;
        uint256 count;
        uint256 offset;
        uint256 cap;
        // The seats whose bits are at hand, and the bits as they will be.
        uint256 pageFirst;
        uint256 pageCount;
        uint256 bits;
        uint256 power;
        uint256 counted;
        // Data of the event: `HEAD` words, then the seats that counted.
        uint256[] words;
        bytes32 digest;
        Electorates.Roll roll;
        // The seats whose code and bits are both at hand: `reach` of them, from `from` on.
        uint256 from;
        uint256 reach;
    }

    function cast(bytes32 proposalId, Choice choice, uint256 seat) internal {
        uint96 power = _cast(proposalId, choice, seat);
        emit VoteCast(proposalId, msg.sender, seat, choice, power);
    }

    function castWithReason(bytes32 proposalId, Choice choice, uint256 seat, string calldata reason) internal {
        uint96 power = _cast(proposalId, choice, seat);
        emit VoteCastWithReason(proposalId, msg.sender, seat, choice, power, reason);
    }

    /// @notice Counts the good ballots of a batch and reports the others: one bad signature is no veto.
    function castBySig(
        bytes32 proposalId,
        Choice choice,
        Ballot[] calldata ballots
    ) internal returns (uint256 counted) {
        Proposal storage proposal = _voting(proposalId);
        Run memory run = _open(proposalId, proposal, choice, ballots.length);
        bytes32 digest = run.digest;
        for (uint256 i; i < ballots.length;) {
            (uint256 seat, address signer) = Signatures.seatAndSignerOf(digest, ballots, i);
            if (!_claim(proposal, run, seat, signer)) emit BallotSkipped(proposalId, seat, signer);
            unchecked {
                ++i;
            }
        }
        return _close(proposalId, proposal, choice, run);
    }

    /// @notice The same for signatures of any length, so that wallets can vote. A wallet that burns its gas or returns too
    /// much is a bad ballot.
    function castByWalletSig(
        bytes32 proposalId,
        Choice choice,
        WalletBallot[] calldata ballots
    ) internal returns (uint256 counted) {
        Proposal storage proposal = _voting(proposalId);
        Run memory run = _open(proposalId, proposal, choice, ballots.length);
        for (uint256 i; i < ballots.length; ++i) {
            uint256 seat = ballots[i].seat;
            address voter = Electorates.accountAt(run.roll, seat);
            bool isSigned = Signatures.isSignedBy(voter, run.digest, ballots[i].signature);
            if (!isSigned || !_claim(proposal, run, seat, voter)) {
                emit BallotSkipped(proposalId, seat, isSigned ? voter : address(0));
            }
        }
        return _close(proposalId, proposal, choice, run);
    }

    function hasVoted(Proposal storage proposal, uint256 seat) internal view returns (bool) {
        uint256 bits = seat < FIRST_COUNT ? proposal.firstSeats : proposal.voted[seat >> 8];
        return bits & (1 << (seat & 0xff)) != 0;
    }

    /// @notice Counts the power of `voters`. The sums fit: an electorate's total was checked against the field's width when
    /// it was stored.
    function count(Proposal storage proposal, Choice choice, uint256 power, uint256 voters) internal {
        if (choice == Choice.For) proposal.forPower += uint72(power);
        else if (choice == Choice.Against) proposal.againstPower += uint72(power);
        else proposal.abstainPower += uint72(power);
        proposal.voters += uint24(voters);
    }

    /// @dev Reads and writes each of the two slots once; Solidity would do so for every field.
    function _cast(bytes32 proposalId, Choice choice, uint256 seat) private returns (uint96 power) {
        Proposal storage proposal = ProposalStorage.state().proposals[proposalId];
        (uint256 first, uint256 second) = _load(proposal);
        _requireVoting(proposalId, second);
        uint256 mark = LateVotes.markOf(proposalId, uint40(second));
        PlanClass planClass = PlanClass(uint8(second >> PLAN_CLASS));
        power = Electorates.clippedPowerAt(address(uint160(first)), planClass, seat, msg.sender);
        if (seat < FIRST_COUNT) {
            uint256 bit = (1 << FIRST_SEATS) << seat;
            if (second & bit != 0) revert AlreadyVoted(proposalId, seat);
            second |= bit;
        } else {
            uint256 bit = 1 << (seat & 0xff);
            uint256 bits = proposal.voted[seat >> 8];
            if (bits & bit != 0) revert AlreadyVoted(proposalId, seat);
            proposal.voted[seat >> 8] = bits | bit;
        }
        if (choice == Choice.For) {
            unchecked {
                uint256 sum = uint72(first >> FOR_POWER) + uint256(power);
                if (sum > type(uint72).max) revert Electorates.PowerTooLarge(sum, type(uint72).max);
                first += uint256(power) << FOR_POWER;
            }
        } else if (choice == Choice.Against) {
            proposal.againstPower += uint72(power);
        } else {
            proposal.abstainPower += uint72(power);
        }
        unchecked {
            // There are fewer seats than the field counts.
            second += 1 << VOTERS;
        }
        assembly ("memory-safe") {
            if eq(choice, 1) {
                sstore(proposal.slot, first)
            }
            sstore(add(proposal.slot, 1), second)
        }
        LateVotes.settle(proposalId, mark);
    }

    function _voting(bytes32 proposalId) private view returns (Proposal storage proposal) {
        proposal = ProposalStorage.state().proposals[proposalId];
        (, uint256 second) = _load(proposal);
        _requireVoting(proposalId, second);
    }

    function _load(Proposal storage proposal) private view returns (uint256 first, uint256 second) {
        assembly ("memory-safe") {
            first := sload(proposal.slot)
            second := sload(add(proposal.slot, 1))
        }
    }

    /// @dev What `Proposals.statusOf` says of the voting period, from a slot that a ballot needs anyway: halts do not stop
    /// it, and nothing is scheduled before its end.
    function _requireVoting(bytes32 proposalId, uint256 second) private view {
        if (uint40(second) > block.timestamp && uint8(second >> ENDING) == uint8(Ending.None)) return;
        Proposals.load(proposalId);
        Proposals.requireState(proposalId, ProposalState.Voting);
    }

    function _open(
        bytes32 proposalId,
        Proposal storage proposal,
        Choice choice,
        uint256 ballots
    ) private view returns (Run memory run) {
        // One digest serves the whole batch.
        run.digest = Proposals.digestOf(keccak256(abi.encode(BALLOT_TYPEHASH, proposalId, choice)));
        run.roll = Electorates.rollOf(proposal);
        run.cap = run.roll.cap;
        run.words = new uint256[](HEAD + ballots);
    }

    /// @dev Takes the ballot of a seat into the batch; false where nobody of that name sits there, or where it has voted.
    function _claim(
        Proposal storage proposal,
        Run memory run,
        uint256 seat,
        address voter
    ) private returns (bool isCounted) {
        unchecked {
            // Below `from` the difference is a very large number.
            if (seat - run.from >= run.reach) {
                if (seat >= run.roll.seats) return false;
                _turnTo(proposal, run, seat);
            }
        }
        // Every ballot of a batch comes through here. In words: read the seat; where the voter sits there and its bit is
        // clear, set the bit, add the clipped power, and put the seat on the list.
        assembly ("memory-safe") {
            let at := add(mload(add(run, 0x60)), shl(5, sub(seat, mload(add(run, 0x20)))))
            extcodecopy(mload(run), 0x00, at, 0x20)
            let word := mload(0x00)
            let bit := shl(and(seat, 0xff), 1)
            let bits := mload(add(run, 0xe0))
            if iszero(or(or(iszero(voter), xor(shr(96, word), voter)), and(bits, bit))) {
                mstore(add(run, 0xe0), or(bits, bit))
                let power := and(word, 0xffffffffffffffffffffffff)
                let cap := mload(add(run, 0x80))
                if gt(power, cap) {
                    power := cap
                }
                mstore(add(run, 0x100), add(mload(add(run, 0x100)), power))
                let counted := mload(add(run, 0x120))
                mstore(add(run, 0x120), add(counted, 1))
                // After the list's length, the event's four words and the seats before.
                mstore(add(mload(add(run, 0x140)), shl(5, add(counted, 5))), seat)
                isCounted := 1
            }
        }
    }

    /// @dev Brings the code and the bits of a seat that exists to hand.
    function _turnTo(Proposal storage proposal, Run memory run, uint256 seat) private {
        (run.code, run.first, run.count, run.offset) = Electorates.rangeOf(run.roll, seat);
        _keepBits(proposal, run);
        if (seat < FIRST_COUNT) {
            run.pageFirst = 0;
            run.pageCount = FIRST_COUNT;
            run.bits = proposal.firstSeats;
        } else {
            // The first word has only what the first slot has not.
            run.pageFirst = seat < 256 ? FIRST_COUNT : (seat >> 8) << 8;
            run.pageCount = 256 - (run.pageFirst & 0xff);
            run.bits = proposal.voted[seat >> 8];
        }
        uint256 codeEnd = run.first + run.count;
        uint256 pageEnd = run.pageFirst + run.pageCount;
        run.from = run.first > run.pageFirst ? run.first : run.pageFirst;
        run.reach = (codeEnd < pageEnd ? codeEnd : pageEnd) - run.from;
    }

    function _keepBits(Proposal storage proposal, Run memory run) private {
        if (run.pageCount == 0) return;
        if (run.pageFirst == 0) proposal.firstSeats = uint176(run.bits);
        else proposal.voted[run.pageFirst >> 8] = run.bits;
    }

    function _close(
        bytes32 proposalId,
        Proposal storage proposal,
        Choice choice,
        Run memory run
    ) private returns (uint256 counted) {
        counted = run.counted;
        if (counted == 0) return 0;
        _keepBits(proposal, run);
        count(proposal, choice, run.power, counted);
        uint256[] memory words = run.words;
        words[0] = uint256(choice);
        words[1] = run.power;
        words[2] = 0x60;
        words[3] = counted;
        bytes32 topic = IBallotFacet.VotesCast.selector;
        // `emit VotesCast(proposalId, choice, power, seats)`, without copying the seats.
        assembly ("memory-safe") {
            log2(add(words, 0x20), shl(5, add(HEAD, counted)), topic, proposalId)
        }
    }
}
