// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CodeStore} from "./CodeStore.sol";
import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {ElectorateHeader, Seat} from "../../types/Electorate.sol";
import {Fraction, FractionLib} from "../../types/Fraction.sol";

/// @notice Who votes, with what power: an immutable list in contract code, strictly increasing by account. A ballot
/// names its seat, so that checking one costs one code read whatever the number of seats.
library Electorates {
    error SeatCountInvalid(uint256 count, uint256 max);
    error SeatsNotIncreasing(uint256 index, address previous, address account);
    error SeatEmpty(uint256 index);
    /// @notice The sum of powers does not fit the tally; use a larger unit.
    error PowerTooLarge(uint256 total, uint256 max);
    error SeatUnknown(uint256 seat, uint256 seats);
    /// @notice The caller, or the signer, does not sit there.
    error SeatMismatch(uint256 seat, address expected, address actual);

    event ElectorateSet(address indexed pointer, uint64 indexed epoch, uint32 seats, uint96 total, uint96 clippedTotal);
    event MaxPowerSet(uint32 numerator, uint32 denominator);

    uint256 internal constant MAX_SEATS = 512;
    uint256 internal constant MAX_TOTAL = type(uint72).max;
    /// @dev Header words: seats and total, then cap and clipped total.
    uint256 private constant HEADER = 64;

    /// @notice Stores the electorate of the proposals to come.
    function store(Seat[] memory seats) internal returns (address pointer) {
        ConfigStorage.Layout storage config = ConfigStorage.state();
        ElectorateHeader memory header = _headerFor(seats, config.maxPower);
        pointer = CodeStore.write(
            abi.encodePacked(
                uint128(header.seats),
                uint128(header.total),
                uint128(header.cap),
                uint128(header.clippedTotal),
                seats
            )
        );
        config.electorate = pointer;
        uint64 epoch = ++config.epoch;
        emit ElectorateSet(pointer, epoch, header.seats, header.total, header.clippedTotal);
    }

    /// @notice Sets the cap of electorates to come; the present one keeps its own.
    function setMaxPower(Fraction memory maxPower) internal {
        maxPower.checkProper();
        if (maxPower.numerator == 0) revert FractionLib.FractionInvalid(0, maxPower.denominator);
        ConfigStorage.state().maxPower = maxPower;
        emit MaxPowerSet(maxPower.numerator, maxPower.denominator);
    }

    function headerOf(address pointer) internal view returns (ElectorateHeader memory header) {
        uint256 first = uint256(CodeStore.word(pointer, 0));
        uint256 second = uint256(CodeStore.word(pointer, 32));
        header.seats = uint32(first >> 128);
        header.total = uint96(first);
        header.cap = uint96(second >> 128);
        header.clippedTotal = uint96(second);
    }

    function seatAt(address pointer, uint256 index) internal view returns (Seat seat) {
        uint256 seats = headerOf(pointer).seats;
        if (index >= seats) revert SeatUnknown(index, seats);
        return Seat.wrap(CodeStore.word(pointer, HEADER + 32 * index));
    }

    function seatsOf(address pointer) internal view returns (Seat[] memory seats) {
        seats = new Seat[](headerOf(pointer).seats);
        for (uint256 i; i < seats.length; ++i) {
            seats[i] = Seat.wrap(CodeStore.word(pointer, HEADER + 32 * i));
        }
    }

    /// @notice Power that a seat may exert: its own, or the cap. Reverts unless `account` sits there.
    function clippedPower(address pointer, uint256 index, address account) internal view returns (uint96 power) {
        bool sits;
        (sits, power) = tryClippedPower(pointer, index, account);
        if (!sits) revert SeatMismatch(index, seatAt(pointer, index).account(), account);
    }

    /// @notice The same without a revert; nobody sits outside the list, and the zero address sits nowhere.
    function tryClippedPower(
        address pointer,
        uint256 index,
        address account
    ) internal view returns (bool sits, uint96 power) {
        ElectorateHeader memory header = headerOf(pointer);
        if (index >= header.seats || account == address(0)) return (false, 0);
        Seat seat = Seat.wrap(CodeStore.word(pointer, HEADER + 32 * index));
        if (seat.account() != account) return (false, 0);
        power = seat.power();
        return (true, power > header.cap ? header.cap : power);
    }

    function _headerFor(
        Seat[] memory seats,
        Fraction memory maxPower
    ) private pure returns (ElectorateHeader memory header) {
        if (seats.length == 0 || seats.length > MAX_SEATS) revert SeatCountInvalid(seats.length, MAX_SEATS);
        address previous;
        uint256 total;
        for (uint256 i; i < seats.length; ++i) {
            address account = seats[i].account();
            if (account <= previous) revert SeatsNotIncreasing(i, previous, account);
            if (seats[i].power() == 0) revert SeatEmpty(i);
            total += seats[i].power();
            previous = account;
        }
        if (total > MAX_TOTAL) revert PowerTooLarge(total, MAX_TOTAL);
        uint256 cap = (total * maxPower.numerator) / maxPower.denominator;
        // A cap below one unit would silence everyone.
        if (cap == 0) cap = 1;
        uint256 clippedTotal;
        for (uint256 i; i < seats.length; ++i) {
            clippedTotal += seats[i].power() > cap ? cap : seats[i].power();
        }
        header = ElectorateHeader({
            seats: uint32(seats.length),
            total: uint96(total),
            cap: uint96(cap),
            clippedTotal: uint96(clippedTotal)
        });
    }
}
