// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cheats} from "./Vm.sol";
import {ClassPolicy, CouncilConfig} from "../../contracts/types/Policy.sol";
import {Fraction} from "../../contracts/types/Fraction.sol";
import {IUpgradeRegistry} from "../../contracts/registry/interfaces/IUpgradeRegistry.sol";
import {ModuleKind} from "../../contracts/types/Module.sol";
import {PackedFacet, RegistryConfig, RoleHolders} from "../../contracts/registry/UpgradeRegistry.sol";
import {Seat, SeatLib} from "../../contracts/types/Electorate.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice Told of every call that reaches a module.
interface IWatcher {
    function onReached() external;
}

/// @notice A module that reports each call that got through to it, and lets its bugs be imitated.
contract Watched__MockForFuzz {
    address public immutable OWNER;
    IWatcher public immutable WATCHER;
    uint256 public value;

    constructor(address owner) {
        OWNER = owner;
        WATCHER = IWatcher(msg.sender);
    }

    function set(uint256 newValue) external {
        require(msg.sender == OWNER, "not the owner");
        value = newValue;
        WATCHER.onReached();
    }

    /// @dev Moves the value behind the plan's back, as a bug would.
    function corrupt(uint256 newValue) external {
        require(msg.sender == address(WATCHER), "not the watcher");
        value = newValue;
    }
}

/// @notice Code that plans pin, in two versions.
contract Dependency__MockForFuzz {
    function version() external pure returns (uint256) {
        return 1;
    }
}

contract ChangedDependency__MockForFuzz {
    function version() external pure returns (uint256) {
        return 2;
    }
}

/// @notice The registry as `deployRegistry` deploys it, with people, three modules and what they depend on. The facets are
/// those of `src/registry/registryAbi.ts` and their code is Hardhat's, read from the file that `scripts/fuzz` writes.
abstract contract World is Cheats, IWatcher {
    bytes32 internal constant RELEASE = keccak256("RELEASE");
    bytes32 internal constant RISK = keccak256("RISK");
    bytes32 internal constant INCIDENT = keccak256("INCIDENT");
    bytes32 internal constant ATTESTER = keccak256("ATTESTER");

    bytes32 internal constant IMPLEMENTATION_SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    uint256 internal constant MIN_DELAY = 30 minutes;
    uint256 internal constant ELECTORS = 12;
    uint256 internal constant MEMBERS = 6;
    uint256 internal constant STAFF = 9;
    uint256 internal constant MODULES = 3;
    uint256 internal constant VAULT = 2;
    uint256 internal constant PINNED = 3;
    uint256 internal constant ELECTOR_KEY = 1000;
    uint256 internal constant MEMBER_KEY = 2000;
    uint256 internal constant STAFF_KEY = 3000;

    IUpgradeRegistry public registry;
    TimelockController public timelock;

    /// @dev Sorted by account; their keys beside them.
    address[] internal electors;
    uint256[] internal electorKeys;
    address[] internal members;
    /// @dev Roles move among these: two of release, two of risk, one of incident, three attesters, one without any.
    address[] internal staff;
    address internal stranger = address(0x57A);

    bytes32[] internal names;
    address[] internal modules;
    address[] internal implementations;
    address[] internal pinned;
    address internal token;
    bytes internal routerCode;
    // The share that each router begins with.
    mapping(uint256 router => uint256) internal firstShare;

    mapping(bytes32 role => mapping(address account => bool)) internal holds;
    ClassPolicy[3] internal policies;
    CouncilConfig internal council;
    Fraction[3] internal maxPower;
    Seat[] internal firstSeats;

    /// @param isAdopted Whether the timelock was there before the registry, with the common open executor; otherwise the
    /// registry deploys its own.
    constructor(bool isAdopted) {
        vm.warp(1_800_000_000);
        vm.roll(1_000_000);
        _people();
        string memory build = vm.readFile(vm.envOr("SLIPWAY_FUZZ_BUILD", "cache/forge/registry.json"));
        RegistryConfig memory config = _config(build);
        if (isAdopted)
            config.timelock = address(
                new TimelockController(MIN_DELAY, new address[](0), new address[](1), address(this))
            );
        registry = IUpgradeRegistry(_deploy(abi.encodePacked(_code(build, "UpgradeRegistry"), abi.encode(config))));
        timelock = TimelockController(payable(registry.timelock()));
        if (isAdopted) _handOver();
        _modules(build);
    }

    /// @dev What `registry adopt` asks of the owner of a timelock.
    function _handOver() private {
        timelock.grantRole(timelock.PROPOSER_ROLE(), address(registry));
        timelock.grantRole(timelock.CANCELLER_ROLE(), address(registry));
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), address(this));
    }

    function _people() private {
        for (uint256 i; i < ELECTORS; ++i) {
            uint256 key = ELECTOR_KEY + i;
            electors.push(vm.addr(key));
            electorKeys.push(key);
            for (uint256 j = i; j > 0 && electors[j - 1] > electors[j]; --j) {
                (electors[j - 1], electors[j]) = (electors[j], electors[j - 1]);
                (electorKeys[j - 1], electorKeys[j]) = (electorKeys[j], electorKeys[j - 1]);
            }
        }
        for (uint256 i; i < MEMBERS; ++i) members.push(vm.addr(MEMBER_KEY + i));
        for (uint256 i; i < STAFF; ++i) staff.push(vm.addr(STAFF_KEY + i));
    }

    function _config(string memory build) private returns (RegistryConfig memory config) {
        config.facets = _facets(build);
        config.roles = RoleHolders({
            release: _take(RELEASE, 0, 2),
            risk: _take(RISK, 2, 2),
            incident: _take(INCIDENT, 4, 1),
            attesters: _take(ATTESTER, 5, 3),
            maintainers: new address[](0),
            auditors: new address[](0)
        });
        policies[0] = _policy(Fraction(2, 3), 1 hours);
        policies[1] = _policy(Fraction(3, 4), 2 hours);
        for (uint256 i; i < config.policies.length; ++i) config.policies[i] = policies[i];
        address[] memory five = new address[](5);
        for (uint256 i; i < 5; ++i) five[i] = members[i];
        council = CouncilConfig({
            members: five,
            haltThreshold: 2,
            liftThreshold: 2,
            vetoThreshold: 3,
            rollbackThreshold: 3,
            haltDuration: 12 hours,
            haltBudget: 2 days,
            coSignThreshold: 3,
            vetoBudget: 32,
            pauseThreshold: 2
        });
        config.council = council;
        maxPower[0] = Fraction(1, 4);
        maxPower[1] = Fraction(1, 6);
        maxPower[2] = Fraction(1, 4);
        for (uint256 i; i < maxPower.length; ++i) config.maxPower[i] = maxPower[i];
        config.unit = "power";
        for (uint256 i; i < ELECTORS; ++i) {
            // One seat has more than the cap; the others differ.
            firstSeats.push(SeatLib.toSeat(electors[i], i == 3 ? 1000 : uint96(80 + 10 * i)));
        }
        config.seats = firstSeats;
        config.timelockMinDelay = MIN_DELAY;
    }

    function _facets(string memory build) private returns (PackedFacet[] memory facets) {
        facets = new PackedFacet[](vm.parseJsonUint(build, ".facetCount"));
        for (uint256 i; i < facets.length; ++i) {
            string memory path = string.concat(".facets[", vm.toString(i), "]");
            bytes32[] memory words = vm.parseJsonBytes32Array(build, string.concat(path, ".selectors"));
            facets[i].facet = _deploy(vm.parseJsonBytes(build, string.concat(path, ".code")));
            for (uint256 j; j < words.length; ++j) {
                facets[i].selectors = abi.encodePacked(facets[i].selectors, bytes4(words[j]));
            }
        }
    }

    function _modules(string memory build) private {
        for (uint256 i; i < PINNED; ++i) pinned.push(address(new Dependency__MockForFuzz()));
        token = _deploy(_code(build, "HookToken__MockForRouter"));
        routerCode = _code(build, "TrafficRouter");
        implementations.push(_deploy(_code(build, "VaultV1")));
        implementations.push(_deploy(_code(build, "VaultV2")));
        modules.push(address(new Watched__MockForFuzz(address(timelock))));
        modules.push(address(new Watched__MockForFuzz(address(timelock))));
        bytes memory initialize = abi.encodeWithSignature("initialize(address,address)", token, address(timelock));
        modules.push(
            _deploy(abi.encodePacked(_code(build, "ERC1967Proxy"), abi.encode(implementations[0], initialize)))
        );
        names = [bytes32("alpha"), bytes32("beta"), bytes32("vault")];
        for (uint256 i; i < MODULES; ++i) {
            vm.prank(staff[0]);
            registry.registerModule(
                names[i],
                i == VAULT ? ModuleKind.Uups : ModuleKind.Redeploy,
                modules[i],
                address(timelock)
            );
        }
    }

    function _take(bytes32 role, uint256 from, uint256 count) private returns (address[] memory accounts) {
        accounts = new address[](count);
        for (uint256 i; i < count; ++i) {
            accounts[i] = staff[from + i];
            holds[role][accounts[i]] = true;
        }
    }

    function _policy(Fraction memory approval, uint32 delay) private pure returns (ClassPolicy memory policy) {
        policy.approval = approval;
        policy.quorum = Fraction(1, 2);
        policy.minVoters = 3;
        policy.votingPeriod = 1 days;
        policy.delay = delay;
        policy.integrityAttestations = 1;
        policy.simulationAttestations = 1;
    }

    function _code(string memory build, string memory name) private pure returns (bytes memory) {
        return vm.parseJsonBytes(build, string.concat(".contracts.", name));
    }

    function _deploy(bytes memory code) internal returns (address account) {
        assembly ("memory-safe") {
            account := create(0, add(code, 0x20), mload(code))
        }
        require(account != address(0), "a deployment failed");
    }
}
