import { dataSlice, id, Interface } from "ethers";
import { dispatchedSelectors } from "../../impact/selectors";
import type { NamedSelector } from "../../impact/types";
import { ModuleKind } from "../../plan/types";
import { concluding, fail, pass, unknown, warn, type Evidence } from "./types";

/** What a transparent proxy of OpenZeppelin 4 answers itself, when its admin asks. */
const OF_PROXIES = ["upgradeTo(address)", "upgradeToAndCall(address,bytes)", "changeAdmin(address)", "admin()"];
const CUT = new Interface([
  "function diamondCut((address facetAddress, uint8 action, bytes4[] functionSelectors)[] cuts, address init, bytes data)",
]);
const REMOVE = 2n;

export const selectors = concluding(
  { number: 20, id: "selectors", name: "no function is lost or shadowed, and the module can still be upgraded" },
  async (evidence) => {
    const { built } = evidence;
    const { selectors: diffs } = built.impact;
    const clashes = await clashesOf(evidence);
    const text = ({ selector, signature }: NamedSelector) => signature ?? selector;
    const gone = diffs.flatMap(({ module, removed }) => removed.map((one) => `${module} loses ${text(one)}`));
    const other = diffs.flatMap(({ module, changed, basis }) =>
      basis === "loupe and cut"
        ? []
        : changed.map(({ before, after, note }) => `${module}: ${text(before)} becomes ${text(after)}, ${note}`),
    );
    const lines = [
      ...clashes,
      ...gone,
      ...other,
      ...diffs.map(
        ({ module, added, removed, changed, basis }) =>
          `${module}: ${added.length} functions more, ${removed.length} less, ${changed.length} changed, by ${basis}`,
      ),
    ];
    if (clashes.length > 0) return fail(lines, "rename the function, or keep the one that upgrades");
    const blind = diffs.filter(({ basis }) => basis === "unknown");
    if (blind.length > 0) return unknown(lines, "the code has no dispatch table that is read here: state upgrade.abi");
    return gone.length + other.length > 0
      ? warn(lines, "whoever calls these reverts from that stage on: tell integrators, or keep them")
      : pass(...(lines.length === 0 ? ["the plan moves no code"] : lines));
  },
);

async function clashesOf(evidence: Evidence): Promise<string[]> {
  const { built, plan, registry } = evidence;
  const kinds = await Promise.all(
    plan.targets.map(async ({ module }) => Number((await registry.contract.getFunction("moduleOf")(module)).kind)),
  );
  const hasRouter = built.deployments.some(({ role }) => role === "router");
  const control = selectorOf("traffic(bytes)");
  return [
    ...doubleRoutes(evidence),
    ...built.deployments
      .filter(({ role }) => role === "candidate")
      .flatMap(({ contractName, code, address }) => {
        const own = new Set(dispatchedSelectors(code));
        const named = (selector: string) => built.abis.candidate.getFunction(selector)?.format("sighash") ?? selector;
        const found: string[] = [];
        if (hasRouter && own.has(control)) {
          found.push(`${contractName}: ${named(control)} has the selector that the router keeps for itself`);
        }
        if (kinds.includes(ModuleKind.Transparent)) {
          found.push(
            ...OF_PROXIES.filter((signature) => own.has(selectorOf(signature))).map(
              (signature) => `${contractName}: the proxy answers ${signature} itself where its admin calls`,
            ),
          );
        }
        const isServed = plan.stages.some(({ calls }) =>
          calls.some(({ data }) => data.includes(address.slice(2).toLowerCase())),
        );
        const upgrades = ["upgradeToAndCall(address,bytes)", "upgradeTo(address)"].map(selectorOf);
        if (kinds[0] === ModuleKind.Uups && isServed && own.size > 0 && !upgrades.some((one) => own.has(one))) {
          found.push(`${contractName}: no function upgrades it, so the module is at its end with it`);
        }
        return found;
      }),
  ];
}

/** A cut that sends one function to two facets. */
function doubleRoutes({ plan }: Evidence): string[] {
  const { selector } = CUT.getFunction("diamondCut")!;
  return plan.stages.flatMap(({ calls }, index) => {
    const seen = new Map<string, string>();
    const found: string[] = [];
    for (const { data } of calls.filter((call) => call.data.startsWith(selector))) {
      const [cuts] = CUT.decodeFunctionData("diamondCut", data) as unknown as [[string, bigint, string[]][]];
      for (const [facet, action, functions] of cuts) {
        for (const one of action === REMOVE ? [] : functions) {
          const first = seen.get(one);
          if (first !== undefined && first !== facet) {
            found.push(`stage ${index} sends ${one} to ${first} and to ${facet}`);
          }
          seen.set(one, facet);
        }
      }
    }
    return found;
  });
}

function selectorOf(signature: string): string {
  return dataSlice(id(signature), 0, 4);
}
