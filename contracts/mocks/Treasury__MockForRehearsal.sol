// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessControlUpgradeable} from "@openzeppelin/contracts-upgradeable/access/AccessControlUpgradeable.sol";
import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

contract Coin__MockForRehearsal is ERC20 {
    constructor(address holder) ERC20("Coin", "COIN") {
        _mint(holder, 1_000_000);
    }
}

/// @notice Another contract that a treasury talks to.
contract Ledger__MockForRehearsal {
    uint256 public noted;

    function note(uint256 amount) external {
        noted = amount;
    }
}

/// @notice A treasury that holds ether and coins: what an upgrade can take from.
contract TreasuryV1__MockForRehearsal is OwnableUpgradeable, AccessControlUpgradeable, UUPSUpgradeable {
    bytes32 public constant PAYER = keccak256("PAYER");

    /// @custom:storage-location erc7201:slipway.mock.treasury
    struct Layout {
        ERC20 coin;
        Ledger__MockForRehearsal ledger;
        uint64 version;
        mapping(address account => uint256 amount) owed;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.mock.treasury")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant SLOT = 0xf00695a1f35ae0d29dc45deede0f9f532e77b0057850694101b6871077f04e00;

    constructor() {
        _disableInitializers();
    }

    receive() external payable {}

    function initialize(address owner, ERC20 coin, Ledger__MockForRehearsal ledger) external initializer {
        __Ownable_init(owner);
        __AccessControl_init();
        _grantRole(DEFAULT_ADMIN_ROLE, owner);
        (_layout().coin, _layout().ledger, _layout().version) = (coin, ledger, 1);
    }

    function pay(address payable to, uint256 amount) external virtual onlyOwner {
        Address.sendValue(to, amount);
    }

    function version() external view returns (uint256) {
        return _layout().version;
    }

    function _authorizeUpgrade(address) internal override onlyOwner {}

    function _layout() internal pure returns (Layout storage self) {
        assembly {
            self.slot := SLOT
        }
    }
}

/// @notice The next version, whose migration does besides its work what its plan does not say.
contract TreasuryV2__MockForRehearsal is TreasuryV1__MockForRehearsal {
    enum Deed {
        Nothing,
        PayEther,
        PayCoins,
        Allow,
        GiveAway,
        Grant,
        WriteElsewhere,
        TryAndFail
    }

    event Migrated(uint256 version);

    error Undone();

    function migrate(Deed deed, address payable to) external reinitializer(2) {
        _layout().version = 2;
        _layout().owed[to] = 1;
        emit Migrated(2);
        if (deed == Deed.PayEther) Address.sendValue(to, 5);
        else if (deed == Deed.PayCoins) _layout().coin.transfer(to, 7);
        else if (deed == Deed.Allow) _layout().coin.approve(to, 9);
        else if (deed == Deed.GiveAway) _transferOwnership(to);
        else if (deed == Deed.Grant) _grantRole(PAYER, to);
        else if (deed == Deed.WriteElsewhere) _layout().ledger.note(11);
        else if (deed == Deed.TryAndFail) {
            try this.payAndRevert(to) {} catch {}
        }
    }

    /// @dev What it pays and grants is taken back: a rehearsal must not count it.
    function payAndRevert(address payable to) external {
        Address.sendValue(to, 5);
        _layout().coin.transfer(to, 7);
        _grantRole(PAYER, to);
        revert Undone();
    }
}

/// @notice The next version, with a guard that got lost on the way.
contract TreasuryOpen__MockForRehearsal is TreasuryV2__MockForRehearsal {
    function pay(address payable to, uint256 amount) external override {
        Address.sendValue(to, amount);
    }
}
