import { expect } from "chai";
import { Contract, ContractFactory, id, Interface, JsonRpcSigner, ZeroAddress, type JsonRpcProvider } from "ethers";
import { artifacts } from "hardhat";
import { startAnvil } from "../../src/chain/anvil";
import { devProvider } from "../../src/chain/devChain";
import type { LocalNode } from "../../src/chain/localNode";
import { DIAMOND_ABI } from "../../src/plan/diamond/readDiamond";
import { CutAction, facetCuts, type FacetCut, type FacetSelectors } from "../../src/registry/facetCuts";
import { conditionOf, Op, policyOf, POLICY_ID, type PolicyStruct } from "../helpers/canary";
import { connextArtifact, TRAFFIC } from "../helpers/diamond";

const FACETS = [
  "BridgeFacet",
  "InboxFacet",
  "ProposedOwnableFacet",
  "PortalFacet",
  "RelayerFacet",
  "RoutersFacet",
  "StableSwapFacet",
  "SwapAdminFacet",
  "TokenFacet",
  "DiamondCutFacet",
  "DiamondLoupeFacet",
] as const;
const DOMAIN = 6_648_936;
const selector = (signature: string) => id(signature).slice(0, 10);

/**
 * Connext's diamond as published on npm, 11 facets and 136 functions. No second version of its facets is published: the
 * healthy candidates are the same facets with other metadata, so other code; what trips is a small contract of this project.
 */
describe("DiamondRouter > Connext's diamond", function () {
  this.timeout(300_000);
  let node: LocalNode;
  let provider: JsonRpcProvider;
  let owner: JsonRpcSigner;
  let user: JsonRpcSigner;
  let diamond: string;
  let facets: Record<(typeof FACETS)[number], string>;
  let abi: Interface;
  let control: Interface;
  let traffic: Interface;

  before(async () => {
    node = await startAnvil({ root: __dirname, chainId: DOMAIN, accounts: 5 });
    provider = devProvider(node.url);
    [owner, user] = (await Promise.all([0, 1].map((i) => provider.getSigner(i)))) as [JsonRpcSigner, JsonRpcSigner];
    const names = [
      "ITrafficControl",
      "ITrafficRouter",
      "TrafficErrors",
      "TrafficEvents",
      "HostileFacet__MockForConnext",
    ];
    const own = await Promise.all(names.map(async (name) => (await artifacts.readArtifact(name)).abi as never[]));
    control = new Interface(own[0]!);
    traffic = new Interface(own[1]!);
    const all = new Map<string, unknown>();
    for (const list of [...FACETS.map((name) => connextArtifact(`facets/${name}`).abi), ...own.slice(2)]) {
      for (const entry of list) all.set(JSON.stringify([entry["type"], entry["name"], entry["inputs"]]), entry);
    }
    abi = new Interface([...all.values()] as never[]);
    const deployed: [string, string][] = [];
    for (const name of FACETS) deployed.push([name, await deploy(connextArtifact(`facets/${name}`))]);
    facets = Object.fromEntries(deployed) as typeof facets;
    // All that is asked of a connector manager: its domain. PUSH4, PUSH0, MSTORE, PUSH1, PUSH0, RETURN.
    const code = `63${DOMAIN.toString(16).padStart(8, "0")}5f5260205ff3`;
    const manager = await deploy({ abi: [] as never[], bytecode: `0x600b380380600b3d393df3${code}` });
    const initialiser = connextArtifact("facets/upgrade-initializers/DiamondInit");
    const init = {
      initContract: await deploy(initialiser),
      initData: new Interface(initialiser.abi).encodeFunctionData("init", [DOMAIN, manager, 0, manager]),
    };
    const cuts = FACETS.map((name) => ({
      facetAddress: facets[name],
      action: CutAction.Add,
      functionSelectors: selectorsOf(name),
    }));
    diamond = await deploy(connextArtifact("helpers/ConnextDiamond"), [await owner.getAddress(), cuts, [init]]);
  });

  after(async () => {
    provider.destroy();
    await node.stop();
  });

  async function deploy({ abi: own, bytecode }: { abi: never[]; bytecode: string }, args: unknown[] = []) {
    const contract = await new ContractFactory(own, bytecode, owner).deploy(...args);
    await contract.waitForDeployment();
    return contract.getAddress();
  }

  async function deployOwn(name: string, args: unknown[] = []) {
    const { abi: own, bytecode } = await artifacts.readArtifact(name);
    return deploy({ abi: own as never[], bytecode }, args);
  }

  function selectorsOf(name: string): string[] {
    const found: string[] = [];
    new Interface(connextArtifact(`facets/${name}`).abi).forEachFunction((fragment) => found.push(fragment.selector));
    return found;
  }

  /** The same functions in other code: a byte of the metadata's hash. */
  function rebuilt(name: string): Promise<string> {
    const { abi: own, bytecode } = connextArtifact(`facets/${name}`);
    const at = bytecode.length - 40;
    return deploy({ abi: own, bytecode: `${bytecode.slice(0, at)}ee${bytecode.slice(at + 2)}` });
  }

  const app = () => new Contract(diamond, abi, user);

  async function live(): Promise<FacetSelectors[]> {
    const [found] = DIAMOND_ABI.decodeFunctionResult(
      "facets",
      await provider.call({ to: diamond, data: DIAMOND_ABI.encodeFunctionData("facets") }),
    ) as unknown as [FacetSelectors[]];
    return found.map(({ facetAddress, functionSelectors }) => ({
      facetAddress,
      functionSelectors: [...functionSelectors],
    }));
  }

  async function routes(): Promise<Record<string, string>> {
    const pairs = (await live()).flatMap(({ facetAddress, functionSelectors }) =>
      functionSelectors.map((one) => [one, facetAddress] as const),
    );
    return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async function send(to: string, data: string, from = owner) {
    const sent = await from.sendTransaction({ to, data, gasLimit: 10_000_000 });
    return (await sent.wait())!;
  }

  /** Its cuts are proposed first; the delay of this deployment is zero. */
  async function cut(cuts: readonly FacetCut[]) {
    for (const verb of ["proposeDiamondCut", "diamondCut"]) {
      await send(diamond, DIAMOND_ABI.encodeFunctionData(verb, [cuts, ZeroAddress, "0x"]));
    }
  }

  const say = (name: string, args: unknown[]) =>
    traffic.encodeFunctionData("traffic", [control.encodeFunctionData(name, args)]);

  async function status() {
    const answer = await provider.call({ to: diamond, data: say("status", []) });
    const [result] = traffic.decodeFunctionResult("traffic", answer) as unknown as [string];
    return control.decodeFunctionResult("status", result)[0] as Record<string, bigint | boolean>;
  }

  interface Pair {
    stable: string;
    candidate: string;
    selectors: readonly string[];
    isAddition?: boolean;
  }

  /** Routers for these pairs, cut in, and the canary begun; returns the cut that takes all of it back. */
  async function begin(policyId: string, pairs: readonly Pair[], policy: Partial<PolicyStruct> = {}) {
    const served = new Map(
      (await live()).flatMap((f) => f.functionSelectors.map((one) => [one, f.facetAddress] as const)),
    );
    let leader = ZeroAddress;
    for (const { stable, candidate, selectors, isAddition = false } of pairs) {
      const target = {
        stable,
        candidate,
        controller: await owner.getAddress(),
        guardian: await owner.getAddress(),
        policyId,
        loupe: facets.DiamondLoupeFacet,
        cutFacet: facets.DiamondCutFacet,
        leader,
        isAddition,
      };
      const router = await deployOwn("DiamondRouter", [target, policyOf({ isCounted: true, ...policy })]);
      if (leader === ZeroAddress) {
        leader = router;
        served.set(TRAFFIC, router);
      }
      for (const one of selectors) served.set(one, router);
    }
    const to = [...new Set(served.values())].map((facetAddress) => ({
      facetAddress,
      functionSelectors: [...served].filter(([, facet]) => facet === facetAddress).map(([one]) => one),
    }));
    const { cuts, inverse } = facetCuts(await live(), to);
    await cut(cuts);
    await send(diamond, say("install", ["0x"]));
    await provider.send("anvil_mine", ["0x1"]);
    return inverse;
  }

  const owned = () => selectorsOf("ProposedOwnableFacet");
  const routers = () => selectorsOf("RoutersFacet");

  it("DIA-70 is deployed as published: 11 facets, 136 functions", async () => {
    const all = await live();
    expect(all).to.have.length(11);
    expect(all.flatMap(({ functionSelectors }) => functionSelectors)).to.have.length(136);
    expect(await app().getFunction("domain")()).to.equal(BigInt(DOMAIN));
  });

  it("DIA-71 healthy: two facets on trial serve owner and users in one canary, and are promoted without a trace of it", async () => {
    const [first, second] = [await rebuilt("ProposedOwnableFacet"), await rebuilt("RoutersFacet")];
    const before = await routes();
    await begin(POLICY_ID, [
      { stable: facets.ProposedOwnableFacet, candidate: first, selectors: owned() },
      { stable: facets.RoutersFacet, candidate: second, selectors: routers() },
    ]);
    // By either facet, and by one that is not on trial.
    await send(diamond, abi.encodeFunctionData("assignRoleRouterAdmin", [await user.getAddress()]));
    await send(diamond, abi.encodeFunctionData("approveRouter", [await user.getAddress()]), user);
    await send(diamond, abi.encodeFunctionData("addRelayer", [await user.getAddress()]));
    expect(await app().getFunction("getRouterApproval")(await user.getAddress())).to.equal(true);
    const { candidateCalls, breaks, fallbacks } = await status();
    expect([candidateCalls, breaks, fallbacks]).to.deep.equal([2n, 0n, 0n]);
    const promoted = (await live()).map(({ facetAddress, functionSelectors }) => ({
      facetAddress,
      functionSelectors: functionSelectors.filter((one) => ![...owned(), ...routers(), TRAFFIC].includes(one)),
    }));
    const { cuts } = facetCuts(
      await live(),
      [
        ...promoted.filter(({ functionSelectors }) => functionSelectors.length > 0),
        { facetAddress: first, functionSelectors: owned() },
        { facetAddress: second, functionSelectors: routers() },
      ],
      [TRAFFIC],
    );
    await cut(cuts);
    const after = await routes();
    expect(Object.keys(after)).to.deep.equal(Object.keys(before));
    for (const one of owned()) expect(after[one]).to.equal(first);
    for (const one of routers()) expect(after[one]).to.equal(second);
    expect(await app().getFunction("getRouterApproval")(await user.getAddress())).to.equal(true);
    [facets.ProposedOwnableFacet, facets.RoutersFacet] = [first, second];
  });

  it("DIA-72 a facet that takes the diamond over trips: the call is stable's, every facet is, and the way back leads home", async () => {
    const hostile = await deployOwn("HostileFacet__MockForConnext");
    const absent = await deployOwn("AbsentFacet");
    const second = await rebuilt("RoutersFacet");
    const before = await routes();
    const ownerOf = abi.encodeFunctionData("owner");
    const delay = selector("delay()");
    const back = await begin(
      id("trip"),
      [
        { stable: facets.ProposedOwnableFacet, candidate: hostile, selectors: [delay] },
        { stable: facets.RoutersFacet, candidate: second, selectors: routers() },
        {
          stable: absent,
          candidate: hostile,
          selectors: [selector("added()"), selector("refusing(uint256)")],
          isAddition: true,
        },
      ],
      { invariants: [conditionOf(diamond, ownerOf, Op.eq, BigInt(await owner.getAddress()))] },
    );
    // An added function is there, with its own errors.
    expect(await app().getFunction("added")()).to.equal(7n);
    await expectRevert(abi.encodeFunctionData("refusing", [4]), abi.encodeErrorResult("NotYet", [4]));
    const receipt = await send(diamond, abi.encodeFunctionData("delay"), user);
    const events = receipt.logs.map((log) => abi.parseLog(log)?.name);
    expect(events).to.deep.equal(["InvariantBroken", "CanaryFrozen"]);
    expect(await app().getFunction("owner")()).to.equal(await owner.getAddress());
    const { breaks, isFrozen } = await status();
    expect([breaks, isFrozen]).to.deep.equal([1n, true]);
    await expectRevert(abi.encodeFunctionData("added"), abi.encodeErrorResult("FunctionAbsent", [selector("added()")]));
    await cut(back);
    expect(await routes()).to.deep.equal(before);
    expect(await app().getFunction("owner")()).to.equal(await owner.getAddress());
  });

  it("DIA-73 without a canary the same facet takes the diamond over: what the frame undid is real", async () => {
    const hostile = await deployOwn("HostileFacet__MockForConnext");
    const back = [{ facetAddress: hostile, action: CutAction.Replace, functionSelectors: [selector("delay()")] }];
    await cut(back);
    await send(diamond, abi.encodeFunctionData("delay"), user);
    expect(await app().getFunction("owner")()).to.equal(await user.getAddress());
  });

  async function expectRevert(data: string, reason: string) {
    const answer = await provider
      .send("eth_call", [{ to: diamond, data, from: await user.getAddress() }, "latest"])
      .then(
        () => "no revert",
        (thrown: { error?: { data?: string }; info?: { error?: { data?: string } } }) =>
          thrown.error?.data ?? thrown.info?.error?.data ?? String(thrown),
      );
    expect(answer).to.equal(reason);
  }
});
