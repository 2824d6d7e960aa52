// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {DraftProgress, ElectorateStorage} from "../storage/ElectorateStorage.sol";
import {ElectorateDraft, ElectorateHeader, ElectorateKind, Seat, TokenElectorate} from "../../types/Electorate.sol";
import {ElectorateDrafts} from "../libraries/ElectorateDrafts.sol";
import {ElectorProposals} from "../libraries/ElectorProposals.sol";
import {Electorates} from "../libraries/Electorates.sol";
import {Fraction} from "../../types/Fraction.sol";
import {IElectorateFacet} from "../interfaces/IElectorate.sol";
import {LateVotes} from "../libraries/LateVotes.sol";
import {PlanClass} from "../../types/Plan.sol";
import {TokenElectorates} from "../libraries/TokenElectorates.sol";

contract ElectorateFacet is IElectorateFacet, Access {
    /// @inheritdoc IElectorateFacet
    function setElectorate(Seat[] calldata seats, bytes32 unit) external onlyTimelock {
        Electorates.store(seats, unit);
    }

    /// @inheritdoc IElectorateFacet
    function setTokenElectorate(TokenElectorate calldata token, bytes32 unit) external onlyTimelock {
        TokenElectorates.store(token, unit);
    }

    /// @inheritdoc IElectorateFacet
    function addChunk(ElectorateDraft calldata draft, Seat[] calldata seats, bytes32 rest) external {
        ElectorateDrafts.add(draft, seats, rest);
    }

    /// @inheritdoc IElectorateFacet
    function activateElectorate(ElectorateDraft calldata draft) external onlyTimelock {
        ElectorateDrafts.activate(draft);
    }

    /// @inheritdoc IElectorateFacet
    function setMaxPower(PlanClass planClass, Fraction calldata maxPower) external onlyTimelock {
        Electorates.setMaxPower(planClass, maxPower);
    }

    /// @inheritdoc IElectorateFacet
    function setProposalThreshold(Fraction calldata threshold) external onlyTimelock {
        ElectorProposals.setThreshold(threshold);
    }

    /// @inheritdoc IElectorateFacet
    function setLateExtension(uint16 extension) external onlyTimelock {
        LateVotes.set(extension);
    }

    /// @inheritdoc IElectorateFacet
    function lateExtension() external view returns (uint16 extension) {
        return ConfigStorage.state().lateExtension;
    }

    /// @inheritdoc IElectorateFacet
    function electorate() external view returns (address pointer, uint64 epoch, ElectorateKind kind) {
        ConfigStorage.Layout storage config = ConfigStorage.state();
        return (config.electorate, config.epoch, config.electorateKind);
    }

    /// @inheritdoc IElectorateFacet
    function maxPowerOf(PlanClass planClass) external view returns (Fraction memory maxPower) {
        return ConfigStorage.state().maxPower[planClass];
    }

    /// @inheritdoc IElectorateFacet
    function proposalThreshold() external view returns (Fraction memory threshold) {
        return ElectorateStorage.state().proposalThreshold;
    }

    /// @inheritdoc IElectorateFacet
    function electorateHeader(address pointer) external view returns (ElectorateHeader memory header) {
        return Electorates.headerOf(pointer);
    }

    /// @inheritdoc IElectorateFacet
    function seatAt(address pointer, uint256 index) external view returns (Seat seat) {
        return Electorates.seatAt(pointer, index);
    }

    /// @inheritdoc IElectorateFacet
    function seatsOf(address pointer, uint256 first, uint256 count) external view returns (Seat[] memory seats) {
        return Electorates.seatsOf(pointer, first, count);
    }

    /// @inheritdoc IElectorateFacet
    function draftOf(ElectorateDraft calldata draft) external view returns (uint32 seats, address pointer) {
        DraftProgress storage progress = ElectorateStorage.state().drafts[ElectorateDrafts.idOf(draft)];
        return (progress.seats, progress.pointer);
    }
}
