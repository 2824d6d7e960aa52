// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A price feed, as far as it is read here (the interface of Chainlink's aggregators).
interface IPriceFeed {
    function decimals() external view returns (uint8);

    /// @return roundId Not read.
    /// @return answer The price, with `decimals`.
    /// @return startedAt Not read.
    /// @return updatedAt Seconds since the epoch.
    /// @return answeredInRound Not read.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}

/// @notice Whether a price may be relied on: both feeds are fresh, and they agree. For an invariant or a gate, which compare one
/// word: `confidence() == 1`. In a canary's policy it sends each call to stable while there is no confidence, without a break
/// counted; cited by a stage it keeps the plan from widening; with `poke` it opens the containments of class Pricing.
/// @dev Nothing to configure after deployment: a plan pins this code, and with it both feeds and both bounds.
contract PriceConfidence {
    /// @notice Why there is none, the first reason that applies.
    enum Verdict {
        Confident,
        // A feed does not answer, or with a price that is none.
        Unavailable,
        // A price is older than `maxAge`, or from the future.
        Stale,
        // The prices differ by more than `maxDivergenceBps` of the lower one.
        Divergent
    }

    error BoundsInvalid(uint256 maxAge, uint256 maxDivergenceBps);
    error FeedInvalid(address feed);

    uint256 private constant ONE_IN_BPS = 10_000;
    /// @dev A price above is none; below, products with basis points and decimals stay within a word.
    uint256 private constant MAX_PRICE = type(uint128).max;
    uint256 private constant MAX_DECIMALS = 18;
    /// @dev Of each feed. A feed behind a proxy with a round in storage takes a tenth of it.
    uint256 private constant FEED_GAS = 100_000;

    IPriceFeed public immutable primary;
    IPriceFeed public immutable secondary;
    /// @notice In seconds.
    uint256 public immutable maxAge;
    uint256 public immutable maxDivergenceBps;
    uint256 private immutable _primaryUnit;
    uint256 private immutable _secondaryUnit;

    constructor(IPriceFeed primary_, IPriceFeed secondary_, uint256 maxAge_, uint256 maxDivergenceBps_) {
        if (maxAge_ == 0 || maxDivergenceBps_ == 0 || maxDivergenceBps_ >= ONE_IN_BPS) {
            revert BoundsInvalid(maxAge_, maxDivergenceBps_);
        }
        // One feed agrees with itself.
        if (address(primary_) == address(secondary_)) revert FeedInvalid(address(secondary_));
        (primary, secondary, maxAge, maxDivergenceBps) = (primary_, secondary_, maxAge_, maxDivergenceBps_);
        (_primaryUnit, _secondaryUnit) = (_unitOf(primary_), _unitOf(secondary_));
    }

    /// @return 1 where the price may be relied on, else 0. Does not revert.
    function confidence() external view returns (uint256) {
        return verdict() == Verdict.Confident ? 1 : 0;
    }

    function verdict() public view returns (Verdict) {
        (uint256 first, uint256 firstTime) = _read(primary);
        (uint256 second, uint256 secondTime) = _read(secondary);
        if (first == 0 || second == 0) return Verdict.Unavailable;
        if (!_isFresh(firstTime) || !_isFresh(secondTime)) return Verdict.Stale;
        // To the same decimals, without a division that could round a difference away.
        first *= _secondaryUnit;
        second *= _primaryUnit;
        (uint256 low, uint256 high) = first < second ? (first, second) : (second, first);
        return (high - low) * ONE_IN_BPS > low * maxDivergenceBps ? Verdict.Divergent : Verdict.Confident;
    }

    function _isFresh(uint256 updatedAt) private view returns (bool) {
        return updatedAt <= block.timestamp && block.timestamp - updatedAt <= maxAge;
    }

    /// @return price Zero where the feed has none.
    function _read(IPriceFeed feed) private view returns (uint256 price, uint256 updatedAt) {
        bytes4 selector = IPriceFeed.latestRoundData.selector;
        // Solidity reverts on a short answer, and copies a long one.
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            if staticcall(FEED_GAS, feed, data, 4, data, 0xa0) {
                if gt(returndatasize(), 0x9f) {
                    price := mload(add(data, 0x20))
                    updatedAt := mload(add(data, 0x60))
                }
            }
        }
        // A negative price is a large number.
        if (price > MAX_PRICE) price = 0;
    }

    function _unitOf(IPriceFeed feed) private view returns (uint256) {
        uint256 places = feed.decimals();
        if (places > MAX_DECIMALS) revert FeedInvalid(address(feed));
        return 10 ** places;
    }
}
