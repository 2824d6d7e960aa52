// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Where a diamond keeps its functions.
/// @dev A route is one word a selector: `paused (1) | protected (1) | unused (62) | position (32) | facet (160)`. It lies
/// at `ROUTES | selector`, without hashing, so that a dispatch is one storage read and one delegatecall. The low 32 bits
/// of `ROUTES` are zero, so two selectors never share a slot, and no struct reaches there (ERC-7201).
library DiamondStorage {
    /// @custom:storage-location erc7201:slipway.diamond
    struct Layout {
        // Every selector, for the loupe. Written by cuts. A route holds its selector's position here.
        bytes4[] selectors;
        // ERC-165. Written by the diamond's constructor and by initialisers of cuts.
        mapping(bytes4 interfaceId => bool) interfaces;
    }

    // keccak256(abi.encode(uint256(keccak256("slipway.diamond")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant SLOT = 0xf4384bab0bd32784fe3c8ed10ded720b133fb2dda59256a9d752c3602a781400;

    // keccak256(abi.encode(uint256(keccak256("slipway.diamond.routes")) - 1)) & ~bytes32(uint256(0xffffffff))
    bytes32 internal constant ROUTES = 0x32c42f7ead32e6027193ffead051da42db945eb66bc81f6521ad40b600000000;

    uint256 internal constant PAUSED = 1 << 255;
    uint256 internal constant PROTECTED = 1 << 254;
    uint256 private constant POSITION_OFFSET = 160;

    function state() internal pure returns (Layout storage self) {
        bytes32 slot = SLOT;
        // Assigning a storage pointer to a constant, namespaced slot (ERC-7201).
        assembly ("memory-safe") {
            self.slot := slot
        }
    }

    function routeOf(bytes4 selector) internal view returns (uint256 route) {
        bytes32 slot = _slotOf(selector);
        // Solidity has no syntax for a computed slot. The slot is inside the namespace of routes.
        assembly ("memory-safe") {
            route := sload(slot)
        }
    }

    function setRoute(bytes4 selector, uint256 route) internal {
        bytes32 slot = _slotOf(selector);
        // As in `routeOf`.
        assembly ("memory-safe") {
            sstore(slot, route)
        }
    }

    function toRoute(address facet, uint256 position, uint256 flags) internal pure returns (uint256) {
        return flags | (position << POSITION_OFFSET) | uint160(facet);
    }

    function facetOf(uint256 route) internal pure returns (address) {
        return address(uint160(route));
    }

    function positionOf(uint256 route) internal pure returns (uint256) {
        return uint32(route >> POSITION_OFFSET);
    }

    function flagsOf(uint256 route) internal pure returns (uint256) {
        return route & (PAUSED | PROTECTED);
    }

    function _slotOf(bytes4 selector) private pure returns (bytes32) {
        return ROUTES | bytes32(uint256(uint32(selector)));
    }
}
