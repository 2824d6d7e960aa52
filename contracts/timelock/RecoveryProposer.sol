// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RecoveryBatch} from "./RecoveryBatch.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice What a registry answers that was made for a timelock.
interface IRecoverySuccessor {
    function timelock() external view returns (address);
}

/// @notice The way out of a bricked registry. It can do one thing: give the registry's roles on the timelock to another
/// registry, thirty days after its owner said so in public. While the old registry lives it can cancel that.
/// @dev Holds the timelock's proposer and executor roles, and no other: the roles would let it do more, its code does not.
/// Without immutables, so that every one of them has the same code, and who looks at a timelock can tell by it.
contract RecoveryProposer {
    enum Status {
        None,
        Waiting,
        Ready,
        // The owner did not execute it in time.
        Lapsed,
        // By the registry.
        Cancelled
    }

    error NotRecoveryOwner(address caller, address owner);
    error RecoveryOwnerZero();
    /// @notice It serves one timelock, for good.
    error RecoveryBound(address timelock);
    error RecoveryPending(address successor, uint256 notBefore);
    error RecoveryInStatus(Status actual, Status expected);
    /// @notice The account is no registry that was made for this timelock.
    error SuccessorInvalid(address successor);
    error RecoveryNotExecuting(uint256 number);

    event RecoveryTimelockSet(address indexed timelock);
    event RecoveryStarted(
        uint256 indexed number,
        address indexed successor,
        bytes32 indexed operation,
        uint256 notBefore,
        uint256 notAfter
    );
    event RecoveryExecuted(uint256 indexed number, address indexed successor);
    event RecoveryWithdrawn(uint256 indexed number, address indexed successor);

    /// @notice Seconds in which a registry that lives, its council or its electorate, can stop it.
    uint256 public constant DELAY = 30 days;
    /// @notice Seconds in which it can be executed then. What was forgotten is no way in years later.
    uint256 public constant WINDOW = 30 days;

    bytes3 private constant DELEGATION_PREFIX = 0xef0100;

    address public timelock;
    /// @notice The one account that starts, withdraws and executes: a council's Safe.
    address public owner;
    /// @notice Recoveries started so far; the number of the last one.
    uint256 public number;
    /// @notice Of the recovery under way; zero: none.
    address public successor;
    /// @notice Seconds since the epoch between which it can be executed.
    uint256 public notBefore;
    uint256 public notAfter;

    bool private _isExecuting;

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotRecoveryOwner(msg.sender, owner);
        _;
    }

    /// @param timelock_ Zero: the timelock that calls `bind`.
    constructor(address timelock_, address owner_) {
        if (owner_ == address(0)) revert RecoveryOwnerZero();
        timelock = timelock_;
        owner = owner_;
    }

    /// @notice Makes the caller its timelock, once. An `UpgradeTimelock` does so while it is constructed, and gives it its
    /// roles there: who binds it first without that gives it power over nothing.
    function bind() external {
        if (timelock != address(0)) revert RecoveryBound(timelock);
        timelock = msg.sender;
        emit RecoveryTimelockSet(msg.sender);
    }

    /// @notice Announces that `successor_` is to get the registry's roles. Caller: owner, while no other is under way.
    function start(address successor_) external onlyOwner {
        Status status_ = status();
        if (status_ == Status.Waiting || status_ == Status.Ready) revert RecoveryPending(successor, notBefore);
        _checkSuccessor(successor_);
        uint256 delay = _timelock().getMinDelay();
        if (delay < DELAY) delay = DELAY;
        uint256 number_ = ++number;
        successor = successor_;
        notBefore = block.timestamp + delay;
        notAfter = notBefore + WINDOW;
        RecoveryBatch.Batch memory batch = _batch();
        _timelock().scheduleBatch(batch.targets, batch.values, batch.payloads, 0, batch.salt, delay);
        emit RecoveryStarted(number_, successor_, operation(), notBefore, notAfter);
    }

    /// @notice Gives up what is under way: it can never be executed. Caller: owner.
    function withdraw() external onlyOwner {
        if (successor == address(0)) revert RecoveryInStatus(Status.None, Status.Waiting);
        emit RecoveryWithdrawn(number, successor);
        delete successor;
    }

    /// @notice Gives the successor its roles. Caller: owner, inside the window.
    function execute() external onlyOwner {
        Status status_ = status();
        if (status_ != Status.Ready) revert RecoveryInStatus(status_, Status.Ready);
        address successor_ = successor;
        _checkSuccessor(successor_);
        RecoveryBatch.Batch memory batch = _batch();
        _isExecuting = true;
        _timelock().executeBatch(batch.targets, batch.values, batch.payloads, 0, batch.salt);
        _isExecuting = false;
        delete successor;
        emit RecoveryExecuted(number, successor_);
    }

    /// @notice First call of the batch: no executor, not even an open one, runs it past `execute`.
    function onlyWhileExecuting(uint256 number_) external view {
        if (!_isExecuting || number_ != number) revert RecoveryNotExecuting(number_);
    }

    /// @notice Where the recovery under way stands.
    function status() public view returns (Status) {
        if (successor == address(0)) return Status.None;
        if (!_timelock().isOperationPending(operation())) return Status.Cancelled;
        if (block.timestamp < notBefore) return Status.Waiting;
        return block.timestamp > notAfter ? Status.Lapsed : Status.Ready;
    }

    /// @notice The timelock's id of the last operation; a registry cancels by the parts that it is made of.
    function operation() public view returns (bytes32) {
        RecoveryBatch.Batch memory batch = _batch();
        return _timelock().hashOperationBatch(batch.targets, batch.values, batch.payloads, 0, batch.salt);
    }

    function _batch() private view returns (RecoveryBatch.Batch memory) {
        return RecoveryBatch.build(timelock, address(this), successor, number);
    }

    function _timelock() private view returns (TimelockController) {
        return TimelockController(payable(timelock));
    }

    /// @dev Guards against a slip of the owner, not against the owner: for that there are thirty days.
    function _checkSuccessor(address account) private view {
        bytes memory code = account.code;
        if (code.length == 0 || bytes3(code) == DELEGATION_PREFIX) revert SuccessorInvalid(account);
        try IRecoverySuccessor(account).timelock() returns (address own) {
            if (own != timelock) revert SuccessorInvalid(account);
        } catch {
            revert SuccessorInvalid(account);
        }
    }
}
