import { id } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { pauseRows } from "./pause";

/** What a call through the router costs, beside the same call of a plain proxy. */
export interface TrafficRow {
  kind: ProxyKind | typeof OWN_DIAMOND;
  name: string;
  /** Gas of the whole transaction of a user's account, with cold accounts and slots. */
  gas: number;
  /** More than the same call of a plain proxy. */
  cold: number;
  /** More than a plain proxy for one call more of a contract that has called before in the same transaction. */
  warm: number;
}

/** Slipway's own: it needs no router to pause. */
export const OWN_DIAMOND = "own diamond";

export type ProxyKind = "uups" | "transparent" | "beacon" | "diamond";
export const KINDS: readonly ProxyKind[] = ["uups", "transparent", "beacon", "diamond"];
/** Of the mock protocol: what a facet of the measured diamond serves. */
const FACET = ["initialize", "move", "act", "total", "setTotal"] as const;
const [ADD, REPLACE] = [0, 1];

interface Setup {
  share?: number;
  isCounted?: boolean;
  isMetered?: boolean;
  /** Upper bound of `total()` that an inline invariant sets. */
  bound?: bigint;
  isTripped?: boolean;
}

/** One cold storage read and one cold delegatecall: no router can cost less. Warm: the same, 100 each. */
export const FLOOR = { cold: 4_700, warm: 200 };

export const SETUPS: Record<string, Setup> = {
  idle: { share: 0 },
  "on stable": { share: 1 },
  "on candidate": {},
  metered: { isMetered: true },
  counted: { isCounted: true },
  "inline invariant": { bound: 100n },
  "trip (candidate undone, stable serves)": { bound: 100n, isTripped: true },
};

const POLICY_ID = id("bench");
const ONE = 10n ** 18n;
const CANDIDATE_GAS = 1_000_000;
const GAS_LIMIT = 4_000_000;

/** Each row is a call whose slots were written before, so that no row pays for a slot's first word. */
export async function trafficRows(
  hre: HardhatRuntimeEnvironment,
  kinds: readonly ProxyKind[] = KINDS,
): Promise<TrafficRow[]> {
  const rows: TrafficRow[] = [];
  for (const kind of kinds) rows.push(...(await rowsOf(hre, kind)));
  return [...rows, ...(await pauseRows(hre))];
}

async function rowsOf(hre: HardhatRuntimeEnvironment, kind: ProxyKind): Promise<TrafficRow[]> {
  const { ethers } = hre;
  const [controller, guardian, user] = await ethers.getSigners();
  if (controller === undefined || guardian === undefined || user === undefined)
    throw new Error("three accounts needed");
  const stable = await ethers.deployContract("Stable__MockForRouter");
  const candidate = await ethers.deployContract("Candidate__MockForRouter");
  const puppet = await ethers.deployContract("Puppet__MockForRouter");
  const app = candidate.interface;
  const traffic = (await ethers.getContractAt("ITrafficRouter", ethers.ZeroAddress)).interface;
  const control = (await ethers.getContractAt("ITrafficControl", ethers.ZeroAddress)).interface;
  const admin = (await ethers.getContractAt("ProxyAdmin", ethers.ZeroAddress)).interface;

  const move = app.encodeFunctionData("move", [1]);
  const trip = app.encodeFunctionData("act", [7, ethers.AbiCoder.defaultAbiCoder().encode(["uint256"], [101])]);

  interface Proxy {
    proxy: string;
    beacon?: string;
    upgrade: (to: string, data: string) => Promise<unknown>;
    /** Of a diamond: who answers for its facets, and who cuts it. */
    facets?: { loupe: string; cutFacet: string };
  }

  /** The project's own dispatch, which costs a little less than the reference implementations'. */
  async function diamondOf(): Promise<Proxy> {
    const loupe = await (await ethers.deployContract("DiamondLoupeFacet")).getAddress();
    const cutFacet = await (await ethers.deployContract("GovernanceFacet")).getAddress();
    const part = (facetAddress: string, action: number, functionSelectors: string[]) => ({
      facetAddress,
      action,
      functionSelectors,
    });
    const served = FACET.map((name) => stable.interface.getFunction(name)!.selector);
    const diamond = await ethers.deployContract("Diamond__Harness", [
      [
        part(await stable.getAddress(), ADD!, served),
        part(loupe, ADD!, [ethers.id("facetAddress(bytes4)").slice(0, 10)]),
        part(cutFacet, ADD!, [ethers.id("diamondCut((address,uint8,bytes4[])[],address,bytes)").slice(0, 10)]),
      ],
    ]);
    const proxy = await diamond.getAddress();
    const upgrade = async (to: string, data: string) => {
      const cuts = [part(to, REPLACE!, served), part(to, ADD!, [traffic.getFunction("traffic").selector])];
      await diamond.getFunction("cut")(cuts, ethers.ZeroAddress, "0x");
      return controller!.sendTransaction({ to: proxy, data });
    };
    return { proxy, upgrade, facets: { loupe, cutFacet } };
  }

  async function proxyOf(): Promise<Proxy> {
    if (kind === "diamond") return diamondOf();
    const init = stable.interface.encodeFunctionData("initialize", [controller!.address]);
    if (kind === "beacon") {
      const made = await ethers.deployContract("UpgradeableBeacon", [await stable.getAddress(), controller!.address]);
      const beacon = await made.getAddress();
      const proxy = await (await ethers.deployContract("BeaconProxy", [beacon, init])).getAddress();
      // The router is installed at its own address, once the beacon names it.
      const upgrade = async (to: string, data: string) => {
        await controller!.sendTransaction({
          to: beacon,
          data: made.interface.encodeFunctionData("upgradeTo", [to]),
        });
        return controller!.sendTransaction({ to, data });
      };
      return { proxy, beacon, upgrade };
    }
    if (kind === "uups") {
      const proxy = await (await ethers.deployContract("ERC1967Proxy", [await stable.getAddress(), init])).getAddress();
      const data = (to: string, call: string) => app.encodeFunctionData("upgradeToAndCall", [to, call]);
      return {
        proxy,
        beacon: ethers.ZeroAddress,
        upgrade: (to, call) => controller!.sendTransaction({ to: proxy, data: data(to, call) }),
      };
    }
    const args = [await stable.getAddress(), controller!.address, init];
    const proxy = await (await ethers.deployContract("TransparentUpgradeableProxy", args)).getAddress();
    // The proxy creates its admin, first of all.
    const owner = ethers.getCreateAddress({ from: proxy, nonce: 1 });
    const data = (to: string, call: string) => admin.encodeFunctionData("upgradeAndCall", [proxy, to, call]);
    return {
      proxy,
      beacon: ethers.ZeroAddress,
      upgrade: (to, call) => controller!.sendTransaction({ to: owner, data: data(to, call) }),
    };
  }

  async function gasOf(to: string, data: string): Promise<number> {
    const receipt = await (await user!.sendTransaction({ to, data, gasLimit: GAS_LIMIT })).wait();
    return Number(receipt?.gasUsed);
  }

  /** Without what the calldata costs: addresses differ in their zero bytes. */
  async function gasWithin(to: string, data: string): Promise<number> {
    const bytes = Array.from(ethers.getBytes(data));
    return bytes.reduce((gas, byte) => gas - (byte === 0 ? 4 : 16), await gasOf(to, data));
  }

  /** The second transaction, and one call more in a third. */
  async function measure(proxy: string, data: string): Promise<{ cold: number; warm: number }> {
    await gasOf(proxy, data);
    const cold = await gasOf(proxy, data);
    const step = { target: proxy, value: 0, data, isStatic: false, isCaught: false, gas: 0 };
    const times = (count: number) =>
      puppet.interface.encodeFunctionData("run", [Array.from({ length: count }, () => step)]);
    const target = await puppet.getAddress();
    await gasOf(target, times(1));
    return { cold, warm: (await gasWithin(target, times(3))) - (await gasWithin(target, times(2))) };
  }

  async function plain(data: string) {
    const { proxy } = await proxyOf();
    return measure(proxy, data);
  }

  async function routed({ share: stated, isCounted = false, isMetered = false, bound, isTripped = false }: Setup) {
    const { proxy, beacon, facets, upgrade } = await proxyOf();
    // A beacon's proxy is inside of the share or outside. Inside, stable serves what a cap without a meter leaves to it.
    const isUnmetered = kind === "beacon" && stated === 1;
    const share = isUnmetered ? 10_000 : (stated ?? 10_000);
    const hasCap = isMetered || isUnmetered;
    // So that the trip's own write, which is undone, changes a word instead of making one.
    await gasOf(proxy, app.encodeFunctionData("setTotal", [1]));
    const noProbe = { target: ethers.ZeroAddress, data: "0x", gas: 0 };
    const policy = {
      share,
      salt: ethers.ZeroHash,
      isCounted,
      interval: hasCap ? 2 ** 24 : 0,
      cap: hasCap ? ONE : 0,
      valueWeight: 0,
      errorBudget: 200,
      candidateGas: CANDIDATE_GAS,
      lanePause: 0,
      otherLane: 0,
      lanes: [],
      inFlight: noProbe,
      segment: [],
      meters: [],
      fall: { probe: noProbe, weight: 0 },
      rules: isMetered
        ? [
            {
              selector: move.slice(0, 10),
              cohortWord: 0,
              meterWord: 1,
              weight: ONE,
              isFree: false,
              lane: 0,
              isLockable: false,
            },
          ]
        : [],
      expectedErrors: [],
      invariants:
        bound === undefined
          ? []
          : [
              {
                left: { target: proxy, data: app.encodeFunctionData("total"), gas: 60_000 },
                op: 3,
                rightKind: 0,
                right: { target: ethers.ZeroAddress, data: "0x", gas: 0 },
                constantValue: bound,
                tolerance: 0,
                toleranceBps: 0,
              },
            ],
    };
    const accounts = {
      stable: await stable.getAddress(),
      candidate: await candidate.getAddress(),
      controller: controller!.address,
      guardian: guardian!.address,
      policyId: POLICY_ID,
      implementationSlot: ethers.ZeroHash,
      authoritySlot: ethers.ZeroHash,
    };
    const router =
      facets !== undefined
        ? await ethers.deployContract("DiamondRouter", [
            { ...accounts, ...facets, leader: ethers.ZeroAddress, isAddition: false },
            policy,
          ])
        : kind === "beacon"
          ? await ethers.deployContract("BeaconRouter", [
              { ...accounts, beacon, predecessor: ethers.ZeroAddress },
              policy,
            ])
          : await ethers.deployContract("TrafficRouter", [{ ...accounts, kind: KINDS.indexOf(kind) }, policy]);
    const install = traffic.encodeFunctionData("traffic", [control.encodeFunctionData("install", ["0x"])]);
    await upgrade(await router.getAddress(), install);
    return measure(proxy, isTripped ? trip : move);
  }

  const base = { move: await plain(move), trip: await plain(trip) };
  const rows: TrafficRow[] = [
    { kind, name: kind === "diamond" ? "plain diamond" : "plain proxy", gas: base.move.cold, cold: 0, warm: 0 },
  ];
  for (const [name, setup] of Object.entries(SETUPS)) {
    const found = await routed(setup);
    const { cold, warm } = setup.isTripped === true ? base.trip : base.move;
    rows.push({ kind, name, gas: found.cold, cold: found.cold - cold, warm: found.warm - warm });
  }
  return rows;
}
