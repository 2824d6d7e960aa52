import { scope } from "hardhat/config";

export const upgradeScope = scope("upgrade", "A plan, from its file to a promoted canary, and back");
export const invariantScope = scope("invariant", "The catalogue of what must hold");
export const canaryScope = scope("canary", "Which code serves which call");
export const emergencyScope = scope("emergency", "Stop, lift, veto, take back");
export const registryScope = scope("registry", "The registry, its timelock, modules and electorate");
export const stateScope = scope("state", "What accounts hold at a block, kept in a file, and compared");
export const drillScope = scope("drill", "What the team does when an invariant breaks, tried on a fork");
