// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cheats} from "../Vm.sol";
import {RouterHandler} from "./RouterHandler.sol";

/// @notice The properties of docs/properties.md that begin with RMD, over random lives of canaries. The handler says which of them
/// did not hold.
abstract contract RouterInvariants is Cheats {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    RouterHandler internal _handler;

    function targetContracts() external view returns (address[] memory contracts) {
        contracts = new address[](1);
        contracts[0] = address(_handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targeted) {
        targeted = new FuzzSelector[](1);
        targeted[0].addr = address(_handler);
        targeted[0].selectors = new bytes4[](1);
        targeted[0].selectors[0] = RouterHandler.step.selector;
    }

    function invariant_properties() external view {
        string memory failure = _handler.failure();
        require(bytes(failure).length == 0, failure);
    }

    function afterInvariant() external {
        vm.writeLine(vm.envOr("SLIPWAY_FUZZ_TALLY", "cache/forge/tally.txt"), _handler.summary());
    }
}

contract UupsRouterTest is RouterInvariants {
    function setUp() public {
        _handler = new RouterHandler(true);
    }
}

contract TransparentRouterTest is RouterInvariants {
    function setUp() public {
        _handler = new RouterHandler(false);
    }
}
