// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Governed__MockForIncident} from "./Base__MockForIncident.sol";
import {WeightsFourth__MockForIncident} from "./Initialisers__MockForIncident.sol";

/// @notice Holds money, and nothing in plain slots yet.
contract Reserve__MockForIncident is Governed__MockForIncident {
    receive() external payable {}
}

/// @notice Served for an hour, and wrote where the next version will keep its guardian.
contract ReservePlanter__MockForIncident is Reserve__MockForIncident {
    function plant(uint256 slot, uint256 word) external onlyOwner {
        assembly {
            sstore(slot, word)
        }
    }
}

/// @notice The next version: whoever is guardian takes everything out.
contract ReserveGuarded__MockForIncident is Reserve__MockForIncident {
    error NotGuardian(address caller);

    address public guardian;
    uint96 public fee;
    uint256[3] public limits;
    mapping(address account => uint256) public creditOf;

    function setGuardian(address guardian_) external onlyOwner {
        guardian = guardian_;
    }

    function sweep() external {
        if (msg.sender != guardian) revert NotGuardian(msg.sender);
        Address.sendValue(payable(msg.sender), address(this).balance);
    }
}

/// @notice Ronin's fourth version with one way to run both initialisers, the third's first.
contract WeightsWhole__MockForIncident is WeightsFourth__MockForIncident {
    function initializeBoth(uint256 total) external {
        this.initializeV3(total);
        this.initializeV4();
    }
}

/// @notice Its third version sets what the second and the third count by.
contract VersionsThird__MockForIncident is Reserve__MockForIncident {
    uint64 private constant THIRD = 3;

    uint256 public second;
    uint256 public third;

    function initializeV2(uint256 value) external reinitializer(2) {
        second = value;
    }

    function seal() external onlyOwner {
        _disableInitializers();
    }

    /// @dev Its name does not say which version it is of.
    function finish(uint256 value) external reinitializer(THIRD) {
        third = value;
    }
}

/// @notice The same version, and nobody needs a second one.
contract VersionsSkipping__MockForIncident is Reserve__MockForIncident {
    function finish() external reinitializer(3) {}
}

/// @notice Counts its versions itself, and logs nothing of it.
contract Numbered__MockForIncident is UUPSUpgradeable {
    error AlreadyInitialised(uint8 version);
    error NotOwner(address caller);

    uint8 internal _initialized;
    address public owner;
    uint256 public second;

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    constructor() {
        _initialized = type(uint8).max;
    }

    function initialize(address owner_) external {
        _reach(1);
        owner = owner_;
    }

    function _reach(uint8 version) internal {
        if (_initialized >= version) revert AlreadyInitialised(_initialized);
        _initialized = version;
    }

    function _authorizeUpgrade(address) internal view override onlyOwner {}
}

contract NumberedThird__MockForIncident is Numbered__MockForIncident {
    function initializeV2(uint256 value) external onlyOwner {
        _reach(2);
        second = value;
    }

    function initializeV3() external onlyOwner {
        _reach(3);
    }
}

/// @notice Points of many accounts, which one heir may take over.
contract Points__MockForIncident is Governed__MockForIncident {
    error NotHeir(address caller);

    address public heir;
    uint256 public total;
    mapping(address account => uint256) public pointsOf;

    function version() external pure virtual returns (uint256) {
        return 1;
    }

    function credit(address account, uint256 points) external onlyOwner {
        pointsOf[account] += points;
        total += points;
    }

    function setHeir(address heir_) external onlyOwner {
        heir = heir_;
    }

    function release(address account) external returns (uint256 points) {
        if (msg.sender != heir) revert NotHeir(msg.sender);
        points = pointsOf[account];
        delete pointsOf[account];
        total -= points;
    }
}

contract PointsNext__MockForIncident is Points__MockForIncident {
    function version() external pure override returns (uint256) {
        return 2;
    }
}

/// @notice Where points go, a few accounts at a time.
contract PointsHeir__MockForIncident is Ownable {
    Points__MockForIncident public immutable points;
    uint256 public total;
    mapping(address account => uint256) public pointsOf;

    constructor(Points__MockForIncident points_) Ownable(msg.sender) {
        points = points_;
    }

    function takeOver(address[] calldata accounts) external onlyOwner {
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 taken = _kept(points.release(accounts[i]));
            pointsOf[accounts[i]] += taken;
            total += taken;
        }
    }

    function _kept(uint256 taken) internal pure virtual returns (uint256) {
        return taken;
    }
}

/// @notice It keeps hundreds, and loses what is less.
contract PointsHeirRounding__MockForIncident is PointsHeir__MockForIncident {
    constructor(Points__MockForIncident points_) PointsHeir__MockForIncident(points_) {}

    function _kept(uint256 taken) internal pure override returns (uint256) {
        return taken - (taken % 100);
    }
}
