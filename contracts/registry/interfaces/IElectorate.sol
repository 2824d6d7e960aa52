// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ballot, Choice, WalletBallot} from "./IBallots.sol";
import {ElectorateDraft, ElectorateHeader, ElectorateKind, Seat, TokenElectorate} from "../../types/Electorate.sol";
import {Fraction} from "../../types/Fraction.sol";
import {PlanClass} from "../../types/Plan.sol";

/// @notice Who votes on the proposals to come, stored as contract code. See `Electorates` and `ElectorateDrafts` for
/// errors and events.
interface IElectorateFacet {
    /// @notice Stores the electorate of the next proposals; proposals made before keep theirs. Seats are strictly
    /// increasing by account; 1 to 512 of them. `unit` says what one unit of power is. Caller: timelock.
    function setElectorate(Seat[] calldata seats, bytes32 unit) external;

    /// @notice Makes the delegates of an ERC-5805 token the electorate of the next proposals. Caller: timelock.
    function setTokenElectorate(TokenElectorate calldata token, bytes32 unit) external;

    /// @notice Stores the next chunk of a draft of up to 100,352 seats: 512 of them, fewer only in the last one. `rest` is
    /// the root of the chunks that follow, zero after the last. A stored draft has no effect. Caller: anyone.
    function addChunk(ElectorateDraft calldata draft, Seat[] calldata seats, bytes32 rest) external;

    /// @notice Makes a complete draft the electorate of the next proposals. Caller: timelock.
    function activateElectorate(ElectorateDraft calldata draft) external;

    /// @notice Sets the share of total power that one seat may exert in plans of a class, from the next electorate on.
    /// Caller: timelock.
    function setMaxPower(PlanClass planClass, Fraction calldata maxPower) external;

    /// @notice Sets the share of the whole from which an elector may propose; zero: none may. Caller: timelock.
    function setProposalThreshold(Fraction calldata threshold) external;

    /// @notice The share of the whole from which an elector may propose; zero: none may.
    function proposalThreshold() external view returns (Fraction memory threshold);

    /// @notice Sets for how many minutes (0 to 1,440; zero: never) a vote goes on, once, when it makes its quorum or comes
    /// to pass within that time of its end; of the proposals to come. Caller: timelock.
    function setLateExtension(uint16 extension) external;

    /// @notice Minutes by which votes that turn late are prolonged, once; of the proposals to come.
    function lateExtension() external view returns (uint16 extension);

    /// @notice The current electorate, its epoch and kind.
    function electorate() external view returns (address pointer, uint64 epoch, ElectorateKind kind);

    /// @notice The share that caps the seats of the next electorate in plans of a class.
    function maxPowerOf(PlanClass planClass) external view returns (Fraction memory maxPower);

    /// @notice Header of a stored electorate.
    function electorateHeader(address pointer) external view returns (ElectorateHeader memory header);

    /// @notice Seat number `index` of a stored electorate.
    function seatAt(address pointer, uint256 index) external view returns (Seat seat);

    /// @notice `count` seats of a stored electorate from `first` on, in order; fewer where it ends.
    function seatsOf(address pointer, uint256 first, uint256 count) external view returns (Seat[] memory seats);

    /// @notice How many seats of a draft are stored, and the electorate, once all are.
    function draftOf(ElectorateDraft calldata draft) external view returns (uint32 seats, address pointer);
}

/// @notice Votes with a token's power at the time of `propose`. See `TokenElectorates` for errors and events.
interface ITokenElectorateFacet {
    /// @notice Lists delegates with the power that the token says they held: up to 512, strictly increasing, once a
    /// proposal. They vote by seat from then on, all others by `castUnlistedVote`. Caller: anyone, as soon as the token's
    /// clock has moved on.
    function snapshotDelegates(bytes32 proposalId, address[] calldata accounts) external;

    /// @notice Votes without a seat. `next` is the first seat whose account is larger than the caller, or the number of
    /// seats. Caller: a delegate who was not listed.
    function castUnlistedVote(bytes32 proposalId, Choice choice, uint256 next) external;

    /// @notice The same with ballots signed as for `castVotesBySig`; `seat` of each is its signer's `next`. A bad one is
    /// skipped and reported. Caller: anyone.
    function castUnlistedVotesBySig(
        bytes32 proposalId,
        Choice choice,
        Ballot[] calldata ballots
    ) external returns (uint256 counted);

    /// @notice The same for contracts; each signature is the delegate's address, then what it takes for one (ERC-1271), on
    /// the terms of `castVotesByWalletSig`. Caller: anyone.
    function castUnlistedVotesByWalletSig(
        bytes32 proposalId,
        Choice choice,
        WalletBallot[] calldata ballots
    ) external returns (uint256 counted);

    /// @notice `signalReady` without a seat, once; `next` as in `castUnlistedVote`. Caller: a delegate who was not listed.
    function signalReadyUnlisted(bytes32 proposalId, uint256 next) external;

    /// @notice The time at which a proposal's power is read, by the token's clock. Zero: its electorate is no token's.
    function timepointOf(bytes32 proposalId) external view returns (uint48 timepoint);

    /// @notice Whether a delegate without a seat has voted.
    function hasVotedUnlisted(bytes32 proposalId, address account) external view returns (bool);

    /// @notice Whether a delegate without a seat has signalled.
    function isReadyUnlisted(bytes32 proposalId, address account) external view returns (bool);
}
