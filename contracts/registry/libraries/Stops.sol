// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Canaries} from "./Canaries.sol";
import {Halts} from "./Halts.sol";
import {Proposals} from "./Proposals.sol";
import {Vetoes} from "./Vetoes.sol";

/// @notice Everything that the council can stop about one plan, in one act: the plan is vetoed, its modules are halted,
/// their canaries frozen. Whatever state the plan is in, what can still be stopped is.
library Stops {
    /// @notice The plan has ended or stalled already, and none of its modules can be halted now.
    error NothingToStop(bytes32 proposalId);

    event EmergencyHalted(bytes32 indexed proposalId, bool isVetoed, uint256 halts, string reason);

    function stop(bytes32 proposalId, string calldata reason) internal {
        bool isVetoed = Vetoes.isVetoable(proposalId);
        if (isVetoed) Vetoes.veto(proposalId, reason);
        bytes32[] memory names = Proposals.modulesOf(Proposals.load(proposalId));
        uint256 halts;
        for (uint256 i; i < names.length; ++i) {
            if (!Halts.canStart(names[i])) continue;
            Halts.start(names[i], reason);
            ++halts;
        }
        emit EmergencyHalted(proposalId, isVetoed, halts, reason);
        // Last: routers are called, and they may be anything.
        for (uint256 i; i < names.length; ++i) Canaries.freezeScope(names[i], reason);
    }

    /// @notice Reverts where nothing is left to stop.
    function requireStoppable(bytes32 proposalId) internal view {
        bytes32[] memory names = Proposals.modulesOf(Proposals.load(proposalId));
        if (Vetoes.isVetoable(proposalId)) return;
        for (uint256 i; i < names.length; ++i) {
            if (Halts.canStart(names[i])) return;
        }
        revert NothingToStop(proposalId);
    }
}
