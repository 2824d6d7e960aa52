// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DiamondCuts} from "../diamond/DiamondCuts.sol";
import {IDiamondCut, IDiamondLoupe} from "../diamond/IDiamond.sol";
import {Proposals} from "../registry/libraries/Proposals.sol";
import {ReadinessFacet} from "../registry/facets/ReadinessFacet.sol";

/// @notice A next version: the verbs of the first, and a view more, over the same storage.
contract ReadinessFacetV2__MockForRegistry is ReadinessFacet {
    /// @notice Seats that have signalled ready.
    function readySeatsOf(bytes32 proposalId) external view returns (uint256) {
        return Proposals.load(proposalId).readySeats;
    }
}

/// @notice Cut facets that could not be cut out again, each in its own way.
contract CutFacet__MockForRegistry is IDiamondCut {
    enum Fault {
        // Takes every cut, and does nothing.
        Idle,
        // Has an owner of its own instead of the timelock.
        Owned,
        // Uses all gas it gets.
        Burning,
        // Claims, by the very error that a rehearsal ends with, that all is well.
        Pretending
    }

    error NotOwner(address caller);
    error CutRehearsed();

    Fault private immutable FAULT;

    constructor(Fault fault) {
        FAULT = fault;
    }

    /// @inheritdoc IDiamondCut
    function diamondCut(FacetCut[] calldata, address, bytes calldata) external view {
        if (FAULT == Fault.Owned) revert NotOwner(msg.sender);
        if (FAULT == Fault.Pretending) revert CutRehearsed();
        if (FAULT == Fault.Burning) {
            for (uint256 i; ; ++i) {
                assembly ("memory-safe") {
                    pop(keccak256(i, 0x20))
                }
            }
        }
    }
}

/// @notice Loupes that an engine would believe.
contract Loupe__MockForRegistry {
    address private immutable ANSWER;

    constructor(address answer) {
        ANSWER = answer;
    }

    function facetAddress(bytes4) external view returns (address) {
        return ANSWER;
    }

    function facets() external pure returns (IDiamondLoupe.Facet[] memory facets_) {}

    function facetFunctionSelectors(address) external pure returns (bytes4[] memory selectors_) {}

    function facetAddresses() external pure returns (address[] memory addresses_) {}

    /// @notice ERC-165 is served by the loupe too.
    function supportsInterface(bytes4) external pure returns (bool) {
        return true;
    }
}

/// @notice What a cut delegatecalls: initialisers that overwrite, refuse, or do not know what they are asked.
contract Init__MockForRegistry {
    error Refused();

    /// @notice Writes a word anywhere in the diamond's storage.
    function store(bytes32 slot, bytes32 word) external returns (bytes32) {
        assembly {
            sstore(slot, word)
        }
        return DiamondCuts.INITIALISED;
    }

    function refuse() external pure {
        revert Refused();
    }

    /// @notice Takes a call that was meant for something else.
    fallback() external {}
}

/// @notice A payload that a plan calls and that does what it can to its caller.
contract Payload__MockForRegistry {
    bytes32 public word;

    /// @notice Writes to the lowest slots: where a caller that delegatecalled would have its own.
    function clobber() external {
        assembly {
            for {
                let i := 0
            } lt(i, 8) {
                i := add(i, 1)
            } {
                sstore(i, not(0))
            }
        }
    }

    /// @notice Returns as many bytes as it is asked for.
    function flood(uint256 size) external pure {
        assembly {
            return(0, size)
        }
    }

    /// @notice Uses `amount` gas.
    function burn(uint256 amount) external {
        uint256 end = gasleft() - amount;
        while (gasleft() > end) {}
        word = bytes32(amount);
    }

    function pay() external payable {}
}
