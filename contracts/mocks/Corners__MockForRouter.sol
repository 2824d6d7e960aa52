// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Versioned__MockForRouter} from "./Versions__MockForRouter.sol";

/// @notice A protocol with what few have: a fallback, a multicall, a guard of its own, signatures, a way to end itself.
abstract contract Corners__MockForRouter is Versioned__MockForRouter {
    uint256 private constant GUARD = 7;

    Corners__MockForRouter private immutable _code = this;
    mapping(address account => uint256) public shares;
    uint256 internal _entered;

    error Reentered(uint256 version);

    event Fallen(uint256 version, bytes data);

    /// @notice Takes what no function takes.
    fallback(bytes calldata data) external payable returns (bytes memory) {
        _ran();
        emit Fallen(version(), data);
        return abi.encode(version(), data);
    }

    function fail() external payable override returns (uint256) {
        return _ran();
    }

    /// @param isDirect To this very code; else to the proxy, as OpenZeppelin's Multicall does.
    function multicall(bytes[] calldata calls, bool isDirect) external returns (uint256) {
        address target = isDirect ? address(_code) : address(this);
        for (uint256 i; i < calls.length; ++i) {
            (bool isOk, bytes memory answer) = target.delegatecall(calls[i]);
            if (!isOk) _bubble(answer);
        }
        return _ran();
    }

    function callSelf(bytes calldata data) external returns (bytes memory answer) {
        bool isOk;
        (isOk, answer) = address(this).call(data);
        if (!isOk) _bubble(answer);
        _ran();
    }

    function enter() external payable {
        shares[msg.sender] += msg.value;
    }

    /// @notice Pays before it burns, as anybody asks: the guard alone stands against a second payment from within the first.
    function leaveFor(address account, address to) external {
        _lock();
        (bool isOk, bytes memory answer) = to.call{value: shares[account]}("");
        if (!isOk) _bubble(answer);
        shares[account] = 0;
        _unlock();
        _ran();
    }

    function remember(uint256 slot, uint256 word) external {
        assembly ("memory-safe") {
            tstore(slot, word)
        }
        _ran();
    }

    function remembered(uint256 slot) external view returns (uint256 word) {
        assembly ("memory-safe") {
            word := tload(slot)
        }
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external pure returns (bytes4) {
        return signature.length == 65 && hash != 0 ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    /// @notice The candidate writes a transient slot; stable serves.
    function tamper(uint256 slot, uint256 word) external virtual returns (uint256);

    function destroy(address payable heir) external virtual returns (uint256);

    function _lock() internal virtual;

    function _unlock() internal virtual;

    function _isEntered() internal view returns (bool isEntered) {
        assembly ("memory-safe") {
            isEntered := tload(GUARD)
        }
    }

    function _setEntered(bool isEntered) internal {
        assembly ("memory-safe") {
            tstore(GUARD, isEntered)
        }
    }

    function _bubble(bytes memory answer) private pure {
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}

/// @notice Its guard is in storage.
contract CornersV1__MockForRouter is Corners__MockForRouter {
    function version() public pure override returns (uint256) {
        return 1;
    }

    function tamper(uint256, uint256) external override returns (uint256) {
        return _ran();
    }

    function destroy(address payable) external override returns (uint256) {
        return _ran();
    }

    function _lock() internal override {
        if (_entered != 0) revert Reentered(1);
        _entered = 1;
    }

    function _unlock() internal override {
        _entered = 0;
    }
}

/// @notice Its guard is in transient storage, as OpenZeppelin's newer one.
contract CornersV2__MockForRouter is Corners__MockForRouter {
    function version() public pure override returns (uint256) {
        return 2;
    }

    function tamper(uint256 slot, uint256 word) external override returns (uint256) {
        assembly ("memory-safe") {
            tstore(slot, word)
        }
        return _ran();
    }

    function destroy(address payable heir) external override returns (uint256) {
        _ran();
        assembly ("memory-safe") {
            selfdestruct(heir)
        }
    }

    function _lock() internal override {
        if (_isEntered()) revert Reentered(2);
        _setEntered(true);
    }

    function _unlock() internal override {
        _setEntered(false);
    }
}

/// @notice Tells a balance, for a condition.
contract BalanceOf__MockForRouter {
    function heldBy(address account) external view returns (uint256) {
        return account.balance;
    }
}
