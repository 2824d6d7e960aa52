import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import {
  AbiCoder,
  id,
  keccak256,
  toBeHex,
  type Addressable,
  type BigNumberish,
  type Contract,
  type Interface,
} from "ethers";
import { artifacts, ethers } from "hardhat";
import type {
  Candidate__MockForRouter,
  Puppet__MockForRouter,
  Stable__MockForRouter,
  TrafficRouter,
} from "../../typechain-types";
import type {
  PolicyStructOutput,
  TrafficLimitsStructOutput,
  TrafficStatusStructOutput,
} from "../../typechain-types/contracts/traffic/ITrafficRouter.sol/ITrafficControl";
import type {
  ConditionStruct,
  PolicyStruct,
  RouterTargetStruct,
  SelectorRuleStruct as RuleStruct,
} from "../../typechain-types/contracts/traffic/TrafficRouter";

/** ERC-1967's three slots. */
export const Slots = {
  implementation: "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc",
  admin: "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103",
  beacon: "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50",
} as const;

export const Kind = { uups: 0, transparent: 1, ownAdmin: 2 } as const;
export const Op = { eq: 0, ne: 1, lt: 2, lte: 3, gt: 4, gte: 5 } as const;
export const Right = { constant: 0, probe: 1, before: 2, atPropose: 3 } as const;

export const POLICY_ID = id("canary");
export const coder = AbiCoder.defaultAbiCoder();

export type { ConditionStruct, PolicyStruct, RuleStruct };

export const NO_PROBE = { target: ethers.ZeroAddress, data: "0x", gas: 0 };

/** Everybody on the candidate, nothing metered, one break freezes. */
export function policyOf(overrides: Partial<PolicyStruct> = {}): PolicyStruct {
  return {
    share: 10_000,
    salt: id("salt"),
    isCounted: false,
    interval: 0,
    cap: 0,
    valueWeight: 0,
    errorBudget: 1,
    candidateGas: 2_000_000,
    lanePause: 0,
    otherLane: 0,
    rules: [],
    expectedErrors: [],
    invariants: [],
    lanes: [],
    inFlight: NO_PROBE,
    segment: [],
    meters: [],
    fall: { probe: NO_PROBE, weight: 0 },
    ...overrides,
  };
}

export function ruleOf(selector: string, overrides: Partial<RuleStruct> = {}): RuleStruct {
  return { selector, cohortWord: 0, meterWord: 0, weight: 0, isFree: false, lane: 0, isLockable: false, ...overrides };
}

export const ONE = 10n ** 18n;

/** `left op constant`, unless the overrides say otherwise. */
export function conditionOf(
  target: string,
  data: string,
  op: number,
  constant: BigNumberish,
  overrides: Partial<ConditionStruct> = {},
): ConditionStruct {
  return {
    left: { target, data, gas: 100_000 },
    op,
    rightKind: Right.constant,
    right: { target: ethers.ZeroAddress, data: "0x", gas: 0 },
    constantValue: constant,
    tolerance: 0,
    toleranceBps: 0,
    ...overrides,
  };
}

/** What a router's creation code was made for. */
export async function policyIn(initCode: string): Promise<PolicyStructOutput> {
  const { bytecode, interface: abi } = await ethers.getContractFactory("TrafficRouter");
  const [, policy] = coder.decode(abi.deploy.inputs, `0x${initCode.slice(bytecode.length)}`);
  return policy as PolicyStructOutput;
}

/** The router's policy slot, by the formula of the contract's constructor. */
export function policySlot(policyId = POLICY_ID): bigint {
  const outer = keccak256(coder.encode(["string", "bytes32"], ["slipway.traffic", policyId]));
  const inner = keccak256(coder.encode(["uint256"], [BigInt(outer) - 1n]));
  return BigInt(inner) & ~0xffn;
}

/** The number of a cohort key, by the formula that `Cohort` documents. */
export function cohortNumber(salt: string, key: string): bigint {
  return BigInt(keccak256(coder.encode(["bytes32", "bytes32"], [salt, key]))) % 10_000n;
}

export function keyOf(address: string): string {
  return ethers.zeroPadValue(address, 32);
}

export async function interfaces() {
  const [router, control] = await Promise.all([
    ethers.getContractAt("ITrafficRouter", ethers.ZeroAddress),
    ethers.getContractAt("ITrafficControl", ethers.ZeroAddress),
  ]);
  return { traffic: router.interface, control: control.interface };
}

/** What a test says to a router through its proxy. */
export async function steer(proxy: string) {
  const { traffic, control } = await interfaces();
  const wrap = (message: string) => traffic.encodeFunctionData("traffic", [message]);
  const send = (as: HardhatEthersSigner, message: string, value = 0n) =>
    as.sendTransaction({ to: proxy, data: wrap(message), value });
  const ask = async (
    name: "status" | "isCandidate" | "routerMagic" | "policy" | "limits" | "drainState",
    args: unknown[] = [],
  ) => {
    const data = wrap((control as Interface).encodeFunctionData(name, args));
    const [answer] = traffic.decodeFunctionResult("traffic", await ethers.provider.call({ to: proxy, data }));
    return (control as Interface).decodeFunctionResult(name, answer as string);
  };
  return {
    wrap,
    control,
    send,
    installData: (init = "0x") => wrap(control.encodeFunctionData("install", [init])),
    shareData: (epoch: number, share: number) => wrap(control.encodeFunctionData("setShare", [epoch, share])),
    freezeData: (reason = "test") => wrap(control.encodeFunctionData("freeze", [reason])),
    install: (as: HardhatEthersSigner, init = "0x") => send(as, control.encodeFunctionData("install", [init])),
    setShare: (as: HardhatEthersSigner, epoch: number, share: number) =>
      send(as, control.encodeFunctionData("setShare", [epoch, share])),
    freeze: (as: HardhatEthersSigner, reason = "test") => send(as, control.encodeFunctionData("freeze", [reason])),
    status: async () => (await ask("status"))[0] as TrafficStatusStructOutput,
    policy: async () => (await ask("policy"))[0] as PolicyStructOutput,
    isCandidate: async (sender: string, data: string) => Boolean((await ask("isCandidate", [sender, data]))[0]),
    /** Any other message, by name. */
    tell: (as: HardhatEthersSigner, name: string, args: unknown[]) =>
      send(as, (control as Interface).encodeFunctionData(name, args)),
    limits: async () => (await ask("limits"))[0] as TrafficLimitsStructOutput,
    drainState: async () => Number((await ask("drainState"))[0]),
    magic: async () => String((await ask("routerMagic"))[0]),
  };
}

export type Steer = Awaited<ReturnType<typeof steer>>;

export interface Canary {
  proxy: string;
  router: TrafficRouter;
  stable: Stable__MockForRouter;
  candidate: Candidate__MockForRouter;
  /** The protocol at the proxy, with the candidate's functions: those of stable are among them. */
  app: Candidate__MockForRouter;
  puppet: Puppet__MockForRouter;
  control: Steer;
  controller: HardhatEthersSigner;
  guardian: HardhatEthersSigner;
  user: HardhatEthersSigner;
  other: HardhatEthersSigner;
}

export async function deployVersions() {
  const stable = await ethers.deployContract("Stable__MockForRouter");
  const candidate = await ethers.deployContract("Candidate__MockForRouter");
  return { stable, candidate };
}

type Addressed = Addressable | string;

/** All that may come back from a router: a part of its code is a contract of its own. */
async function routerAbi(): Promise<unknown[]> {
  const names = ["TrafficRouter", "TrafficErrors", "TrafficEvents"];
  const all = await Promise.all(names.map((name) => artifacts.readArtifact(name)));
  const known = new Map(all.flatMap(({ abi }) => abi as object[]).map((entry) => [JSON.stringify(entry), entry]));
  return [...known.values()];
}

interface Between {
  stable: Addressed;
  candidate: Addressed;
  controller: Addressed;
  guardian: Addressed;
}

/** A router for these accounts; a UUPS proxy's unless the overrides say otherwise. */
export async function deployRouter(
  at: Between,
  policy: Partial<PolicyStruct> = {},
  overrides: Partial<RouterTargetStruct> = {},
): Promise<TrafficRouter> {
  const router = await ethers.deployContract("TrafficRouter", [await targetOf(at, overrides), policyOf(policy)]);
  return ethers.getContractAt(await routerAbi(), await router.getAddress()) as unknown as Promise<TrafficRouter>;
}

async function targetOf(at: Between, overrides: Partial<RouterTargetStruct> = {}): Promise<RouterTargetStruct> {
  const address = async (account: Addressed) => ethers.resolveAddress(account);
  const [stable, candidate, controller, guardian] = await Promise.all([
    address(at.stable),
    address(at.candidate),
    address(at.controller),
    address(at.guardian),
  ]);
  const accounts = { stable, candidate, controller, guardian };
  const slots = { implementationSlot: ethers.ZeroHash, authoritySlot: ethers.ZeroHash };
  return { kind: Kind.uups, ...accounts, policyId: POLICY_ID, ...slots, ...overrides };
}

/** The contract that a router delegates messages to, by CREATE2's formula. */
export async function controlOf(router: TrafficRouter, at: Between): Promise<string> {
  const self = await router.getAddress();
  const store = ethers.getCreateAddress({ from: self, nonce: 1 });
  const storeHash = keccak256(await ethers.provider.getCode(store));
  const { bytecode, interface: abi } = await ethers.getContractFactory("TrafficControl");
  const args = abi.encodeDeploy([await targetOf(at), store, storeHash]);
  return ethers.getCreate2Address(self, ethers.ZeroHash, keccak256(ethers.concat([bytecode, args])));
}

/** A UUPS proxy (OpenZeppelin 5) on the mock protocol, owned by the controller, and a router not yet installed. */
export async function deployProtocol(): Promise<Canary> {
  const [, controller, guardian, user, other] = (await ethers.getSigners()) as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  const { stable, candidate } = await deployVersions();
  const init = stable.interface.encodeFunctionData("initialize", [controller.address]);
  const proxy = await (await ethers.deployContract("ERC1967Proxy", [await stable.getAddress(), init])).getAddress();
  const router = await deployRouter({ stable, candidate, controller, guardian });
  const app = candidate.attach(proxy) as Candidate__MockForRouter;
  const puppet = await ethers.deployContract("Puppet__MockForRouter");
  const control = await steer(proxy);
  return { proxy, router, stable, candidate, app, puppet, control, controller, guardian, user, other };
}

/** Installs a router made for `policy`; the next transaction is in the next block, where it is in force. */
export async function installOn(canary: Canary, policy: Partial<PolicyStruct>, init = "0x") {
  return installRouter(canary, await deployRouter(canary, policy), init);
}

export async function installRouter(canary: Canary, router: TrafficRouter, init = "0x") {
  return canary.app
    .connect(canary.controller)
    .upgradeToAndCall(await router.getAddress(), canary.control.installData(init));
}

export async function deployCanary(overrides: Partial<PolicyStruct> = {}, init = "0x"): Promise<Canary> {
  const protocol = await deployProtocol();
  const canary = { ...protocol, router: await deployRouter(protocol, overrides) };
  await installRouter(canary, canary.router, init);
  // So that reads at the latest block see the policy in force as well.
  await ethers.provider.send("hardhat_mine", ["0x1"]);
  return canary;
}

/** What `act` does on the candidate; stable just serves. */
export async function act(canary: Canary, what: string, types: string[] = [], values: unknown[] = []) {
  const number = await (canary.candidate as unknown as Contract).getFunction(what)();
  const data = what === "REVERT" ? (values[0] as string) : coder.encode(types, values);
  return canary.app.interface.encodeFunctionData("act", [number as bigint, data]);
}

export function step(target: string, data: string, overrides: Record<string, unknown> = {}) {
  return { target, data, value: 0n, isStatic: false, isCaught: false, gas: 0n, ...overrides };
}

/** How often each version ran, by the protocol's own count. */
export async function ran(canary: Canary): Promise<{ stable: bigint; candidate: bigint }> {
  const read = async (version: number) => {
    const slot = keccak256(coder.encode(["uint256", "uint256"], [version, 2]));
    return BigInt(await ethers.provider.getStorage(canary.proxy, slot));
  };
  return { stable: await read(1), candidate: await read(2) };
}

export async function slotAt(address: string, slot: bigint | string): Promise<string> {
  return ethers.provider.getStorage(address, typeof slot === "bigint" ? toBeHex(slot, 32) : slot);
}

export function addressIn(word: string): string {
  return ethers.getAddress(`0x${word.slice(-40)}`);
}
