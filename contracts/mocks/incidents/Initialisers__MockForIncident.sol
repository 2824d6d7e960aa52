// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Governed__MockForIncident, Unlocked__MockForIncident} from "./Base__MockForIncident.sol";

/// @notice A bridge's core, before the version that nobody initialised.
contract Core__MockForIncident is Governed__MockForIncident {
    function version() external pure virtual returns (uint256) {
        return 1;
    }
}

/// @notice Wormhole's: the implementation itself has no owner yet.
contract CoreUnlocked__MockForIncident is Unlocked__MockForIncident {
    function version() external pure returns (uint256) {
        return 2;
    }
}

/// @notice Audius' staking before it kept flags: nothing in plain slots.
contract Staking__MockForIncident is Governed__MockForIncident {
    receive() external payable {}
}

/// @notice With flags in slot 0, where this proxy keeps its admin.
contract StakingFlags__MockForIncident is Governed__MockForIncident {
    error AlreadyInitialised();

    bool public isInitialised;
    bool public isInitialising;
    address public guardian;

    constructor() {
        isInitialised = true;
    }

    receive() external payable {}

    function initializeGuardian(address guardian_) external {
        if (isInitialised && !isInitialising) revert AlreadyInitialised();
        isInitialised = true;
        guardian = guardian_;
    }

    function withdraw() external {
        if (msg.sender != guardian) revert OwnableUnauthorizedAccount(msg.sender);
        Address.sendValue(payable(msg.sender), address(this).balance);
    }
}

/// @notice Flags and owner in plain slots, as before ERC-7201.
abstract contract Plain__MockForIncident is UUPSUpgradeable {
    error AlreadyInitialised();
    error NotOwner(address caller);

    bool public isInitialised;
    address public owner;

    constructor() {
        isInitialised = true;
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    function initialize(address owner_) public virtual {
        if (isInitialised) revert AlreadyInitialised();
        (isInitialised, owner) = (true, owner_);
    }

    function transferOwnership(address owner_) external onlyOwner {
        owner = owner_;
    }

    function _authorizeUpgrade(address) internal override onlyOwner {}
}

/// @notice Pike's spoke: who owns it takes what is deposited.
contract Spoke__MockForIncident is Plain__MockForIncident {
    uint256 public deposited;

    function deposit() external payable {
        deposited += msg.value;
    }

    function sweep() external onlyOwner {
        Address.sendValue(payable(msg.sender), address(this).balance);
    }
}

abstract contract Pausable__MockForIncident {
    uint256 public pausedUntil;
}

/// @notice The emergency's fix can be paused; its new base comes first, and every slot is another.
contract SpokePausable__MockForIncident is Pausable__MockForIncident, Plain__MockForIncident {
    uint256 public deposited;

    function deposit() external payable {
        deposited += msg.value;
    }

    function sweep() external onlyOwner {
        Address.sendValue(payable(msg.sender), address(this).balance);
    }
}

/// @notice Arbitrum's inbox: deposits go to the bridge that it names.
contract Inbox__MockForIncident is Governed__MockForIncident {
    error AlreadyInitialised();

    bool public isSet;
    address public bridge;

    constructor() {
        isSet = true;
    }

    function initializeBridge(address bridge_) external {
        if (isSet) revert AlreadyInitialised();
        (isSet, bridge) = (true, bridge_);
    }

    function deposit() external payable {
        Address.sendValue(payable(bridge), msg.value);
    }
}

/// @notice Its upgrade clears the first slots and writes the bridge back, not the flag.
contract InboxCleared__MockForIncident is Inbox__MockForIncident {
    function postUpgradeInit(address bridge_) external onlyOwner {
        assembly {
            sstore(0, 0)
        }
        bridge = bridge_;
    }
}

/// @notice Ronin's bridge: the weight that withdrawals need is set by the third version's initialiser.
contract Weights__MockForIncident is Governed__MockForIncident {
    error WeightTooLow(uint256 weight, uint256 minimum);

    uint256 public totalWeight;

    receive() external payable {}

    function withdraw(uint256 weight, uint256 amount) external virtual {
        if (weight < 70) revert WeightTooLow(weight, 70);
        Address.sendValue(payable(msg.sender), amount);
    }
}

contract WeightsFourth__MockForIncident is Weights__MockForIncident {
    uint256 public version;

    function initializeV3(uint256 total) external reinitializer(3) {
        totalWeight = total;
    }

    function initializeV4() external reinitializer(4) {
        version = 4;
    }

    function minimumVoteWeight() public view returns (uint256) {
        return (totalWeight * 70) / 100;
    }

    function withdraw(uint256 weight, uint256 amount) external override {
        if (weight < minimumVoteWeight()) revert WeightTooLow(weight, minimumVoteWeight());
        Address.sendValue(payable(msg.sender), amount);
    }
}

/// @notice Parity's shared library: whoever initialises it first may end it.
contract WalletLibrary__MockForIncident {
    error NotOwner(address caller);

    address public owner;

    function initWallet(address owner_) external {
        if (owner != address(0)) revert NotOwner(msg.sender);
        owner = owner_;
    }

    function kill() external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        selfdestruct(payable(msg.sender));
    }

    function pay(address payable to, uint256 amount) external {
        Address.sendValue(to, amount);
    }
}

/// @notice A wallet that does its work itself.
contract Wallet__MockForIncident is Governed__MockForIncident {
    receive() external payable {}

    function pay(address payable to, uint256 amount) external virtual onlyOwner {
        Address.sendValue(to, amount);
    }
}

/// @notice A wallet that leaves it to the library that all wallets share.
contract WalletStub__MockForIncident is Wallet__MockForIncident {
    address public immutable library_;

    constructor(address shared) {
        library_ = shared;
    }

    function pay(address payable to, uint256 amount) external override onlyOwner {
        (bool isOk, ) = library_.delegatecall(abi.encodeCall(WalletLibrary__MockForIncident.pay, (to, amount)));
        assert(isOk);
    }
}
