// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Diamond} from "../diamond/Diamond.sol";
import {DiamondCuts} from "../diamond/DiamondCuts.sol";
import {IDiamond} from "../diamond/IDiamond.sol";
import {TreasuryV2__MockForRehearsal} from "./Treasury__MockForRehearsal.sol";

/// @notice What a proposal calls that knows who looks: it does harm where it takes itself to be on the chain, and none on a copy.
contract Fickle__MockForRehearsal {
    enum Mood {
        Steady,
        Producer,
        Purse,
        Hour,
        Sender
    }

    address public heir;
    uint256 public mark;

    function act(Mood mood, uint256 since, address thief) external {
        mark = 1;
        if (mood == Mood.Producer && block.coinbase != address(0)) heir = thief;
        // Nobody who pays for his gas himself has a hundred ether by chance.
        // solhint-disable-next-line avoid-tx-origin
        if (mood == Mood.Purse && tx.origin.balance < 50 ether) mark = 2;
        if (mood == Mood.Hour && block.timestamp > since) heir = thief;
        // solhint-disable-next-line avoid-tx-origin
        if (mood == Mood.Sender) heir = tx.origin;
    }
}

/// @notice A proxy of a kind of its own: where its code is stands in its first slot.
contract OwnProxy__MockForRehearsal {
    address internal _code;

    constructor(address code) {
        _code = code;
    }

    fallback() external payable {
        (bool isOk, bytes memory data) = _code.delegatecall(msg.data);
        assembly ("memory-safe") {
            if iszero(isOk) {
                revert(add(data, 0x20), mload(data))
            }
            return(add(data, 0x20), mload(data))
        }
    }

    function point(address code) external {
        _code = code;
    }
}

/// @notice A diamond that anyone may cut, by the function that diamonds have for it.
contract OpenDiamond__MockForRehearsal is Diamond {
    constructor(IDiamond.FacetCut[] memory cuts) {
        DiamondCuts.cut(cuts, address(0), "");
    }

    function diamondCut(IDiamond.FacetCut[] calldata cuts, address init, bytes calldata data) external {
        DiamondCuts.cut(cuts, init, data);
    }
}

/// @notice Cuts as it is asked to, in a call that is not named after it.
contract SilentCutter__MockForRehearsal {
    function tidyUp(OpenDiamond__MockForRehearsal diamond, IDiamond.FacetCut[] calldata cuts) external {
        diamond.diamondCut(cuts, address(0), "");
    }
}

/// @notice The next version of the treasury, which runs whatever its owner names on its own storage.
contract TreasuryLent__MockForRehearsal is TreasuryV2__MockForRehearsal {
    error NotRun();

    function run(address code, bytes calldata data) external onlyOwner {
        (bool isOk, ) = code.delegatecall(data);
        if (!isOk) revert NotRun();
    }
}
