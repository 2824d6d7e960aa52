import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { OWN_DIAMOND, type TrafficRow } from "./measure";

const ADD = 0;

/** What it costs that each selector of Slipway's own diamond can be paused: the same call of the same diamond without the question. */
export async function pauseRows({ ethers }: HardhatRuntimeEnvironment): Promise<TrafficRow[]> {
  const [user] = await ethers.getSigners();
  if (user === undefined) throw new Error("an account needed");
  const facet = await ethers.deployContract("Facet__MockForDiamond", [1]);
  const puppet = await ethers.deployContract("Puppet__MockForRouter");
  const selector = facet.interface.getFunction("one")!.selector;
  const cut = { facetAddress: await facet.getAddress(), action: ADD, functionSelectors: [selector] };
  /** Without what the calldata costs: addresses differ in their zero bytes. */
  const gasOf = async (to: string, data: string) => {
    const receipt = await (await user.sendTransaction({ to, data, gasLimit: 1_000_000 })).wait();
    return Array.from(ethers.getBytes(data)).reduce(
      (gas, byte) => gas - (byte === 0 ? 4 : 16),
      Number(receipt?.gasUsed),
    );
  };
  const measure = async (contract: string) => {
    const target = await (await ethers.deployContract(contract, [[cut]])).getAddress();
    const step = { target, value: 0, data: selector, isStatic: false, isCaught: false, gas: 0 };
    const times = (count: number) =>
      gasOf(puppetAt, puppet.interface.encodeFunctionData("run", [Array.from({ length: count }, () => step)]));
    await times(1);
    return { cold: await gasOf(target, selector), warm: (await times(3)) - (await times(2)) };
  };
  const puppetAt = await puppet.getAddress();
  const without = await measure("UnpausableDiamond__MockForBench");
  const paused = await measure("PausableDiamond__MockForBench");
  const row = { kind: OWN_DIAMOND, gas: paused.cold } as const;
  return [
    { ...row, name: "without pause", gas: without.cold, cold: 0, warm: 0 },
    { ...row, name: "pause of a selector", cold: paused.cold - without.cold, warm: paused.warm - without.warm },
  ];
}
