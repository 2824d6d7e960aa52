// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CouncilConfig} from "../../types/Policy.sol";
import {EmergencyStorage} from "../storage/EmergencyStorage.sol";
import {Halts} from "./Halts.sol";
import {Proposals} from "./Proposals.sol";
import {Signatures} from "./Signatures.sol";

/// @notice k of n, by act. Approvals come by call or as signatures that anyone submits; both kinds add up. An approval
/// belongs to one council (epoch) and one occasion (nonce), and it grows stale.
library Council {
    error NotCouncilMember(address account);
    /// @notice The signatures' deadline is over.
    error ApprovalExpired(uint256 deadline, uint256 timestamp);
    error CouncilSizeInvalid(uint256 members, uint256 max);
    /// @notice Zero, or there twice.
    error CouncilMemberInvalid(uint256 index, address member);
    error ThresholdInvalid(bytes32 kind, uint256 threshold, uint256 members);
    error HaltTimeInvalid(string field, uint256 actual, uint256 min, uint256 max);
    error ActUnknown(bytes32 kind);
    /// @notice The member is a contract, and it does not stand behind the signature (ERC-1271).
    error ApprovalInvalid(address member);
    error VetoBudgetInvalid(uint256 actual, uint256 min, uint256 max);

    event CouncilSet(uint64 indexed epoch, CouncilConfig config);
    /// @param expiry Seconds since the epoch until which this approval counts.
    event ActApproved(
        bytes32 indexed act,
        bytes32 indexed subject,
        address indexed member,
        bytes32 kind,
        uint256 expiry
    );
    event ActExecuted(bytes32 indexed act, bytes32 indexed subject, bytes32 kind, uint256 approvals);

    bytes32 internal constant HALT = keccak256("halt");
    bytes32 internal constant LIFT = keccak256("lift");
    bytes32 internal constant VETO = keccak256("veto");
    bytes32 internal constant ROLLBACK = keccak256("rollback");
    bytes32 internal constant STOP = keccak256("stop");
    bytes32 internal constant PAUSE = keccak256("pause");
    bytes32 internal constant CO_SIGN = keccak256("coSign");

    uint256 internal constant MAX_MEMBERS = 32;
    uint256 internal constant MAX_HALT = 30 days;
    uint256 internal constant MAX_BUDGET = 90 days;
    uint256 internal constant MAX_VETOES = 32;
    /// @notice An approval older than this was given to another situation.
    uint256 internal constant APPROVAL_LIFETIME = 7 days;

    bytes32 private constant APPROVAL_TYPEHASH = keccak256("CouncilApproval(bytes32 act,uint256 deadline)");

    /// @notice Replaces the council. Approvals given to the old one are void.
    function set(CouncilConfig memory config) internal {
        uint256 count = config.members.length;
        if (count == 0 || count > MAX_MEMBERS) revert CouncilSizeInvalid(count, MAX_MEMBERS);
        for (uint256 i; i < count; ++i) {
            address member = config.members[i];
            if (member == address(0)) revert CouncilMemberInvalid(i, member);
            for (uint256 j; j < i; ++j) {
                if (config.members[j] == member) revert CouncilMemberInvalid(i, member);
            }
        }
        _checkThreshold(HALT, config.haltThreshold, count);
        _checkThreshold(LIFT, config.liftThreshold, count);
        _checkThreshold(VETO, config.vetoThreshold, count);
        _checkThreshold(ROLLBACK, config.rollbackThreshold, count);
        _checkThreshold(CO_SIGN, config.coSignThreshold, count);
        _checkThreshold(PAUSE, config.pauseThreshold, count);
        if (config.vetoBudget == 0 || config.vetoBudget > MAX_VETOES) {
            revert VetoBudgetInvalid(config.vetoBudget, 1, MAX_VETOES);
        }
        if (config.haltDuration == 0 || config.haltDuration > MAX_HALT) {
            revert HaltTimeInvalid("haltDuration", config.haltDuration, 1, MAX_HALT);
        }
        // A larger one could not be spent: there are only so many halts.
        uint256 maxBudget = Halts.MAX_HALTS * config.haltDuration;
        if (maxBudget > MAX_BUDGET) maxBudget = MAX_BUDGET;
        if (config.haltBudget < config.haltDuration || config.haltBudget > maxBudget) {
            revert HaltTimeInvalid("haltBudget", config.haltBudget, config.haltDuration, maxBudget);
        }
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        self.council = config;
        self.vetoesSpent = 0;
        uint64 epoch = ++self.epoch;
        emit CouncilSet(epoch, config);
    }

    /// @notice Records the caller's approval, if he is a member, and those of `signatures`. The first bad one reverts.
    /// @return isAgreed Whether there are enough; the act's nonce is then spent, and the caller performs it.
    function approve(
        bytes32 kind,
        bytes32 subject,
        uint256 deadline,
        bytes[] calldata signatures
    ) internal returns (bool isAgreed) {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        bytes32 act = actOf(kind, subject);
        uint256 expiry = block.timestamp + APPROVAL_LIFETIME;
        bool isByMember = isMember(msg.sender);
        if (isByMember) _record(act, kind, subject, msg.sender, expiry);
        else if (signatures.length == 0) revert NotCouncilMember(msg.sender);

        if (signatures.length != 0) {
            if (block.timestamp > deadline) revert ApprovalExpired(deadline, block.timestamp);
            bytes32 digest = Proposals.digestOf(keccak256(abi.encode(APPROVAL_TYPEHASH, act, deadline)));
            if (deadline < expiry) expiry = deadline;
            for (uint256 i; i < signatures.length; ++i) {
                _record(act, kind, subject, _signerOf(digest, signatures[i]), expiry);
            }
        }

        uint256 have = approvalsOf(act);
        if (have < thresholdOf(kind)) return false;
        // One nonce a subject: what was approved for the situation before this act is void after it.
        ++self.nonces[subject];
        emit ActExecuted(act, subject, kind, have);
        return true;
    }

    function actOf(bytes32 kind, bytes32 subject) internal view returns (bytes32) {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        return keccak256(abi.encode(kind, subject, self.epoch, self.nonces[subject]));
    }

    /// @notice Members whose approval of `act` counts now.
    function approvalsOf(bytes32 act) internal view returns (uint256 have) {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        address[] storage members = self.council.members;
        for (uint256 i; i < members.length; ++i) {
            if (block.timestamp <= self.approvals[act][members[i]]) ++have;
        }
    }

    function thresholdOf(bytes32 kind) internal view returns (uint256) {
        CouncilConfig storage council = EmergencyStorage.state().council;
        if (kind == HALT) return council.haltThreshold;
        if (kind == LIFT) return council.liftThreshold;
        if (kind == VETO) return _vetoThreshold();
        if (kind == ROLLBACK) return council.rollbackThreshold;
        if (kind == CO_SIGN) return council.coSignThreshold;
        if (kind == PAUSE) return council.pauseThreshold;
        // It halts and vetoes in one act, so it needs what either needs.
        if (kind == STOP) {
            uint256 veto = _vetoThreshold();
            return veto > council.haltThreshold ? veto : council.haltThreshold;
        }
        revert ActUnknown(kind);
    }

    function isMember(address account) internal view returns (bool) {
        address[] storage members = EmergencyStorage.state().council.members;
        for (uint256 i; i < members.length; ++i) {
            if (members[i] == account) return true;
        }
        return false;
    }

    /// @dev Each veto raises what the next one needs, up to all of them, until governance refills the budget.
    function _vetoThreshold() private view returns (uint256 need) {
        EmergencyStorage.Layout storage self = EmergencyStorage.state();
        need = uint256(self.council.vetoThreshold) + self.vetoesSpent;
        if (need > self.council.members.length) need = self.council.members.length;
    }

    /// @dev A key's signature is 65 bytes. A contract's is its address, then what it takes for one (ERC-1271).
    function _signerOf(bytes32 digest, bytes calldata signature) private view returns (address signer) {
        signer = Signatures.signerOf(digest, signature);
        if (isMember(signer)) return signer;
        (address named, bytes calldata own) = Signatures.walletIn(signature);
        if (isMember(named)) {
            if (Signatures.isSignedBy(named, digest, own)) return named;
            revert ApprovalInvalid(named);
        }
        revert NotCouncilMember(signer);
    }

    /// @dev The later of two expiries counts, so that nobody shortens an approval by submitting an older signature.
    function _record(bytes32 act, bytes32 kind, bytes32 subject, address member, uint256 expiry) private {
        mapping(address => uint48) storage approvals = EmergencyStorage.state().approvals[act];
        if (approvals[member] >= expiry) return;
        approvals[member] = uint48(expiry);
        emit ActApproved(act, subject, member, kind, expiry);
    }

    function _checkThreshold(bytes32 kind, uint256 threshold, uint256 members) private pure {
        if (threshold == 0 || threshold > members) revert ThresholdInvalid(kind, threshold, members);
    }
}
