// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/ERC20Upgradeable.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Governed__MockForIncident} from "./Base__MockForIncident.sol";

/// @notice A token that can be upgraded, minted by its owner.
contract Token__MockForIncident is Governed__MockForIncident, ERC20Upgradeable {
    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }
}

/// @notice SafeMoon's next version: anybody burns anybody's.
contract TokenBurn__MockForIncident is Token__MockForIncident {
    function burn(address from, uint256 amount) external {
        _burn(from, amount);
    }
}

/// @notice Ankr's next version: anybody mints.
contract TokenOpenMint__MockForIncident is Token__MockForIncident {
    function mintTo(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice Two tokens in a pool; what is bought follows from what the pool holds after the seller's transfer.
contract Pool__MockForIncident is Governed__MockForIncident {
    error ProductFell(uint256 product, uint256 before);

    IERC20 public token;
    IERC20 public money;
    uint256 public tokens;
    uint256 public moneys;

    function open(IERC20 token_, IERC20 money_) external onlyOwner {
        (token, money) = (token_, money_);
        sync();
    }

    function sync() public {
        (tokens, moneys) = (token.balanceOf(address(this)), money.balanceOf(address(this)));
    }

    function product() external view returns (uint256) {
        return tokens * moneys;
    }

    /// @dev Pays out first, as pairs do; what came in meanwhile is what there is more.
    function swap(uint256 tokensOut, uint256 moneyOut) external {
        if (tokensOut != 0) token.transfer(msg.sender, tokensOut);
        if (moneyOut != 0) money.transfer(msg.sender, moneyOut);
        _check(token.balanceOf(address(this)), money.balanceOf(address(this)), tokensOut, moneyOut);
        sync();
    }

    function _check(uint256 haveTokens, uint256 haveMoney, uint256 tokensOut, uint256 moneyOut) internal view virtual {
        (uint256 left, uint256 right) = _afterFee(haveTokens, haveMoney, tokensOut, moneyOut, 1_000, 3);
        if (left * right < tokens * moneys * 1_000 ** 2) revert ProductFell(left * right, tokens * moneys);
    }

    function _afterFee(
        uint256 haveTokens,
        uint256 haveMoney,
        uint256 tokensOut,
        uint256 moneyOut,
        uint256 scale,
        uint256 fee
    ) internal view returns (uint256 left, uint256 right) {
        uint256 tokensIn = haveTokens > tokens - tokensOut ? haveTokens - (tokens - tokensOut) : 0;
        uint256 moneyIn = haveMoney > moneys - moneyOut ? haveMoney - (moneys - moneyOut) : 0;
        left = haveTokens * scale - tokensIn * fee;
        right = haveMoney * scale - moneyIn * fee;
    }
}

/// @notice Uranium's: a fee of another scale, edited on one side of the comparison.
contract PoolScale__MockForIncident is Pool__MockForIncident {
    function _check(uint256 haveTokens, uint256 haveMoney, uint256 tokensOut, uint256 moneyOut) internal view override {
        (uint256 left, uint256 right) = _afterFee(haveTokens, haveMoney, tokensOut, moneyOut, 10_000, 16);
        if (left * right < tokens * moneys * 1_000 ** 2) revert ProductFell(left * right, tokens * moneys);
    }
}

/// @notice Euler's: collateral and debt of each account, and a bonus for who takes a bad one over.
contract Lending__MockForIncident is Governed__MockForIncident {
    error Unhealthy(address account);

    IERC20 public money;
    mapping(address account => uint256) public collateral;
    mapping(address account => uint256) public debt;
    address[] internal _accounts;
    uint256 public reserves;

    function open(IERC20 money_) external onlyOwner {
        money = money_;
    }

    function deposit(uint256 amount) external {
        money.transferFrom(msg.sender, address(this), amount);
        collateral[msg.sender] += amount;
        _accounts.push(msg.sender);
    }

    /// @dev Debt and collateral at once, ten times what is one's own at most.
    function leverage(uint256 amount) external {
        collateral[msg.sender] += amount;
        debt[msg.sender] += amount;
        _requireHealthy(msg.sender);
    }

    function withdraw(uint256 amount) external {
        collateral[msg.sender] -= amount;
        _requireHealthy(msg.sender);
        money.transfer(msg.sender, amount);
    }

    /// @dev Who takes over what is unhealthy gets the collateral for a fifth less debt.
    function liquidate(address account) external {
        if (isHealthy(account)) revert Unhealthy(account);
        uint256 owed = (collateral[account] * 4) / 5;
        debt[msg.sender] += owed < debt[account] ? owed : debt[account];
        collateral[msg.sender] += collateral[account];
        (debt[account], collateral[account]) = (0, 0);
    }

    function isHealthy(address account) public view returns (bool) {
        return collateral[account] * 10 >= debt[account] * 11;
    }

    /// @notice What collateral lacks to keep its owners healthy, in elevenths of debt.
    function shortfall() external view returns (uint256 sum) {
        for (uint256 i; i < _accounts.length; ++i) {
            address account = _accounts[i];
            if (!isHealthy(account)) sum += debt[account] * 11 - collateral[account] * 10;
        }
    }

    function _requireHealthy(address account) internal view {
        if (!isHealthy(account)) revert Unhealthy(account);
    }
}

/// @notice With a function that its siblings' check was forgotten in.
contract LendingDonate__MockForIncident is Lending__MockForIncident {
    function donateToReserves(uint256 amount) external {
        collateral[msg.sender] -= amount;
        reserves += amount;
    }
}

/// @notice Resupply's: what a pair lends follows from a rate, and a price above its scale makes that nothing.
contract Pairs__MockForIncident is Governed__MockForIncident {
    error Insolvent(uint256 ltv);

    struct Pair {
        address vault;
        uint256 price;
    }

    IERC20 public money;
    Pair public pair;
    mapping(address account => uint256) public shares;
    mapping(address account => uint256) public debt;

    function open(IERC20 money_) external onlyOwner {
        money = money_;
    }

    function addCollateral(uint256 amount) external {
        shares[msg.sender] += amount;
    }

    function borrow(uint256 amount) external virtual {
        revert Insolvent(amount);
    }
}

contract PairsEmpty__MockForIncident is Pairs__MockForIncident {
    /// @dev The vault is empty: its first share costs whatever was sent to it.
    function addPair(address vault) external onlyOwner {
        pair.vault = vault;
    }

    function price() public view returns (uint256) {
        return 1e18 + money.balanceOf(pair.vault) * 1e18;
    }

    function borrow(uint256 amount) external override {
        debt[msg.sender] += amount;
        uint256 rate = 1e36 / price();
        uint256 ltv =
            shares[msg.sender] == 0 ? type(uint256).max : (debt[msg.sender] * rate) / shares[msg.sender] / 1e18;
        if (ltv * 100 > 95) revert Insolvent(ltv);
        money.transfer(msg.sender, amount);
    }
}

/// @notice Curve's: shares of a pool of ether, and a lock that both functions take.
contract LockedPool__MockForIncident is Governed__MockForIncident {
    error Locked();

    uint256 public total;
    mapping(address account => uint256) public shares;

    modifier locked(uint256 function_) {
        uint256 slot = _lockOf(function_);
        bool isTaken;
        assembly {
            isTaken := tload(slot)
        }
        if (isTaken) revert Locked();
        assembly {
            tstore(slot, 1)
        }
        _;
        assembly {
            tstore(slot, 0)
        }
    }

    function add() external payable locked(1) {
        uint256 before = address(this).balance - msg.value;
        uint256 minted = total == 0 ? msg.value : (msg.value * total) / before;
        shares[msg.sender] += minted;
        total += minted;
    }

    /// @dev Pays before it counts: the lock is what makes that safe.
    function remove(uint256 amount) external locked(2) {
        uint256 due = (amount * address(this).balance) / total;
        shares[msg.sender] -= amount;
        Address.sendValue(payable(msg.sender), due);
        total -= amount;
    }

    function _lockOf(uint256) internal pure virtual returns (uint256) {
        return 0;
    }
}

/// @notice As Vyper 0.2.15 to 0.3.0 compiled it: every function has a lock of its own.
contract LockedPoolTwice__MockForIncident is LockedPool__MockForIncident {
    function _lockOf(uint256 function_) internal pure override returns (uint256) {
        return function_;
    }
}

/// @notice Adds while it is paid out: the pool's ether has left, its shares have not.
contract Reentrant__MockForIncident {
    LockedPool__MockForIncident private immutable _pool;
    bool private _isIn;

    constructor(LockedPool__MockForIncident pool) payable {
        _pool = pool;
    }

    receive() external payable {
        if (_isIn) return;
        _isIn = true;
        _pool.add{value: msg.value}();
    }

    function attack() external {
        _pool.add{value: address(this).balance}();
        _isIn = false;
        _pool.remove(_pool.shares(address(this)));
        _pool.remove(_pool.shares(address(this)));
    }
}

/// @notice Terra's bridge hooks: what a message asks for is paid once.
contract Hooks__MockForIncident is Governed__MockForIncident {
    error PaidAlready(uint256 message);

    mapping(uint256 message => bool) public isPaid;

    receive() external payable {}

    function deliver(uint256 message, uint256 amount) external virtual {
        isPaid[message] = true;
        Address.sendValue(payable(msg.sender), amount);
    }
}

/// @notice The patch of April.
contract HooksPatched__MockForIncident is Hooks__MockForIncident {
    function deliver(uint256 message, uint256 amount) external override {
        if (isPaid[message]) revert PaidAlready(message);
        isPaid[message] = true;
        Address.sendValue(payable(msg.sender), amount);
    }
}

/// @notice The version of June, from a branch without it.
contract HooksNext__MockForIncident is Hooks__MockForIncident {
    function version() external pure returns (uint256) {
        return 3;
    }
}

/// @notice Prisma's: positions, and who may act for their owner.
contract Troves__MockForIncident {
    error NotApproved(address owner, address caller);

    IERC20 public immutable money;
    mapping(address owner => uint256) public collateralOf;
    mapping(address owner => mapping(address delegate => bool)) public isDelegate;

    constructor(IERC20 money_) {
        money = money_;
    }

    function open(uint256 amount) external {
        money.transferFrom(msg.sender, address(this), amount);
        collateralOf[msg.sender] += amount;
    }

    function setDelegate(address delegate) external {
        isDelegate[msg.sender][delegate] = true;
    }

    function close(address owner, address to) external {
        if (msg.sender != owner && !isDelegate[owner][msg.sender]) revert NotApproved(owner, msg.sender);
        uint256 amount = collateralOf[owner];
        collateralOf[owner] = 0;
        money.transfer(to, amount);
    }
}

/// @notice Moves the caller's own position.
contract Zap__MockForIncident is Governed__MockForIncident {
    Troves__MockForIncident public troves;

    function open(Troves__MockForIncident troves_) external onlyOwner {
        troves = troves_;
    }

    function migrate() external virtual {
        troves.close(msg.sender, msg.sender);
    }
}

/// @notice By way of a flash loan, whose callback believes what it is told, by whomever.
contract ZapFlash__MockForIncident is Zap__MockForIncident {
    function onFlashLoan(address, address, uint256, uint256, bytes calldata data) external returns (bytes32) {
        (address owner, address to) = abi.decode(data, (address, address));
        troves.close(owner, to);
        return keccak256("ERC3156FlashBorrower.onFlashLoan");
    }
}
