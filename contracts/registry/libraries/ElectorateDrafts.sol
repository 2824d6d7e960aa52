// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Clip, ElectorateDraft, ElectorateHeader, ElectorateKind, Seat} from "../../types/Electorate.sol";
import {CodeStore} from "./CodeStore.sol";
import {DraftProgress, ElectorateStorage} from "../storage/ElectorateStorage.sol";
import {Electorates} from "./Electorates.sol";
import {PlanClass} from "../../types/Plan.sol";

/// @notice Lists of validators too long for one transaction: chunks of 512 seats that form one strictly increasing list.
/// Storing one gives no power; the timelock takes it into use by its id, which commits to every seat.
library ElectorateDrafts {
    error DraftInvalid(bytes32 draftId);
    /// @notice The chunk is not the next one of the draft.
    error ChunkMismatch(bytes32 draftId, bytes32 expected, bytes32 actual);
    /// @notice Every chunk but the last has 512 seats, so that a seat's number tells its chunk.
    error ChunkSizeInvalid(bytes32 draftId, uint256 count, uint256 expected);
    error DraftTotalMismatch(bytes32 draftId, uint256 expected, uint256 actual);
    error DraftComplete(bytes32 draftId);
    error DraftIncomplete(bytes32 draftId, uint256 seats, uint256 expected);
    /// @notice `maxPower` is not what it was when the draft was written.
    error CapMismatch(bytes32 draftId, PlanClass planClass, uint96 expected, uint96 actual);

    event ChunkStored(bytes32 indexed draftId, uint256 indexed chunk, address pointer, uint32 seats);
    event DraftSealed(bytes32 indexed draftId, address pointer);

    /// @dev 100,352 seats.
    uint256 internal constant MAX_SEATS = 196 * 512;

    function idOf(ElectorateDraft memory draft) internal pure returns (bytes32) {
        return keccak256(abi.encode(draft));
    }

    /// @notice Stores the next chunk. `rest` is the root of the chunks after it; after the last, the draft is sealed.
    function add(ElectorateDraft memory draft, Seat[] memory seats, bytes32 rest) internal {
        bytes32 draftId = idOf(draft);
        DraftProgress storage progress = ElectorateStorage.state().drafts[draftId];
        if (progress.pointer != address(0)) revert DraftComplete(draftId);
        uint256 offset = progress.seats;
        if (offset == 0) {
            if (draft.seats == 0 || draft.seats > MAX_SEATS || draft.total > Electorates.MAX_TOTAL) {
                revert DraftInvalid(draftId);
            }
            progress.rest = draft.root;
        }
        _checkNext(draftId, draft.seats - offset, seats, progress.rest, rest);

        Clip[3] memory clips;
        for (uint256 i; i < clips.length; ++i) clips[i] = Clip(draft.caps[i], progress.clippedTotals[i]);
        uint256 total = progress.total + Electorates.walk(seats, offset, progress.last, clips);
        if (total > draft.total) revert DraftTotalMismatch(draftId, draft.total, total);

        address pointer = CodeStore.write(abi.encodePacked(seats));
        progress.rest = rest;
        progress.last = seats[seats.length - 1].account();
        progress.total = uint96(total);
        progress.seats = uint32(offset + seats.length);
        for (uint256 i; i < clips.length; ++i) progress.clippedTotals[i] = clips[i].clippedTotal;
        emit ChunkStored(draftId, progress.chunks.length, pointer, uint32(seats.length));
        progress.chunks.push(pointer);
        if (rest == 0) _seal(draftId, draft, progress, clips);
    }

    /// @notice Makes a sealed draft the electorate of the proposals to come.
    function activate(ElectorateDraft memory draft) internal {
        bytes32 draftId = idOf(draft);
        DraftProgress storage progress = ElectorateStorage.state().drafts[draftId];
        if (progress.pointer == address(0)) revert DraftIncomplete(draftId, progress.seats, draft.seats);
        for (uint256 i; i < draft.caps.length; ++i) {
            uint96 expected = Electorates.capOf(PlanClass(i), draft.total);
            if (draft.caps[i] != expected) revert CapMismatch(draftId, PlanClass(i), expected, draft.caps[i]);
        }
        Electorates.use(progress.pointer, Electorates.headerOf(progress.pointer));
    }

    function _checkNext(
        bytes32 draftId,
        uint256 left,
        Seat[] memory seats,
        bytes32 expected,
        bytes32 rest
    ) private pure {
        bytes32 actual = keccak256(abi.encode(keccak256(abi.encodePacked(seats)), rest));
        if (actual != expected) revert ChunkMismatch(draftId, expected, actual);
        uint256 size = left < Electorates.CHUNK ? left : Electorates.CHUNK;
        if (seats.length != size || (rest == 0) != (left == size)) {
            revert ChunkSizeInvalid(draftId, seats.length, size);
        }
    }

    function _seal(
        bytes32 draftId,
        ElectorateDraft memory draft,
        DraftProgress storage progress,
        Clip[3] memory clips
    ) private {
        if (progress.total != draft.total) revert DraftTotalMismatch(draftId, draft.total, progress.total);
        ElectorateHeader memory header;
        header.kind = ElectorateKind.Chunked;
        header.seats = draft.seats;
        header.total = draft.total;
        header.clips = clips;
        header.unit = draft.unit;
        address pointer = CodeStore.write(abi.encodePacked(Electorates.encode(header), progress.chunks));
        progress.pointer = pointer;
        emit DraftSealed(draftId, pointer);
    }
}
