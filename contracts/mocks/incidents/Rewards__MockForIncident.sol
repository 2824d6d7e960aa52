// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Governed__MockForIncident} from "./Base__MockForIncident.sol";

/// @notice Rewards by an index, as Compound's comptroller pays them: who supplied before there were any has no index yet.
contract IndexRewards__MockForIncident is Governed__MockForIncident {
    uint256 internal constant INITIAL = 1e36;

    IERC20 public reward;
    uint256 public index;
    uint256 public emitted;
    uint256 public paid;
    mapping(address account => uint256) public supplied;
    mapping(address account => uint256) public indexOf;

    /// @dev From here on there are rewards, of nothing as yet.
    function begin(IERC20 reward_) external onlyOwner {
        (reward, index) = (reward_, INITIAL);
    }

    function supply(uint256 amount) external {
        claim(msg.sender);
        supplied[msg.sender] += amount;
    }

    function claim(address account) public {
        uint256 since = indexOf[account];
        if (since == 0 && _hasIndex()) since = INITIAL;
        indexOf[account] = index;
        uint256 due = (supplied[account] * (index - since)) / INITIAL;
        if (due == 0) return;
        paid += due;
        reward.transfer(account, due);
    }

    function _hasIndex() internal view virtual returns (bool) {
        return index > 0;
    }
}

/// @notice Proposal 62: a market at exactly the initial index has none, by one sign.
contract IndexRewardsSign__MockForIncident is IndexRewards__MockForIncident {
    function _hasIndex() internal view override returns (bool) {
        return index > INITIAL;
    }
}

/// @notice Level Finance's referral rewards: an amount for each epoch and account, claimed once.
contract EpochRewards__MockForIncident is Governed__MockForIncident {
    error ClaimedAlready(uint256 epoch);

    IERC20 public reward;
    uint256 public granted;
    uint256 public paid;
    mapping(uint256 epoch => mapping(address account => uint256)) public rewardOf;
    mapping(uint256 epoch => mapping(address account => bool)) public isClaimed;

    function setReward(IERC20 reward_) external onlyOwner {
        reward = reward_;
    }

    function grant(uint256 epoch, address account, uint256 amount) external onlyOwner {
        rewardOf[epoch][account] = amount;
        granted += amount;
    }

    function claim(uint256 epoch) external {
        if (isClaimed[epoch][msg.sender]) revert ClaimedAlready(epoch);
        isClaimed[epoch][msg.sender] = true;
        _pay(rewardOf[epoch][msg.sender]);
    }

    function _pay(uint256 amount) internal {
        paid += amount;
        reward.transfer(msg.sender, amount);
    }
}

/// @notice Several epochs at once: each is looked at before any is marked.
contract EpochRewardsBatch__MockForIncident is EpochRewards__MockForIncident {
    function claimMultiple(uint256[] calldata epochs) external {
        uint256 total;
        for (uint256 i; i < epochs.length; ++i) {
            if (isClaimed[epochs[i]][msg.sender]) revert ClaimedAlready(epochs[i]);
            total += rewardOf[epochs[i]][msg.sender];
        }
        for (uint256 i; i < epochs.length; ++i) isClaimed[epochs[i]][msg.sender] = true;
        _pay(total);
    }
}
