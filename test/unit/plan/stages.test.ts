import { expect } from "chai";
import { Interface, ZeroHash } from "ethers";
import { buildRollbacks, buildStages, type StageContext } from "../../../src/plan/buildStages";
import { labelText } from "../../../src/plan/labelText";
import { ModuleKind } from "../../../src/plan/types";
import { PROXY_ABI, upgradeCall, type UpgradeInterface } from "../../../src/plan/upgradeCalls";

const at = (digit: number) => `0x${String(digit).repeat(40)}`;
const [PROXY, ADMIN, STABLE, CANDIDATE, ROUTER, TIMELOCK] = [1, 2, 3, 4, 5, 6].map(at) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const ROUTER_ABI = new Interface(["function traffic(bytes message) payable returns (bytes)"]);
const CONTROL_ABI = new Interface([
  "function install(bytes candidateInit)",
  "function setShare(uint32 expectedEpoch, uint16 share)",
]);

function contextOf(over: Partial<StageContext> & { kind?: ModuleKind; isCanary?: boolean } = {}): StageContext {
  const { kind = ModuleKind.Uups, isCanary = true, ...rest } = over;
  const stableVerbs = rest.stableVerbs ?? "v5";
  return {
    route: { kind, proxy: PROXY, proxyAdmin: kind === ModuleKind.Transparent ? ADMIN : undefined, verbs: stableVerbs },
    proxies: [PROXY],
    stableVerbs,
    candidateVerbs: "v5",
    stable: STABLE,
    candidate: CANDIDATE,
    timelock: TIMELOCK,
    init: "0x",
    canary: isCanary
      ? {
          router: ROUTER,
          policy: { share: 500 } as NonNullable<StageContext["canary"]>["policy"],
          steps: [
            { share: 500, dwell: 60n },
            { share: 10_000, dwell: 120n },
          ],
          routerAbi: ROUTER_ABI,
          controlAbi: CONTROL_ABI,
        }
      : undefined,
    promoteDwell: 0n,
    hasImplementationGetter: false,
    pins: [{ account: PROXY, codeHash: ZeroHash }],
    chainGates: [],
    rollbackPins: [],
    invariants: [],
    minGas: 0n,
    ...rest,
  };
}

const verbOf = (data: string) => PROXY_ABI.parseTransaction({ data })!.name;

describe("buildStages", () => {
  const verbs: [ModuleKind, UpgradeInterface, string, string, string][] = [
    [ModuleKind.Transparent, "v4", "0x", "upgrade", ADMIN],
    [ModuleKind.Transparent, "v4", "0x1234", "upgradeAndCall", ADMIN],
    // Under version 5 empty data means "no call"; before, it meant a call without data.
    [ModuleKind.Transparent, "v5", "0x", "upgradeAndCall", ADMIN],
    [ModuleKind.Uups, "v4", "0x", "upgradeTo", PROXY],
    [ModuleKind.Uups, "v4", "0x1234", "upgradeToAndCall", PROXY],
    [ModuleKind.Uups, "v5", "0x", "upgradeToAndCall", PROXY],
  ];
  for (const [kind, version, data, verb, target] of verbs) {
    const name = `${kind === ModuleKind.Uups ? "uups" : "transparent"} ${version}, data ${data}`;
    it(`PLN-67 upgrades by ${verb}: ${name}`, () => {
      const route = { kind, proxy: PROXY, proxyAdmin: ADMIN, verbs: version };
      const call = upgradeCall(route, CANDIDATE, data);
      expect([verbOf(call.data), call.target, call.value]).to.deep.equal([verb, target, 0n]);
    });
  }

  it("PLN-68 promotes through the router, which knows one verb, whatever stable's version", () => {
    const stages = buildStages(contextOf({ stableVerbs: "v4" }));
    expect(stages.map((stage) => labelText(stage.label))).to.deep.equal(["canary 5%", "canary 100%", "promote"]);
    expect(verbOf(stages[2]!.calls[1]!.data)).to.equal("upgradeToAndCall");
  });

  it("PLN-68 gives a candidate of another version a way back of its own", () => {
    const context = contextOf({ candidateVerbs: "v4", promoteDwell: 60n });
    const ways = buildRollbacks(context, 3).map(({ from, to, calls }) => [from, to, verbOf(calls[0]!.data)]);
    expect(ways).to.deep.equal([
      [0, 1, "upgradeToAndCall"],
      [2, 2, "upgradeTo"],
    ]);
  });

  it("PLN-68 asks the candidate itself to step aside where there was no canary", () => {
    const ways = buildRollbacks(contextOf({ isCanary: false, candidateVerbs: "v4" }), 1);
    expect(ways.map(({ from, to, calls }) => [from, to, verbOf(calls[0]!.data)])).to.deep.equal([[0, 0, "upgradeTo"]]);
  });
});
