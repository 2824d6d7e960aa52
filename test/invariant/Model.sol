// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Call, Gate, Pin, Plan, PlanClass, Rollback, Stage} from "../../contracts/types/Plan.sol";
import {Choice} from "../../contracts/registry/interfaces/IBallots.sol";
import {IBuiltInGates} from "../../contracts/registry/interfaces/IStages.sol";
import {ClassPolicy, CouncilConfig} from "../../contracts/types/Policy.sol";
import {Module} from "../../contracts/types/Module.sol";
import {Op} from "../../contracts/types/Condition.sol";
import {ProposalState, ProposalStatus, ProposalView} from "../../contracts/types/ProposalState.sol";
import {ITrafficControl, ITrafficRouter, TrafficStatus} from "../../contracts/traffic/ITrafficRouter.sol";
import {Seat} from "../../contracts/types/Electorate.sol";
import {Fraction} from "../../contracts/types/Fraction.sol";
import {IUups, Plans} from "./Plans.sol";
import {Watched__MockForFuzz} from "./World.sol";

/// @notice What the model knows of one proposal: counted from the calls that it saw succeed, never read from the registry.
struct Ghost {
    bytes32 id;
    bytes plan;
    uint256 electorate;
    ClassPolicy policy;
    uint256 votingEndsAt;
    uint256 votedBits;
    uint256 readyBits;
    uint256[3] power;
    uint256 voters;
    uint256 readyPower;
    uint256[2] attestations;
    uint256 scheduledAt;
    uint256 scheduledAtBlock;
    // Of the next step, without halted time, and the moment from which halts count for it.
    uint256 dueAt;
    uint256 mark;
    uint256 stagesRun;
    uint256 reportedBits;
    uint256 overriddenBits;
    uint256 successPower;
    uint256 overridePower;
    uint256 overrideSeats;
    bool isClosed;
    ProposalState state;
    uint256 nextStage;
}

/// @dev Who votes on the plans of one class.
struct Electorate {
    mapping(uint256 seat => address) account;
    mapping(uint256 seat => uint256) power;
    uint256 seats;
    uint256 total;
}

/// @dev What the model expects of a router that stands before the vault.
struct Canary {
    bool isRouter;
    bool isFrozen;
    uint256 share;
}

struct Span {
    uint256 since;
    uint256 until;
}

/// @notice A second opinion on everything that the registry decides. Nothing here calls the registry's views but to compare them
/// with what was counted; the first difference is kept and fails the test.
abstract contract Model is Plans {
    /// @notice The first property that did not hold, with what was seen.
    string public failure;

    Ghost[] internal ghosts;
    /// @dev Three times the epoch, and the class.
    mapping(uint256 index => Electorate) internal electorates;
    uint256 internal electorateCount;
    mapping(bytes32 digest => bool) private _attested;

    uint256[] internal expectedValue;
    uint256[] internal expectedVersion;
    /// @dev The proposal that holds the module, one more than its index; zero: free.
    uint256[] internal holder;
    uint256[] internal endedAt;
    uint256 internal minDelay = MIN_DELAY;
    uint256 internal minInterval;

    mapping(bytes32 scope => Span[]) internal spans;
    mapping(bytes32 scope => uint256 seconds_) internal halted;
    uint256 internal councilEpoch;
    mapping(bytes32 subject => uint256) internal occasion;
    mapping(bytes32 approval => uint256 expiry) private _approvals;

    mapping(uint256 key => uint256) private _firstSeen;
    mapping(uint256 implementation => Canary) internal canaries;

    constructor() {
        for (uint256 i; i < MODULES; ++i) {
            expectedValue.push(_valueOf(i));
            expectedVersion.push(0);
            holder.push(0);
            endedAt.push(0);
        }
        _storeElectorate(firstSeats);
    }

    function _check(bool isOk, string memory what) internal {
        if (!isOk && bytes(failure).length == 0) failure = what;
    }

    // --- Votes, readiness, attestations

    function _propose(Plan memory plan, bytes32 id) internal returns (uint256 index) {
        index = ghosts.length;
        Ghost storage ghost = ghosts.push();
        ghost.id = id;
        ghost.plan = abi.encode(plan);
        ghost.electorate = 3 * (electorateCount - 1) + uint256(plan.planClass);
        ghost.policy = policies[uint256(plan.planClass)];
        ghost.votingEndsAt = block.timestamp + ghost.policy.votingPeriod;
        ghost.mark = block.timestamp;
        ghost.state = ProposalState.Voting;
        _check(holds[RELEASE][plan.proposer], "FUZ-07: proposed without the release role");
    }

    function _countVote(Ghost storage ghost, uint256 seat, address voter, Choice choice) internal {
        Electorate storage electorate = electorates[ghost.electorate];
        _check(ghost.votedBits & (1 << seat) == 0, "FUZ-02: a seat voted twice");
        _check(seat < electorate.seats && electorate.account[seat] == voter, "FUZ-02: a vote from another's seat");
        _check(block.timestamp < ghost.votingEndsAt || ghost.state == ProposalState.Voting, "FUZ-02: a late vote");
        _check(ghost.scheduledAt == 0, "FUZ-02: a vote on a scheduled plan");
        ghost.votedBits |= 1 << seat;
        ghost.power[uint256(choice)] += electorate.power[seat];
        ++ghost.voters;
    }

    function _countReady(Ghost storage ghost, uint256 seat, address elector) internal {
        Electorate storage electorate = electorates[ghost.electorate];
        _check(ghost.readyBits & (1 << seat) == 0, "FUZ-02: a seat was ready twice");
        _check(seat < electorate.seats && electorate.account[seat] == elector, "FUZ-02: readiness of another's seat");
        ghost.readyBits |= 1 << seat;
        ghost.readyPower += electorate.power[seat];
    }

    function _countAttestation(Ghost storage ghost, uint256 kind, address attester, bytes32 report) internal {
        bytes32 key = keccak256(abi.encode(ghost.id, kind, attester));
        _check(!_attested[key], "FUZ-02: an attester counted twice");
        _check(holds[ATTESTER][attester], "FUZ-02: an attestation without the role");
        Plan memory plan = _planOf(ghost);
        _check(attester != plan.proposer, "FUZ-02: the proposer attested his own plan");
        _check(kind == 0 || report == plan.evidence.reportHash, "FUZ-02: another report was attested");
        _attested[key] = true;
        ++ghost.attestations[kind];
    }

    function _countReport(Ghost storage ghost, uint256 seat, bool isSuccessful) internal {
        _check(ghost.reportedBits & (1 << seat) == 0, "FUZ-02: a seat reported twice");
        _check(ghost.stagesRun != 0 && !ghost.isClosed, "FUZ-06: a report on a plan that does not run");
        ghost.reportedBits |= 1 << seat;
        if (isSuccessful) ghost.successPower += electorates[ghost.electorate].power[seat];
    }

    function _countOverride(Ghost storage ghost, uint256 seat) internal {
        _check(ghost.overriddenBits & (1 << seat) == 0, "FUZ-02: a seat overrode twice");
        ghost.overriddenBits |= 1 << seat;
        ghost.overridePower += electorates[ghost.electorate].power[seat];
        ++ghost.overrideSeats;
    }

    /// @dev A plan that asked for reports completes with enough of them, or by a vote as large as its approval.
    function _checkReports(Ghost storage ghost, Plan memory plan) private {
        if (plan.artifact.successThreshold.numerator == 0) return;
        uint256 total = electorates[ghost.electorate].total;
        bool isSuccessful = _isMet(
            ghost.successPower,
            total,
            plan.artifact.successThreshold.numerator,
            plan.artifact.successThreshold.denominator
        );
        bool isOverridden =
            ghost.overrideSeats >= ghost.policy.minVoters &&
                _isMet(ghost.overridePower, total, ghost.policy.approval.numerator, ghost.policy.approval.denominator);
        _check(isSuccessful || isOverridden, "FUZ-18: a plan completed without enough reports");
    }

    function _hasAttested(Ghost storage ghost, uint256 kind, address attester) internal view returns (bool) {
        return _attested[keccak256(abi.encode(ghost.id, kind, attester))];
    }

    /// @dev `part / whole >= numerator / denominator`, by the recount.
    function _isMet(uint256 part, uint256 whole, uint256 numerator, uint256 denominator) private pure returns (bool) {
        return part * denominator >= whole * numerator;
    }

    function _checkThresholds(Ghost storage ghost) private {
        uint256 total = electorates[ghost.electorate].total;
        ClassPolicy memory policy = ghost.policy;
        uint256 cast = ghost.power[0] + ghost.power[1] + ghost.power[2];
        bool isApproved =
            _isMet(ghost.power[1], total, policy.approval.numerator, policy.approval.denominator) &&
                _isMet(cast, total, policy.quorum.numerator, policy.quorum.denominator) &&
                ghost.voters >= policy.minVoters;
        _check(isApproved, "FUZ-01: a plan went on without enough votes");
        Plan memory plan = _planOf(ghost);
        _check(
            _isMet(ghost.readyPower, total, plan.readiness.threshold.numerator, plan.readiness.threshold.denominator),
            "FUZ-01: a plan went on without enough readiness"
        );
        _check(
            ghost.attestations[0] >= policy.integrityAttestations &&
                ghost.attestations[1] >= policy.simulationAttestations,
            "FUZ-01: a plan went on without its attestations"
        );
        _check(block.timestamp >= ghost.votingEndsAt, "FUZ-01: a plan went on while it was voted on");
    }

    // --- Schedule, stages, the way back

    /// @dev What must hold before a step, taken before the call.
    struct Before {
        bool isHalted;
        bool hasPins;
        bool hasGates;
        uint256 haltedSeconds;
    }

    function _before(Ghost storage ghost) internal view returns (Before memory before) {
        Plan memory plan = _planOf(ghost);
        before.isHalted = _isHalted(plan);
        before.haltedSeconds = _haltedSince(plan, ghost.mark);
        if (ghost.stagesRun == plan.stages.length) return before;
        Stage memory stage = plan.stages[ghost.stagesRun];
        before.hasPins = _hold(stage.pins);
        if (ghost.stagesRun == 0) {
            for (uint256 i; i < plan.rollbacks.length; ++i) {
                if (!_hold(plan.rollbacks[i].pins)) before.hasPins = false;
            }
        }
        before.hasGates = true;
        for (uint256 i; i < stage.gates.length; ++i) {
            if (!_isOpen(ghost, stage.gates[i])) before.hasGates = false;
        }
    }

    function _scheduled(Ghost storage ghost, Before memory before) internal {
        Plan memory plan = _planOf(ghost);
        _check(ghost.scheduledAt == 0, "FUZ-01: a plan was scheduled twice");
        _check(!before.isHalted, "FUZ-05: a halted plan was scheduled");
        _check(!ghost.isClosed, "FUZ-06: an ended plan was scheduled");
        _checkThresholds(ghost);
        for (uint256 i; i < plan.stages.length; ++i) {
            _check(_hold(plan.stages[i].pins), "FUZ-04: scheduled with a broken pin");
        }
        uint256 wait = minDelay;
        if (wait < ghost.policy.delay) wait = ghost.policy.delay;
        if (wait < plan.readiness.schedulingWindow) wait = plan.readiness.schedulingWindow;
        ghost.scheduledAt = block.timestamp;
        ghost.scheduledAtBlock = block.number;
        ghost.dueAt = block.timestamp + wait;
        ghost.mark = block.timestamp;
    }

    /// @return isStage Whether a stage ran; otherwise the plan completed.
    function _advanced(uint256 index, Before memory before) internal returns (bool isStage) {
        Ghost storage ghost = ghosts[index];
        Plan memory plan = _planOf(ghost);
        _check(!before.isHalted, "FUZ-05: a halted plan advanced");
        _check(!ghost.isClosed, "FUZ-06: an ended plan advanced");
        _check(ghost.scheduledAt != 0, "FUZ-01: a plan ran that was never scheduled");
        _check(
            ghost.state == ProposalState.Scheduled || ghost.state == ProposalState.InProgress,
            "FUZ-06: a stalled plan advanced"
        );
        _checkThresholds(ghost);
        uint256 due = ghost.dueAt + before.haltedSeconds;
        _check(block.timestamp >= due, "FUZ-11: a step was taken before its time");
        if (ghost.stagesRun == plan.stages.length) {
            _checkReports(ghost, plan);
            _end(index, plan);
            return false;
        }
        _check(block.timestamp <= due + plan.executionWindow, "FUZ-11: a stage ran after its window");
        Stage memory stage = plan.stages[ghost.stagesRun];
        _check(before.hasPins && _hold(stage.pins), "FUZ-04: a stage ran with a broken pin");
        _check(before.hasGates, "FUZ-11: a stage ran through a closed gate");
        for (uint256 i; i < plan.targets.length; ++i) {
            uint256 module = _moduleNamed(plan.targets[i].module);
            if (ghost.stagesRun == 0) {
                _check(holder[module] == 0, "FUZ-08: two plans held a module");
                bool isRested = endedAt[module] == 0 || block.timestamp >= endedAt[module] + minInterval;
                _check(isRested, "FUZ-11: a module did not rest");
                _check(plan.targets[i].baseVersion == expectedVersion[module], "FUZ-08: a plan ran from a stale base");
                holder[module] = index + 1;
            }
            _check(holder[module] == index + 1, "FUZ-08: a plan ran on a module that it does not hold");
        }
        _apply(stage.calls);
        for (uint256 i; i < stage.invariants.length; ++i) _checkCited(stage.invariants[i]);
        ++ghost.stagesRun;
        // Each stage is reported on anew.
        ghost.reportedBits = 0;
        ghost.successPower = 0;
        ghost.dueAt = block.timestamp + stage.dwell;
        ghost.mark = block.timestamp;
        if (ghost.stagesRun == plan.stages.length && stage.dwell == 0) _end(index, plan);
        return true;
    }

    function _rolledBack(uint256 index, bool isByCouncil) internal {
        Ghost storage ghost = ghosts[index];
        Plan memory plan = _planOf(ghost);
        _check(ghost.stagesRun != 0 && !ghost.isClosed, "FUZ-06: there was nothing to roll back");
        _check(isByCouncil || ghost.state == ProposalState.Stalled, "FUZ-01: a stranger took back a running plan");
        uint256 covering = type(uint256).max;
        for (uint256 i; i < plan.rollbacks.length; ++i) {
            bool isCovered = plan.rollbacks[i].from < ghost.stagesRun && ghost.stagesRun <= plan.rollbacks[i].to + 1;
            if (isCovered) covering = i;
        }
        _check(covering != type(uint256).max, "FUZ-01: a way back that no voter saw");
        if (covering == type(uint256).max) return;
        _check(_hold(plan.rollbacks[covering].pins), "FUZ-04: a way back with a broken pin");
        _apply(plan.rollbacks[covering].calls);
        _end(index, plan);
    }

    function _end(uint256 index, Plan memory plan) private {
        ghosts[index].isClosed = true;
        for (uint256 i; i < plan.targets.length; ++i) {
            uint256 module = _moduleNamed(plan.targets[i].module);
            holder[module] = 0;
            ++expectedVersion[module];
            endedAt[module] = block.timestamp;
        }
        _checkNothingPending(ghosts[index].id, plan);
    }

    /// @dev What the calls of an agreed batch do, by their meaning.
    function _apply(Call[] memory calls) private {
        for (uint256 i; i < calls.length; ++i) {
            bytes memory data = calls[i].data;
            if (calls[i].target == address(registry)) _applyToRegistry(bytes4(data), _arguments(data));
            else if (calls[i].target == address(timelock)) _applyToTimelock(bytes4(data), _arguments(data));
            else if (calls[i].target == modules[VAULT]) _applyToVault(bytes4(data), _arguments(data));
            else if (calls[i].target == modules[0]) expectedValue[0] = abi.decode(_arguments(data), (uint256));
            else if (calls[i].target == modules[1]) expectedValue[1] = abi.decode(_arguments(data), (uint256));
        }
    }

    function _applyToVault(bytes4 selector, bytes memory arguments) private {
        if (selector == IUups.upgradeToAndCall.selector) {
            bytes memory data;
            (expectedValue[VAULT], data) = abi.decode(arguments, (uint256, bytes));
            if (data.length == 0) return;
            canaries[expectedValue[VAULT]].isRouter = true;
            canaries[expectedValue[VAULT]].share = firstShare[expectedValue[VAULT]];
        } else {
            Canary storage canary = canaries[expectedValue[VAULT]];
            _check(!canary.isFrozen, "FUZ-17: a frozen canary was opened");
            (, canary.share) = abi.decode(_arguments(abi.decode(arguments, (bytes))), (uint256, uint256));
        }
    }

    function _applyToTimelock(bytes4 selector, bytes memory arguments) private {
        if (selector == timelock.updateDelay.selector) minDelay = abi.decode(arguments, (uint256));
        else _check(false, "FUZ-07: the registry let go of its timelock");
    }

    function _applyToRegistry(bytes4 selector, bytes memory arguments) private {
        if (selector == registry.grantRole.selector || selector == registry.revokeRole.selector) {
            (bytes32 role, address account) = abi.decode(arguments, (bytes32, address));
            holds[role][account] = selector == registry.grantRole.selector;
        } else if (selector == registry.setElectorate.selector) {
            (Seat[] memory seats, ) = abi.decode(arguments, (Seat[], bytes32));
            _storeElectorate(seats);
        } else if (selector == registry.setMaxPower.selector) {
            (PlanClass planClass, Fraction memory share) = abi.decode(arguments, (PlanClass, Fraction));
            maxPower[uint256(planClass)] = share;
        } else if (selector == registry.setClassPolicy.selector) {
            (PlanClass planClass, ClassPolicy memory row) = abi.decode(arguments, (PlanClass, ClassPolicy));
            policies[uint256(planClass)] = row;
        } else if (selector == registry.setCouncil.selector) {
            council = abi.decode(arguments, (CouncilConfig));
            ++councilEpoch;
        } else if (selector == registry.refillHaltBudget.selector) {
            halted[abi.decode(arguments, (bytes32))] = 0;
        } else if (selector == registry.setMinInterval.selector) {
            minInterval = abi.decode(arguments, (uint256));
        } else {
            _check(false, "FUZ-01: a call ran that no plan contains");
        }
    }

    function _checkCited(bytes32 id) private {
        for (uint256 i; i < catalogue.length; ++i) {
            if (catalogue[i] == id) _check(_valueOf(i / 2) <= LIMIT, "FUZ-04: a stage broke a cited invariant");
        }
    }

    function _hold(Pin[] memory pins) private view returns (bool) {
        for (uint256 i; i < pins.length; ++i) {
            if (keccak256(pins[i].account.code) != pins[i].codeHash) return false;
        }
        return true;
    }

    function _isOpen(Ghost storage ghost, Gate memory gate) private view returns (bool) {
        bool isReadiness = bytes4(gate.probe.data) == IBuiltInGates.readyPower.selector;
        uint256 word = isReadiness ? ghost.readyPower : block.number - ghost.scheduledAtBlock;
        return gate.op == Op.Gte ? word >= gate.bound : word > gate.bound;
    }

    function _checkNothingPending(bytes32 id, Plan memory plan) private {
        for (uint256 i; i < plan.stages.length; ++i) {
            _check(!_isPending(id, i, plan.stages[i].calls), "FUZ-12: a stage of an ended plan is pending");
        }
        for (uint256 i; i < plan.rollbacks.length; ++i) {
            bool isPending = _isPending(id, (1 << 255) | i, plan.rollbacks[i].calls);
            _check(!isPending, "FUZ-12: a way back of an ended plan is pending");
        }
    }

    /// @dev A batch as the timelock knows it.
    function _batch(
        bytes32 id,
        uint256 tag,
        Call[] memory calls
    ) internal view returns (address[] memory targets, uint256[] memory values, bytes[] memory payloads, bytes32 salt) {
        targets = new address[](calls.length + 1);
        values = new uint256[](calls.length + 1);
        payloads = new bytes[](calls.length + 1);
        salt = keccak256(abi.encode(id, tag));
        targets[0] = address(registry);
        payloads[0] = abi.encodeCall(registry.onlyWhileAdvancing, (id, tag));
        for (uint256 i; i < calls.length; ++i) {
            targets[i + 1] = calls[i].target;
            values[i + 1] = calls[i].value;
            payloads[i + 1] = calls[i].data;
        }
    }

    function _isPending(bytes32 id, uint256 tag, Call[] memory calls) private view returns (bool) {
        (address[] memory targets, uint256[] memory values, bytes[] memory payloads, bytes32 salt) = _batch(
            id,
            tag,
            calls
        );
        return timelock.isOperationPending(timelock.hashOperationBatch(targets, values, payloads, bytes32(0), salt));
    }

    // --- The council

    /// @dev Members whose approval counts now, `also` being those that this call brings, by bit.
    function _approvalsFor(bytes32 kind, bytes32 subject, uint256 also) internal view returns (uint256 have) {
        for (uint256 i; i < council.members.length; ++i) {
            bool hasApproved = also & (1 << i) != 0 || block.timestamp <= _approvals[_approvalKey(kind, subject, i)];
            if (hasApproved) ++have;
        }
    }

    function _approved(bytes32 kind, bytes32 subject, uint256 mask, uint256 need, bool executed) internal {
        if (!executed) {
            for (uint256 i; i < MEMBERS; ++i) {
                if (mask & (1 << i) != 0) _approvals[_approvalKey(kind, subject, i)] = block.timestamp + 7 days;
            }
            return;
        }
        _check(_approvalsFor(kind, subject, mask) >= need, "FUZ-09: the council acted without enough of its members");
        ++occasion[subject];
    }

    function _approvalKey(bytes32 kind, bytes32 subject, uint256 member) private view returns (bytes32) {
        return keccak256(abi.encode(kind, subject, member, councilEpoch, occasion[subject]));
    }

    function _haltStarted(bytes32 scope) internal {
        (uint64 until, ) = registry.haltOf(scope);
        uint256 length = spans[scope].length;
        _check(length == 0 || spans[scope][length - 1].until <= block.timestamp, "FUZ-10: a halt within a halt");
        _check(until > block.timestamp && until <= block.timestamp + council.haltDuration, "FUZ-10: a halt's length");
        spans[scope].push(Span(block.timestamp, until));
        halted[scope] += until - block.timestamp;
        _freezeHalted(scope);
        _check(halted[scope] <= council.haltBudget, "FUZ-10: more halt than the budget allows");
    }

    /// @dev A halt of the vault, or of everything while a plan holds it, sends all traffic to stable.
    function _freezeHalted(bytes32 scope) internal {
        if (scope == names[VAULT] || (scope == 0 && holder[VAULT] != 0)) _freezeCanary();
    }

    function _freezeCanary() internal {
        canaries[expectedValue[VAULT]].isFrozen = true;
    }

    function _checkCanary() private {
        Canary storage canary = canaries[expectedValue[VAULT]];
        if (!canary.isRouter) return;
        TrafficStatus memory status = _canaryStatus();
        _check(
            status.isInstalled && (canary.isFrozen || status.share == canary.share),
            "FUZ-17: a share moved by itself"
        );
        _check(status.isFrozen || !canary.isFrozen, "FUZ-17: a halt or a freeze left a canary running");
        // Its own breaks freeze it as well; frozen it stays.
        canary.isFrozen = status.isFrozen;
    }

    function _canaryStatus() internal returns (TrafficStatus memory) {
        bytes memory question = abi.encodeCall(ITrafficControl.status, ());
        return abi.decode(ITrafficRouter(modules[VAULT]).traffic(question), (TrafficStatus));
    }

    function _haltLifted(bytes32 scope) internal {
        uint256 length = spans[scope].length;
        bool isOn = length != 0 && spans[scope][length - 1].until > block.timestamp;
        _check(isOn, "FUZ-10: nothing was halted");
        if (!isOn) return;
        Span storage last = spans[scope][length - 1];
        uint256 unused = last.until - block.timestamp;
        halted[scope] -= unused < halted[scope] ? unused : halted[scope];
        last.until = block.timestamp;
    }

    function _isHaltedScope(bytes32 scope) internal view returns (bool) {
        uint256 length = spans[scope].length;
        return length != 0 && spans[scope][length - 1].until > block.timestamp;
    }

    function _isHalted(Plan memory plan) internal view returns (bool) {
        if (_isHaltedScope(0)) return true;
        for (uint256 i; i < plan.targets.length; ++i) {
            if (_isHaltedScope(plan.targets[i].module)) return true;
        }
        return false;
    }

    /// @dev Seconds since `mark` in which at least one of the plan's scopes was halted. Walks from event to event: slow,
    /// and unlike the registry's way.
    function _haltedSince(Plan memory plan, uint256 mark) internal view returns (uint256 total) {
        uint256 time = mark;
        while (time < block.timestamp) {
            uint256 next = block.timestamp;
            bool isOn;
            for (uint256 i; i <= plan.targets.length; ++i) {
                Span[] storage list = spans[i == 0 ? bytes32(0) : plan.targets[i - 1].module];
                for (uint256 j = list.length; j > 0; --j) {
                    Span memory span = list[j - 1];
                    if (span.until <= time) break;
                    if (span.since <= time) {
                        isOn = true;
                        if (span.until < next) next = span.until;
                    } else if (span.since < next) {
                        next = span.since;
                    }
                }
            }
            if (isOn) total += next - time;
            time = next;
        }
    }

    // --- A break, seen by `poke`

    function _poked(uint256 index, uint256 cited, bool acted) internal {
        uint256 key = index * 8 + cited;
        bool isBroken = _valueOf(cited / 2) > LIMIT;
        _check(!acted || isBroken, "FUZ-13: a poke acted on what holds");
        bool isEnough = cited % 2 == 1 || (_firstSeen[key] != 0 && _firstSeen[key] != block.number);
        _check(!acted || isEnough, "FUZ-13: a poke acted on one sight");
        _check(acted || !isBroken || !isEnough, "FUZ-13: a poke ignored a proven break");
        if (!isBroken) _firstSeen[key] = 0;
        else if (_firstSeen[key] == 0) _firstSeen[key] = block.number;
    }

    // --- After every action

    function _checkWorld() internal {
        for (uint256 i; i < MODULES; ++i) {
            _check(_valueOf(i) == expectedValue[i], "FUZ-01: a module moved without a plan");
            Module memory module = registry.moduleOf(names[i]);
            _check(module.version == expectedVersion[i], "FUZ-08: a version moved without an end of a plan");
            bytes32 lockedBy = holder[i] == 0 ? bytes32(0) : ghosts[holder[i] - 1].id;
            _check(module.lockedBy == lockedBy, "FUZ-08: a module is held by another plan");
        }
        _checkCanary();
    }

    function _checkRoles() internal {
        bytes32[4] memory roles = [RELEASE, RISK, INCIDENT, ATTESTER];
        for (uint256 i; i <= STAFF; ++i) {
            address account = i == STAFF ? stranger : staff[i];
            for (uint256 j; j < roles.length; ++j) {
                _check(
                    registry.hasRole(roles[j], account) == holds[roles[j]][account],
                    "FUZ-07: a role moved by itself"
                );
            }
            bool hasBoth = registry.hasRole(RELEASE, account) && registry.hasRole(RISK, account);
            _check(!hasBoth, "FUZ-07: release and risk overlap");
        }
    }

    function _checkState(Ghost storage ghost) internal {
        ProposalStatus memory status = registry.stateOf(ghost.id);
        _check(_mayFollow(ghost.state, status.state), _transition(ghost.state, status.state));
        _check(
            status.nextStage >= ghost.nextStage && status.nextStage == ghost.stagesRun,
            "FUZ-06: stages were uncounted"
        );
        ghost.state = status.state;
        ghost.nextStage = status.nextStage;
    }

    function _checkTally(Ghost storage ghost) internal {
        ProposalView memory facts = registry.proposalOf(ghost.id);
        uint256 total = electorates[ghost.electorate].total;
        _check(
            facts.forPower == ghost.power[1] &&
                facts.againstPower == ghost.power[0] &&
                facts.abstainPower == ghost.power[2] &&
                facts.voters == ghost.voters,
            "FUZ-03: the tally is not the sum of the ballots"
        );
        uint256 cast = uint256(facts.forPower) + facts.againstPower + facts.abstainPower;
        _check(cast <= total && facts.clippedTotal == total, "FUZ-03: more power was cast than there is");
        _check(
            facts.readyPower == ghost.readyPower && facts.readyPower <= total,
            "FUZ-03: readiness is not the sum of the signals"
        );
        _check(
            facts.integrityAttestations == ghost.attestations[0] &&
                facts.simulationAttestations == ghost.attestations[1],
            "FUZ-03: attestations are not those that were given"
        );
    }

    function _mayFollow(ProposalState from, ProposalState to) private pure returns (bool) {
        if (from == to) return true;
        if (from == ProposalState.Voting) {
            return
                to == ProposalState.Defeated ||
                to == ProposalState.Approved ||
                to == ProposalState.Cancelled ||
                to == ProposalState.Expired;
        }
        if (from == ProposalState.Approved) {
            return to == ProposalState.Scheduled || to == ProposalState.Cancelled || to == ProposalState.Expired;
        }
        if (from == ProposalState.Scheduled) {
            return
                to != ProposalState.Voting &&
                to != ProposalState.Defeated &&
                to != ProposalState.Approved &&
                to != ProposalState.Stalled &&
                to != ProposalState.RolledBack &&
                to != ProposalState.Unknown;
        }
        if (from == ProposalState.InProgress) {
            return to == ProposalState.Stalled || to == ProposalState.Completed || to == ProposalState.RolledBack;
        }
        return from == ProposalState.Stalled && to == ProposalState.RolledBack;
    }

    function _transition(ProposalState from, ProposalState to) private pure returns (string memory) {
        return
            string.concat("FUZ-06: state ", vm.toString(uint256(from)), " was followed by ", vm.toString(uint256(to)));
    }

    // --- Small readings

    function _planOf(Ghost storage ghost) internal view returns (Plan memory) {
        return abi.decode(ghost.plan, (Plan));
    }

    function _valueOf(uint256 module) internal view returns (uint256) {
        return
            module == VAULT
                ? uint256(vm.load(modules[VAULT], IMPLEMENTATION_SLOT))
                : Watched__MockForFuzz(modules[module]).value();
    }

    function _moduleNamed(bytes32 name) internal view returns (uint256 module) {
        while (names[module] != name) ++module;
    }

    /// @dev Three a time: each class has its own cap.
    function _storeElectorate(Seat[] memory seats) private {
        for (uint256 i; i < 3; ++i) _storeClass(electorates[3 * electorateCount + i], seats, maxPower[i]);
        ++electorateCount;
    }

    function _storeClass(Electorate storage electorate, Seat[] memory seats, Fraction memory share) private {
        uint256 total;
        for (uint256 i; i < seats.length; ++i) total += seats[i].power();
        uint256 cap = (total * share.numerator) / share.denominator;
        electorate.seats = seats.length;
        for (uint256 i; i < seats.length; ++i) {
            uint256 power = seats[i].power() < cap ? seats[i].power() : cap;
            electorate.account[i] = seats[i].account();
            electorate.power[i] = power;
            electorate.total += power;
        }
    }

    function _arguments(bytes memory data) private pure returns (bytes memory arguments) {
        arguments = new bytes(data.length - 4);
        assembly ("memory-safe") {
            mcopy(add(arguments, 0x20), add(data, 0x24), mload(arguments))
        }
    }
}
