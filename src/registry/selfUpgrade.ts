import { Contract, encodeBytes32String, Interface, keccak256, ZeroAddress, type Provider } from "ethers";
import { Op, RollbackKind, type Call, type Pin, type Rollback, type Stage } from "../plan/types";
import { facetCuts, type FacetCut, type FacetSelectors } from "./facetCuts";

const DIAMOND = new Interface([
  "function diamondCut((address facetAddress, uint8 action, bytes4[] functionSelectors)[] cuts, address init, bytes data)",
  "function facets() view returns ((address facetAddress, bytes4[] functionSelectors)[])",
  "function facetAddress(bytes4 selector) view returns (address)",
]);

/** Gas of a probe that asks the loupe for one route. */
const LOUPE_GAS = 60_000n;

export interface SelfUpgrade {
  /** All facets that the diamond shall have, old and new. */
  facets: readonly FacetSelectors[];
  /** Selectors that may go. */
  removals?: readonly string[];
  /** Delegatecalled once after the cut. */
  init?: { target: string; data: string };
  /** Of the stage; at most 31 bytes. */
  label?: string;
  /** Seconds in which the cut can still be taken back. */
  dwell: bigint;
}

/**
 * The stage that turns a diamond into the given facets, and the way back: both pin every facet they name, and the stage waits at
 * a gate for each facet it takes out until the loupe shows it still in place.
 */
export async function selfUpgrade(
  provider: Provider,
  diamond: string,
  { facets, removals, init, label = "cut the registry", dwell }: SelfUpgrade,
): Promise<{ stage: Stage; rollback: Rollback; removed: string[] }> {
  const loupe = new Contract(diamond, DIAMOND, provider);
  const live = ((await loupe.getFunction("facets")()) as [string, string[]][]).map(
    ([facetAddress, functionSelectors]) => ({ facetAddress, functionSelectors: [...functionSelectors] }),
  );
  const { cuts, inverse, removed } = facetCuts(live, facets, removals);
  const touched = new Set(cuts.flatMap(({ functionSelectors }) => functionSelectors));
  const gates = live.flatMap(({ facetAddress, functionSelectors }) => {
    const selector = functionSelectors.find((one) => touched.has(one));
    if (selector === undefined) return [];
    const data = DIAMOND.encodeFunctionData("facetAddress", [selector]);
    return [{ probe: { target: diamond, data, gas: LOUPE_GAS }, op: Op.Eq, bound: BigInt(facetAddress) }];
  });
  const call = (parts: FacetCut[], target = ZeroAddress, data = "0x"): Call => ({
    target: diamond,
    value: 0n,
    data: DIAMOND.encodeFunctionData("diamondCut", [parts, target, data]),
  });
  const pinsOf = (accounts: readonly string[]): Promise<Pin[]> =>
    Promise.all(
      [...new Set([diamond, ...accounts])]
        .filter((account) => account !== ZeroAddress)
        .map(async (account) => ({ account, codeHash: keccak256(await provider.getCode(account)) })),
    );
  const added = cuts.map(({ facetAddress }) => facetAddress);
  return {
    removed,
    stage: {
      label: encodeBytes32String(label),
      calls: [call(cuts, init?.target, init?.data)],
      pins: await pinsOf(init === undefined ? added : [...added, init.target]),
      gates,
      invariants: [],
      dwell,
      minGas: 0n,
    },
    rollback: {
      from: 0,
      to: 0,
      kind: RollbackKind.Clean,
      calls: [call(inverse)],
      pins: await pinsOf(inverse.map(({ facetAddress }) => facetAddress)),
      invariants: [],
      minGas: 0n,
    },
  };
}
