import { Interface } from "ethers";

/** OpenZeppelin's governor, versions 4 and 5; later functions are asked for and may be missing. */
export const GOVERNOR = new Interface([
  "function name() view returns (string)",
  "function version() view returns (string)",
  "function COUNTING_MODE() view returns (string)",
  "function CLOCK_MODE() view returns (string)",
  "function clock() view returns (uint48)",
  "function token() view returns (address)",
  "function timelock() view returns (address)",
  "function state(uint256 proposalId) view returns (uint8)",
  "function proposalSnapshot(uint256 proposalId) view returns (uint256)",
  "function proposalDeadline(uint256 proposalId) view returns (uint256)",
  "function proposalEta(uint256 proposalId) view returns (uint256)",
  "function proposalNeedsQueuing(uint256 proposalId) view returns (bool)",
  "function proposalThreshold() view returns (uint256)",
  "function proposalVotes(uint256 proposalId) view returns (uint256 against, uint256 inFavour, uint256 abstain)",
  "function quorum(uint256 timepoint) view returns (uint256)",
  "function votingDelay() view returns (uint256)",
  "function votingPeriod() view returns (uint256)",
  "function getVotes(address account, uint256 timepoint) view returns (uint256)",
  "function hasVoted(uint256 proposalId, address account) view returns (bool)",
  "function hashProposal(address[] targets, uint256[] values, bytes[] calldatas, bytes32 descriptionHash) view returns (uint256)",
  "function propose(address[] targets, uint256[] values, bytes[] calldatas, string description) returns (uint256)",
  "function castVote(uint256 proposalId, uint8 support) returns (uint256)",
  "function queue(address[] targets, uint256[] values, bytes[] calldatas, bytes32 descriptionHash) payable returns (uint256)",
  "function execute(address[] targets, uint256[] values, bytes[] calldatas, bytes32 descriptionHash) payable returns (uint256)",
  "event ProposalCreated(uint256 proposalId, address proposer, address[] targets, uint256[] values, string[] signatures, bytes[] calldatas, uint256 voteStart, uint256 voteEnd, string description)",
  "event ProposalExecuted(uint256 proposalId)",
  "error GovernorUnexpectedProposalState(uint256 proposalId, uint8 current, bytes32 expectedStates)",
  "error GovernorInsufficientProposerVotes(address proposer, uint256 votes, uint256 threshold)",
  "error GovernorNonexistentProposal(uint256 proposalId)",
  "error GovernorAlreadyCastVote(address voter)",
  "error GovernorNotQueuedProposal(uint256 proposalId)",
  "error GovernorAlreadyQueuedProposal(uint256 proposalId)",
  "error GovernorRestrictedProposer(address proposer)",
  "error GovernorOnlyExecutor(address account)",
]);

/** Compound's GovernorAlpha and GovernorBravo, and those made from them. */
export const BRAVO = new Interface([
  "function name() view returns (string)",
  "function quorumVotes() view returns (uint256)",
  "function proposalThreshold() view returns (uint256)",
  "function votingDelay() view returns (uint256)",
  "function votingPeriod() view returns (uint256)",
  "function proposalCount() view returns (uint256)",
  "function timelock() view returns (address)",
  "function comp() view returns (address)",
  "function uni() view returns (address)",
  "function state(uint256 proposalId) view returns (uint8)",
  "function getActions(uint256 proposalId) view returns (address[] targets, uint256[] values, string[] signatures, bytes[] calldatas)",
  "function proposals(uint256 id) view returns (uint256 id, address proposer, uint256 eta, uint256 startBlock, uint256 endBlock, uint256 forVotes, uint256 againstVotes)",
  "function getReceipt(uint256 proposalId, address voter) view returns (bool hasVoted, uint8 support, uint96 votes)",
  "function propose(address[] targets, uint256[] values, string[] signatures, bytes[] calldatas, string description) returns (uint256)",
  "function queue(uint256 proposalId)",
  "function execute(uint256 proposalId) payable",
]);

/** Alpha takes a bool, Bravo a number: the selectors differ. */
export const CAST_VOTE = {
  alpha: new Interface(["function castVote(uint256 proposalId, bool support)"]),
  bravo: new Interface(["function castVote(uint256 proposalId, uint8 support)"]),
} as const;

export const VOTES = new Interface([
  "function getPriorVotes(address account, uint256 blockNumber) view returns (uint96)",
  "function totalSupply() view returns (uint256)",
  "function symbol() view returns (string)",
]);

/** OpenZeppelin's TimelockController. */
export const CONTROLLER = new Interface([
  "function getMinDelay() view returns (uint256)",
  "function getTimestamp(bytes32 id) view returns (uint256)",
  "function isOperationDone(bytes32 id) view returns (bool)",
  "function isOperationPending(bytes32 id) view returns (bool)",
  "function hasRole(bytes32 role, address account) view returns (bool)",
  "function hashOperation(address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt) view returns (bytes32)",
  "function hashOperationBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt) view returns (bytes32)",
  "function scheduleBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt, uint256 delay)",
  "function execute(address target, uint256 value, bytes payload, bytes32 predecessor, bytes32 salt) payable",
  "function executeBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt) payable",
  "event CallScheduled(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data, bytes32 predecessor, uint256 delay)",
  "event CallExecuted(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data)",
  "event CallSalt(bytes32 indexed id, bytes32 salt)",
  "event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)",
  "error TimelockUnexpectedOperationState(bytes32 operationId, bytes32 expectedStates)",
  "error TimelockUnexecutedPredecessor(bytes32 predecessorId)",
  "error TimelockInsufficientDelay(uint256 delay, uint256 minDelay)",
  "error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)",
  "error FailedCall()",
]);

/** Compound's Timelock, and those made from it. */
export const COMPOUND_TIMELOCK = new Interface([
  "function admin() view returns (address)",
  "function delay() view returns (uint256)",
  "function GRACE_PERIOD() view returns (uint256)",
  "function queuedTransactions(bytes32 hash) view returns (bool)",
  "function queueTransaction(address target, uint256 value, string signature, bytes data, uint256 eta) returns (bytes32)",
  "function executeTransaction(address target, uint256 value, string signature, bytes data, uint256 eta) payable returns (bytes)",
  "event QueueTransaction(bytes32 indexed txHash, address indexed target, uint256 value, string signature, bytes data, uint256 eta)",
  "event ExecuteTransaction(bytes32 indexed txHash, address indexed target, uint256 value, string signature, bytes data, uint256 eta)",
]);

export const SAFE = new Interface([
  "function VERSION() view returns (string)",
  "function nonce() view returns (uint256)",
  "function getThreshold() view returns (uint256)",
  "function getOwners() view returns (address[])",
  "function domainSeparator() view returns (bytes32)",
  "function approvedHashes(address owner, bytes32 hash) view returns (uint256)",
  "function approveHash(bytes32 hash)",
  "function getTransactionHash(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, uint256 nonce) view returns (bytes32)",
  "function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures) payable returns (bool)",
  "event ExecutionSuccess(bytes32 indexed txHash, uint256 payment)",
]);

export const MULTI_SEND = new Interface(["function multiSend(bytes transactions) payable"]);

/** Functions that governance calls everywhere, for whoever reads calldata without a build at hand. */
export const COMMON = new Interface([
  "function transfer(address to, uint256 amount)",
  "function transferFrom(address from, address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
  "function mint(address to, uint256 amount)",
  "function grantRole(bytes32 role, address account)",
  "function revokeRole(bytes32 role, address account)",
  "function transferOwnership(address newOwner)",
  "function acceptOwnership()",
  "function setPendingAdmin(address pendingAdmin)",
  "function acceptAdmin()",
  "function setDelay(uint256 delay)",
  "function updateDelay(uint256 newDelay)",
  "function setVotingDelay(uint48 newVotingDelay)",
  "function setVotingPeriod(uint32 newVotingPeriod)",
  "function setProposalThreshold(uint256 newProposalThreshold)",
  "function updateQuorumNumerator(uint256 newQuorumNumerator)",
  "function updateTimelock(address newTimelock)",
  "function relay(address target, uint256 value, bytes data)",
  "function multicall(bytes[] data)",
  "function pause()",
  "function unpause()",
  "function addOwnerWithThreshold(address owner, uint256 threshold)",
  "function removeOwner(address prevOwner, address owner, uint256 threshold)",
  "function swapOwner(address prevOwner, address oldOwner, address newOwner)",
  "function changeThreshold(uint256 threshold)",
  "function enableModule(address module)",
  "function disableModule(address prevModule, address module)",
  "function setGuard(address guard)",
  "function setFallbackHandler(address handler)",
]);
