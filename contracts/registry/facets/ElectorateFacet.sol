// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Access} from "../libraries/Access.sol";
import {ConfigStorage} from "../storage/ConfigStorage.sol";
import {ElectorateHeader, Seat} from "../../types/Electorate.sol";
import {Electorates} from "../libraries/Electorates.sol";
import {Fraction} from "../../types/Fraction.sol";
import {IElectorateFacet} from "../interfaces/IUpgradeRegistry.sol";

contract ElectorateFacet is IElectorateFacet, Access {
    /// @inheritdoc IElectorateFacet
    function setElectorate(Seat[] calldata seats) external onlyTimelock {
        Electorates.store(seats);
    }

    /// @inheritdoc IElectorateFacet
    function setMaxPower(Fraction calldata maxPower) external onlyTimelock {
        Electorates.setMaxPower(maxPower);
    }

    /// @inheritdoc IElectorateFacet
    function electorate() external view returns (address pointer, uint64 epoch, Fraction memory maxPower) {
        ConfigStorage.Layout storage config = ConfigStorage.state();
        return (config.electorate, config.epoch, config.maxPower);
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
    function seatsOf(address pointer) external view returns (Seat[] memory seats) {
        return Electorates.seatsOf(pointer);
    }
}
