// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20FlashMint} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20FlashMint.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @dev OpenZeppelin's own votes token, which anyone may flash-mint. Its clock counts blocks.
contract BlockVotesToken is ERC20Votes, ERC20FlashMint {
    constructor() ERC20("Block votes", "BLK") EIP712("Block votes", "1") {}

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function maxFlashLoan(address token) public view override returns (uint256) {
        return token == address(this) ? _maxSupply() - totalSupply() : 0;
    }

    function _update(address from, address to, uint256 amount) internal override(ERC20, ERC20Votes) {
        super._update(from, to, amount);
    }
}

/// @dev The same with a clock that counts seconds.
contract TimeVotesToken is BlockVotesToken {
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable-next-line func-name-mixedcase -- the name that ERC-6372 gives it
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }
}
