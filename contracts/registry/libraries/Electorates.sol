// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Clip, ElectorateHeader, ElectorateKind, Seat} from "../../types/Electorate.sol";
import {CodeStore} from "./CodeStore.sol";
import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {ElectorateStorage} from "../storage/ElectorateStorage.sol";
import {Fraction, FractionLib} from "../../types/Fraction.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {PlanClass} from "../../types/Plan.sol";
import {Proposal} from "../storage/ProposalStorage.sol";

/// @notice Who votes, with what power: an immutable list in contract code, strictly increasing by account. A ballot
/// names its seat, so that checking one costs one code read (two, where the list is in chunks) whatever the number of
/// seats.
library Electorates {
    error SeatCountInvalid(uint256 count, uint256 max);
    error SeatsNotIncreasing(uint256 index, address previous, address account);
    error SeatEmpty(uint256 index);
    /// @notice A power, or a sum of powers, does not fit; use a larger unit.
    error PowerTooLarge(uint256 total, uint256 max);
    error SeatUnknown(uint256 seat, uint256 seats);
    /// @notice It is no contract with a clock (ERC-6372), or its clock stands at zero.
    error TokenInvalid(address token);
    /// @notice The caller, or the signer, does not sit there.
    error SeatMismatch(uint256 seat, address expected, address actual);

    event ElectorateSet(
        address indexed pointer,
        uint64 indexed epoch,
        ElectorateKind kind,
        uint32 seats,
        uint96 total,
        bytes32 unit
    );
    event MaxPowerSet(PlanClass indexed planClass, uint32 numerator, uint32 denominator);

    uint256 internal constant MAX_TOTAL = type(uint72).max;
    /// @dev Seats that one contract's code holds.
    uint256 internal constant CHUNK = 512;
    uint256 internal constant CLASSES = 3;
    /// @dev Header words: kind, seats and total; cap and clipped total by class; unit; token and its unit; timepoint.
    uint256 internal constant HEADER = 32 * 7;

    /// @dev What it takes to look up a seat.
    struct Roll {
        address pointer;
        bool isChunked;
        uint256 seats;
        uint96 cap;
    }

    /// @notice Stores the electorate of the proposals to come.
    function store(Seat[] memory seats, bytes32 unit) internal {
        if (seats.length == 0 || seats.length > CHUNK) revert SeatCountInvalid(seats.length, CHUNK);
        ElectorateHeader memory header;
        header.kind = ElectorateKind.Listed;
        header.seats = uint32(seats.length);
        header.unit = unit;
        uint256 total;
        for (uint256 i; i < seats.length; ++i) total += seats[i].power();
        if (total > MAX_TOTAL) revert PowerTooLarge(total, MAX_TOTAL);
        header.total = uint96(total);
        for (uint256 i; i < CLASSES; ++i) header.clips[i].cap = capOf(PlanClass(i), total);
        walk(seats, 0, address(0), header.clips);
        use(CodeStore.write(abi.encodePacked(encode(header), seats)), header);
    }

    /// @notice Makes a stored electorate that of the proposals to come.
    function use(address pointer, ElectorateHeader memory header) internal {
        ConfigStorage.Layout storage config = ConfigStorage.state();
        config.electorate = pointer;
        config.electorateKind = header.kind;
        uint64 epoch = ++config.epoch;
        emit ElectorateSet(pointer, epoch, header.kind, header.seats, header.total, header.unit);
    }

    /// @notice Gives a new proposal the electorate of this moment; of a token, the time at which power is read.
    function assign(bytes32 proposalId, Proposal storage proposal) internal {
        ConfigStorage.Layout storage config = ConfigStorage.state();
        address pointer = config.electorate;
        proposal.electorate = pointer;
        uint16 extension = config.lateExtension;
        if (extension != 0) ElectorateStorage.state().lateExtensions[proposalId] = extension;
        if (config.electorateKind != ElectorateKind.Token) return;
        ElectorateStorage.state().timepoints[proposalId] = clockOf(tokenOf(pointer));
    }

    function clockOf(address token) internal view returns (uint48 clock) {
        if (token.code.length == 0) revert TokenInvalid(token);
        clock = IERC6372(token).clock();
        if (clock == 0) revert TokenInvalid(token);
    }

    /// @notice Sets the cap of electorates to come, for plans of one class; the present one keeps its own.
    function setMaxPower(PlanClass planClass, Fraction memory maxPower) internal {
        maxPower.checkProper();
        if (maxPower.numerator == 0) revert FractionLib.FractionInvalid(0, maxPower.denominator);
        ConfigStorage.state().maxPower[planClass] = maxPower;
        emit MaxPowerSet(planClass, maxPower.numerator, maxPower.denominator);
    }

    /// @notice Most power of one seat, of a total. A cap below one unit would silence everyone.
    function capOf(PlanClass planClass, uint256 total) internal view returns (uint96 cap) {
        Fraction memory maxPower = ConfigStorage.state().maxPower[planClass];
        cap = uint96((total * maxPower.numerator) / maxPower.denominator);
        if (cap == 0) cap = 1;
    }

    /// @notice Checks that seats increase strictly after `previous` and have power, and adds their clipped powers to
    /// `clips`. `offset` is the number of seats before them.
    function walk(
        Seat[] memory seats,
        uint256 offset,
        address previous,
        Clip[3] memory clips
    ) internal pure returns (uint256 total) {
        for (uint256 i; i < seats.length; ++i) {
            address account = seats[i].account();
            if (account <= previous) revert SeatsNotIncreasing(offset + i, previous, account);
            previous = account;
            uint96 power = seats[i].power();
            if (power == 0) revert SeatEmpty(offset + i);
            total += power;
            for (uint256 k; k < CLASSES; ++k) {
                Clip memory clip = clips[k];
                clip.clippedTotal += power > clip.cap ? clip.cap : power;
            }
        }
    }

    function encode(ElectorateHeader memory header) internal pure returns (bytes memory) {
        return
            abi.encodePacked(
                (uint256(header.kind) << 248) | (uint256(header.seats) << 128) | header.total,
                abi.encode(
                    _encode(header.clips[0]),
                    _encode(header.clips[1]),
                    _encode(header.clips[2]),
                    header.unit,
                    (uint256(uint160(header.token)) << 96) | header.tokenUnit,
                    header.timepoint
                )
            );
    }

    function headerOf(address pointer) internal view returns (ElectorateHeader memory header) {
        uint256 first = _word(pointer, 0);
        header.kind = ElectorateKind(first >> 248);
        header.seats = uint32(first >> 128);
        header.total = uint96(first);
        for (uint256 i; i < CLASSES; ++i) header.clips[i] = clipOf(pointer, PlanClass(i));
        header.unit = bytes32(_word(pointer, 32 * 4));
        header.token = tokenOf(pointer);
        header.tokenUnit = uint96(_word(pointer, 32 * 5));
        header.timepoint = uint48(_word(pointer, 32 * 6));
    }

    /// @notice Cap and whole of plans of one class.
    function clipOf(address pointer, PlanClass planClass) internal view returns (Clip memory clip) {
        uint256 word = _word(pointer, 32 * (1 + uint256(planClass)));
        clip.cap = uint96(word >> 128);
        clip.clippedTotal = uint96(word);
    }

    /// @notice The whole that a proposal's thresholds are measured against.
    function wholeOf(Proposal storage proposal) internal view returns (uint96) {
        return clipOf(proposal.electorate, proposal.planClass).clippedTotal;
    }

    /// @notice The same, and whether approval is of the votes cast instead.
    function measureOf(Proposal storage proposal) internal view returns (bool isToken, uint256 whole) {
        isToken = ElectorateKind(_word(proposal.electorate, 0) >> 248) == ElectorateKind.Token;
        whole = wholeOf(proposal);
    }

    /// @notice What a proposal's ballots need of its electorate; one for a whole batch.
    function rollOf(Proposal storage proposal) internal view returns (Roll memory roll) {
        return rollAt(proposal.electorate, proposal.planClass);
    }

    function rollAt(address pointer, PlanClass planClass) internal view returns (Roll memory roll) {
        uint256 first = _word(pointer, 0);
        roll.pointer = pointer;
        roll.isChunked = first >> 248 == uint256(ElectorateKind.Chunked);
        roll.seats = uint32(first >> 128);
        roll.cap = _capOf(pointer, planClass);
    }

    function seatAt(address pointer, uint256 index) internal view returns (Seat seat) {
        Roll memory roll = rollAt(pointer, PlanClass.Standard);
        if (index >= roll.seats) revert SeatUnknown(index, roll.seats);
        return _seat(roll, index);
    }

    /// @notice `count` seats from `first` on; fewer where the list ends.
    function seatsOf(address pointer, uint256 first, uint256 count) internal view returns (Seat[] memory seats) {
        Roll memory roll = rollAt(pointer, PlanClass.Standard);
        uint256 left = first < roll.seats ? roll.seats - first : 0;
        seats = new Seat[](count < left ? count : left);
        for (uint256 i; i < seats.length; ++i) seats[i] = _seat(roll, first + i);
    }

    /// @notice Power that a seat may exert: its own, or the cap. Reverts unless `account` sits there.
    function clippedPower(Roll memory roll, uint256 index, address account) internal view returns (uint96 power) {
        bool sits;
        (sits, power) = tryClippedPower(roll, index, account);
        if (sits) return power;
        if (index >= roll.seats) revert SeatUnknown(index, roll.seats);
        revert SeatMismatch(index, _seat(roll, index).account(), account);
    }

    /// @notice The same for one ballot, without a roll where none is needed.
    function clippedPowerAt(
        address pointer,
        PlanClass planClass,
        uint256 index,
        address account
    ) internal view returns (uint96 power) {
        uint256 first = _word(pointer, 0);
        if (first >> 248 == uint256(ElectorateKind.Chunked) || index >= uint32(first >> 128)) {
            return clippedPower(rollAt(pointer, planClass), index, account);
        }
        uint256 seat;
        unchecked {
            seat = _word(pointer, HEADER + 32 * index);
        }
        if (seat >> 96 != uint160(account)) revert SeatMismatch(index, address(uint160(seat >> 96)), account);
        power = uint96(seat);
        uint96 cap = _capOf(pointer, planClass);
        if (power > cap) power = cap;
    }

    /// @notice `clippedPower` without a revert; nobody sits outside the list, and the zero address sits nowhere.
    function tryClippedPower(
        Roll memory roll,
        uint256 index,
        address account
    ) internal view returns (bool sits, uint96 power) {
        if (index >= roll.seats || account == address(0)) return (false, 0);
        Seat seat = _seat(roll, index);
        if (seat.account() != account) return (false, 0);
        power = seat.power();
        return (true, power > roll.cap ? roll.cap : power);
    }

    /// @notice Who sits there; nobody outside the list.
    function accountAt(Roll memory roll, uint256 index) internal view returns (address) {
        return index < roll.seats ? _seat(roll, index).account() : address(0);
    }

    /// @notice The code that holds a seat which exists, the seats it holds (`count` from `first` on), and where in the code
    /// they begin.
    function rangeOf(
        Roll memory roll,
        uint256 index
    ) internal view returns (address code, uint256 first, uint256 count, uint256 offset) {
        // Stored code begins with one byte of its own.
        if (!roll.isChunked) return (roll.pointer, 0, roll.seats, 1 + HEADER);
        first = index - (index % CHUNK);
        count = roll.seats - first;
        if (count > CHUNK) count = CHUNK;
        code = address(uint160(_word(roll.pointer, HEADER + 32 * (index / CHUNK))));
        offset = 1;
    }

    /// @dev Of a seat that exists.
    function _seat(Roll memory roll, uint256 index) private view returns (Seat) {
        if (!roll.isChunked) return Seat.wrap(CodeStore.word(roll.pointer, HEADER + 32 * index));
        address chunk = address(uint160(_word(roll.pointer, HEADER + 32 * (index / CHUNK))));
        return Seat.wrap(CodeStore.word(chunk, 32 * (index % CHUNK)));
    }

    function _capOf(address pointer, PlanClass planClass) private view returns (uint96) {
        unchecked {
            return uint96(_word(pointer, 32 * (1 + uint256(planClass))) >> 128);
        }
    }

    /// @notice The token whose delegates vote; zero where none does.
    function tokenOf(address pointer) internal view returns (address) {
        return address(uint160(_word(pointer, 32 * 5) >> 96));
    }

    function _word(address pointer, uint256 offset) private view returns (uint256) {
        return uint256(CodeStore.word(pointer, offset));
    }

    function _encode(Clip memory clip) private pure returns (uint256) {
        return (uint256(clip.cap) << 128) | clip.clippedTotal;
    }
}
