// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

/// @notice A library that another library calls.
library Ones__MockForPlan {
    function one() external pure returns (uint256) {
        return 1;
    }
}

/// @notice Linked into a counter: its code runs in the counter's storage.
library Steps__MockForPlan {
    function next(uint256 count) external pure returns (uint256) {
        return count + Ones__MockForPlan.one();
    }
}

/// @notice The least that a UUPS module can be, with plain storage.
contract CounterV1__MockForPlan is UUPSUpgradeable {
    error NotOwner(address caller);
    error AlreadyInitialized();

    bool public isInitialized;
    address public owner;
    uint256 public count;
    uint256[8] private __gap;

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    constructor() {
        isInitialized = true;
    }

    function initialize(address owner_) external {
        if (isInitialized) revert AlreadyInitialized();
        isInitialized = true;
        owner = owner_;
    }

    function increment() external virtual {
        count = _next();
    }

    function transferOwnership(address owner_) external onlyOwner {
        owner = owner_;
    }

    function _next() internal virtual returns (uint256) {
        return count + 1;
    }

    function _authorizeUpgrade(address) internal override onlyOwner {}
}

/// @notice Counts through linked libraries.
contract CounterV2Linked__MockForPlan is CounterV1__MockForPlan {
    function _next() internal view override returns (uint256) {
        return Steps__MockForPlan.next(count);
    }
}

/// @notice Appends a field, and loses a function and gains one.
contract CounterV2__MockForPlan is CounterV1__MockForPlan {
    uint256 public limit;

    function setLimit(uint256 limit_) external onlyOwner {
        limit = limit_;
    }

    /// @notice Writes where V1 reads: what the candidate counted stays counted.
    function increment() external override {
        count = _next() + 1;
    }
}

abstract contract Pausable__MockForPlan {
    uint256 public pausedUntil;
}

/// @notice Pike, April 2024: a new base in front moves everything behind it, "initialized" first.
contract CounterV2Pike__MockForPlan is Pausable__MockForPlan, CounterV1__MockForPlan {}

/// @notice Serves, and can never be replaced.
contract CounterV2Sterile__MockForPlan is CounterV1__MockForPlan {
    error Sterile();

    function upgradeToAndCall(address, bytes memory) public payable override {
        revert Sterile();
    }
}

/// @notice Reads one field of V1 under another name, and puts a new one into the gap.
contract CounterV2Gap__MockForPlan is UUPSUpgradeable {
    error NotOwner(address caller);

    bool public isInitialized;
    address public owner;
    uint256 public total;
    uint256 public step;
    uint256[7] private __gap;

    constructor() {
        isInitialized = true;
    }

    function increment() external {
        total += step;
    }

    function _authorizeUpgrade(address) internal view override {
        if (msg.sender != owner) revert NotOwner(msg.sender);
    }
}

/// @notice Reads what V1 counted as a signed number.
contract CounterV2Signed__MockForPlan is UUPSUpgradeable {
    error NotOwner(address caller);

    bool public isInitialized;
    address public owner;
    int256 public count;

    constructor() {
        isInitialized = true;
    }

    function increment() external {
        ++count;
    }

    function _authorizeUpgrade(address) internal view override {
        if (msg.sender != owner) revert NotOwner(msg.sender);
    }
}

/// @notice A proxy hidden between proxy and implementation: whoever calls sees the code behind it.
contract Shadow__MockForPlan is Proxy {
    event Upgraded(address indexed implementation);

    bytes32 private constant HIDDEN = keccak256("shadow.implementation");
    /// @dev Where explorers looked for proxies older than ERC-1967.
    bytes32 private constant LEGACY = keccak256("org.zeppelinos.proxy.implementation");
    bytes32 private constant SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    /// @notice Shows `audited` to everyone who looks at events or at the older slot, and hands calls on to it.
    function hide(address audited) external {
        bytes32 hidden = HIDDEN;
        bytes32 legacy = LEGACY;
        assembly {
            sstore(hidden, audited)
            sstore(legacy, audited)
        }
        emit Upgraded(audited);
    }

    /// @notice An upgrade replaces what is shown; this code stays.
    function upgradeToAndCall(address next, bytes calldata) external payable {
        bytes32 hidden = HIDDEN;
        assembly {
            sstore(hidden, next)
        }
        emit Upgraded(next);
    }

    /// @notice What it was put there for.
    function seize(address owner) external {
        assembly {
            sstore(0, or(1, shl(8, owner)))
        }
    }

    function proxiableUUID() external pure returns (bytes32) {
        return SLOT;
    }

    receive() external payable {}

    function _implementation() internal view override returns (address) {
        return StorageSlot.getAddressSlot(HIDDEN).value;
    }
}

/// @notice A proxy whose ERC-1967 slot is there to be looked at.
contract SpoofedProxy__MockForPlan is Proxy {
    error NotInitialized();

    bytes32 private constant SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;
    bytes32 private constant REAL = keccak256("spoofed.implementation");

    constructor(address shown, address real, bytes memory init) {
        bytes32 shownSlot = SLOT;
        bytes32 realSlot = REAL;
        assembly {
            sstore(shownSlot, shown)
            sstore(realSlot, real)
        }
        (bool isOk, ) = real.delegatecall(init);
        if (!isOk) revert NotInitialized();
    }

    receive() external payable {}

    function _implementation() internal view override returns (address) {
        return StorageSlot.getAddressSlot(REAL).value;
    }
}

/// @notice Deploys code where nothing was: what a batch may do between two of its calls.
contract Factory__MockForPlan {
    function deploy(bytes calldata initCode, bytes32 salt) external returns (address created) {
        bytes memory code = initCode;
        assembly ("memory-safe") {
            created := create2(0, add(code, 0x20), mload(code), salt)
        }
    }
}

/// @notice Half of a migration to a new address: balances are copied in parts, and each part is paid once.
contract Ledger__MockForPlan {
    error NotOwner(address caller);

    address public immutable owner;
    mapping(address account => uint256) public balanceOf;
    uint256 public total;

    constructor(address owner_) {
        owner = owner_;
    }

    function credit(address account, uint256 amount) external {
        _checkOwner();
        balanceOf[account] += amount;
        total += amount;
    }

    function debit(address account, uint256 amount) external {
        _checkOwner();
        balanceOf[account] -= amount;
        total -= amount;
    }

    function _checkOwner() private view {
        if (msg.sender != owner) revert NotOwner(msg.sender);
    }
}

/// @notice What two ledgers hold together: a migration moves between them, and makes nothing.
contract Sum__MockForPlan {
    Ledger__MockForPlan private immutable _one;
    Ledger__MockForPlan private immutable _other;

    constructor(Ledger__MockForPlan one, Ledger__MockForPlan other) {
        _one = one;
        _other = other;
    }

    function total() external view returns (uint256) {
        return _one.total() + _other.total();
    }
}
