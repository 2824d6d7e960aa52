// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20VotesComp} from "oz-483/token/ERC20/extensions/ERC20VotesComp.sol";
import {Governor, IERC165, IGovernor} from "oz-483/governance/Governor.sol";
import {GovernorCompatibilityBravo} from "oz-483/governance/compatibility/GovernorCompatibilityBravo.sol";
import {GovernorSettings} from "oz-483/governance/extensions/GovernorSettings.sol";
import {GovernorTimelockCompound} from "oz-483/governance/extensions/GovernorTimelockCompound.sol";
import {GovernorVotesComp} from "oz-483/governance/extensions/GovernorVotesComp.sol";
import {ICompoundTimelock} from "oz-483/vendor/compound/ICompoundTimelock.sol";

/// @notice OpenZeppelin's governor of 4.8.3 with GovernorBravo's interface, over Compound's timelock and a token with `getPriorVotes`.
contract BravoGovernor__MockForRehearsal is
    Governor,
    GovernorSettings,
    GovernorCompatibilityBravo,
    GovernorVotesComp,
    GovernorTimelockCompound
{
    constructor(
        ERC20VotesComp token,
        ICompoundTimelock timelock_
    ) Governor("Bravo") GovernorSettings(1, 100, 1) GovernorVotesComp(token) GovernorTimelockCompound(timelock_) {}

    function quorum(uint256) public pure override returns (uint256) {
        return 40_000_000e18;
    }

    function votingDelay() public view override(IGovernor, GovernorSettings) returns (uint256) {
        return super.votingDelay();
    }

    function votingPeriod() public view override(IGovernor, GovernorSettings) returns (uint256) {
        return super.votingPeriod();
    }

    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    function state(
        uint256 proposalId
    ) public view override(Governor, IGovernor, GovernorTimelockCompound) returns (ProposalState) {
        return super.state(proposalId);
    }

    function propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) public override(Governor, GovernorCompatibilityBravo, IGovernor) returns (uint256) {
        return super.propose(targets, values, calldatas, description);
    }

    function supportsInterface(
        bytes4 interfaceId
    ) public view override(Governor, IERC165, GovernorTimelockCompound) returns (bool) {
        return super.supportsInterface(interfaceId);
    }

    function _execute(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockCompound) {
        super._execute(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockCompound) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockCompound) returns (address) {
        return super._executor();
    }
}
