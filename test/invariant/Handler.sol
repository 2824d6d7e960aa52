// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AttestationKind} from "../../contracts/registry/interfaces/IEvidence.sol";
import {Ballot, Choice} from "../../contracts/registry/interfaces/IBallots.sol";
import {Ghost, Model} from "./Model.sol";
import {IUups} from "./Plans.sol";
import {ITrafficControl, ITrafficRouter} from "../../contracts/traffic/ITrafficRouter.sol";
import {Plan, PlanClass} from "../../contracts/types/Plan.sol";
import {ChangedDependency__MockForFuzz, Dependency__MockForFuzz, Watched__MockForFuzz, World} from "./World.sol";
import {ModuleKind} from "../../contracts/types/Module.sol";
import {IDiamond, IDiamondCut} from "../../contracts/diamond/IDiamond.sol";
import {ProposalState, ProposalStatus} from "../../contracts/types/ProposalState.sol";

/// @notice Everybody who acts on a registry, by random choice: a call of it is one thing that somebody tries. What succeeds is
/// counted in the model, and what the model does not allow fails the test.
contract Handler is Model {
    uint256 private constant LIVE = 4;
    uint256 private constant MOST = 60;

    bytes32 private constant HALT = keccak256("halt");
    bytes32 private constant LIFT = keccak256("lift");
    bytes32 private constant VETO = keccak256("veto");
    bytes32 private constant ROLLBACK = keccak256("rollback");

    /// @dev What happened in this run, in the order of `summary`.
    uint256[19] private _seen;
    uint256 private _accepted;
    uint256 private _refused;
    /// @dev What a module tries while it is called; and whether a plan may reach it now.
    bytes private _intrusion;
    address private _intrusionTarget;
    bool private _isPassing;

    constructor(bool isAdopted) World(isAdopted) {}

    /// @dev Where nothing came of it, some plan takes a step, so that runs get deep.
    modifier checked() {
        uint256 accepted = _accepted;
        _;
        uint256 turn = uint256(keccak256(abi.encode(_accepted, _refused)));
        if (_accepted == accepted && turn % 4 != 0) _step(turn >> 8, turn >> 16);
        _checkWorld();
        for (uint256 i; i < ghosts.length; ++i) {
            if (_isLive(ghosts[i])) _follow(ghosts[i]);
        }
        // What has ended is looked at now and then.
        if (ghosts.length != 0) _checkState(ghosts[(_accepted + _refused) % ghosts.length]);
    }

    // --- Onwards: one sensible step of one plan

    function step(uint256 which, uint256 seed) external checked {
        _step(which, seed);
    }

    function go(uint256 which, uint256 seed) external checked {
        _step(which, seed);
    }

    function _step(uint256 which, uint256 seed) private {
        (bool isAny, uint256 index) = _live(which);
        if (!isAny) return _proposeOne(seed, seed >> 8);
        Ghost storage ghost = ghosts[index];
        if (ghost.state == ProposalState.Voting) {
            uint256 everyone = (1 << electorates[ghost.electorate].seats) - 1;
            // Some are attested early, so that votes are what they lack.
            if (seed % 16 == 2) _attest(ghost, staff[5], (seed >> 8) % 2, keccak256("report"));
            else if (ghost.votedBits == everyone || seed % 8 == 0)
                _warpTo(ghost.votingEndsAt);
                // Some of the seats abstain, the others decide.
            else if (seed % 8 == 3) _voteBySig(ghost, seed, Choice.Abstain, seed >> 8, 0);
            else _voteBySig(ghost, seed, Choice(seed % 16 == 1 ? 0 : 1), everyone, 0);
        } else if (ghost.state == ProposalState.Approved) {
            _prepare(index, seed);
        } else if (ghost.state == ProposalState.Stalled) {
            _rollback(index);
        } else {
            ProposalStatus memory status = registry.stateOf(ghost.id);
            if (ghost.stagesRun != 0 && seed % 24 == 0) _corrupt(_citedBy(ghost, 0) / 2, LIMIT + 1);
            if (ghost.stagesRun == status.stageCount && seed % 4 == 1) {
                return
                    _report(
                        ghost,
                        seed >> 8,
                        seed % 16 == 1 ? 2 : 0,
                        (1 << electorates[ghost.electorate].seats) - 1,
                        0
                    );
            }
            if (ghost.stagesRun != 0 && seed % 4 == 0) _poke(index, _citedBy(ghost, seed >> 8));
            else if (block.timestamp < status.notBefore) _warpTo(status.notBefore);
            else _advanceAndIntrude(index, stranger, seed);
        }
    }

    function _prepare(uint256 index, uint256 seed) private {
        Ghost storage ghost = ghosts[index];
        Plan memory plan = _planOf(ghost);
        for (uint256 kind; kind < 2; ++kind) {
            uint256 need = kind == 0 ? ghost.policy.integrityAttestations : ghost.policy.simulationAttestations;
            if (ghost.attestations[kind] >= need) continue;
            for (uint256 i; i < STAFF; ++i) {
                address attester = staff[(i + (seed % STAFF)) % STAFF];
                if (!holds[ATTESTER][attester] || _hasAttested(ghost, kind, attester)) continue;
                if (attester == plan.proposer) continue;
                return _attest(ghost, attester, kind, plan.evidence.reportHash);
            }
        }
        uint256 total = electorates[ghost.electorate].total;
        if (ghost.readyPower * plan.readiness.threshold.denominator < total * plan.readiness.threshold.numerator) {
            _readyBySig(ghost, seed, (1 << electorates[ghost.electorate].seats) - 1, 0);
        } else {
            _schedule(index, stranger);
        }
    }

    // --- Proposals and votes

    function propose(uint256 kind, uint256 seed) external checked {
        _proposeOne(kind, seed);
    }

    function _proposeOne(uint256 kind, uint256 seed) private {
        if (ghosts.length >= MOST || _liveCount() >= LIVE) return;
        address proposer = seed % 8 == 0 ? staff[(seed >> 8) % STAFF] : staff[seed % 2];
        Plan memory plan = _plan(kind, seed, proposer);
        (bool isOk, bytes memory result) = _try(proposer, abi.encodeCall(registry.propose, (plan)));
        if (!isOk) return;
        _propose(plan, abi.decode(result, (bytes32)));
        _see(0);
    }

    function vote(uint256 which, uint256 seat, uint256 choice, uint256 seed) external checked {
        (bool isAny, uint256 index) = _any(which);
        if (!isAny) return;
        Ghost storage ghost = ghosts[index];
        seat %= ELECTORS + 1;
        address voter = seed % 6 == 0 ? stranger : electorates[ghost.electorate].account[seat];
        if (seed % 7 == 0) voter = electors[seed % ELECTORS];
        (bool isOk, ) = _try(voter, abi.encodeCall(registry.castVote, (ghost.id, Choice(choice % 3), seat)));
        if (!isOk) return;
        _countVote(ghost, seat, voter, Choice(choice % 3));
        _checkTally(ghost);
    }

    function voteBySig(uint256 which, uint256 choice, uint256 seats, uint256 seed) external checked {
        (bool isAny, uint256 index) = _any(which);
        if (isAny) _voteBySig(ghosts[index], seed, Choice(choice % 3), seats, seed % 4);
    }

    /// @param flaw 0: none; 1: the first ballot twice; 2: signed for another choice; 3: seats exchanged.
    function _voteBySig(Ghost storage ghost, uint256 seed, Choice choice, uint256 seats, uint256 flaw) private {
        bytes32 signed = keccak256(
            abi.encode(
                keccak256("Ballot(bytes32 proposalId,uint8 choice)"),
                ghost.id,
                flaw == 2 ? (uint8(choice) + 1) % 3 : uint8(choice)
            )
        );
        (Ballot[] memory ballots, address[] memory signers) = _ballots(ghost, signed, seats, flaw, seed);
        uint256 before = ghost.voters;
        bytes memory data = abi.encodeCall(registry.castVotesBySig, (ghost.id, choice, ballots));
        (bool isOk, bytes memory result) = _try(stranger, data);
        if (!isOk) return;
        _countBallots(ghost, ballots, signers, flaw == 2, true, choice);
        _check(abi.decode(result, (uint256)) == ghost.voters - before, "FUZ-02: a batch counted other ballots");
        _checkTally(ghost);
    }

    /// @dev The ballots that must have counted: those of seats without a bit, signed by who sits there.
    function _countBallots(
        Ghost storage ghost,
        Ballot[] memory ballots,
        address[] memory signers,
        bool isForged,
        bool isVote,
        Choice choice
    ) private {
        if (isForged) return;
        for (uint256 i; i < ballots.length; ++i) {
            uint256 seat = ballots[i].seat;
            if (electorates[ghost.electorate].account[seat] != signers[i] || signers[i] == address(0)) continue;
            if ((isVote ? ghost.votedBits : ghost.readyBits) & (1 << seat) != 0) continue;
            if (isVote) _countVote(ghost, seat, signers[i], choice);
            else _countReady(ghost, seat, signers[i]);
        }
    }

    function _ballots(
        Ghost storage ghost,
        bytes32 structHash,
        uint256 seats,
        uint256 flaw,
        uint256 seed
    ) private view returns (Ballot[] memory ballots, address[] memory signers) {
        uint256 count;
        for (uint256 i; i < ELECTORS; ++i) count += (seats >> i) & 1;
        ballots = new Ballot[](flaw == 1 ? count + 1 : count);
        signers = new address[](ballots.length);
        bytes32 digest = _digest(structHash);
        uint256 next;
        for (uint256 i; i < ELECTORS; ++i) {
            if ((seats >> i) & 1 == 0) continue;
            uint256 seat = flaw == 3 ? (i + (seed % ELECTORS)) % ELECTORS : i;
            (signers[next], ballots[next]) = _sign(ghost, i, seat, digest);
            ++next;
        }
        if (next < ballots.length && next != 0) (signers[next], ballots[next]) = (signers[0], ballots[0]);
    }

    /// @dev The ballot of who sits at `signer`, for `seat`.
    function _sign(
        Ghost storage ghost,
        uint256 signer,
        uint256 seat,
        bytes32 digest
    ) private view returns (address account, Ballot memory ballot) {
        account = electorates[ghost.electorate].account[signer];
        for (uint256 i; i < ELECTORS; ++i) {
            if (electors[i] != account) continue;
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(electorKeys[i], digest);
            ballot = Ballot(uint32(seat), r, bytes32((uint256(v - 27) << 255) | uint256(s)));
        }
    }

    function ready(uint256 which, uint256 seat, uint256 seed) external checked {
        (bool isAny, uint256 index) = _any(which);
        if (!isAny) return;
        Ghost storage ghost = ghosts[index];
        seat %= ELECTORS;
        address elector = seed % 6 == 0 ? stranger : electorates[ghost.electorate].account[seat];
        (bool isOk, ) = _try(elector, abi.encodeCall(registry.signalReady, (ghost.id, seat)));
        if (!isOk) return;
        _countReady(ghost, seat, elector);
        _checkTally(ghost);
    }

    function readyBySig(uint256 which, uint256 seats, uint256 seed) external checked {
        (bool isAny, uint256 index) = _any(which);
        if (isAny) _readyBySig(ghosts[index], seed, seats, seed % 4);
    }

    function _readyBySig(Ghost storage ghost, uint256 seed, uint256 seats, uint256 flaw) private {
        // The flawed signature is one for another plan.
        bytes32 id = flaw == 2 ? keccak256(abi.encode(ghost.id)) : ghost.id;
        bytes32 signed = keccak256(abi.encode(keccak256("Ready(bytes32 proposalId)"), id));
        (Ballot[] memory signals, address[] memory signers) = _ballots(ghost, signed, seats, flaw, seed);
        (bool isOk, ) = _try(stranger, abi.encodeCall(registry.signalReadyBySig, (ghost.id, signals)));
        if (!isOk) return;
        _countBallots(ghost, signals, signers, flaw == 2, false, Choice.For);
        _checkTally(ghost);
    }

    function attest(uint256 which, uint256 who, uint256 kind, uint256 seed) external checked {
        (bool isAny, uint256 index) = _any(which);
        if (!isAny) return;
        _attest(ghosts[index], staff[who % STAFF], kind % 2, seed % 5 == 0 ? bytes32(seed) : keccak256("report"));
    }

    function _attest(Ghost storage ghost, address attester, uint256 kind, bytes32 report) private {
        bytes memory data = abi.encodeCall(registry.attest, (ghost.id, AttestationKind(kind), report));
        (bool isOk, ) = _try(attester, data);
        if (!isOk) return;
        _countAttestation(ghost, kind, attester, report);
        _checkTally(ghost);
    }

    function attestBySig(uint256 which, uint256 who, uint256 kind, uint256 seed) external checked {
        (bool isAny, uint256 index) = _any(which);
        if (!isAny) return;
        _attestBySig(ghosts[index], who % STAFF, kind % 2, seed % 5 == 0 ? bytes32(seed) : keccak256("report"));
    }

    /// @dev The same signature twice: it counts once.
    function _attestBySig(Ghost storage ghost, uint256 who, uint256 kind, bytes32 report) private {
        bytes32 typehash = keccak256("Attestation(bytes32 proposalId,uint8 kind,bytes32 reportHash)");
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = _signature(STAFF_KEY + who, _digest(keccak256(abi.encode(typehash, ghost.id, kind, report))));
        signatures[1] = signatures[0];
        bool hadIt = _hasAttested(ghost, kind, staff[who]);
        (bool isOk, ) = _try(
            stranger,
            abi.encodeCall(registry.attestBySig, (ghost.id, AttestationKind(kind), report, signatures))
        );
        if (!isOk) return;
        if (!hadIt) _countAttestation(ghost, kind, staff[who], report);
        _checkTally(ghost);
    }

    function reportBySig(uint256 which, uint256 kind, uint256 seats, uint256 seed) external checked {
        (bool isAny, uint256 index) = _preferably(which, ProposalState.InProgress);
        if (isAny) _report(ghosts[index], seed, kind % 3, seats, seed % 4);
    }

    /// @param kind 0: it works; 1: it does not; 2: keep it all the same.
    function _report(Ghost storage ghost, uint256 seed, uint256 kind, uint256 seats, uint256 flaw) private {
        bytes32 id = flaw == 2 ? keccak256(abi.encode(ghost.id)) : ghost.id;
        bytes32 signed =
            kind == 2
                ? keccak256(abi.encode(keccak256("SuccessOverride(bytes32 proposalId)"), id))
                : keccak256(
                    abi.encode(
                        keccak256("SuccessReport(bytes32 proposalId,uint256 stage,bool isSuccessful)"),
                        id,
                        _lastStage(ghost),
                        kind == 0
                    )
                );
        (Ballot[] memory ballots, address[] memory signers) = _ballots(ghost, signed, seats, flaw, seed);
        bytes memory data =
            kind == 2
                ? abi.encodeCall(registry.overrideSuccessBySig, (ghost.id, ballots))
                : abi.encodeCall(registry.reportSuccessBySig, (ghost.id, _lastStage(ghost), kind == 0, ballots));
        (bool isOk, bytes memory result) = _try(stranger, data);
        if (!isOk || flaw == 2) return;
        uint256 counted = _countReports(ghost, ballots, signers, kind);
        _check(abi.decode(result, (uint256)) == counted, "FUZ-02: a batch counted other reports");
    }

    function _countReports(
        Ghost storage ghost,
        Ballot[] memory ballots,
        address[] memory signers,
        uint256 kind
    ) private returns (uint256 counted) {
        for (uint256 i; i < ballots.length; ++i) {
            uint256 seat = ballots[i].seat;
            if (electorates[ghost.electorate].account[seat] != signers[i] || signers[i] == address(0)) continue;
            if ((kind == 2 ? ghost.overriddenBits : ghost.reportedBits) & (1 << seat) != 0) continue;
            if (kind == 2) _countOverride(ghost, seat);
            else _countReport(ghost, seat, kind == 0);
            ++counted;
        }
    }

    function _lastStage(Ghost storage ghost) private view returns (uint256) {
        return ghost.stagesRun == 0 ? 0 : ghost.stagesRun - 1;
    }

    function reportByCall(uint256 which, uint256 seat, uint256 seed) external checked {
        (bool isAny, uint256 index) = _preferably(which, ProposalState.InProgress);
        if (!isAny) return;
        Ghost storage ghost = ghosts[index];
        seat %= ELECTORS;
        address by = seed % 6 == 0 ? stranger : electorates[ghost.electorate].account[seat];
        bool isOk;
        if (seed % 2 == 0) {
            (isOk, ) = _try(by, abi.encodeCall(registry.overrideSuccess, (ghost.id, seat)));
            if (isOk) _countOverride(ghost, seat);
        } else {
            // Now and then about the stage before or after the one that ran last.
            uint256 stage = _lastStage(ghost) + (seed % 16 == 15 ? 1 : 0);
            if (seed % 16 == 13 && stage != 0) --stage;
            (isOk, ) = _try(by, abi.encodeCall(registry.reportSuccess, (ghost.id, stage, seat, seed % 4 == 1)));
            if (isOk) _check(stage + 1 == ghost.stagesRun, "FUZ-02: a report about a stage that did not run last");
            if (isOk) _countReport(ghost, seat, seed % 4 == 1);
        }
        if (isOk) _check(by == electorates[ghost.electorate].account[seat], "FUZ-02: a report from another's seat");
    }

    function cancel(uint256 which, uint256 seed) external checked {
        (bool isAny, uint256 index) = _any(which);
        if (!isAny || seed % 4 != 0) return;
        Ghost storage ghost = ghosts[index];
        address by = seed % 8 == 0 ? _planOf(ghost).proposer : staff[seed % STAFF];
        bool isVoting = ghost.state == ProposalState.Voting;
        (bool isOk, ) = _try(by, abi.encodeCall(registry.cancel, (ghost.id)));
        if (!isOk) return;
        _check(by == _planOf(ghost).proposer && isVoting, "FUZ-07: cancelled by another, or too late");
        ghost.isClosed = true;
        _see(9);
    }

    // --- Execution

    function schedule(uint256 which, uint256 seed) external checked {
        (bool isAny, uint256 index) = seed % 2 == 0 ? _preferably(which, ProposalState.Defeated) : _any(which);
        if (isAny) _schedule(index, staff[seed % STAFF]);
    }

    function _schedule(uint256 index, address by) private {
        Ghost storage ghost = ghosts[index];
        Before memory before = _before(ghost);
        (bool isOk, ) = _try(by, abi.encodeCall(registry.schedule, (_planOf(ghost))));
        if (!isOk) return;
        _scheduled(ghost, before);
        _see(1);
    }

    function advance(uint256 which, uint256 seed) external checked {
        (bool isAny, uint256 index) = _any(which);
        if (isAny) _advanceAndIntrude(index, staff[seed % STAFF], seed >> 8);
    }

    function _advanceAndIntrude(uint256 index, address by, uint256 seed) private {
        if (seed % 2 == 0) _intrude(seed >> 8);
        _advance(index, by);
        _intrusionTarget = address(0);
    }

    function _advance(uint256 index, address by) private {
        Before memory before = _before(ghosts[index]);
        _isPassing = true;
        (bool isOk, ) = _try(by, abi.encodeCall(registry.advance, (_planOf(ghosts[index]))));
        _isPassing = false;
        if (!isOk) return;
        bool isCritical = _planOf(ghosts[index]).planClass == PlanClass.Critical;
        if (_advanced(index, before)) _see(isCritical ? 3 : 2);
        else if (_planOf(ghosts[index]).artifact.successDeadline != 0) _see(18);
        if (canaries[expectedValue[VAULT]].isRouter) _see(17);
        if (ghosts[index].isClosed) _see(4);
        if (isCritical) _checkRoles();
    }

    function rollback(uint256 which, uint256 seed) external checked {
        (bool isAny, uint256 index) = _any(which);
        if (!isAny) return;
        if (seed % 2 == 0) _intrude(seed >> 8);
        _rollback(index);
        _intrusionTarget = address(0);
    }

    function _rollback(uint256 index) private {
        _isPassing = true;
        (bool isOk, ) = _try(stranger, abi.encodeCall(registry.rollback, (_planOf(ghosts[index]))));
        _isPassing = false;
        if (!isOk) return;
        _rolledBack(index, false);
        _checkRoles();
        _see(5);
    }

    function rollbackByCouncil(uint256 which, uint256 mask, uint256 seed) external checked {
        (bool isAny, uint256 index) = _preferably(which, ProposalState.InProgress);
        if (!isAny) return;
        Plan memory plan = _planOf(ghosts[index]);
        bytes32 id = ghosts[index].id;
        (address by, uint256 deadline, bytes[] memory signatures, uint256 approving) = _approve(
            ROLLBACK,
            id,
            mask,
            seed
        );
        bytes memory data = abi.encodeCall(registry.rollbackByCouncil, (plan, "why", deadline, signatures));
        uint256 need = council.rollbackThreshold;
        _isPassing = true;
        (bool isOk, bytes memory result) = _try(by, data);
        _isPassing = false;
        if (!isOk) return;
        bool executed = abi.decode(result, (bool));
        _approved(ROLLBACK, id, approving, need, executed);
        if (!executed) return;
        _rolledBack(index, true);
        _checkRoles();
        _see(6);
    }

    function invalidate(uint256 which, uint256 stage, uint256 pin) external checked {
        (bool isAny, uint256 index) = _preferably(
            which,
            stage % 2 == 0 ? ProposalState.Scheduled : ProposalState.InProgress
        );
        if (!isAny) return;
        Ghost storage ghost = ghosts[index];
        Plan memory plan = _planOf(ghost);
        stage %= plan.stages.length;
        // One more than there are: no pin, and no panic.
        pin %= plan.stages[stage].pins.length + 1;
        (bool isOk, ) = _try(stranger, abi.encodeCall(registry.invalidate, (plan, stage, pin)));
        if (!isOk) return;
        bytes32 actual = keccak256(plan.stages[stage].pins[pin].account.code);
        _check(actual != plan.stages[stage].pins[pin].codeHash, "FUZ-04: a holding pin ended a plan");
        _check(stage >= ghost.stagesRun && ghost.scheduledAt != 0, "FUZ-06: a plan was ended for a stage that ran");
        if (ghost.stagesRun == 0) ghost.isClosed = true;
        _see(10);
    }

    function sweep(uint256 which) external checked {
        (bool isAny, uint256 index) = _any(which);
        if (!isAny) return;
        Ghost storage ghost = ghosts[index];
        (bool isOk, ) = _try(stranger, abi.encodeCall(registry.sweep, (_planOf(ghost))));
        if (!isOk) return;
        bool isLive =
            ghost.state == ProposalState.Scheduled ||
                ghost.state == ProposalState.InProgress ||
                ghost.state == ProposalState.Stalled;
        _check(!isLive, "FUZ-12: what a live plan needs was swept");
    }

    function poke(uint256 which, uint256 cited) external checked {
        (bool isAny, uint256 index) = _preferably(which, ProposalState.InProgress);
        if (isAny) _poke(index, cited % 4 == 0 ? (cited >> 8) % catalogue.length : _citedBy(ghosts[index], cited));
    }

    /// @dev An invariant that is in force, where the last stage cites one.
    function _citedBy(Ghost storage ghost, uint256 otherwise) private view returns (uint256 cited) {
        cited = otherwise % catalogue.length;
        if (ghost.stagesRun == 0) return cited;
        bytes32[] memory ids = _planOf(ghost).stages[ghost.stagesRun - 1].invariants;
        for (uint256 i; i < catalogue.length; ++i) {
            if (ids.length != 0 && ids[0] == catalogue[i]) cited = i;
        }
    }

    function _poke(uint256 index, uint256 cited) private {
        bytes memory data = abi.encodeCall(registry.poke, (_planOf(ghosts[index]), catalogue[cited]));
        (bool isOk, bytes memory result) = _try(stranger, data);
        if (!isOk) return;
        bool acted = abi.decode(result, (bool));
        _poked(index, cited, acted);
        if (acted) _see(11);
    }

    // --- The council

    function halt(uint256 scope, uint256 mask, uint256 seed) external checked {
        bytes32 subject = _scope(scope % (MODULES + 1));
        (address by, uint256 deadline, bytes[] memory signatures, uint256 approving) = _approve(
            HALT,
            subject,
            mask,
            seed
        );
        (bool isOk, bytes memory result) = _try(
            by,
            abi.encodeCall(registry.halt, (subject, "reason", deadline, signatures))
        );
        if (!isOk) return;
        bool executed = abi.decode(result, (bool));
        _approved(HALT, subject, approving, council.haltThreshold, executed);
        if (!executed) return;
        _haltStarted(subject);
        _see(7);
    }

    function lift(uint256 scope, uint256 mask, uint256 seed) external checked {
        bytes32 subject = _scope(scope % (MODULES + 1));
        (address by, uint256 deadline, bytes[] memory signatures, uint256 approving) = _approve(
            LIFT,
            subject,
            mask,
            seed
        );
        (bool isOk, bytes memory result) = _try(by, abi.encodeCall(registry.lift, (subject, deadline, signatures)));
        if (!isOk) return;
        bool executed = abi.decode(result, (bool));
        _approved(LIFT, subject, approving, council.liftThreshold, executed);
        if (executed) _haltLifted(subject);
    }

    function veto(uint256 which, uint256 mask, uint256 seed) external checked {
        (bool isAny, uint256 index) = _preferably(which, ProposalState.InProgress);
        if (!isAny || seed % 2 == 0) return;
        Ghost storage ghost = ghosts[index];
        (address by, uint256 deadline, bytes[] memory signatures, uint256 approving) = _approve(
            VETO,
            ghost.id,
            mask,
            seed
        );
        (bool isOk, bytes memory result) = _try(
            by,
            abi.encodeCall(registry.veto, (ghost.id, "reason", deadline, signatures))
        );
        if (!isOk) return;
        bool executed = abi.decode(result, (bool));
        _approved(VETO, ghost.id, approving, council.vetoThreshold, executed);
        if (!executed) return;
        if (ghost.stagesRun == 0) ghost.isClosed = true;
        _see(8);
    }

    function freeze(uint256 which, uint256 seed) external checked {
        uint256 module = which % 2 == 0 ? VAULT : which % MODULES;
        address by =
            seed % 3 == 0
                ? stranger
                : seed % 3 == 1
                    ? staff[4]
                    : members[(seed >> 8) % MEMBERS];
        (bool isOk, ) = _try(by, abi.encodeCall(registry.freeze, (names[module])));
        if (!isOk) return;
        bool isAllowed = _isHaltedScope(0) || _isHaltedScope(names[module]) || holds[INCIDENT][by];
        for (uint256 i; i < council.members.length; ++i) isAllowed = isAllowed || council.members[i] == by;
        _check(isAllowed, "FUZ-07: a stranger froze a canary");
        if (module == VAULT) _freezeCanary();
    }

    /// @dev Who calls and which signatures come along; `approving` are the members behind both, by bit. Some signatures are
    /// for another occasion, some of a stranger, and then the whole call must fail.
    function _approve(
        bytes32 kind,
        bytes32 subject,
        uint256 mask,
        uint256 seed
    ) private view returns (address by, uint256 deadline, bytes[] memory signatures, uint256 approving) {
        by = stranger;
        deadline = block.timestamp + 7 days;
        mask %= 1 << MEMBERS;
        if (seed % 3 == 0) {
            by = members[(seed >> 8) % MEMBERS];
            approving = 1 << ((seed >> 8) % MEMBERS);
            if (seed % 2 == 0) mask = 0;
        }
        (bytes32 act, , ) = registry.actOf(kind, subject);
        if (seed % 11 == 0) act = keccak256(abi.encode(act));
        bytes32 digest = _digest(
            keccak256(abi.encode(keccak256("CouncilApproval(bytes32 act,uint256 deadline)"), act, deadline))
        );
        uint256 count;
        for (uint256 i; i < MEMBERS; ++i) count += (mask >> i) & 1;
        signatures = new bytes[](count);
        for (uint256 i; i < MEMBERS; ++i) {
            if ((mask >> i) & 1 == 0) continue;
            signatures[--count] = _signature(MEMBER_KEY + i, digest);
        }
        approving |= mask;
    }

    // --- The world around

    function breakCode(uint256 which, uint256 seed) external checked {
        if (seed % 3 != 0) return;
        vm.etch(pinned[which % PINNED], type(ChangedDependency__MockForFuzz).runtimeCode);
    }

    function restoreCode(uint256 which) external checked {
        vm.etch(pinned[which % PINNED], type(Dependency__MockForFuzz).runtimeCode);
    }

    /// @dev Module number zero or one goes wrong, or right again, without anybody's call.
    function corrupt(uint256 which, uint256 value) external checked {
        which %= VAULT;
        _corrupt(which, value % 2 == 0 ? LIMIT + 1 + (value % 100) : value % LIMIT);
    }

    function _corrupt(uint256 which, uint256 value) private {
        Watched__MockForFuzz(modules[which]).corrupt(value);
        expectedValue[which] = value;
    }

    /// @dev Users of the vault. What runs while a canary is frozen must be stable's code.
    function trade(uint256 who, uint256 amount) external checked {
        address user = address(uint160(0x10000 + (who % 32)));
        amount = 1 + (amount % 1e18);
        bool isFrozen = canaries[expectedValue[VAULT]].isRouter && canaries[expectedValue[VAULT]].isFrozen;
        uint256 before = isFrozen ? _canaryStatus().candidateCalls : 0;
        _call(user, token, abi.encodeWithSignature("mint(address,uint256)", user, amount));
        _call(user, token, abi.encodeWithSignature("approve(address,uint256)", modules[VAULT], amount));
        bool isOk = _call(user, modules[VAULT], abi.encodeWithSignature("deposit(uint256,address)", amount, user));
        if (isOk) _see(16);
        _check(!isFrozen || _canaryStatus().candidateCalls == before, "FUZ-17: a frozen canary served a call");
    }

    function wait(uint256 seconds_) external checked {
        vm.warp(block.timestamp + (seconds_ % 6 hours));
        vm.roll(block.number + 1 + (seconds_ % 50));
    }

    function waitLong(uint256 seconds_) external checked {
        if (seconds_ % 4 == 0) _warpTo(block.timestamp + (seconds_ % 5 days));
    }

    function _warpTo(uint256 timestamp) private {
        if (timestamp <= block.timestamp) return;
        vm.roll(block.number + 1 + (timestamp - block.timestamp) / 12);
        vm.warp(timestamp);
    }

    // --- Attackers

    /// @dev Direct calls of somebody without any role to everything that is not anyone's; none may succeed.
    function attack(uint256 choice, uint256 seed) external checked {
        address by =
            seed % 3 == 0
                ? stranger
                : seed % 3 == 1
                    ? staff[(seed >> 8) % STAFF]
                    : members[(seed >> 8) % MEMBERS];
        (address target, bytes memory data) = _forbidden(choice % 19, seed >> 16);
        bool isOk = _call(by, target, data);
        _check(!isOk, string.concat("FUZ-01: a stranger's call succeeded: ", vm.toString(choice % 19)));
    }

    /// @dev Runs a stage or a way back of a plan past the registry; the timelock's executor is open to all.
    function attackTimelock(uint256 which, uint256 tag, uint256 seed) external checked {
        (bool isAny, uint256 index) = _any(which);
        if (!isAny) return;
        Plan memory plan = _planOf(ghosts[index]);
        bool isStage = seed % 2 == 0 || plan.rollbacks.length == 0;
        tag %= isStage ? plan.stages.length : plan.rollbacks.length;
        (address[] memory targets, uint256[] memory values, bytes[] memory payloads, bytes32 salt) = _batch(
            ghosts[index].id,
            isStage ? tag : (1 << 255) | tag,
            isStage ? plan.stages[tag].calls : plan.rollbacks[tag].calls
        );
        bytes memory data = abi.encodeCall(timelock.executeBatch, (targets, values, payloads, bytes32(0), salt));
        _check(!_call(stranger, address(timelock), data), "FUZ-01: a stranger executed a plan's batch");
    }

    function _forbidden(uint256 choice, uint256 seed) private view returns (address target, bytes memory data) {
        target = address(registry);
        if (choice == 0) return (target, abi.encodeCall(registry.grantRole, (RELEASE, stranger)));
        if (choice == 1) return (target, abi.encodeCall(registry.revokeRole, (RISK, staff[2])));
        if (choice == 2) return (target, abi.encodeCall(registry.setClassPolicy, (PlanClass.Standard, policies[0])));
        if (choice == 3) return (target, abi.encodeCall(registry.setElectorate, (firstSeats, 0)));
        if (choice == 4) return (target, abi.encodeCall(registry.setCouncil, (council)));
        if (choice == 5) return (target, abi.encodeCall(registry.refillHaltBudget, (_scope(seed % (MODULES + 1)))));
        if (choice == 6) return (target, abi.encodeCall(registry.setMinInterval, (0)));
        if (choice == 7) return (target, abi.encodeCall(registry.retireModule, (names[seed % MODULES])));
        if (choice == 8) {
            bytes memory cut = abi.encodeCall(
                IDiamondCut.diamondCut,
                (new IDiamond.FacetCut[](0), pinned[0], abi.encodeCall(Dependency__MockForFuzz.version, ()))
            );
            return (target, cut);
        }
        if (choice == 9) {
            return (
                target,
                abi.encodeCall(registry.onlyWhileAdvancing, (ghosts.length == 0 ? bytes32(0) : ghosts[0].id, 0))
            );
        }
        if (choice == 10) return (modules[VAULT], abi.encodeCall(IUups.upgradeToAndCall, (implementations[1], "")));
        if (choice < 13) return (modules[choice % 2], abi.encodeCall(Watched__MockForFuzz.set, (seed)));
        if (choice > 15) {
            bytes[3] memory messages = [
                abi.encodeCall(ITrafficControl.setShare, (1, 10_000)),
                abi.encodeCall(ITrafficControl.freeze, ("attack")),
                abi.encodeCall(ITrafficControl.setShare, (2, 10_000))
            ];
            return (modules[VAULT], abi.encodeCall(ITrafficRouter.traffic, (messages[choice - 16])));
        }
        target = address(timelock);
        if (choice == 13) return (target, abi.encodeCall(timelock.grantRole, (timelock.PROPOSER_ROLE(), stranger)));
        if (choice == 14) return (target, abi.encodeCall(timelock.updateDelay, (0)));
        data = abi.encodeCall(
            timelock.schedule,
            (modules[0], 0, abi.encodeCall(Watched__MockForFuzz.set, (seed)), bytes32(0), bytes32(seed), 30 days)
        );
    }

    /// @dev What the next module call tries from within: everything that moves a plan.
    function _intrude(uint256 seed) private {
        Plan memory plan = _planOf(ghosts[(seed >> 8) % ghosts.length]);
        _intrusionTarget = address(registry);
        if (seed % 6 == 0) _intrusion = abi.encodeCall(registry.advance, (plan));
        else if (seed % 6 == 1) _intrusion = abi.encodeCall(registry.rollback, (plan));
        else if (seed % 6 == 2) _intrusion = abi.encodeCall(registry.schedule, (plan));
        else if (seed % 6 == 3) _intrusion = abi.encodeCall(registry.sweep, (plan));
        else if (seed % 6 == 4) _intrusion = abi.encodeCall(registry.poke, (plan, catalogue[seed % catalogue.length]));
        else _intrusion = abi.encodeCall(registry.grantRole, (RELEASE, stranger));
    }

    /// @notice A module was called.
    function onReached() external {
        _check(_isPassing, "FUZ-01: a module was reached outside of a step");
        if (_intrusionTarget == address(0)) return;
        (bool isOk, ) = _intrusionTarget.call(_intrusion);
        _check(!isOk, "FUZ-01: a module moved a plan from within a batch");
        _see(12);
    }

    // --- Parts

    function _try(address by, bytes memory data) private returns (bool isOk, bytes memory result) {
        vm.prank(by);
        (isOk, result) = address(registry).call(data);
        if (isOk) ++_accepted;
        else ++_refused;
        _checkRefusal(isOk, result);
    }

    function _call(address by, address target, bytes memory data) private returns (bool isOk) {
        vm.prank(by);
        bytes memory result;
        (isOk, result) = target.call(data);
        if (isOk) ++_accepted;
        else ++_refused;
        if (target == address(registry)) _checkRefusal(isOk, result);
    }

    /// @dev A refusal has a name.
    function _checkRefusal(bool isOk, bytes memory result) private {
        if (isOk || result.length < 4) return;
        bool isPanic = bytes4(result) == bytes4(keccak256("Panic(uint256)"));
        _check(!isPanic, "FUZ-19: the registry panicked");
    }

    function _signature(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Slipway UpgradeRegistry"),
                keccak256("1"),
                block.chainid,
                address(registry)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function _isLive(Ghost storage ghost) private view returns (bool) {
        ProposalState state = ghost.state;
        return
            state == ProposalState.Voting ||
            state == ProposalState.Approved ||
            state == ProposalState.Scheduled ||
            state == ProposalState.InProgress ||
            state == ProposalState.Stalled;
    }

    function _liveCount() private view returns (uint256 count) {
        for (uint256 i; i < ghosts.length; ++i) {
            if (_isLive(ghosts[i])) ++count;
        }
    }

    function _live(uint256 which) private view returns (bool isAny, uint256 index) {
        uint256 count = _liveCount();
        if (count == 0) return (false, 0);
        which %= count;
        for (; ; ++index) {
            if (!_isLive(ghosts[index])) continue;
            if (which == 0) return (true, index);
            --which;
        }
    }

    /// @dev Mostly a live plan, now and then an ended one.
    function _any(uint256 which) private view returns (bool isAny, uint256 index) {
        if (ghosts.length == 0) return (false, 0);
        if (which % 5 == 0) return (true, (which / 5) % ghosts.length);
        (isAny, index) = _live(which / 5);
        if (!isAny) return (true, which % ghosts.length);
    }

    /// @dev States that come by themselves are counted here.
    function _follow(Ghost storage ghost) private {
        ProposalState before = ghost.state;
        _checkState(ghost);
        if (ghost.state == before) return;
        if (ghost.state == ProposalState.Stalled) _see(13);
        else if (ghost.state == ProposalState.Expired) _see(14);
        else if (ghost.state == ProposalState.Defeated) _see(15);
    }

    /// @dev The latest proposal in a rare state where there is one.
    function _preferably(uint256 which, ProposalState state) private view returns (bool isAny, uint256 index) {
        if (which % 4 == 0) return _any(which);
        for (uint256 i = ghosts.length; i > 0; --i) {
            if (ghosts[i - 1].state == state) return (true, i - 1);
        }
        return _any(which);
    }

    function _see(uint256 what) private {
        ++_seen[what];
    }

    /// @notice One line of numbers about the run that ends, in the order of `COUNTED` in scripts/fuzz/run.ts.
    function summary() external view returns (string memory line) {
        for (uint256 i; i < _seen.length; ++i) line = string.concat(line, vm.toString(_seen[i]), " ");
        line = string.concat(line, vm.toString(_accepted), " ", vm.toString(_refused));
    }
}
