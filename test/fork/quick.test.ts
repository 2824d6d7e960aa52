import { expect } from "chai";
import { Contract, id, Interface, ZeroHash } from "ethers";
import { INVARIANTS, ROOT } from "../../scripts/demo/openWorld";
import { impersonate, revertTo, takeSnapshot } from "../../src/chain/devChain";
import { renderQuick } from "../../src/report/renderQuick";
import { hashPlan } from "../../src/plan/eip712";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { propose } from "../../src/registry/propose";
import { quick, quickOfProposal } from "../../src/simulate/quick";
import { expectError } from "../helpers/expectError";
import { CANDIDATES, checkOf, openVaultWorld, vaultPlan, type VaultWorld } from "../helpers/vaultWorld";

const TIMELOCK = [
  "function grantRole(bytes32,address)",
  "function schedule(address,uint256,bytes,bytes32,bytes32,uint256)",
  "function scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)",
];

describe("simulate > a first look, and what else waits for the timelock", function () {
  this.timeout(600_000);
  let world: VaultWorld;

  before(async () => {
    world = await openVaultWorld();
  });

  after(() => world.close());

  const look = (text: string) =>
    quick(world.as(world.people.release), world.registry, world.load(text), { root: ROOT, invariantsDir: INVARIANTS });

  /** Runs `work` while each request passes through `change`, which may give it another name. */
  async function intercepted<T>(change: (method: string) => string, work: () => Promise<T>): Promise<T> {
    const { provider } = world;
    const send = provider.send.bind(provider);
    provider.send = (method, params) => send(change(method), params);
    try {
      return await work();
    } finally {
      provider.send = send;
    }
  }

  it("DYN-40 shows in one request which calls go through, which invariants hold, and what the module answers then", async () => {
    const methods: string[] = [];
    const note = (method: string) => {
      methods.push(method);
      return method;
    };
    const block = await world.provider.getBlockNumber();
    const report = await intercepted(note, () => look(vaultPlan(CANDIDATES.v2)));
    expect(report.verdict).to.equal("pass");
    expect(report.deployments.map(({ isOk }) => isOk)).to.deep.equal([true]);
    expect(report.stages.map(({ calls }) => calls.map(({ what, isOk }) => [what, isOk]))).to.deep.equal([
      [["upgradeToAndCall", true]],
    ]);
    expect(report.stages[0]?.invariants.map(({ name, state }) => `${name} ${state}`)).to.deep.equal([
      "vault-solvent holds",
      "share-price-kept holds",
      "owner-unchanged holds",
    ]);
    expect(report.views).to.deep.include({ what: "version()", before: "1", after: "2" });
    expect(methods.filter((method) => method === "eth_simulateV1")).to.have.length(1);
    expect(await world.provider.getBlockNumber()).to.equal(block);
    expect(renderQuick(report)).to.include("not looked at").and.to.include("votes");
  });

  it("DYN-41 names the invariant that a stage breaks", async () => {
    const calls = [
      `{ stage: upgrade, function: "arm(bool)", args: ["true"] }`,
      `{ stage: upgrade, function: "sweep(address)", args: ["${world.user(0)}"] }`,
    ];
    const broken = await look(vaultPlan(CANDIDATES.sweep, `calls: [${calls.join(", ")}]`));
    expect(broken.verdict).to.equal("fail");
    expect(broken.stages[0]?.invariants.find(({ name }) => name === "share-price-kept")?.state).to.equal("broken");
  });

  it("DYN-43 makes the calls of a proposed plan as the chain is now, and says which one fails since", async () => {
    const { registry, traffic, provider, people } = world;
    const timelock = (await registry.contract.getFunction("timelock")()) as string;
    const user = await provider.getSigner(world.user(0));
    const vault = new Contract(traffic.vault, ["function transfer(address,uint256)"], user);
    await (await vault.getFunction("transfer")(timelock, 9n)).wait();
    const call = `{ stage: upgrade, function: "transfer(address,uint256)", args: ["${world.user(1)}", "9"] }`;
    const client = world.as(people.release);
    const loaded = world.load(vaultPlan(CANDIDATES.v2, `calls: [${call}]`));
    const built = await prepareDeployments(client, registry, loaded, {
      root: ROOT,
      invariantsDir: INVARIANTS,
      reportHash: id("report"),
    });
    await propose(client, registry, built.plan);
    const proposalId = hashPlan(built.plan, registry.domain);
    const before = await quickOfProposal(client, registry, proposalId);
    expect(before).to.include({ verdict: "pass", subject: built.subject });
    expect(before.stages[0]?.calls).to.have.length(2);
    const asTimelock = vault.connect(await impersonate(provider, timelock)) as Contract;
    await (await asTimelock.getFunction("transfer")(world.user(0), 9n)).wait();
    const after = await quickOfProposal(client, registry, proposalId);
    expect(after.verdict).to.equal("fail");
    const found = after.stages[0]?.calls.find(({ isOk }) => !isOk);
    expect(found?.target).to.equal(traffic.vault);
    expect(found?.error).to.include(id("ERC20InsufficientBalance(address,uint256,uint256)").slice(0, 10));
  });

  it("DYN-42 says in one line that an endpoint has no such method", async () => {
    const rename = (method: string) => (method === "eth_simulateV1" ? "eth_simulateV9" : method);
    const work = () => intercepted(rename, () => look(vaultPlan(CANDIDATES.v2)));
    await expectError(work, "SimulateUnsupported", { where: "--quick", next: "leave out --quick" });
  });

  describe("beside another pending operation of the timelock", () => {
    let snapshot: string;

    beforeEach(async () => {
      snapshot = await takeSnapshot(world.provider);
    });

    afterEach(() => revertTo(world.provider, snapshot));

    /** As a second proposer of the same timelock, which an adopted timelock may have. */
    async function scheduled(target: string, data: string, isBatch: boolean): Promise<void> {
      const timelock = (await world.registry.contract.getFunction("timelock")()) as string;
      const admin = new Contract(timelock, TIMELOCK, await impersonate(world.provider, timelock));
      await (await admin.getFunction("grantRole")(id("PROPOSER_ROLE"), world.people.deployer)).wait();
      const other = new Contract(timelock, TIMELOCK, await world.provider.getSigner(world.people.deployer));
      const sent = isBatch
        ? await other.getFunction("scheduleBatch")([target], [0], [data], ZeroHash, id("salt"), 86_400)
        : await other.getFunction("schedule")(target, 0, data, ZeroHash, ZeroHash, 86_400);
      await sent.wait();
    }

    it("DYN-31 executes it before and after the plan, and passes where nothing changes by it", async () => {
      const mint = new Interface(["function mint(address,uint256)"]).encodeFunctionData("mint", [world.user(3), 7n]);
      await scheduled(world.traffic.asset, mint, true);
      const report = await world.rehearse(vaultPlan(CANDIDATES.v2));
      const { status, evidence } = checkOf(report, "stack");
      expect(evidence).to.deep.equal([
        "before the plan: 1 operations and 0 plans, 0 refused",
        "after the plan: 1 operations and 0 plans, 0 refused",
      ]);
      expect(status).to.equal("pass");
    });

    it("DYN-32 fails where it takes away what an invariant keeps", async () => {
      const handOver = new Interface(["function transferOwnership(address)"]);
      const data = handOver.encodeFunctionData("transferOwnership", [world.user(3)]);
      await scheduled(world.traffic.vault, data, false);
      const report = await world.rehearse(vaultPlan(CANDIDATES.v2));
      expect(checkOf(report, "stack").status).to.equal("fail");
      expect(checkOf(report, "stack").evidence.join("\n")).to.include("owner-unchanged breaks");
      expect(report.verdict).to.equal("fail");
    });
  });
});
