// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Condition} from "./Condition.sol";

/// @notice The five categories an invariant belongs to.
enum Category {
    Asset,
    Authorization,
    Pricing,
    Upgrade,
    Liveness
}

enum Severity {
    Low,
    Medium,
    High,
    Critical
}

/// @notice What a proven break does while a plan is in progress. There is no "none": an invariant without an action is
/// documentation, not control.
enum Action {
    // Freeze the canary of the plan's modules: all traffic goes to stable, for the rest of the plan.
    Freeze,
    // Freeze, and let anyone roll the plan back.
    Rollback
}

/// @notice A named, catalogued condition. Its id is the hash of its whole content, so a plan that cites it binds its
/// thresholds, its source and its action, and nobody can change them under a vote.
struct Invariant {
    string name;
    Category category;
    Severity severity;
    // The team or person that answers for the threshold.
    string owner;
    Action action;
    // A break that cannot be seen twice: `poke` acts on the first sight of it.
    bool isIrreversible;
    Condition condition;
}
