// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Governed__MockForIncident} from "./Base__MockForIncident.sol";

/// @notice A price for each market.
contract MarketOracle__MockForIncident is Governed__MockForIncident {
    mapping(address key => uint256) public quoteOf;

    function setQuote(address key, uint256 quote) external onlyOwner {
        quoteOf[key] = quote;
    }

    function price(address market) external view virtual returns (uint256) {
        return quoteOf[market];
    }
}

interface IMarket__MockForIncident {
    function underlying() external view returns (address);
}

/// @notice Compound's proposal 117: a price for each underlying token, and the ether market has none to name.
contract UnderlyingOracle__MockForIncident is MarketOracle__MockForIncident {
    function price(address market) external view override returns (uint256) {
        return quoteOf[IMarket__MockForIncident(market).underlying()];
    }
}

/// @notice cEther: what it does not know it takes as a payment, and answers nothing.
contract EtherMarket__MockForIncident {
    error NoPrice();

    MarketOracle__MockForIncident public immutable oracle;
    mapping(address account => uint256) public deposits;

    constructor(MarketOracle__MockForIncident oracle_) {
        oracle = oracle_;
    }

    receive() external payable {
        deposits[msg.sender] += msg.value;
    }

    fallback() external payable {}

    function redeem(uint256 amount) external {
        if (oracle.price(address(this)) == 0) revert NoPrice();
        deposits[msg.sender] -= amount;
        Address.sendValue(payable(msg.sender), amount);
    }
}

/// @notice Aevo's and Ribbon's oracle: eight decimals, whoever asks.
contract AssetOracle__MockForIncident is Governed__MockForIncident {
    mapping(address asset => uint256) internal _price;

    function setPrice(address asset, uint256 price_) external onlyOwner {
        _price[asset] = price_;
    }

    function priceOf(address asset) external view virtual returns (uint256) {
        return _price[asset];
    }
}

/// @notice The next version answers with eighteen decimals, for the vaults of today.
contract AssetOracleWide__MockForIncident is AssetOracle__MockForIncident {
    function priceOf(address asset) external view override returns (uint256) {
        return _price[asset] * 1e10;
    }
}

/// @notice A vault of yesterday, still live: it pays options by what the oracle says, in eight decimals.
contract LegacyVault__MockForIncident {
    AssetOracle__MockForIncident public immutable oracle;
    address public immutable asset;
    mapping(address account => uint256) public options;

    constructor(AssetOracle__MockForIncident oracle_, address asset_) payable {
        (oracle, asset) = (oracle_, asset_);
    }

    function give(address account, uint256 amount) external {
        options[account] += amount;
    }

    /// @dev An option pays its asset's price in wei.
    function exercise(uint256 amount) external {
        options[msg.sender] -= amount;
        uint256 due = (amount * oracle.priceOf(asset)) / 1e8;
        Address.sendValue(payable(msg.sender), due > address(this).balance ? address(this).balance : due);
    }
}
