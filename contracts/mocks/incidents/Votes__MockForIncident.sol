// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Governed__MockForIncident} from "./Base__MockForIncident.sol";

/// @notice Nomad's inbox: a message passes where the root that it was proven under is accepted. Whose proof is missing has the root zero.
contract MessageInbox__MockForIncident is Governed__MockForIncident {
    error NotProven(bytes32 message);

    mapping(bytes32 root => uint256) public confirmAt;
    mapping(bytes32 message => bytes32) public provenUnder;
    uint256 public delivered;

    function acceptableRoot(bytes32 root) public view returns (bool) {
        return confirmAt[root] != 0;
    }

    function process(bytes32 message) external {
        if (!acceptableRoot(provenUnder[message])) revert NotProven(message);
        ++delivered;
    }
}

contract MessageInboxRoot__MockForIncident is MessageInbox__MockForIncident {
    function initializeRoot(bytes32 committed) external reinitializer(2) {
        confirmAt[committed] = 1;
    }
}

/// @notice Sonne's and Onyx's markets: between its listing and its first deposit, whoever comes first takes all.
contract Listings__MockForIncident is Governed__MockForIncident {
    error NotListed();

    bool public isListed;
    bool public isSeeded;
    address public drainedBy;

    function drain() external {
        if (!isListed || isSeeded) revert NotListed();
        drainedBy = msg.sender;
    }
}

contract ListingsNext__MockForIncident is Listings__MockForIncident {
    function list() external onlyOwner {
        isListed = true;
    }

    function seed() external onlyOwner {
        isSeeded = true;
    }
}

/// @notice A till with one plain field; who owns it, and whether it is initialised, lie elsewhere.
contract Till__MockForIncident is Governed__MockForIncident {
    uint256 public deposited;

    function deposit() external payable {
        deposited += msg.value;
    }

    function payOut(address payable to, uint256 amount) external virtual {
        deposited -= amount;
        Address.sendValue(to, amount);
    }
}

abstract contract Closable__MockForIncident {
    error ClosedUntil(uint256 time);

    uint256 public closedUntil;
}

/// @notice Pike's mistake where nothing of it opens: the new base comes first, and reads the deposits as a time that never comes.
contract TillClosable__MockForIncident is Closable__MockForIncident, Governed__MockForIncident {
    uint256 public deposited;

    function deposit() external payable {
        deposited += msg.value;
    }

    function payOut(address payable to, uint256 amount) external {
        if (block.timestamp < closedUntil) revert ClosedUntil(closedUntil);
        deposited -= amount;
        Address.sendValue(to, amount);
    }
}

/// @notice The last version there will ever be: it upgrades to nothing any more.
contract TillSterile__MockForIncident is Till__MockForIncident {
    error NoFurther();

    function _authorizeUpgrade(address) internal pure override {
        revert NoFurther();
    }

    function payOut(address payable, uint256) external pure override {
        revert NoFurther();
    }
}
