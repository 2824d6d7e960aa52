// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

enum Phase {
    None,
    // The user's funds are locked; no solver has taken the intent.
    Open,
    // The solver's bond is locked too.
    Taken,
    Settled,
    Refunded
}

struct Intent {
    address user;
    address solver;
    // In wei.
    uint128 userFunds;
    uint128 solverFunds;
    // Seconds since the epoch.
    uint64 createdAt;
    uint64 deadline;
    // Seconds by which timeouts had been extended when the intent was opened: later extensions are its own.
    uint64 extendedBefore;
    Phase phase;
}

/// @notice Users lock wei for a solver's service; the solver locks a bond, and gets both once the user confirms. After the
/// deadline the user takes both instead. A protocol with work in flight, which an upgrade has to wait for.
contract IntentEscrow is OwnableUpgradeable, UUPSUpgradeable, ReentrancyGuard {
    using EnumerableSet for EnumerableSet.UintSet;

    error AmountInvalid(uint256 amount);
    error DeadlineInvalid(uint256 deadline);
    error IntentInPhase(uint256 id, Phase actual, Phase required);
    error IntentNotYours(uint256 id, address caller);
    error NotTimedOut(uint256 id, uint256 deadline);
    error ExtensionInvalid(uint256 extension, uint256 max);

    event IntentOpened(uint256 indexed id, address indexed user, uint256 funds, uint256 deadline);
    event IntentTaken(uint256 indexed id, address indexed solver, uint256 bond);
    event IntentSettled(uint256 indexed id);
    event IntentRefunded(uint256 indexed id);
    event TimeoutsExtended(uint256 extension, uint256 inFlight);

    /// @notice Longest extension at once, in seconds.
    uint64 public constant MAX_EXTENSION = 30 days;
    /// @notice Least part of the user's funds that a solver locks, in basis points.
    uint256 public constant BOND_BPS = 1_000;
    uint256 private constant ONE_IN_BPS = 10_000;

    /// @custom:storage-location erc7201:slipway.examples.intents
    struct Layout {
        uint256 last;
        uint64 extension;
        mapping(uint256 id => Intent) intents;
        EnumerableSet.UintSet inFlight;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.examples.intents")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant SLOT = 0x4d9d932d39b79da2f787962bb890ce7590703b9fcc43d6e01792aa6556a4a600;

    constructor() {
        _disableInitializers();
    }

    function initialize(address owner_) external initializer {
        __Ownable_init(owner_);
    }

    function version() external pure virtual returns (uint256) {
        return 1;
    }

    /// @notice Locks the sent wei until a solver has served, or `deadline` (seconds) has passed.
    function open(uint64 deadline) external payable nonReentrant returns (uint256 id) {
        if (msg.value == 0 || msg.value > type(uint128).max) revert AmountInvalid(msg.value);
        if (deadline <= block.timestamp) revert DeadlineInvalid(deadline);
        Layout storage self = _state();
        id = ++self.last;
        self.intents[id] = Intent({
            user: msg.sender,
            solver: address(0),
            userFunds: uint128(msg.value),
            solverFunds: 0,
            createdAt: uint64(block.timestamp),
            deadline: deadline,
            extendedBefore: self.extension,
            phase: Phase.Open
        });
        self.inFlight.add(id);
        emit IntentOpened(id, msg.sender, msg.value, deadline);
    }

    /// @notice Takes an open intent, with a bond of at least `BOND_BPS` of its funds.
    function take(uint256 id) external payable nonReentrant {
        Intent storage intent = _inPhase(id, Phase.Open);
        if (msg.value > type(uint128).max || msg.value * ONE_IN_BPS < intent.userFunds * BOND_BPS) {
            revert AmountInvalid(msg.value);
        }
        if (block.timestamp >= deadlineOf(id)) revert DeadlineInvalid(deadlineOf(id));
        intent.phase = Phase.Taken;
        intent.solver = msg.sender;
        intent.solverFunds = uint128(msg.value);
        emit IntentTaken(id, msg.sender, msg.value);
    }

    /// @notice Pays the solver. Caller: the user.
    function settle(uint256 id) external nonReentrant {
        _settle(id);
    }

    /// @notice Pays everything back to the user, once the deadline has passed; at once where no solver took it. Caller: the user.
    function refund(uint256 id) external nonReentrant {
        Intent storage intent = _state().intents[id];
        if (intent.phase != Phase.Open) intent = _inPhase(id, Phase.Taken);
        if (msg.sender != intent.user) revert IntentNotYours(id, msg.sender);
        if (intent.phase == Phase.Taken && block.timestamp < deadlineOf(id)) revert NotTimedOut(id, deadlineOf(id));
        _close(id, intent, Phase.Refunded);
        emit IntentRefunded(id);
        Address.sendValue(payable(intent.user), uint256(intent.userFunds) + intent.solverFunds);
    }

    /// @notice Gives everything in flight `extension` seconds more: what waits for an upgrade must not time out in it. What is
    /// opened later is not concerned. Caller: owner.
    function extendTimeouts(uint64 extension) external onlyOwner {
        if (extension == 0 || extension > MAX_EXTENSION) revert ExtensionInvalid(extension, MAX_EXTENSION);
        Layout storage self = _state();
        self.extension += extension;
        emit TimeoutsExtended(extension, self.inFlight.length());
    }

    /// @notice Intents that are neither settled nor refunded: the proxy is drained at zero.
    function inFlight() external view returns (uint256) {
        return _state().inFlight.length();
    }

    /// @notice Ids of intents in flight, from `start`, at most `count`; in no order.
    function inFlightIds(uint256 start, uint256 count) external view returns (uint256[] memory) {
        return _state().inFlight.values(start, start + count);
    }

    function intentOf(uint256 id) external view returns (Intent memory) {
        return _state().intents[id];
    }

    /// @notice When the user may take a taken intent's funds back, extensions included.
    function deadlineOf(uint256 id) public view returns (uint256) {
        Layout storage self = _state();
        Intent storage intent = self.intents[id];
        return uint256(intent.deadline) + self.extension - intent.extendedBefore;
    }

    function _settle(uint256 id) internal {
        Intent storage intent = _inPhase(id, Phase.Taken);
        if (msg.sender != intent.user) revert IntentNotYours(id, msg.sender);
        _close(id, intent, Phase.Settled);
        emit IntentSettled(id);
        Address.sendValue(payable(intent.solver), uint256(intent.userFunds) + intent.solverFunds);
    }

    /// @dev Before anybody is paid: whoever is called back sees the intent closed, and counted no more.
    function _close(uint256 id, Intent storage intent, Phase phase) private {
        intent.phase = phase;
        _state().inFlight.remove(id);
    }

    function _inPhase(uint256 id, Phase phase) private view returns (Intent storage intent) {
        intent = _state().intents[id];
        if (intent.phase != phase) revert IntentInPhase(id, intent.phase, phase);
    }

    function _state() private pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }

    function _authorizeUpgrade(address) internal override onlyOwner {}
}
