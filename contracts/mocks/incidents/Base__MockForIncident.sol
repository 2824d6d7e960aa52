// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice What most exhibits are: one contract behind a UUPS proxy, whose owner upgrades it. Nothing of it lies in plain slots.
abstract contract Unlocked__MockForIncident is OwnableUpgradeable, UUPSUpgradeable {
    function initialize(address owner) external initializer {
        __Ownable_init(owner);
    }

    function _authorizeUpgrade(address) internal virtual override onlyOwner {}
}

/// @notice The same, and its implementation cannot be initialised.
abstract contract Governed__MockForIncident is Unlocked__MockForIncident {
    constructor() {
        _disableInitializers();
    }
}

/// @notice Money that anybody may print, so that an exhibit has some.
contract Money__MockForIncident is ERC20 {
    constructor() ERC20("Money", "MNY") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
