// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

interface IJudge {
    /// @notice Writes, which a static call cannot.
    function touch() external;

    /// @notice Reverts where the model refuses the call, with the error that the router must give.
    function judge(bool isCandidate, bool isNested, address sender, uint256 value, bytes calldata data) external;
}

/// @notice One version alone behind the proxy, with lanes, locks and meters as the model knows them: what the router is compared
/// with. It shares no code with the router.
contract Shell__MockForModel {
    // Out of the way of every other transient slot.
    uint256 private constant MARK = uint256(keccak256("slipway.test.shell"));

    address private immutable _version;
    bool private immutable _isCandidate;
    IJudge private immutable _judge;

    constructor(address version, bool isCandidate, IJudge judge_) {
        (_version, _isCandidate, _judge) = (version, isCandidate, judge_);
    }

    fallback() external payable {
        (bool isChanging, ) = address(_judge).call{gas: 10_000}(abi.encodeCall(IJudge.touch, ()));
        bool isNested = _mark() != 0;
        if (isChanging) {
            _judge.judge(_isCandidate, isNested, msg.sender, msg.value, msg.data);
            _setMark(1);
        }
        (bool isOk, bytes memory answer) = _version.delegatecall(msg.data);
        if (isChanging && !isNested) _setMark(0);
        assembly {
            if isOk {
                return(add(answer, 0x20), mload(answer))
            }
            revert(add(answer, 0x20), mload(answer))
        }
    }

    function _mark() private view returns (uint256 mark) {
        uint256 slot = MARK;
        assembly ("memory-safe") {
            mark := tload(slot)
        }
    }

    function _setMark(uint256 mark) private {
        uint256 slot = MARK;
        assembly ("memory-safe") {
            tstore(slot, mark)
        }
    }
}
