// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {
    BankV1__MockForModel,
    BankV2__MockForModel,
    Bank__MockForModel,
    Caller__MockForModel,
    Mischief__MockForModel
} from "./Bank.sol";
import {Condition, Op, Probe, RightKind} from "../../../contracts/types/Condition.sol";
import {
    ITrafficControl,
    ITrafficRouter,
    Lane,
    Meter,
    Policy,
    SelectorRule
} from "../../../contracts/traffic/ITrafficRouter.sol";
import {RouterKind, RouterTarget} from "../../../contracts/traffic/parts/RouterCode.sol";
import {RouterModel} from "./RouterModel.sol";
import {Shell__MockForModel} from "./Shell.sol";

/// @notice What the tests read of the proxy, in one call.
struct Seen {
    // Of all that the protocol keeps.
    bytes32 digest;
    // The policy word, the counters, the limits, and the call state.
    uint256[4] router;
    address owner;
    uint256 total;
    uint256 extra;
    bytes32 admin;
    // Three words for each function that ran: version, selector and sender; word; value.
    uint256[] ran;
}

/// @notice Put in the implementation's place to read the proxy's storage: far cheaper than a cheat code for each slot.
contract Peek__MockForModel {
    bytes32 private constant ADMIN = 0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103;

    function see(uint256 slot, address[] calldata accounts) external view returns (Seen memory seen) {
        for (uint256 i; i < 3; ++i) seen.router[i] = _load(slot | i);
        assembly ("memory-safe") {
            mstore(add(mload(add(seen, 0x20)), 0x60), tload(slot))
        }
        seen.owner = address(uint160(_load(0)));
        seen.total = _load(1);
        seen.extra = _load(4);
        seen.admin = bytes32(_load(uint256(ADMIN)));
        seen.ran = new uint256[](3 * _load(6));
        for (uint256 i; i < seen.ran.length; ++i) seen.ran[i] = _load(7 + i);
        uint256[] memory balances = new uint256[](accounts.length);
        for (uint256 i; i < accounts.length; ++i) balances[i] = _load(uint256(keccak256(abi.encode(accounts[i], 2))));
        seen.digest = keccak256(
            abi.encode(seen.owner, seen.total, _load(3), seen.extra, _load(5), seen.admin, seen.ran, balances)
        );
    }

    function _load(uint256 slot) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }
}

/// @notice A bank behind a proxy, its users, and canaries of random policies before it, one after another.
abstract contract RouterWorld is RouterModel {
    bytes32 internal constant IMPLEMENTATION = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;
    bytes32 internal constant ADMIN = 0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103;
    uint256 internal constant USERS = 6;
    uint256 internal constant CANDIDATE_GAS = 1_500_000;
    bytes4 internal constant RECEIVE = bytes4(0);

    Mischief__MockForModel internal mischief;
    Bank__MockForModel internal bank;
    address internal stable;
    address internal candidate;
    address internal stableAlone;
    address internal candidateAlone;
    address internal peek;
    /// @dev The last two are contracts that call back.
    address[] internal users;
    mapping(bytes32 slot => bool) internal isProtocols;
    bytes private _routerCode;
    uint256 private _canaries;
    bool private immutable _isUups;

    constructor(bool isUups) {
        _isUups = isUups;
        string memory build = vm.readFile(vm.envOr("SLIPWAY_FUZZ_BUILD", "cache/forge/router.json"));
        _routerCode = vm.parseJsonBytes(build, ".contracts.TrafficRouter");
        mischief = new Mischief__MockForModel();
        stable = address(new BankV1__MockForModel());
        candidate = address(new BankV2__MockForModel(mischief));
        stableAlone = address(new Shell__MockForModel(stable, false, this));
        candidateAlone = address(new Shell__MockForModel(candidate, true, this));
        peek = address(new Peek__MockForModel());
        guardian = address(new Caller__MockForModel());
        bytes memory initialize = abi.encodeCall(Bank__MockForModel.initialize, (controller));
        proxy = _deploy(
            abi.encodePacked(vm.parseJsonBytes(build, ".contracts.ERC1967Proxy"), abi.encode(stable, initialize))
        );
        bank = Bank__MockForModel(payable(proxy));
        for (uint256 i; i < USERS; ++i) {
            users.push(i < USERS - 2 ? address(uint160(0x1001 + i)) : address(new Caller__MockForModel()));
            vm.deal(users[i], 2 ** 100);
            isProtocols[_balanceSlot(users[i])] = true;
        }
        // Calls of the proxy to itself have a balance too.
        isProtocols[_balanceSlot(proxy)] = true;
        isProtocols[_balanceSlot(guardian)] = true;
        isProtocols[_balanceSlot(controller)] = true;
        vm.deal(controller, 2 ** 100);
        for (uint256 i; i < 7 + 96; ++i) isProtocols[bytes32(i)] = true;
    }

    /// @dev The next canary: its own router and policy; the bank is in order again.
    function _start(uint256 seed) internal {
        Policy memory policy = _policy(seed);
        bytes32 id = keccak256(abi.encode("canary", ++_canaries));
        RouterTarget memory target = RouterTarget(
            _isUups ? RouterKind.Uups : RouterKind.Transparent,
            stable,
            candidate,
            controller,
            guardian,
            id,
            0,
            0
        );
        address router = _deploy(abi.encodePacked(_routerCode, abi.encode(target, policy)));
        _mend();
        bytes memory install = _message(abi.encodeCall(ITrafficControl.install, ("")));
        if (_isUups) {
            if (canary.router != address(0)) {
                vm.prank(controller);
                bank.upgradeToAndCall(stable, "");
            }
            vm.prank(controller);
            bank.upgradeToAndCall(router, install);
        } else {
            // As the proxy's admin does.
            vm.store(proxy, IMPLEMENTATION, bytes32(uint256(uint160(router))));
            vm.prank(controller);
            (bool isOk, ) = proxy.call(install);
            require(isOk, "the router was not installed");
        }
        _remember(policy, router, id);
    }

    function _remember(Policy memory policy, address router, bytes32 id) private {
        delete canary;
        delete charges;
        delete rules;
        delete lanes;
        delete meters;
        _rememberPolicy(policy, router, id);
        for (uint256 i; i < policy.rules.length; ++i) rules.push(policy.rules[i]);
        for (uint256 i; i < policy.lanes.length; ++i) lanes.push(policy.lanes[i]);
        for (uint256 i; i < policy.meters.length; ++i) meters.push(policy.meters[i]);
        for (uint256 i; i < policy.segment.length; ++i) canary.segment.push(policy.segment[i]);
        canary.fallWeight = policy.fall.weight;
        canary.isTotalFalling = keccak256(policy.fall.probe.data) == keccak256(abi.encodeCall(bank.total, ()));
    }

    function _rememberPolicy(Policy memory policy, address router, bytes32 id) private {
        canary.router = router;
        bytes32 inner = keccak256(abi.encode("slipway.traffic", id));
        canary.slot = keccak256(abi.encode(uint256(inner) - 1)) & ~bytes32(uint256(0xff));
        canary.isUups = _isUups;
        canary.salt = policy.salt;
        canary.isCounted = policy.isCounted;
        canary.interval = policy.interval;
        canary.cap = policy.cap;
        canary.valueWeight = policy.valueWeight;
        canary.errorBudget = policy.errorBudget;
        canary.lanePause = policy.lanePause;
        canary.otherLane = policy.otherLane;
        canary.isExpecting = policy.expectedErrors.length != 0;
        canary.share = policy.share;
        canary.freshUntil = block.number + 1;
        canary.epoch = 1;
        for (uint256 i; i < policy.invariants.length; ++i) {
            canary.conditions.push(uint8(policy.invariants[i].constantValue >> 128));
        }
    }

    /// @dev What candidates that nothing watched have broken.
    function _mend() private {
        uint256 sum;
        for (uint256 i; i < USERS; ++i) sum += uint256(vm.load(proxy, _balanceSlot(users[i])));
        vm.store(proxy, bytes32(0), bytes32(uint256(uint160(controller))));
        vm.store(proxy, bytes32(uint256(1)), bytes32(sum));
        vm.store(proxy, bytes32(uint256(5)), 0);
        vm.store(proxy, ADMIN, 0);
        vm.deal(proxy, sum);
        mischief.bend(0);
    }

    // --- policies

    function _policy(uint256 seed) private view returns (Policy memory policy) {
        policy.share = [uint16(10_000), 5_000, 7_500, 10_000, 2_500, 10_000, 0, 9_000][seed % 8];
        policy.salt = bytes32(seed);
        policy.isCounted = (seed >> 8) % 3 != 0;
        policy.errorBudget = [1, 3, 8, 20][(seed >> 16) % 4];
        policy.candidateGas = uint32(CANDIDATE_GAS);
        uint256 kind = (seed >> 24) % 8;
        // One in eight has nothing but a cohort by sender.
        if (kind == 0) return policy;
        if (kind > 2) {
            policy.interval = 100;
            policy.cap = kind == 3 ? 50 ether : 1_000;
            policy.valueWeight = (seed >> 32) % 3 == 0 ? 0 : uint128(ONE / (1 + ((seed >> 40) % 2)));
        }
        bool isLaned = (seed >> 48) % 4 != 0;
        policy.rules = _rules(policy.cap != 0, isLaned, seed >> 56);
        if (isLaned) {
            policy.lanePause = 300;
            policy.lanes = new Lane[](3);
            policy.lanes[0] = Lane("enter", false);
            policy.lanes[1] = Lane("leave", true);
            policy.lanes[2] = Lane("move", false);
            policy.otherLane = uint8((seed >> 64) % 4);
        }
        if ((seed >> 72) % 2 == 0) {
            policy.expectedErrors = new bytes4[](1);
            policy.expectedErrors[0] = Bank__MockForModel.Tightened.selector;
        }
        policy.invariants = _conditions((seed >> 80) % 8);
        if ((seed >> 88) % 3 == 0) policy.segment = _segment((seed >> 96) % 64);
        if (policy.cap == 0) return policy;
        if ((seed >> 104) % 3 == 0) policy.meters = _meters(policy.rules);
        uint256 fall = (seed >> 112) % 6;
        if (fall > 1) return policy;
        policy.fall.probe = _probe(proxy, fall == 0 ? abi.encodeCall(bank.assets, ()) : abi.encodeCall(bank.total, ()));
        policy.fall.weight = uint128(ONE / (1 + ((seed >> 120) % 2)));
    }

    /// @dev Users, by bits, in increasing order.
    function _segment(uint256 bits) private view returns (bytes32[] memory segment) {
        segment = new bytes32[](USERS);
        uint256 count;
        for (uint256 i; i < USERS; ++i) {
            if ((bits >> i) & 1 == 0) continue;
            bytes32 key = bytes32(uint256(uint160(users[i])));
            uint256 place = count++;
            for (; place > 0 && segment[place - 1] > key; --place) segment[place] = segment[place - 1];
            segment[place] = key;
        }
        assembly ("memory-safe") {
            mstore(segment, count)
        }
    }

    /// @dev Two words each of two functions, of which one may take an address for an amount.
    function _meters(SelectorRule[] memory rules_) private pure returns (Meter[] memory meters_) {
        (rules_[2].meterWord, rules_[2].weight, rules_[6].isFree) = (0, 0, false);
        meters_ = new Meter[](4);
        meters_[0] = Meter(Bank__MockForModel.transfer.selector, 1, uint128(ONE / 1_000));
        meters_[1] = Meter(Bank__MockForModel.multicall.selector, 2, uint128(ONE));
        meters_[2] = Meter(Bank__MockForModel.transfer.selector, 2, uint128(ONE / 3));
        meters_[3] = Meter(Bank__MockForModel.multicall.selector, 1, uint128(ONE / 16));
    }

    function _rules(bool isCapped, bool isLaned, uint256 seed) private pure returns (SelectorRule[] memory rules_) {
        rules_ = new SelectorRule[](8);
        rules_[0] = _rule(Bank__MockForModel.deposit.selector, isCapped, 1, uint128(ONE));
        rules_[1] = _rule(Bank__MockForModel.withdraw.selector, isCapped, 1, uint128(ONE));
        rules_[2] = _rule(Bank__MockForModel.transfer.selector, isCapped, 2, uint128(ONE / 3));
        rules_[3] = _rule(Bank__MockForModel.ping.selector, false, 0, 0);
        rules_[4] = _rule(Bank__MockForModel.setFee.selector, isCapped && seed % 2 == 0, 1, 1);
        rules_[5] = _rule(Bank__MockForModel.selfCall.selector, false, 0, 0);
        rules_[6] = _rule(Bank__MockForModel.multicall.selector, false, 0, 0);
        rules_[7] = _rule(Bank__MockForModel.notify.selector, false, 0, 0);
        if (seed % 3 == 0) rules_[2].cohortWord = 1;
        rules_[3].isFree = seed % 4 != 0;
        for (uint256 i = 5; i < 8; ++i) rules_[i].isFree = true;
        rules_[4].isLockable = true;
        rules_[3].isLockable = seed % 5 == 0;
        if (!isLaned) return rules_;
        rules_[0].lane = 1;
        rules_[1].lane = 2;
        rules_[2].lane = 3;
        rules_[5].lane = uint8((seed >> 8) % 4);
    }

    function _rule(
        bytes4 selector,
        bool isMetered,
        uint8 word,
        uint128 weight
    ) private pure returns (SelectorRule memory rule) {
        rule.selector = selector;
        if (isMetered) (rule.meterWord, rule.weight) = (word, weight);
    }

    function _conditions(uint256 which) private view returns (Condition[] memory conditions) {
        conditions = new Condition[]((which & 1) + ((which >> 1) & 1) + ((which >> 2) & 1));
        uint256 n;
        if (which & 1 != 0) {
            conditions[n].left = _probe(proxy, abi.encodeCall(bank.assets, ()));
            conditions[n].op = Op.Gte;
            conditions[n].rightKind = RightKind.Probe;
            conditions[n].right = _probe(proxy, abi.encodeCall(bank.total, ()));
            conditions[n++].constantValue = 1 << 128;
        }
        if (which & 2 != 0) {
            conditions[n].left = _probe(proxy, abi.encodeCall(bank.owner, ()));
            conditions[n].op = Op.Eq;
            conditions[n].rightKind = RightKind.Before;
            conditions[n++].constantValue = 2 << 128;
        }
        if (which & 4 != 0) {
            conditions[n].left = _probe(address(mischief), abi.encodeCall(mischief.bent, ()));
            conditions[n].op = Op.Lt;
            conditions[n].rightKind = RightKind.Constant;
            conditions[n++].constantValue = 3 << 128;
        }
    }

    function _probe(address target, bytes memory data) private pure returns (Probe memory) {
        return Probe(target, data, 30_000);
    }

    // --- parts

    function _message(bytes memory message) internal pure returns (bytes memory) {
        return abi.encodeCall(ITrafficRouter.traffic, (message));
    }

    function _balanceSlot(address account) internal pure returns (bytes32) {
        return keccak256(abi.encode(account, uint256(2)));
    }

    function _deploy(bytes memory code) private returns (address account) {
        assembly ("memory-safe") {
            account := create(0, add(code, 0x20), mload(code))
        }
        require(account != address(0), "not deployed");
    }
}
