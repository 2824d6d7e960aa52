// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Invariant} from "../../types/Invariant.sol";
import {Dependency, Requirements} from "../storage/FlagStorage.sol";
import {CitedEvidence} from "../../types/Evidence.sol";
import {ClassPolicy, CouncilConfig} from "../../types/Policy.sol";
import {ElectorateDraft, ElectorateHeader, ElectorateKind, Seat, TokenElectorate} from "../../types/Electorate.sol";
import {Fraction} from "../../types/Fraction.sol";
import {Module, ModuleKind} from "../../types/Module.sol";
import {Op} from "../../types/Condition.sol";
import {Artifact, Evidence, Plan, PlanClass} from "../../types/Plan.sol";
import {ProposalState, ProposalStatus, ProposalView} from "../../types/ProposalState.sol";

/// @notice How an elector votes.
enum Choice {
    Against,
    For,
    Abstain
}

/// @notice What a reviewer attests.
enum AttestationKind {
    // The payload is what the plan says: calls, targets, code, roles.
    Integrity,
    // The rehearsal's report was read and found right.
    Simulation,
    // The node artifact with this sha256 is the one its maintainers built.
    Artifact,
    // An auditor read the code.
    Audit,
    // The plan was carried out on another network before.
    Rehearsal
}

/// @notice One seat's signature in a batch; EIP-2098 compact (`vs` carries the parity in its top bit).
struct Ballot {
    uint32 seat;
    bytes32 r;
    bytes32 vs;
}

/// @notice One seat's signature of any length in a batch: a key's 65 bytes, or what the wallet that sits there accepts
/// (ERC-1271).
struct WalletBallot {
    uint32 seat;
    bytes signature;
}

/// @notice One pin as `revalidate` found it.
struct PinResult {
    uint16 stage;
    address account;
    bytes32 expected;
    bytes32 actual;
    bool isOk;
}

/// @notice One gate as `revalidate` found it. `isAvailable` is false where the probe gave no word.
struct GateResult {
    uint16 stage;
    address target;
    Op op;
    uint256 bound;
    uint256 actual;
    bool isAvailable;
    bool isOk;
}

/// @notice One invariant as `check` found it.
struct InvariantResult {
    bool isAvailable;
    bool isOk;
    uint256 left;
    uint256 right;
}

/// @notice A plan's artifact and what electors said about it. Powers are clipped, in units of the electorate.
struct ArtifactView {
    // keccak256 of the version; zero: no artifact.
    bytes32 versionHash;
    uint64 protocolVersion;
    uint64 graceBlocks;
    // Block in which the last stage of a plan with a grace period ran; zero: not yet.
    uint64 upgradedAtBlock;
    // First second in which reports no longer decide; zero: not known before the last stage, or no reports asked for.
    uint64 reportBy;
    uint96 adoptedPower;
    uint96 successPower;
    uint96 failedPower;
    uint96 overridePower;
    uint96 clippedTotal;
    uint32 adoptedSeats;
    uint32 successSeats;
    uint32 failedSeats;
    uint32 overrideSeats;
    // Stage that the reports counted here are about: the one that ran last.
    uint16 reportedStage;
    // Of the last stage, for a plan that asks for reports.
    bool isSuccessful;
    bool isOverridden;
}

/// @notice The window that a parent plan opens for a child. Zero blocks: not yet.
struct Compatibility {
    bytes32 parent;
    ProposalState parentState;
    // First and last block in which the child's first stage may run.
    uint256 from;
    uint256 until;
    bool isOpen;
}

/// @notice Propose and cancel. See `Proposals` for errors and events.
interface IProposalFacet {
    /// @notice The whole plan is here and nowhere else on chain.
    event ProposalCreated(bytes32 indexed proposalId, address indexed proposer, Plan plan);

    /// @notice Puts `plan` to the electorate of this moment. Caller: release role, and `plan.proposer`.
    /// @return proposalId EIP-712 hash of the plan.
    function propose(Plan calldata plan) external returns (bytes32 proposalId);

    /// @notice Withdraws a proposal before it is approved. Caller: its proposer.
    function cancel(bytes32 proposalId) external;
}

/// @notice Look a proposal up.
interface IProposalViewFacet {
    /// @notice EIP-712 hash of `plan` for this registry on this chain.
    function proposalIdOf(Plan calldata plan) external view returns (bytes32 proposalId);

    /// @notice State, derived from facts and the clock.
    function stateOf(bytes32 proposalId) external view returns (ProposalStatus memory status);

    /// @notice Facts of a proposal; its plan is in the `ProposalCreated` event of block `proposedAtBlock`.
    function proposalOf(bytes32 proposalId) external view returns (ProposalView memory facts);
}

/// @notice Votes. One seat, one ballot; the seat's bit prevents replay.
interface IBallotFacet {
    /// @notice The good ballots of a batch, and their power together.
    event VotesCast(bytes32 indexed proposalId, Choice choice, uint96 power, uint32[] seats);

    /// @notice Votes from `seat`. Caller: the account that sits there.
    function castVote(bytes32 proposalId, Choice choice, uint256 seat) external;

    /// @notice The same, with a reason in the event. Caller: the account that sits there.
    function castVoteWithReason(bytes32 proposalId, Choice choice, uint256 seat, string calldata reason) external;

    /// @notice Counts ballots signed over `Ballot(bytes32 proposalId,uint8 choice)`. A bad one is skipped and reported
    /// by `BallotSkipped`; it never voids the batch. The good ones are in one event, `VotesCast`. Caller: anyone.
    /// @return counted Number of ballots that counted.
    function castVotesBySig(
        bytes32 proposalId,
        Choice choice,
        Ballot[] calldata ballots
    ) external returns (uint256 counted);

    /// @notice The same for seats of wallets, and for keys that sign 65 bytes. A wallet has 200,000 gas to answer; one that
    /// needs more is skipped. Reverts with `WalletGasTooLow` where that much is not left. Caller: anyone.
    /// @return counted Number of ballots that counted.
    function castVotesByWalletSig(
        bytes32 proposalId,
        Choice choice,
        WalletBallot[] calldata ballots
    ) external returns (uint256 counted);

    /// @notice Whether `seat` has voted.
    function hasVoted(bytes32 proposalId, uint256 seat) external view returns (bool);
}

/// @notice Who votes on the proposals to come, stored as contract code. See `Electorates` and `ElectorateDrafts` for
/// errors and events.
interface IElectorateFacet {
    /// @notice Stores the electorate of the next proposals; proposals made before keep theirs. Seats are strictly
    /// increasing by account; 1 to 512 of them. `unit` says what one unit of power is. Caller: timelock.
    function setElectorate(Seat[] calldata seats, bytes32 unit) external;

    /// @notice Makes the delegates of an ERC-5805 token the electorate of the next proposals. Caller: timelock.
    function setTokenElectorate(TokenElectorate calldata token, bytes32 unit) external;

    /// @notice Stores the next chunk of a draft of up to 100,352 seats: 512 of them, fewer only in the last one. `rest` is
    /// the root of the chunks that follow, zero after the last. A stored draft has no effect. Caller: anyone.
    function addChunk(ElectorateDraft calldata draft, Seat[] calldata seats, bytes32 rest) external;

    /// @notice Makes a complete draft the electorate of the next proposals. Caller: timelock.
    function activateElectorate(ElectorateDraft calldata draft) external;

    /// @notice Sets the share of total power that one seat may exert in plans of a class, from the next electorate on.
    /// Caller: timelock.
    function setMaxPower(PlanClass planClass, Fraction calldata maxPower) external;

    /// @notice Sets the share of the whole from which an elector may propose; zero: none may. Caller: timelock.
    function setProposalThreshold(Fraction calldata threshold) external;

    /// @notice The share of the whole from which an elector may propose; zero: none may.
    function proposalThreshold() external view returns (Fraction memory threshold);

    /// @notice Sets for how many minutes (0 to 1,440; zero: never) a vote goes on, once, when it makes its quorum or comes
    /// to pass within that time of its end; of the proposals to come. Caller: timelock.
    function setLateExtension(uint16 extension) external;

    /// @notice Minutes by which votes that turn late are prolonged, once; of the proposals to come.
    function lateExtension() external view returns (uint16 extension);

    /// @notice The current electorate, its epoch and kind.
    function electorate() external view returns (address pointer, uint64 epoch, ElectorateKind kind);

    /// @notice The share that caps the seats of the next electorate in plans of a class.
    function maxPowerOf(PlanClass planClass) external view returns (Fraction memory maxPower);

    /// @notice Header of a stored electorate.
    function electorateHeader(address pointer) external view returns (ElectorateHeader memory header);

    /// @notice Seat number `index` of a stored electorate.
    function seatAt(address pointer, uint256 index) external view returns (Seat seat);

    /// @notice `count` seats of a stored electorate from `first` on, in order; fewer where it ends.
    function seatsOf(address pointer, uint256 first, uint256 count) external view returns (Seat[] memory seats);

    /// @notice How many seats of a draft are stored, and the electorate, once all are.
    function draftOf(ElectorateDraft calldata draft) external view returns (uint32 seats, address pointer);
}

/// @notice Proposals by electors. Apart from `IProposalFacet` because it carries the whole of a proposal.
interface IElectorProposalFacet {
    /// @notice Puts `plan` to the electorate of this moment. Caller: `plan.proposer`, without the risk role, with a share
    /// of `proposalThreshold` or more: of the clipped total, at `seat` of the present electorate; of a token's supply, by
    /// the votes of the moment before (`seat` is not read).
    /// @return proposalId EIP-712 hash of the plan.
    function proposeAsElector(Plan calldata plan, uint256 seat) external returns (bytes32 proposalId);
}

/// @notice Votes with a token's power at the time of `propose`. See `TokenElectorates` for errors and events.
interface ITokenElectorateFacet {
    /// @notice Lists delegates with the power that the token says they held: up to 512, strictly increasing, once a
    /// proposal. They vote by seat from then on, all others by `castUnlistedVote`. Caller: anyone, as soon as the token's
    /// clock has moved on.
    function snapshotDelegates(bytes32 proposalId, address[] calldata accounts) external;

    /// @notice Votes without a seat. `next` is the first seat whose account is larger than the caller, or the number of
    /// seats. Caller: a delegate who was not listed.
    function castUnlistedVote(bytes32 proposalId, Choice choice, uint256 next) external;

    /// @notice The same with ballots signed as for `castVotesBySig`; `seat` of each is its signer's `next`. A bad one is
    /// skipped and reported. Caller: anyone.
    function castUnlistedVotesBySig(
        bytes32 proposalId,
        Choice choice,
        Ballot[] calldata ballots
    ) external returns (uint256 counted);

    /// @notice The time at which a proposal's power is read, by the token's clock. Zero: its electorate is no token's.
    function timepointOf(bytes32 proposalId) external view returns (uint48 timepoint);

    /// @notice Whether a delegate without a seat has voted.
    function hasVotedUnlisted(bytes32 proposalId, address account) external view returns (bool);
}

/// @notice Signed statements of reviewers, maintainers and auditors.
interface IAttestationFacet {
    /// @notice Attests, once a kind, never a plan of one's own. Caller, and what `reportHash` must be: attester for
    /// integrity (his own report) and simulation (the plan's evidence), maintainer for an artifact (its sha256), auditor
    /// for an audit (his own report).
    function attest(bytes32 proposalId, AttestationKind kind, bytes32 reportHash) external;

    /// @notice The same with collected signatures (65 bytes) over
    /// `Attestation(bytes32 proposalId,uint8 kind,bytes32 reportHash)`; one that counted before is passed
    /// over, any other bad one reverts.
    function attestBySig(
        bytes32 proposalId,
        AttestationKind kind,
        bytes32 reportHash,
        bytes[] calldata signatures
    ) external;

    /// @notice Vouches that the rehearsal which the plan names was carried out on its network, and ended at `completedAt`
    /// (seconds since the epoch): before the proposal by the plan's `minAge` at least, and by a year at most.
    /// Caller: attester, not the proposer, once.
    function attestRehearsal(bytes32 proposalId, uint64 completedAt) external;

    /// @notice The same with collected signatures (65 bytes) over
    /// `Rehearsal(bytes32 proposalId,uint64 chainId,bytes32 rehearsalProposal,uint64 completedAt)`.
    function attestRehearsalBySig(bytes32 proposalId, uint64 completedAt, bytes[] calldata signatures) external;

    /// @notice Whether `attester` has attested.
    function hasAttested(bytes32 proposalId, AttestationKind kind, address attester) external view returns (bool);

    /// @notice Checks and keeps what a plan cites besides its report: node artifact, rehearsal on another network.
    /// Caller: the registry itself, from within `propose`.
    function cite(
        bytes32 proposalId,
        PlanClass planClass,
        Artifact calldata artifact,
        Evidence calldata evidence
    ) external;

    /// @notice Artifact and rehearsal that the plan cites, and how many vouched for these and for an audit. All zero where
    /// it cites none.
    function citedEvidenceOf(bytes32 proposalId) external view returns (CitedEvidence memory cited);
}

/// @notice Operators' readiness, and scheduling when there is enough of it.
interface IReadinessFacet {
    /// @notice States that the elector's own systems are ready. Cannot be withdrawn. Caller: the account at `seat`.
    function signalReady(bytes32 proposalId, uint256 seat) external;

    /// @notice The same with collected signatures over `Ready(bytes32 proposalId)`; a bad one is skipped and reported.
    function signalReadyBySig(bytes32 proposalId, Ballot[] calldata signals) external returns (uint256 counted);

    /// @notice The same for seats of wallets, and for keys that sign 65 bytes, as in `castVotesByWalletSig`. Caller: anyone.
    function signalReadyByWalletSig(
        bytes32 proposalId,
        WalletBallot[] calldata signals
    ) external returns (uint256 counted);

    /// @notice Whether `seat` has signalled.
    function isReady(bytes32 proposalId, uint256 seat) external view returns (bool);

    /// @notice Schedules every stage and rollback in the timelock at once. One-shot. Caller: anyone, once the plan is
    /// approved, attested and ready.
    function schedule(Plan calldata plan) external;
}

/// @notice The node program that goes with a plan: who runs it, how it went, and plans that follow a parent's. See
/// `ArtifactSignals` and `Parents` for errors and events.
interface IArtifactFacet {
    /// @notice States the version that the elector's own node runs. Counts where it is the plan's own, or of a later
    /// protocol version; cannot be withdrawn. From the proposal on, after completion too. Caller: the account at `seat`.
    function advertise(bytes32 proposalId, uint256 seat, string calldata version, uint64 protocolVersion) external;

    /// @notice The same with collected signatures over
    /// `Advertisement(bytes32 proposalId,string version,uint64 protocolVersion)`; a bad one is skipped and reported.
    /// Caller: anyone.
    function advertiseBySig(
        bytes32 proposalId,
        string calldata version,
        uint64 protocolVersion,
        Ballot[] calldata signals
    ) external returns (uint256 counted);

    /// @notice States how stage number `stage`, the one that ran last, went on the elector's own systems, while the plan
    /// is in progress. Caller: the account at `seat`, once a stage.
    function reportSuccess(bytes32 proposalId, uint256 stage, uint256 seat, bool isSuccessful) external;

    /// @notice The same with collected signatures over
    /// `SuccessReport(bytes32 proposalId,uint256 stage,bool isSuccessful)`; a bad one is skipped and reported. Caller:
    /// anyone.
    function reportSuccessBySig(
        bytes32 proposalId,
        uint256 stage,
        bool isSuccessful,
        Ballot[] calldata reports
    ) external returns (uint256 counted);

    /// @notice Votes to keep the upgrade although too few may report success, after the last stage and before the
    /// reports' deadline. It takes what the plan took to be approved. Caller: the account at `seat`, once.
    function overrideSuccess(bytes32 proposalId, uint256 seat) external;

    /// @notice The same with collected signatures over `SuccessOverride(bytes32 proposalId)`; a bad one is skipped and
    /// reported. Caller: anyone.
    function overrideSuccessBySig(bytes32 proposalId, Ballot[] calldata votes) external returns (uint256 counted);

    /// @notice Closes a plan whose parent ended without its upgrade for ever, or stalls it when it is in progress.
    /// `sweep` clears what it left in the timelock. Caller: anyone.
    function invalidateOrphan(bytes32 proposalId) external;

    /// @notice The artifact and every count.
    function artifactOf(bytes32 proposalId) external view returns (ArtifactView memory facts);

    /// @notice The window in which a child's first stage may run; zero throughout for a plan without a parent.
    function compatibilityOf(bytes32 proposalId) external view returns (Compatibility memory window);

    /// @notice Whether `seat` has advertised a version that counts.
    function hasAdvertised(bytes32 proposalId, uint256 seat) external view returns (bool);

    /// @notice Whether `seat` has reported about a stage, whatever it said.
    function hasReported(bytes32 proposalId, uint256 stage, uint256 seat) external view returns (bool);

    /// @notice Whether `seat` has voted to keep the upgrade.
    function hasOverridden(bytes32 proposalId, uint256 seat) external view returns (bool);
}

/// @notice Execution. See `Stages` for errors and events.
interface IStageFacet {
    /// @notice Runs the next stage, or completes the plan after the last dwell. All of it or nothing. Caller: anyone.
    function advance(Plan calldata plan) external payable;

    /// @notice Takes a stalled plan back. Caller: anyone. (The council's own way is `rollbackByCouncil`.)
    function rollback(Plan calldata plan) external payable;

    /// @notice First call of every batch: reverts unless the registry itself is executing exactly that batch.
    function onlyWhileAdvancing(bytes32 proposalId, uint256 tag) external view;
}

/// @notice What anyone may find out about the stages to come, and do about a plan that cannot go on. See `Revalidation`
/// for errors and events.
interface IRevalidationFacet {
    /// @notice Closes a scheduled plan for ever (or stalls one in progress) by showing that a pin of a stage to come,
    /// which held at `schedule`, is broken. Caller: anyone.
    function invalidate(Plan calldata plan, uint256 stage, uint256 pin) external;

    /// @notice Cancels in the timelock what an ended plan left there. Caller: anyone.
    function sweep(Plan calldata plan) external;

    /// @notice Every pin and gate of every stage still to come, with expected, actual and verdict.
    function revalidate(Plan calldata plan) external view returns (PinResult[] memory pins, GateResult[] memory gates);
}

/// @notice The catalogue of invariants.
interface IInvariantFacet {
    /// @notice Adds a definition. Its id is `keccak256(abi.encode(invariant))`. Caller: risk role.
    function defineInvariant(Invariant calldata invariant) external returns (bytes32 id);

    /// @notice Stops new plans from citing it; plans that already do keep it. Caller: risk role.
    function retireInvariant(bytes32 id) external;

    /// @notice A definition with the times (seconds) it was defined and retired (zero: live).
    function invariantOf(
        bytes32 id
    ) external view returns (Invariant memory invariant, uint64 definedAt, uint64 retiredAt);

    /// @notice Evaluates an invariant now. `proposalId` gives the baseline of `AtPropose`; zero where there is none.
    /// `Before` conditions are unavailable outside a stage.
    function check(bytes32 proposalId, bytes32 id) external view returns (InvariantResult memory result);

    /// @notice Acts on a proven break of an invariant cited by a plan in progress. A break counts when it was seen in
    /// two different blocks, or once if irreversible. Does nothing while the probes are unavailable. Caller: anyone.
    /// @return acted Whether the pre-committed action ran.
    function poke(Plan calldata plan, bytes32 id) external returns (bool acted);
}

/// @notice Named upgrade targets.
interface IModuleFacet {
    /// @notice Names a new module. Caller: release role or timelock.
    function registerModule(bytes32 name, ModuleKind kind, address account, address authority) external;

    /// @notice Takes a module out of use; refused while a plan holds it. Caller: timelock.
    function retireModule(bytes32 name) external;

    /// @notice Sets how many seconds (0 to 30 days; zero: none) must lie between the end of a plan on a module, by
    /// completion or rollback, and the first stage of the next one. Emergency plans do not wait. Caller: timelock.
    function setMinInterval(uint256 interval) external;

    /// @notice A module. Reverts when unknown.
    function moduleOf(bytes32 name) external view returns (Module memory module);

    /// @notice Names of all modules, retired ones too.
    function moduleNames() external view returns (bytes32[] memory names);

    /// @notice Seconds between two upgrades of one module; zero: none.
    function minInterval() external view returns (uint256 interval);

    /// @notice When the first stage of the next plan on the module may run (seconds since the epoch; zero: at once).
    /// Reverts when unknown.
    function upgradeableAt(bytes32 name) external view returns (uint256 notBefore);
}

/// @notice Feature flags, and what modules require before a plan on them may advance.
interface IFeatureFlagFacet {
    /// @notice Turns a flag on. `epoch` is the one that the plan was made at: a clearing since then makes this revert, so a
    /// plan that waits in the timelock never undoes one. Caller: timelock.
    function enableFlag(bytes32 flag, uint64 epoch) external;

    /// @notice Turns a flag off, and voids what was agreed to turn it on. Caller: incident role, a council member, timelock.
    function clearFlag(bytes32 flag) external;

    /// @notice Sets what a module requires: a flag (zero: none), and least versions of at most 8 other modules. It replaces
    /// what was set before. Caller: timelock.
    function setRequirements(bytes32 module, bytes32 flag, Dependency[] calldata dependencies) external;

    /// @notice Whether a flag is on; an unknown one is off. One word, so that a gate can ask it.
    function isEnabled(bytes32 flag) external view returns (bool);

    /// @notice How often a flag was cleared.
    function flagEpoch(bytes32 flag) external view returns (uint64 epoch);

    /// @notice What a module requires.
    function requirementsOf(bytes32 module) external view returns (Requirements memory requirements);

    /// @notice Reverts while the module's flag is off, and before a first stage while a dependency is too old.
    function checkRequirements(bytes32 module, bool isFirst) external view;
}

/// @notice The council and the incident key. None of these moves funds or upgrades.
interface IEmergencyFacet {
    /// @notice Halts `scope` (zero: everything, else a module): no schedule, no advance, canaries of the scope frozen.
    /// A halt is not renewed back to back: the scope rests as long as it was halted, unless governance refilled its budget.
    /// Caller: council members; runs when `haltThreshold` of them approved, by call or by signature.
    /// @param signatures Over `CouncilApproval(bytes32 act,uint256 deadline)`: 65 bytes of a key; of a contract (ERC-1271),
    /// such as a Safe, its address (20 bytes), then what it takes for a signature.
    /// @return executed Whether this call completed the act.
    function halt(
        bytes32 scope,
        string calldata reason,
        uint256 deadline,
        bytes[] calldata signatures
    ) external returns (bool executed);

    /// @notice Ends a halt early and gives its unspent seconds back to the budget. Caller: council, or the timelock.
    function lift(bytes32 scope, uint256 deadline, bytes[] calldata signatures) external returns (bool executed);

    /// @notice Before the first stage: cancels. After it: stalls, so that anyone may roll back. Each veto since the last
    /// refill adds one to what the next one needs, up to all members. Caller: council.
    function veto(
        bytes32 proposalId,
        string calldata reason,
        uint256 deadline,
        bytes[] calldata signatures
    ) external returns (bool executed);

    /// @notice Stops a plan in whatever state it is, in one act: vetoes it where it can be vetoed, halts those of its
    /// modules that can be halted, and freezes their canaries. Needs the approvals of a halt and of a veto, whichever are
    /// more. Caller: council.
    function emergencyHalt(
        bytes32 proposalId,
        string calldata reason,
        uint256 deadline,
        bytes[] calldata signatures
    ) external returns (bool executed);

    /// @notice The council's yes to an Emergency plan, without which it cannot be scheduled. Void when the council changes.
    /// Caller: council, while the plan is voted on or approved.
    function coSign(bytes32 proposalId, uint256 deadline, bytes[] calldata signatures) external returns (bool executed);

    /// @notice Freezes the canary of a module. Caller: incident role or a council member; anyone while it is halted.
    function freeze(bytes32 module) external;

    /// @notice Replaces the council; approvals given to the old one are void. Caller: timelock.
    function setCouncil(CouncilConfig calldata config) external;

    /// @notice Refills the halt budget of `scope`. Caller: timelock.
    function refillHaltBudget(bytes32 scope) external;

    /// @notice Gives the council its full budget of vetoes again. Caller: timelock.
    function refillVetoBudget() external;

    /// @notice The council, its epoch.
    function councilOf() external view returns (CouncilConfig memory config, uint64 epoch);

    /// @notice Hash of the act that a member approves, at the current epoch and nonce.
    /// @param kind `keccak256` of "halt", "lift", "veto", "rollback", "stop" or "coSign"; `subject` the scope or proposal.
    function actOf(bytes32 kind, bytes32 subject) external view returns (bytes32 act, uint256 have, uint256 need);

    /// @notice Seconds since the epoch until which `member`'s approval of `act` counts; zero: none was given.
    function approvalOf(bytes32 act, address member) external view returns (uint256 expiry);

    /// @notice End of the halt in force for `scope` (seconds; zero: none) and the budget left (seconds).
    function haltOf(bytes32 scope) external view returns (uint64 until, uint32 budget);

    /// @notice From when on `scope` may be halted again (seconds; zero: at once).
    function haltableAt(bytes32 scope) external view returns (uint256 notBefore);

    /// @notice Vetoes that the council may still spend.
    function vetoBudget() external view returns (uint256 left);

    /// @notice Whether the present council co-signed an Emergency plan.
    function isCoSigned(bytes32 proposalId) external view returns (bool);
}

/// @notice The council's own way back. Apart from `IEmergencyFacet` because it carries the whole of a rollback, and a
/// contract's code is bounded.
interface ICouncilRollbackFacet {
    /// @notice Rolls a plan in progress back at once. Caller: council.
    function rollbackByCouncil(
        Plan calldata plan,
        uint256 deadline,
        bytes[] calldata signatures
    ) external returns (bool executed);
}

/// @notice How a registry that lives stops a recovery (`RecoveryProposer`).
interface IRecoveryFacet {
    /// @notice Cancels a recovery that waits in the timelock; a halt does not stop it. Caller: council, with the approvals
    /// of a veto on the operation, or the timelock.
    /// @param number Of the recovery, as `RecoveryStarted` tells it.
    function vetoRecovery(
        address proposer,
        address successor,
        uint256 number,
        uint256 deadline,
        bytes[] calldata signatures
    ) external returns (bool executed);

    /// @notice The timelock's id of a recovery: the subject of the council's act.
    function recoveryOperationOf(
        address proposer,
        address successor,
        uint256 number
    ) external view returns (bytes32 operation);
}

/// @notice Roles and thresholds.
interface IConfigFacet {
    /// @notice Gives `role` to `account`. Release and risk exclude each other. Caller: timelock.
    function grantRole(bytes32 role, address account) external;

    /// @notice Takes it away. Caller: timelock.
    function revokeRole(bytes32 role, address account) external;

    /// @notice Sets a class's thresholds for proposals to come. Caller: timelock.
    function setClassPolicy(PlanClass planClass, ClassPolicy calldata policy) external;

    function hasRole(bytes32 role, address account) external view returns (bool);

    /// @notice The row that proposals of a class get from now on.
    function classPolicyOf(PlanClass planClass) external view returns (ClassPolicy memory policy);

    /// @notice The row that a proposal was given when it was made, and keeps.
    function policyOf(bytes32 proposalId) external view returns (ClassPolicy memory policy);

    function timelock() external view returns (address);
}

/// @notice The selectors of gates that have no target, with what each answers for the plan that carries it.
interface IBuiltInGates {
    /// @notice Blocks since the plan was scheduled.
    function blocksSinceSchedule() external view returns (uint256);

    /// @notice Clipped power that signalled ready.
    function readyPower() external view returns (uint256);

    /// @notice Clipped power that advertised the plan's artifact.
    function adoptedPower() external view returns (uint256);

    /// @notice Clipped power that reported success of the stage that ran last; unavailable before the first one.
    function successReports() external view returns (uint256);

    /// @notice Calls that the candidate served, counted by the router in `proxy`.
    function canaryCalls(address proxy) external view returns (uint256);
}

/// @notice The whole registry, without ERC-2535's own verbs.
interface IUpgradeRegistry is
    IProposalFacet,
    IProposalViewFacet,
    IBallotFacet,
    IElectorateFacet,
    ITokenElectorateFacet,
    IElectorProposalFacet,
    IAttestationFacet,
    IReadinessFacet,
    IArtifactFacet,
    IStageFacet,
    IRevalidationFacet,
    IInvariantFacet,
    IModuleFacet,
    IFeatureFlagFacet,
    IEmergencyFacet,
    IRecoveryFacet,
    ICouncilRollbackFacet,
    IConfigFacet
{}
