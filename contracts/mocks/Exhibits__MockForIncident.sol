// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice Failures of the past in miniature, each as small as it may be and still fail as it did.
abstract contract Owned__MockForIncident {
    error NotOwner(address caller);

    address public owner;

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }
}

/// @notice Nomad's inbox: an unproven message has root zero, and roots are accepted once they are confirmed.
contract Replica__MockForIncident is Owned__MockForIncident {
    error NotProven(bytes32 message);

    mapping(bytes32 root => uint256) public confirmAt;
    mapping(bytes32 message => bytes32 root) public rootOf;
    uint256 public delivered;

    constructor(address owner_) {
        owner = owner_;
    }

    function initialize(bytes32 committedRoot) external onlyOwner {
        confirmAt[committedRoot] = 1;
    }

    function process(bytes32 message) external {
        if (!acceptableRoot(rootOf[message])) revert NotProven(message);
        ++delivered;
    }

    function acceptableRoot(bytes32 root) public view returns (bool) {
        return confirmAt[root] != 0 && block.timestamp >= confirmAt[root];
    }
}

/// @notice Ronin's bridge: version 4 reads a weight that version 3's initialiser was to set.
contract Bridge__MockForIncident is Owned__MockForIncident {
    error WeightTooLow(uint256 weight, uint256 minimum);

    uint256 public version = 2;
    uint256 public totalWeight;
    uint256 public withdrawals;

    constructor(address owner_) {
        owner = owner_;
    }

    function initializeV3(uint256 weight) external onlyOwner {
        totalWeight = weight;
        version = 3;
    }

    function initializeV4() external onlyOwner {
        version = 4;
    }

    function withdraw(uint256 weight) external {
        if (weight < minimumVoteWeight()) revert WeightTooLow(weight, minimumVoteWeight());
        ++withdrawals;
    }

    function minimumVoteWeight() public view returns (uint256) {
        return (totalWeight * 70) / 100;
    }
}

/// @notice Sonne's and Onyx's market: between its listing and its first deposit whoever comes first takes all.
contract Market__MockForIncident is Owned__MockForIncident {
    error NotListed();

    bool public isListed;
    bool public isSeeded;
    address public drainedBy;

    constructor(address owner_) {
        owner = owner_;
    }

    function list() external onlyOwner {
        isListed = true;
    }

    function seed() external onlyOwner {
        isSeeded = true;
    }

    function drain() external {
        if (!isListed || isSeeded) revert NotListed();
        drainedBy = msg.sender;
    }
}

/// @notice Compound's comptroller of proposal 62: one comparison sign, and everybody's claim is too large.
contract Distributor__MockForIncident is Owned__MockForIncident {
    bool public isWrong;
    uint256 public paid;
    uint256 public accrued = 10;

    constructor(address owner_) {
        owner = owner_;
    }

    function setVersion(bool isWrong_) external onlyOwner {
        isWrong = isWrong_;
    }

    function claim() external {
        paid += isWrong ? 1e36 : 1;
    }
}

/// @notice Beanstalk's governance: who holds enough at this moment decides at this moment.
contract LiveGovernor__MockForIncident {
    error NotEnough(uint256 have, uint256 need);

    uint256 public totalDeposits = 100;
    uint256 public treasury = 1_000;
    address public takenBy;
    mapping(address account => uint256) public deposits;

    function deposit(uint256 amount) external {
        deposits[msg.sender] += amount;
        totalDeposits += amount;
    }

    function withdraw(uint256 amount) external {
        deposits[msg.sender] -= amount;
        totalDeposits -= amount;
    }

    function emergencyCommit() external {
        uint256 need = (totalDeposits * 2) / 3;
        if (deposits[msg.sender] < need) revert NotEnough(deposits[msg.sender], need);
        treasury = 0;
        takenBy = msg.sender;
    }
}

/// @notice Borrows, decides and pays back in one call.
contract FlashLoan__MockForIncident {
    function take(LiveGovernor__MockForIncident governor) external {
        governor.deposit(1_000_000);
        governor.emergencyCommit();
        governor.withdraw(1_000_000);
    }
}

/// @notice Parity's and Wormhole's shared code: nobody called its initialiser, so anyone may.
contract Library__MockForIncident is Owned__MockForIncident {
    error AlreadyInitialised();

    bool public isDead;

    function initialize(address owner_) external {
        if (owner != address(0)) revert AlreadyInitialised();
        owner = owner_;
    }

    function kill() external onlyOwner {
        isDead = true;
    }
}

/// @notice Audius' governance behind a proxy whose admin lies in slot 0, where the implementation keeps its flags.
contract Governance__MockForIncident {
    error AlreadyInitialised();

    // Slot 0, as in OpenZeppelin's contracts before ERC-1967: two bytes of whatever else lies there.
    bool public initialized;
    bool public initializing;
    address public guardian;

    function initialize(address guardian_) external {
        if (initialized && !initializing) revert AlreadyInitialised();
        initialized = true;
        guardian = guardian_;
    }
}

contract AdminSlotProxy__MockForIncident {
    address public proxyAdmin;
    bytes32 private constant IMPLEMENTATION = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    constructor(address admin, address implementation, bytes memory data) {
        assembly {
            sstore(IMPLEMENTATION, implementation)
        }
        (bool isOk, ) = implementation.delegatecall(data);
        assert(isOk);
        proxyAdmin = admin;
    }

    fallback() external {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let isOk := delegatecall(gas(), sload(IMPLEMENTATION), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(isOk) {
                revert(0, returndatasize())
            }
            return(0, returndatasize())
        }
    }
}

/// @notice OpenZeppelin's timelock with an executor role that is open to anyone, as many protocols have it.
contract OpenTimelock__MockForIncident is TimelockController {
    constructor(address proposer) TimelockController(1 days, _only(proposer), _only(address(0)), address(0)) {}

    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
