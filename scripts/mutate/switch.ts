/**
 * All mutants are compiled once, each behind a switch, and one is turned on by the chain's coinbase: nothing in the
 * contracts reads it, and every call and every block of a Hardhat network has the one that the network was started with.
 */
export const SWITCH_BASE = 0x51e9000000000000n;

/** Starts each line that a run in reach mode prints. */
export const REACHED = "mutant-reached:";

/** Starts the line, in such a run, after which a test of this full title runs. */
export const TEST = "mutant-test:";

/** The line after which something runs that all tests of the file may rest on. */
export const SHARED = "mutant-shared";

/** No mutant has this number. */
export const NO_MUTANT = 1_000_000;

/** Coinbase that turns mutant `id` on; zero prints which mutants are reached, and turns none on. */
export function coinbaseOf(id: number): string {
  return `0x${(SWITCH_BASE + BigInt(id)).toString(16).padStart(40, "0")}`;
}

/** The source that each mutated one imports. */
export const SWITCH_SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Whether mutant \`id\` is on. Said to be pure, since it stands in pure functions too.
function mutant(uint256 id) pure returns (bool) {
    function(uint256) view returns (bool) look = _mutant;
    function(uint256) pure returns (bool) lookPure;
    assembly {
        lookPure := look
    }
    return lookPure(id);
}

function _mutant(uint256 id) view returns (bool) {
    uint256 on = uint160(address(block.coinbase));
    if (on < ${SWITCH_BASE} || on > ${SWITCH_BASE} + 1_000_000) return false;
    uint256 answered;
    assembly ("memory-safe") {
        answered := returndatasize()
    }
    // A call would take away what the code around is about to read; that it came here shows elsewhere in the file.
    if (on == ${SWITCH_BASE} && answered == 0) {
        // Hardhat's console.
        (bool isOk, ) = address(0x000000000000000000636F6e736F6c652e6c6f67).staticcall(
            abi.encodeWithSignature("log(string,uint256)", "${REACHED}", id)
        );
        isOk;
    }
    return on == ${SWITCH_BASE} + id;
}
`;
