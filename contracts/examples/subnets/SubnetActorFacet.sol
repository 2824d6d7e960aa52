// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {DiamondCuts} from "../../diamond/DiamondCuts.sol";

/// @notice Stake on its way out.
struct Unbonding {
    uint128 amount;
    // Seconds since the epoch.
    uint64 claimableAt;
}

/// @notice Who validates a subnet, with what stake.
library SubnetActorStorage {
    /// @custom:storage-location erc7201:slipway.examples.subnetActor
    struct Layout {
        bytes32 subnet;
        uint256 minStake;
        mapping(address validator => uint256) stakes;
        uint256 totalStake;
        uint256 validatorCount;
        // Since version 2. Seconds between exit and claim.
        uint64 unbondingPeriod;
        mapping(address validator => Unbonding) unbondings;
        uint256 totalUnbonding;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.examples.subnetActor")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0xc2aecae16aa5458fdab79510efbdc52236c30ea9624472399d11dd7012d30800;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }
}

/// @notice The contract of one subnet in its parent: validators join with stake and exit with it.
contract SubnetActorFacet {
    error StakeTooLow(uint256 stake, uint256 minStake);
    error NotValidator(address account);

    event Joined(address indexed validator, uint256 amount, uint256 stake);
    event Exited(address indexed validator, uint256 stake);

    /// @notice Adds the native value sent along (wei) to the caller's stake. Reverts with `StakeTooLow` below the least.
    function join() external payable {
        SubnetActorStorage.Layout storage self = SubnetActorStorage.state();
        uint256 stake = self.stakes[msg.sender] + msg.value;
        if (stake < self.minStake || msg.value == 0) revert StakeTooLow(stake, self.minStake);
        if (self.stakes[msg.sender] == 0) ++self.validatorCount;
        self.stakes[msg.sender] = stake;
        self.totalStake += msg.value;
        emit Joined(msg.sender, msg.value, stake);
    }

    /// @notice Ends the caller's part as a validator and pays its stake. Reverts with `NotValidator`.
    function exit() external virtual {
        Address.sendValue(payable(msg.sender), _remove(msg.sender));
    }

    /// @notice The subnet's name.
    function subnet() external view returns (bytes32 name) {
        return SubnetActorStorage.state().subnet;
    }

    /// @notice Least stake of a validator, in wei.
    function minStake() external view returns (uint256 stake) {
        return SubnetActorStorage.state().minStake;
    }

    /// @notice Wei that `validator` has at stake; zero: it is none.
    function stakeOf(address validator) external view returns (uint256 stake) {
        return SubnetActorStorage.state().stakes[validator];
    }

    /// @notice Wei at stake, of all validators together.
    function totalStake() external view returns (uint256 stake) {
        return SubnetActorStorage.state().totalStake;
    }

    function validatorCount() external view returns (uint256 count) {
        return SubnetActorStorage.state().validatorCount;
    }

    function actorVersion() external pure virtual returns (uint256 version) {
        return 1;
    }

    function _remove(address validator) internal returns (uint256 stake) {
        SubnetActorStorage.Layout storage self = SubnetActorStorage.state();
        stake = self.stakes[validator];
        if (stake == 0) revert NotValidator(validator);
        delete self.stakes[validator];
        self.totalStake -= stake;
        --self.validatorCount;
        emit Exited(validator, stake);
    }
}

/// @notice Version 2: stake is paid an unbonding period after its validator exited.
contract SubnetActorFacetV2 is SubnetActorFacet {
    error NothingToClaim(address account);
    error StillUnbonding(address account, uint256 claimableAt);

    event Claimed(address indexed validator, uint256 amount);

    /// @notice Ends the caller's part as a validator. Its stake can be claimed when the unbonding period is over, which
    /// starts anew for what still waits. Reverts with `NotValidator`.
    function exit() external override {
        SubnetActorStorage.Layout storage self = SubnetActorStorage.state();
        uint256 stake = _remove(msg.sender);
        Unbonding storage unbonding = self.unbondings[msg.sender];
        unbonding.amount += uint128(stake);
        unbonding.claimableAt = uint64(block.timestamp) + self.unbondingPeriod;
        self.totalUnbonding += stake;
    }

    /// @notice Pays what the caller exited with. Reverts with `NothingToClaim`, `StillUnbonding`.
    function claim() external {
        SubnetActorStorage.Layout storage self = SubnetActorStorage.state();
        Unbonding memory unbonding = self.unbondings[msg.sender];
        if (unbonding.amount == 0) revert NothingToClaim(msg.sender);
        if (block.timestamp < unbonding.claimableAt) revert StillUnbonding(msg.sender, unbonding.claimableAt);
        delete self.unbondings[msg.sender];
        self.totalUnbonding -= unbonding.amount;
        emit Claimed(msg.sender, unbonding.amount);
        Address.sendValue(payable(msg.sender), unbonding.amount);
    }

    /// @notice Stake on its way out, and when it can be claimed (seconds since the epoch).
    function unbondingOf(address validator) external view returns (Unbonding memory unbonding) {
        return SubnetActorStorage.state().unbondings[validator];
    }

    /// @notice Seconds between exit and claim.
    function unbondingPeriod() external view returns (uint256 period) {
        return SubnetActorStorage.state().unbondingPeriod;
    }

    function actorVersion() external pure override returns (uint256 version) {
        return 2;
    }
}

/// @notice What the factory asks of the initialiser of a new actor.
interface ISubnetActorInit {
    /// @return answer What tells the cut that an initialiser ran.
    function initialise(bytes32 subnet, uint256 minStake) external returns (bytes32 answer);
}

/// @notice Sets a new actor up. Delegatecalled by its constructor, never a facet.
contract SubnetActorInit is ISubnetActorInit {
    /// @inheritdoc ISubnetActorInit
    function initialise(bytes32 subnet, uint256 minStake) public virtual returns (bytes32 answer) {
        SubnetActorStorage.Layout storage self = SubnetActorStorage.state();
        self.subnet = subnet;
        self.minStake = minStake;
        return DiamondCuts.INITIALISED;
    }
}

/// @notice Sets a new actor of version 2 up, and leads one of version 1 there.
contract SubnetActorV2Init is SubnetActorInit {
    uint64 private immutable UNBONDING_PERIOD;

    /// @param unbondingPeriod In seconds.
    constructor(uint64 unbondingPeriod) {
        UNBONDING_PERIOD = unbondingPeriod;
    }

    /// @inheritdoc ISubnetActorInit
    function initialise(bytes32 subnet, uint256 minStake) public override returns (bytes32 answer) {
        migrate();
        return super.initialise(subnet, minStake);
    }

    /// @return answer What tells the cut that an initialiser ran.
    function migrate() public returns (bytes32 answer) {
        SubnetActorStorage.state().unbondingPeriod = UNBONDING_PERIOD;
        return DiamondCuts.INITIALISED;
    }
}
