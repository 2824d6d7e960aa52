import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { id } from "ethers";

/** One line of the gas table. */
export interface TrafficRow {
  name: string;
  /** Of the whole transaction. */
  gas: number;
  /** More than the same call of a plain proxy. */
  overPlain: number;
}

interface Setup {
  share?: number;
  isCounted?: boolean;
  isMetered?: boolean;
  /** Upper bound of `total()` that an inline invariant sets. */
  bound?: bigint;
  data?: string;
}

const POLICY_ID = id("bench");
const ONE = 10n ** 18n;
const CANDIDATE_GAS = 1_000_000;

/**
 * What the router adds to a call of a UUPS proxy with cold accounts, as most users' transactions meet it. Each row is
 * the second such call, so that no row pays for slots that are written for the first time.
 */
export async function trafficRows(hre: HardhatRuntimeEnvironment): Promise<TrafficRow[]> {
  const { ethers } = hre;
  const [controller, guardian, user] = await ethers.getSigners();
  if (controller === undefined || guardian === undefined || user === undefined)
    throw new Error("three accounts needed");
  const stable = await ethers.deployContract("Stable__MockForRouter");
  const candidate = await ethers.deployContract("Candidate__MockForRouter");
  const app = candidate.interface;
  const traffic = (await ethers.getContractAt("ITrafficRouter", ethers.ZeroAddress)).interface;
  const control = (await ethers.getContractAt("ITrafficControl", ethers.ZeroAddress)).interface;

  const move = app.encodeFunctionData("move", [1]);
  const trip = app.encodeFunctionData("act", [7, ethers.AbiCoder.defaultAbiCoder().encode(["uint256"], [101])]);

  async function proxyOf(): Promise<string> {
    const init = stable.interface.encodeFunctionData("initialize", [controller!.address]);
    return (await ethers.deployContract("ERC1967Proxy", [await stable.getAddress(), init])).getAddress();
  }

  async function call(proxy: string, data: string): Promise<number> {
    await (await user!.sendTransaction({ to: proxy, data, gasLimit: 3_000_000 })).wait();
    const receipt = await (await user!.sendTransaction({ to: proxy, data, gasLimit: 3_000_000 })).wait();
    return Number(receipt?.gasUsed);
  }

  async function routed({ share = 10_000, isCounted = false, isMetered = false, bound, data = move }: Setup) {
    const proxy = await proxyOf();
    // So that the trip's own write, which is undone, changes a word instead of making one.
    await (await user!.sendTransaction({ to: proxy, data: app.encodeFunctionData("setTotal", [1]) })).wait();
    const total = { target: proxy, data: app.encodeFunctionData("total"), gas: 60_000 };
    const policy = {
      share,
      salt: ethers.ZeroHash,
      isCounted,
      interval: isMetered ? 2 ** 24 : 0,
      cap: isMetered ? ONE : 0,
      valueWeight: 0,
      errorBudget: 10,
      candidateGas: CANDIDATE_GAS,
      rules: isMetered
        ? [{ selector: move.slice(0, 10), cohortWord: 0, meterWord: 1, weight: ONE, isFree: false }]
        : [],
      expectedErrors: [],
      invariants:
        bound === undefined
          ? []
          : [
              {
                left: total,
                op: 3,
                rightKind: 0,
                right: { target: ethers.ZeroAddress, data: "0x", gas: 0 },
                constantValue: bound,
                tolerance: 0,
                toleranceBps: 0,
              },
            ],
    };
    const target = {
      kind: 0,
      stable: await stable.getAddress(),
      candidate: await candidate.getAddress(),
      controller: controller!.address,
      guardian: guardian!.address,
      policyId: POLICY_ID,
    };
    const router = await ethers.deployContract("TrafficRouter", [target, policy]);
    const install = traffic.encodeFunctionData("traffic", [control.encodeFunctionData("install", ["0x"])]);
    const upgrade = app.encodeFunctionData("upgradeToAndCall", [await router.getAddress(), install]);
    await (await controller!.sendTransaction({ to: proxy, data: upgrade })).wait();
    return call(proxy, data);
  }

  const plain = await call(await proxyOf(), move);
  const plainTrip = await call(await proxyOf(), trip);
  const rows: [string, number, number][] = [
    ["plain UUPS proxy", plain, plain],
    ["router, idle", await routed({ share: 0 }), plain],
    ["router, on stable", await routed({ share: 1 }), plain],
    ["router, on candidate", await routed({}), plain],
    ["router, on candidate, metered", await routed({ isMetered: true }), plain],
    ["router, on candidate, counted", await routed({ isCounted: true }), plain],
    ["router, on candidate, inline invariant", await routed({ bound: 100n }), plain],
    ["router, trip (candidate undone, stable serves)", await routed({ bound: 100n, data: trip }), plainTrip],
  ];
  return rows.map(([name, gas, base]) => ({ name, gas, overPlain: gas - base }));
}
