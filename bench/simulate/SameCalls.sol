// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

interface Vm {
    function envString(string calldata name) external view returns (string memory);
    function readFileBinary(string calldata path) external view returns (bytes memory);
    function prank(address sender, address origin) external;
    function deal(address account, uint256 balance) external;
    function warp(uint256 timestamp) external;
    function setNonceUnsafe(address account, uint64 nonce) external;
    function roll(uint256 number) external;
    function snapshotState() external returns (uint256 id);
    function revertToState(uint256 id) external returns (bool success);
}

/// @notice What a rehearsal sent, sent again by a `forge script` on a fork: the peer of `npm run bench:simulate`.
contract SameCalls {
    enum Kind {
        Send,
        Create,
        Warp,
        Mine,
        Deal,
        Snapshot,
        Revert
    }

    struct Act {
        Kind kind;
        address account;
        address to;
        /// Wei, a creator's nonce, a moment in seconds, or the index of a snapshot.
        uint256 number;
        bytes data;
    }

    error Failed(uint256 act, bytes answer);

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function run() external {
        Act[] memory acts = abi.decode(VM.readFileBinary(VM.envString("SLIPWAY_ACTS")), (Act[]));
        uint256[] memory snapshots = new uint256[](acts.length);
        uint256 taken;
        // State that a snapshot takes back includes the block: it is kept here.
        uint256 time = block.timestamp;
        uint256 number = block.number;
        for (uint256 i = 0; i < acts.length; ++i) {
            Act memory act = acts[i];
            if (act.kind == Kind.Snapshot) {
                snapshots[taken++] = VM.snapshotState();
                continue;
            }
            if (act.kind == Kind.Revert) {
                VM.revertToState(snapshots[act.number]);
                (time, number) = (block.timestamp, block.number);
                continue;
            }
            if (act.kind == Kind.Deal) {
                VM.deal(act.account, act.number);
                continue;
            }
            time = act.kind == Kind.Warp ? act.number : time + 1;
            VM.warp(time);
            VM.roll(++number);
            if (act.kind == Kind.Send || act.kind == Kind.Create) _send(i, act);
        }
    }

    function _send(uint256 i, Act memory act) private {
        // Calls of a script raise nobody's nonce.
        if (act.kind == Kind.Create) VM.setNonceUnsafe(act.account, uint64(act.number));
        VM.prank(act.account, act.account);
        if (act.kind == Kind.Create) {
            bytes memory code = act.data;
            address created;
            assembly {
                created := create(0, add(code, 32), mload(code))
            }
            if (created == address(0)) revert Failed(i, "");
            return;
        }
        (bool success, bytes memory answer) = act.to.call{value: act.number}(act.data);
        if (!success) revert Failed(i, answer);
    }
}
