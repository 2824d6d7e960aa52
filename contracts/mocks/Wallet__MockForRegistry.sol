// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How a wallet answers when it is asked whether it signed.
enum Answer {
    Yes,
    No,
    // Burns all gas it is given.
    Burn,
    // Returns 50,000 bytes that begin with the right word.
    Bomb,
    // Reverts with as much.
    RevertBomb,
    // Returns four bytes.
    Short
}

/// @notice A wallet (ERC-1271) of any manners.
contract Wallet__MockForRegistry {
    Answer public answer;

    constructor(Answer answer_) {
        answer = answer_;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        Answer now_ = answer;
        if (now_ == Answer.Yes) return 0x1626ba7e;
        if (now_ == Answer.No) return 0xffffffff;
        while (now_ == Answer.Burn) {}
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, 0x1626ba7e00000000000000000000000000000000000000000000000000000000)
            if eq(now_, 3) {
                return(data, 50000)
            }
            if eq(now_, 4) {
                revert(data, 50000)
            }
            return(data, 4)
        }
    }
}
