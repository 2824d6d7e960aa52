// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @notice What the candidate does beside its work; and something outside the protocol that anyone may bend for a while.
contract Mischief__MockForModel {
    uint256 public mode;
    uint256 public arg;
    bytes32 public slot;
    uint256 public bent;

    function order(uint256 mode_, uint256 arg_, bytes32 slot_) external {
        mode = mode_;
        arg = arg_;
        slot = slot_;
    }

    function bend(uint256 bent_) external {
        bent = bent_;
    }

    function orders() external view returns (uint256, uint256, bytes32) {
        return (mode, arg, slot);
    }
}

/// @notice A bank for native value that calls out, calls itself, and writes down what ran. Both versions read each other's
/// storage; their guards lie in different places.
abstract contract Bank__MockForModel is UUPSUpgradeable {
    uint256 internal constant MOST = 32;

    address public owner;
    uint256 public total;
    mapping(address account => uint256) public balanceOf;
    uint256 public fee;
    uint256 public extra;
    uint256 internal _guard;
    /// @dev What ran in the last outermost call; the tests set it back.
    uint256 internal _ranCount;
    uint256[3 * MOST] internal _ran;

    error Failed(uint256 version);
    error Tightened(uint256 amount);
    error PaymentFailed();
    error Reentered();

    constructor() {
        owner = msg.sender;
    }

    receive() external payable {
        _note(bytes4(0), 0);
        _after();
    }

    function initialize(address owner_) external {
        if (owner != address(0)) revert Failed(0);
        owner = owner_;
    }

    function deposit(uint256 amount) external payable returns (uint256) {
        if (msg.value != amount) revert PaymentFailed();
        _note(msg.sig, amount);
        balanceOf[msg.sender] += amount;
        total += amount;
        _after();
        return balanceOf[msg.sender];
    }

    /// @dev Pays before it burns: only the guard stands between a callback and a second payment.
    function withdraw(uint256 amount, address to) external returns (uint256) {
        _enter();
        _note(msg.sig, amount);
        if (balanceOf[msg.sender] < amount) revert Failed(version());
        (bool isOk, ) = to.call{value: amount}("");
        if (!isOk) revert PaymentFailed();
        balanceOf[msg.sender] -= amount;
        total -= amount;
        _after();
        _leave();
        return version();
    }

    function transfer(address to, uint256 amount) external virtual returns (uint256) {
        _note(msg.sig, (uint256(uint160(to)) << 96) | amount);
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        _after();
        return version();
    }

    function ping() external payable returns (uint256) {
        _note(msg.sig, 0);
        _after();
        return version();
    }

    function setFee(uint256 fee_) external returns (uint256) {
        _note(msg.sig, fee_);
        fee = fee_;
        _after();
        return version();
    }

    function selfCall(bytes calldata data) external returns (bytes memory) {
        _note(msg.sig, 0);
        bytes memory answer = _forward(address(this), data, false);
        _after();
        return answer;
    }

    function multicall(bytes[] calldata calls) external returns (bytes memory answer) {
        _note(msg.sig, 0);
        for (uint256 i; i < calls.length; ++i) answer = _forward(address(this), calls[i], true);
        _after();
    }

    function notify(address target, bytes calldata data) external returns (bytes memory) {
        _note(msg.sig, 0);
        bytes memory answer = _forward(target, data, false);
        _after();
        return answer;
    }

    /// @param how 0: the candidate fails; 1: stable does; 2: both.
    function fail(uint256 how) external returns (uint256) {
        _note(msg.sig, how);
        if (how == 2 || how + 1 != version()) {
            if (how != 3) revert Failed(version());
        }
        _after();
        return version();
    }

    function restrict(uint256 amount) external virtual returns (uint256);

    function version() public pure virtual returns (uint256);

    function assets() external view virtual returns (uint256) {
        return address(this).balance;
    }

    function _note(bytes4 selector, uint256 word) internal {
        uint256 place = 3 * _ranCount++;
        if (place + 3 > 3 * MOST) revert Failed(MOST);
        _ran[place] = (version() << 248) | (uint256(uint32(selector)) << 160) | uint160(msg.sender);
        _ran[place + 1] = word;
        _ran[place + 2] = msg.value;
    }

    function _enter() internal virtual;

    function _leave() internal virtual;

    function _after() internal virtual {}

    function _authorizeUpgrade(address) internal view override {
        if (msg.sender != owner) revert Failed(version());
    }

    function _forward(address target, bytes calldata data, bool isDelegated) private returns (bytes memory answer) {
        bool isOk;
        (isOk, answer) = isDelegated ? target.delegatecall(data) : target.call(data);
        if (isOk) return answer;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}

contract BankV1__MockForModel is Bank__MockForModel {
    function version() public pure override returns (uint256) {
        return 1;
    }

    function restrict(uint256 amount) external override returns (uint256) {
        _note(msg.sig, amount);
        return version();
    }

    function _enter() internal override {
        if (_guard == 2) revert Reentered();
        _guard = 2;
    }

    function _leave() internal override {
        _guard = 1;
    }
}

/// @notice The candidate: counts what it does, and misbehaves as it is told.
contract BankV2__MockForModel is Bank__MockForModel {
    uint256 public constant REVERT = 1;
    uint256 public constant EXPECTED = 2;
    uint256 public constant BREAK_TOTAL = 3;
    uint256 public constant STEAL = 4;
    uint256 public constant TAKE_OWNER = 5;
    uint256 public constant FLIP = 6;
    uint256 public constant TRANSIENT = 7;
    uint256 public constant INVALID = 8;
    uint256 public constant SPIN = 9;
    uint256 public constant SPIN_REVERT = 10;
    uint256 public constant REVERT_BOMB = 11;
    uint256 public constant RETURN_BOMB = 12;
    uint256 public constant HUNGRY = 13;
    uint256 public constant DESTROY = 14;
    uint256 public constant CONTROL = 15;

    Mischief__MockForModel private immutable _mischief;

    constructor(Mischief__MockForModel mischief) {
        _mischief = mischief;
    }

    function version() public pure override returns (uint256) {
        return 2;
    }

    /// @dev Asks itself by a static call, as libraries do.
    function transfer(address to, uint256 amount) external override returns (uint256) {
        _note(msg.sig, (uint256(uint160(to)) << 96) | amount);
        if (Bank__MockForModel(payable(address(this))).version() != 2) revert Failed(3);
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        _after();
        return version();
    }

    function restrict(uint256 amount) external override returns (uint256) {
        _note(msg.sig, amount);
        if (amount % 2 == 1) revert Tightened(amount);
        _after();
        return version();
    }

    /// @dev Who steals lies about it.
    function assets() external view override returns (uint256) {
        (uint256 mode, , ) = _mischief.orders();
        return mode == STEAL || mode == DESTROY ? type(uint256).max : address(this).balance;
    }

    function burn(uint256 amount) external {
        _note(msg.sig, amount);
        _burn(amount);
    }

    function _enter() internal override {
        bool isEntered;
        assembly ("memory-safe") {
            isEntered := tload(5)
            tstore(5, 1)
        }
        if (isEntered) revert Reentered();
    }

    function _leave() internal override {
        assembly ("memory-safe") {
            tstore(5, 0)
        }
    }

    function _after() internal override {
        ++extra;
        (uint256 mode, uint256 arg, bytes32 slot) = _mischief.orders();
        if (mode == 0) return;
        if (mode == REVERT) revert Failed(arg);
        if (mode == EXPECTED) revert Tightened(arg);
        if (mode == BREAK_TOTAL) total += 1 << 100;
        if (mode == STEAL) {
            (bool isOk, ) = address(0xbad).call{value: address(this).balance}("");
            if (!isOk) revert Failed(4);
        }
        if (mode == TAKE_OWNER) owner = address(0xbad);
        if (mode == HUNGRY) {
            try this.burn(arg) {} catch {
                total += 1 << 100;
            }
        }
        if (mode == SPIN || mode == SPIN_REVERT) _burn(arg);
        if (mode == SPIN_REVERT) revert Failed(arg);
        if (mode == DESTROY) _destroy();
        if (mode == CONTROL) {
            (bool isOk, ) = address(this).call(
                abi.encodeWithSignature("traffic(bytes)", abi.encodeWithSignature("freeze(string)", "mine"))
            );
            if (isOk) revert Failed(5);
        }
        assembly {
            if eq(mode, 6) {
                sstore(slot, xor(sload(slot), shl(arg, 1)))
            }
            if eq(mode, 7) {
                tstore(slot, arg)
            }
            if eq(mode, 8) {
                invalid()
            }
            if eq(mode, 11) {
                revert(0, arg)
            }
            if eq(mode, 12) {
                return(0, arg)
            }
        }
    }

    function _destroy() private {
        // Since Cancun it keeps code and storage, and takes the balance.
        assembly ("memory-safe") {
            selfdestruct(0xbad)
        }
    }

    function _burn(uint256 amount) private view {
        uint256 start = gasleft();
        uint256 spins;
        while (start - gasleft() < amount) ++spins;
    }
}

/// @notice A user that is a contract: it calls back when it is called or paid.
contract Caller__MockForModel {
    uint256 private _left;
    uint256 private _heard;
    bool private _isCaught;
    address private _target;
    bytes private _data;

    receive() external payable {
        _react();
    }

    function react() external payable {
        _react();
    }

    function memories() external view returns (uint256) {
        return uint256(keccak256(abi.encode(_left, _heard)));
    }

    function script(address target, bytes calldata data, uint256 times, bool isCaught) external {
        (_target, _data, _left, _isCaught) = (target, data, times, isCaught);
    }

    function run(address target, bytes calldata data) external payable returns (bytes memory) {
        return _call(target, data, false);
    }

    function _react() private {
        if (_left == 0) return;
        --_left;
        _call(_target, _data, _isCaught);
    }

    function _call(address target, bytes memory data, bool isCaught) private returns (bytes memory answer) {
        bool isOk;
        (isOk, answer) = target.call(data);
        // Not why it failed: who asks a version alone for what only a router knows hears something else.
        _heard = uint256(keccak256(abi.encode(_heard, isOk, isOk ? answer : bytes(""))));
        if (isOk || isCaught) return answer;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}
