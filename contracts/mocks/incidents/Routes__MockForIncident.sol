// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Governed__MockForIncident} from "./Base__MockForIncident.sol";

/// @notice Routes by a number of their own; who adds one says which.
contract NumberedRoutes__MockForIncident is Governed__MockForIncident {
    mapping(uint32 id => address) public routeOf;

    function version() external pure virtual returns (uint256) {
        return 1;
    }

    function addRoute(uint32 id, address route) external onlyOwner {
        routeOf[id] = route;
    }

    function executeRoute(uint32 id, bytes calldata data) external {
        Address.functionDelegateCall(routeOf[id], data);
    }
}

contract NumberedRoutesNext__MockForIncident is NumberedRoutes__MockForIncident {
    function version() external pure override returns (uint256) {
        return 2;
    }
}

/// @notice A route that swaps by one market only.
contract RouteListed__MockForIncident {
    error MarketUnknown(address market);

    address public immutable market;

    constructor(address market_) {
        market = market_;
    }

    function performAction(address target, bytes calldata swapExtraData) external {
        if (target != market) revert MarketUnknown(target);
        Address.functionCall(target, swapExtraData);
    }
}
