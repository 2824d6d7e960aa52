// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TrafficErrors} from "./libraries/TrafficErrors.sol";

/// @notice Stands for a facet that is not there: it refuses every call. A router of selectors that the candidate adds has
/// it as stable, so that they look absent to whom the candidate does not serve. Without state; one serves every canary.
contract AbsentFacet {
    // solhint-disable-next-line no-complex-fallback, payable-fallback
    fallback() external payable {
        revert TrafficErrors.FunctionAbsent(msg.sig);
    }
}
