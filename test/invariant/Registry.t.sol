// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cheats} from "./Vm.sol";
import {Handler} from "./Handler.sol";

/// @notice The properties of docs/properties.md that begin with FUZ, over random lives of a registry. The handler says which of
/// them did not hold.
abstract contract RegistryInvariants is Cheats {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Handler internal _handler;

    function targetContracts() external view returns (address[] memory contracts) {
        contracts = new address[](1);
        contracts[0] = address(_handler);
    }

    /// @dev Modules call it, nobody else.
    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        excluded[0].addr = address(_handler);
        excluded[0].selectors = new bytes4[](1);
        excluded[0].selectors[0] = Handler.onReached.selector;
    }

    function invariant_properties() external view {
        string memory failure = _handler.failure();
        require(bytes(failure).length == 0, failure);
    }

    function afterInvariant() external {
        vm.writeLine(vm.envOr("SLIPWAY_FUZZ_TALLY", "cache/forge/tally.txt"), _handler.summary());
    }
}

/// @notice A registry with a timelock of its own.
contract OwnTimelockTest is RegistryInvariants {
    function setUp() public {
        _handler = new Handler(false);
    }
}

/// @notice A registry that adopted a timelock whose executor is open to everybody.
contract AdoptedTimelockTest is RegistryInvariants {
    function setUp() public {
        _handler = new Handler(true);
    }
}
