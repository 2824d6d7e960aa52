// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A feed that says what it is told, in every way that a feed can fail.
contract PriceFeed__MockForConfidence {
    enum Fault {
        None,
        Reverting,
        Short,
        Burning
    }

    error Broken();

    uint8 public immutable decimals;
    int256 public answer;
    uint256 public updatedAt;
    Fault public fault;

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function set(int256 answer_, uint256 updatedAt_) external {
        (answer, updatedAt) = (answer_, updatedAt_);
    }

    function fail(Fault fault_) external {
        fault = fault_;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        if (fault == Fault.Reverting) revert Broken();
        if (fault == Fault.Short) {
            assembly {
                mstore(0, 1)
                return(0, 0x20)
            }
        }
        if (fault == Fault.Burning) {
            for (uint256 i; ; ++i) {
                assembly ("memory-safe") {
                    pop(keccak256(i, 0x20))
                }
            }
        }
        return (1, answer, updatedAt, updatedAt, 1);
    }
}
