// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Cohort} from "../traffic/libraries/Cohort.sol";

/// @notice A protocol that tells which of its versions ran.
abstract contract Versioned__MockForRouter is UUPSUpgradeable {
    address internal _owner;
    // Watched by invariants.
    uint256 public total;
    mapping(uint256 version => uint256) public ran;
    uint256 public received;
    uint256 public initialized;

    error Tightened(uint256 amount);
    error Failed();

    event Received(uint256 version, uint256 value);

    receive() external payable {
        received += msg.value;
        emit Received(version(), msg.value);
    }

    function initialize(address owner_) external {
        if (initialized != 0) revert Failed();
        initialized = 1;
        _owner = owner_;
    }

    function version() public pure virtual returns (uint256);

    /// @notice Metered in most tests.
    function move(uint256 amount) external payable returns (uint256) {
        amount;
        return _ran();
    }

    function moveFor(address, uint256) external returns (uint256) {
        return _ran();
    }

    function ping() external payable returns (uint256) {
        return _ran();
    }

    function setTotal(uint256 total_) external {
        total = total_;
    }

    function sender() external view returns (address) {
        return msg.sender;
    }

    /// @notice Calls out, as anything that pays does, and returns what came back.
    function callOut(address target, bytes calldata data) external payable returns (uint256, bytes memory) {
        (bool isOk, bytes memory answer) = target.call{value: msg.value}(data);
        if (!isOk) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return (_ran(), answer);
    }

    function fail() external payable virtual returns (uint256);

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7;
    }

    function _ran() internal returns (uint256) {
        ++ran[version()];
        return version();
    }

    function _authorizeUpgrade(address) internal view override {
        if (msg.sender != _owner) revert Failed();
    }
}

/// @notice Serves everything.
contract Stable__MockForRouter is Versioned__MockForRouter {
    function version() public pure override returns (uint256) {
        return 1;
    }

    function fail() external payable override returns (uint256) {
        return _ran();
    }

    /// @notice What the candidate does with the same calldata is its own affair.
    function act(uint256, bytes calldata) external payable returns (uint256) {
        return _ran();
    }

    function callOutThenFail(address target, bytes calldata data) external returns (uint256) {
        (bool isOk, ) = target.call(data);
        if (!isOk) revert Failed();
        return _ran();
    }
}

/// @notice The other version; `act` is everything that a hostile or broken one may try.
contract Candidate__MockForRouter is Versioned__MockForRouter {
    uint256 public constant REVERT = 1;
    uint256 public constant WRITE = 2;
    uint256 public constant BURN_ALL = 3;
    uint256 public constant REVERT_BOMB = 4;
    uint256 public constant RETURN_BOMB = 5;
    uint256 public constant WRITE_TRANSIENT = 6;
    uint256 public constant SET_TOTAL = 7;
    uint256 public constant BURN_THEN_REVERT = 8;
    uint256 public constant HUNGRY = 9;
    uint256 public constant INVALID = 10;

    function version() public pure override returns (uint256) {
        return 2;
    }

    function migrate(uint256 total_) external payable {
        if (initialized != 1) revert Failed();
        initialized = 2;
        total = total_;
        _owner = msg.sender;
    }

    function fail() external payable override returns (uint256) {
        revert Failed();
    }

    function tighten(uint256 amount) external pure {
        revert Tightened(amount);
    }

    function callOutThenFail(address target, bytes calldata data) external returns (uint256) {
        (bool isOk, ) = target.call(data);
        isOk;
        revert Failed();
    }

    function act(uint256 what, bytes calldata data) external payable returns (uint256) {
        if (what == REVERT) {
            bytes memory reason = data;
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
        if (what == WRITE) {
            (bytes32 slot, bytes32 word) = abi.decode(data, (bytes32, bytes32));
            assembly ("memory-safe") {
                sstore(slot, word)
            }
        }
        if (what == BURN_ALL) while (true) ++total;
        if (what == INVALID) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (what == REVERT_BOMB || what == RETURN_BOMB) {
            uint256 size = abi.decode(data, (uint256));
            if (what == REVERT_BOMB) {
                assembly {
                    revert(0, size)
                }
            }
            assembly {
                return(0, size)
            }
        }
        if (what == WRITE_TRANSIENT) {
            (bytes32 slot, uint256 word) = abi.decode(data, (bytes32, uint256));
            assembly ("memory-safe") {
                tstore(slot, word)
            }
        }
        if (what == SET_TOTAL) total = abi.decode(data, (uint256));
        if (what == BURN_THEN_REVERT) {
            _burn(abi.decode(data, (uint256)));
            revert Failed();
        }
        // Needs the gas, and breaks the invariant when its callee did not get it: what starvation looks like.
        if (what == HUNGRY) {
            try this.burn(abi.decode(data, (uint256))) {} catch {
                total = type(uint256).max;
            }
        }
        return _ran();
    }

    function burn(uint256 amount) external {
        _burn(amount);
    }

    function _burn(uint256 amount) private {
        uint256 start = gasleft();
        uint256 spins;
        while (start - gasleft() < amount) ++spins;
        total = spins == 0 ? 1 : 0;
    }
}

/// @notice Delegates everything to code that no slot of its own names.
contract Delegator__MockForRouter {
    address private immutable _target;

    constructor(address target) {
        _target = target;
    }

    fallback() external {
        (bool isOk, bytes memory answer) = _target.delegatecall(msg.data);
        assembly ("memory-safe") {
            if isOk {
                return(add(answer, 0x20), mload(answer))
            }
            revert(add(answer, 0x20), mload(answer))
        }
    }
}

/// @notice What a canary looks like without the rule that a running version keeps its callbacks: each caller gets the
/// code of its own cohort. The harm that the router is measured against.
contract NaiveSplit__MockForRouter {
    address private immutable _stable;
    address private immutable _candidate;
    uint256 private immutable _share;
    bytes32 private immutable _salt;

    constructor(address stable, address candidate, uint256 share, bytes32 salt) {
        _stable = stable;
        _candidate = candidate;
        _share = share;
        _salt = salt;
    }

    fallback() external {
        bytes32 key = bytes32(uint256(uint160(msg.sender)));
        _delegate(Cohort.contains(_salt, key, _share) ? _candidate : _stable, msg.data);
    }

    function toCandidate(bytes calldata data) external {
        _delegate(_candidate, data);
    }

    function proxiableUUID() external pure returns (bytes32) {
        return ERC1967Utils.IMPLEMENTATION_SLOT;
    }

    function _delegate(address target, bytes memory data) private {
        (bool isOk, bytes memory answer) = target.delegatecall(data);
        assembly ("memory-safe") {
            if isOk {
                return(add(answer, 0x20), mload(answer))
            }
            revert(add(answer, 0x20), mload(answer))
        }
    }
}
