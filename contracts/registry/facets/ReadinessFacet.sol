// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ballot, WalletBallot} from "../interfaces/IBallots.sol";
import {IReadinessFacet} from "../interfaces/IReadiness.sol";
import {Locked} from "../libraries/Lock.sol";
import {Plan} from "../../types/Plan.sol";
import {Proposals} from "../libraries/Proposals.sol";
import {ReadinessSignals} from "../libraries/ReadinessSignals.sol";
import {Scheduling} from "../libraries/Scheduling.sol";
import {SeatBits} from "../libraries/SeatBits.sol";

contract ReadinessFacet is IReadinessFacet, Locked {
    using SeatBits for mapping(uint256 => uint256);

    /// @inheritdoc IReadinessFacet
    function signalReady(bytes32 proposalId, uint256 seat) external {
        ReadinessSignals.signal(proposalId, seat);
    }

    /// @inheritdoc IReadinessFacet
    function signalReadyBySig(bytes32 proposalId, Ballot[] calldata signals) external returns (uint256 counted) {
        return ReadinessSignals.signalBySig(proposalId, signals);
    }

    /// @inheritdoc IReadinessFacet
    function signalReadyByWalletSig(
        bytes32 proposalId,
        WalletBallot[] calldata signals
    ) external returns (uint256 counted) {
        return ReadinessSignals.signalByWalletSig(proposalId, signals);
    }

    /// @inheritdoc IReadinessFacet
    function isReady(bytes32 proposalId, uint256 seat) external view returns (bool) {
        return Proposals.load(proposalId).ready.isSet(seat);
    }

    /// @inheritdoc IReadinessFacet
    function schedule(Plan calldata plan) external locked {
        Scheduling.schedule(plan);
    }
}
