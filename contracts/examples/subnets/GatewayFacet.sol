// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {DiamondCuts} from "../../diamond/DiamondCuts.sol";

/// @notice What users hold in a gateway.
library GatewayStorage {
    /// @custom:storage-location erc7201:slipway.examples.gateway
    struct Layout {
        mapping(address account => uint256) balances;
        uint256 total;
        // Since version 2. Most that one account may hold; zero: no cap.
        uint256 accountCap;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.examples.gateway")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0x7ed87c59d03a6849158db496ab36ee0888b2196b6b2c17644305a5538a045800;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}

/// @notice The gateway of a subnet: it keeps what users bring in until they take it out.
contract GatewayFacet {
    error AmountZero();
    error BalanceTooLow(address account, uint256 balance, uint256 amount);

    event Deposited(address indexed sender, address indexed receiver, uint256 amount);
    event Withdrawn(address indexed account, address indexed receiver, uint256 amount);

    /// @notice Credits the native value sent along (wei) to `receiver`. Caller: anyone.
    function deposit(address receiver) external payable virtual {
        _credit(receiver, msg.value);
    }

    /// @notice Pays `amount` (wei) of the caller's balance to `receiver`. Reverts with `BalanceTooLow`.
    function withdraw(uint256 amount, address payable receiver) external {
        GatewayStorage.Layout storage self = GatewayStorage.state();
        _debit(msg.sender, amount);
        self.total -= amount;
        emit Withdrawn(msg.sender, receiver, amount);
        Address.sendValue(receiver, amount);
    }

    /// @notice Wei that `account` may take out.
    function balanceOf(address account) external view returns (uint256 balance) {
        return GatewayStorage.state().balances[account];
    }

    /// @notice Wei owed to all accounts together.
    function totalBalance() external view returns (uint256 total) {
        return GatewayStorage.state().total;
    }

    /// @notice Wei owed that the gateway does not hold: zero, or it is broken. For invariants.
    function shortfall() external view returns (uint256 missing) {
        uint256 total = GatewayStorage.state().total;
        return total > address(this).balance ? total - address(this).balance : 0;
    }

    function gatewayVersion() external pure virtual returns (uint256 version) {
        return 1;
    }

    function _credit(address receiver, uint256 amount) internal {
        if (amount == 0) revert AmountZero();
        GatewayStorage.Layout storage self = GatewayStorage.state();
        self.balances[receiver] += amount;
        self.total += amount;
        emit Deposited(msg.sender, receiver, amount);
    }

    function _debit(address account, uint256 amount) internal {
        if (amount == 0) revert AmountZero();
        GatewayStorage.Layout storage self = GatewayStorage.state();
        uint256 balance = self.balances[account];
        if (balance < amount) revert BalanceTooLow(account, balance, amount);
        self.balances[account] = balance - amount;
    }
}

/// @notice Version 2: a cap on what one account may bring in, and transfers inside the gateway.
contract GatewayFacetV2 is GatewayFacet {
    /// @notice The deposit would take the account past the cap. What it holds already stays its own.
    error CapExceeded(address account, uint256 balance, uint256 cap);

    event Transferred(address indexed from, address indexed to, uint256 amount);

    /// @inheritdoc GatewayFacet
    function deposit(address receiver) external payable override {
        _credit(receiver, msg.value);
        _checkCap(receiver);
    }

    /// @notice Moves `amount` (wei) of the caller's balance to `receiver`. Reverts with `BalanceTooLow`, `CapExceeded`.
    function transfer(address receiver, uint256 amount) external {
        _debit(msg.sender, amount);
        GatewayStorage.state().balances[receiver] += amount;
        _checkCap(receiver);
        emit Transferred(msg.sender, receiver, amount);
    }

    /// @notice Wei that one account may hold at most; zero: no cap.
    function accountCap() external view returns (uint256 cap) {
        return GatewayStorage.state().accountCap;
    }

    function gatewayVersion() external pure override returns (uint256 version) {
        return 2;
    }

    function _checkCap(address account) private view {
        GatewayStorage.Layout storage self = GatewayStorage.state();
        uint256 balance = self.balances[account];
        if (self.accountCap != 0 && balance > self.accountCap) revert CapExceeded(account, balance, self.accountCap);
    }
}

/// @notice Leads a gateway to version 2. Delegatecalled by the cut, never a facet.
contract GatewayV2Init {
    /// @return answer What tells the cut that an initialiser ran.
    function migrate(uint256 accountCap) external returns (bytes32 answer) {
        GatewayStorage.state().accountCap = accountCap;
        return DiamondCuts.INITIALISED;
    }
}
