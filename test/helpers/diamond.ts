import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { id, Interface, keccak256, ZeroAddress, zeroPadBytes, type Contract } from "ethers";
import { ethers } from "hardhat";
import { CutAction } from "../../src/registry/facetCuts";
import type { Candidate__MockForRouter, Puppet__MockForRouter, Stable__MockForRouter } from "../../typechain-types";
import type { DiamondTargetStruct } from "../../typechain-types/contracts/traffic/DiamondRouter";
import { coder, policyOf, POLICY_ID, steer, type PolicyStruct, type Steer } from "./canary";

const CONNEXT = "connext-200/artifacts/contracts/core/connext";

interface Json {
  abi: never[];
  bytecode: string;
}

/** One of Connext's published contracts. */
export function connextArtifact(path: string): Json {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a package's data, where npm put it
  return require(`${CONNEXT}/${path}.sol/${path.split("/").at(-1)}.json`) as Json;
}

export const CUT_ABI = new Interface([
  "function diamondCut((address facetAddress, uint8 action, bytes4[] functionSelectors)[] cuts, address init, bytes data)",
  "function proposeDiamondCut((address facetAddress, uint8 action, bytes4[] functionSelectors)[] cuts, address init, bytes data)",
  "function facetAddress(bytes4 selector) view returns (address)",
  "function facets() view returns ((address facetAddress, bytes4[] functionSelectors)[])",
]);

export interface Cut {
  facetAddress: string;
  action: number;
  functionSelectors: string[];
}

export const TRAFFIC = id("traffic(bytes)").slice(0, 10);
export const DIAMOND_CUT = CUT_ABI.getFunction("diamondCut")!.selector;
export const FACET_ADDRESS = CUT_ABI.getFunction("facetAddress")!.selector;
const mock = (signature: string) => id(signature).slice(0, 10);
/** The functions of the first facet of the mock protocol. */
export const FIRST = [
  "version()",
  "move(uint256)",
  "act(uint256,bytes)",
  "callOut(address,bytes)",
  "setTotal(uint256)",
  "fail()",
].map(mock);
/** And of the second. */
export const SECOND = ["moveFor(address,uint256)", "ping()", "total()"].map(mock);
/** Only the candidate has them. */
export const ADDED = ["tighten(uint256)", "BURN_ALL()"].map(mock);
/** The candidate has it not. */
export const REMOVED = [mock("callOutThenFail(address,bytes)")];

/** Connext's diamond, cut and loupe, as published, on the mock protocol in two facets. */
export interface DiamondCanary {
  diamond: string;
  cutFacet: string;
  loupe: string;
  stable: [Stable__MockForRouter, Stable__MockForRouter];
  candidate: [Candidate__MockForRouter, Candidate__MockForRouter];
  app: Candidate__MockForRouter;
  puppet: Puppet__MockForRouter;
  control: Steer;
  controller: HardhatEthersSigner;
  guardian: HardhatEthersSigner;
  user: HardhatEthersSigner;
  other: HardhatEthersSigner;
}

async function deployConnext(path: string, args: unknown[] = []): Promise<string> {
  const { abi, bytecode } = connextArtifact(path);
  return await (
    await new ethers.ContractFactory(abi, bytecode, (await ethers.getSigners())[0]).deploy(...args)
  ).getAddress();
}

export async function deployDiamond(): Promise<DiamondCanary> {
  const [, controller, guardian, user, other] = (await ethers.getSigners()) as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  const cutFacet = await deployConnext("facets/DiamondCutFacet");
  const loupe = await deployConnext("facets/DiamondLoupeFacet");
  const stable = await Promise.all([0, 1].map(() => ethers.deployContract("Stable__MockForRouter")));
  const candidate = await Promise.all([0, 1].map(() => ethers.deployContract("Candidate__MockForRouter")));
  const add = async (facet: string | { getAddress(): Promise<string> }, functionSelectors: string[]): Promise<Cut> => ({
    facetAddress: typeof facet === "string" ? facet : await facet.getAddress(),
    action: CutAction.Add,
    functionSelectors,
  });
  const cuts = [
    await add(cutFacet, [DIAMOND_CUT, CUT_ABI.getFunction("proposeDiamondCut")!.selector]),
    await add(loupe, [FACET_ADDRESS, CUT_ABI.getFunction("facets")!.selector]),
    await add(stable[0]!, [...FIRST, ...REMOVED]),
    await add(stable[1]!, SECOND),
  ];
  const diamond = await deployConnext("helpers/ConnextDiamond", [controller.address, cuts, []]);
  return {
    diamond,
    cutFacet,
    loupe,
    stable: stable as never,
    candidate: candidate as never,
    app: candidate[0]!.attach(diamond) as Candidate__MockForRouter,
    puppet: await ethers.deployContract("Puppet__MockForRouter"),
    control: await steer(diamond),
    controller,
    guardian,
    user,
    other,
  };
}

/** As its owner cuts it: proposed, and at once carried out, since nobody set a delay. */
export async function cut(to: string, as: HardhatEthersSigner, cuts: Cut[]) {
  await as.sendTransaction({ to, data: CUT_ABI.encodeFunctionData("proposeDiamondCut", [cuts, ZeroAddress, "0x"]) });
  return as.sendTransaction({ to, data: CUT_ABI.encodeFunctionData("diamondCut", [cuts, ZeroAddress, "0x"]) });
}

export async function facetOf(diamond: string, selector: string): Promise<string> {
  const data = CUT_ABI.encodeFunctionData("facetAddress", [selector]);
  const [facet] = CUT_ABI.decodeFunctionResult("facetAddress", await ethers.provider.call({ to: diamond, data }));
  return facet as string;
}

/** Who serves what, whatever the order. */
export async function routesOf(diamond: string): Promise<Record<string, string>> {
  const data = CUT_ABI.encodeFunctionData("facets");
  const [facets] = CUT_ABI.decodeFunctionResult("facets", await ethers.provider.call({ to: diamond, data }));
  const rows = (facets as { facetAddress: string; functionSelectors: string[] }[]).flatMap(
    ({ facetAddress, functionSelectors }) =>
      [...functionSelectors].map((selector) => [selector, facetAddress] as const),
  );
  return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where the reference implementations of ERC-2535 keep a selector's facet. */
export function routeSlot(selector: string): string {
  const position = id("diamond.standard.diamond.storage");
  return keccak256(coder.encode(["bytes32", "bytes32"], [zeroPadBytes(selector, 32), position]));
}

type Target = Partial<DiamondTargetStruct>;

export async function deployDiamondRouter(
  canary: DiamondCanary,
  policy: Partial<PolicyStruct> = {},
  target: Target = {},
): Promise<Contract> {
  const full = {
    stable: await canary.stable[0].getAddress(),
    candidate: await canary.candidate[0].getAddress(),
    controller: canary.controller.address,
    guardian: canary.guardian.address,
    policyId: POLICY_ID,
    loupe: canary.loupe,
    cutFacet: canary.cutFacet,
    leader: ZeroAddress,
    isAddition: false,
    ...target,
  };
  return (await ethers.deployContract("DiamondRouter", [full, policyOf(policy)])) as unknown as Contract;
}

export interface Routers {
  leader: string;
  second: string;
  added: string;
  removed: string;
}

/** One router a pair of facets: two that are replaced, functions that are added, and one that is removed later. */
export async function deployRouters(
  canary: DiamondCanary,
  policy: Partial<PolicyStruct> = {},
  target: Target = {},
): Promise<Routers> {
  const deploy = async (own: Target, ownPolicy = policy) =>
    (await deployDiamondRouter(canary, ownPolicy, { ...target, ...own })).getAddress();
  const leader = await deploy({});
  const absent = await (await ethers.deployContract("AbsentFacet")).getAddress();
  return {
    leader,
    second: await deploy({
      stable: await canary.stable[1].getAddress(),
      candidate: await canary.candidate[1].getAddress(),
      leader,
    }),
    added: await deploy({ stable: absent, leader, isAddition: true }),
    removed: await deploy(
      { candidate: await canary.stable[0].getAddress(), leader },
      { ...policy, ...(policy.cap === undefined ? { cap: 1, interval: 1 } : {}), rules: [] },
    ),
  };
}

export function installCuts({ leader, second, added, removed }: Routers): Cut[] {
  const part = (facetAddress: string, action: number, functionSelectors: string[]) => ({
    facetAddress,
    action,
    functionSelectors,
  });
  return [
    part(leader, CutAction.Replace, FIRST),
    part(leader, CutAction.Add, [TRAFFIC]),
    part(second, CutAction.Replace, SECOND),
    part(added, CutAction.Add, ADDED),
    part(removed, CutAction.Replace, REMOVED),
  ];
}

/** Back to what was: stable's facets, and nothing that was added. */
export async function backCuts(canary: DiamondCanary): Promise<Cut[]> {
  const [first, second] = await Promise.all(canary.stable.map((facet) => facet.getAddress()));
  return [
    { facetAddress: first!, action: CutAction.Replace, functionSelectors: [...FIRST, ...REMOVED] },
    { facetAddress: second!, action: CutAction.Replace, functionSelectors: SECOND },
    { facetAddress: ZeroAddress, action: CutAction.Remove, functionSelectors: [TRAFFIC, ...ADDED] },
  ];
}

/** To the candidate's facets, without what it removes. */
export async function promoteCuts(canary: DiamondCanary): Promise<Cut[]> {
  const [first, second] = await Promise.all(canary.candidate.map((facet) => facet.getAddress()));
  return [
    { facetAddress: first!, action: CutAction.Replace, functionSelectors: [...FIRST, ...ADDED] },
    { facetAddress: second!, action: CutAction.Replace, functionSelectors: SECOND },
    { facetAddress: ZeroAddress, action: CutAction.Remove, functionSelectors: [TRAFFIC, ...REMOVED] },
  ];
}

export type InstalledDiamond = DiamondCanary & { routers: Routers };

export async function diamondCanary(policy: Partial<PolicyStruct> = {}, init = "0x"): Promise<InstalledDiamond> {
  const canary = await deployDiamond();
  const routers = await deployRouters(canary, policy);
  await cut(canary.diamond, canary.controller, installCuts(routers));
  await canary.control.install(canary.controller, init);
  await ethers.provider.send("hardhat_mine", ["0x1"]);
  return { ...canary, routers };
}
