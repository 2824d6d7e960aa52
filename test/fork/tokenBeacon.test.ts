import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { AbiCoder, Contract, JsonRpcSigner, toBeHex } from "ethers";
import hre from "hardhat";
import { refusalOf, untilScheduled, waitFor, type GovernedChain, type Story } from "../../scripts/demo/lifecycle";
import { governModule, openChain, ROOT, type Chain } from "../../scripts/demo/openWorld";
import { Show } from "../../scripts/demo/show";
import { bridgeArtifact, deployArtifact, proxyArtifact } from "../../scripts/remote/artifact";
import { deployStandardTokens, TOKEN, TokenTraffic, type StandardTokens } from "../../scripts/remote/standardTokens";
import { freeze } from "../../src/canary/freeze";
import { canaryStatus, readCanary, readCanaryAt } from "../../src/canary/status";
import { writeAddresses } from "../../src/chain/addressBook";
import { beaconImplementation } from "../../src/chain/beacon";
import { rollbackByCouncil } from "../../src/emergency/acts";
import { ModuleKind } from "../../src/plan/types";
import { advance } from "../../src/registry/advance";
import { readStatus } from "../../src/registry/state";
import { exitOf, revalidate } from "../../src/revalidate/revalidate";
import { artifactsOf } from "../../tasks/support/artifacts";
import { cohortNumber, keyOf } from "../helpers/canary";

const MODULE = "l2-standard-tokens";
const TEXT = readFileSync(join(ROOT, "upgrades/arbitrum-tokens-1.2.5.yaml"), "utf8");
const COUNT = 8;

/** Arbitrum's standard tokens behind their beacon, from the published 1.1.2 on, upgraded from plan files. */
describe("the canary of Arbitrum's token beacon, on a local node that plays the remote chain", () => {
  const silent = new Show(() => undefined, false);
  let chain: Chain;
  let bridge: StandardTokens;
  let traffic: TokenTraffic;
  let deploymentsDir: string;

  beforeEach(async () => {
    deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-tokens-"));
    chain = await openChain({ artifacts: artifactsOf(hre), deploymentsDir });
    bridge = await deployStandardTokens(chain.provider, COUNT + 1);
    traffic = new TokenTraffic(chain.provider, bridge, chain.users.slice(0, 12));
    // The last one is not bridged yet.
    await traffic.run(1, COUNT);
  });

  afterEach(async () => {
    await chain.close();
    rmSync(deploymentsDir, { recursive: true, force: true });
  });

  const keeper = () => chain.as(chain.people.deployer);
  const implementation = () => beaconImplementation(chain.provider, bridge.beacon);
  const candidateOf = ({ plan }: Story) => plan.deployments.find(({ role }) => role === "candidate")!.address;
  const routersOf = ({ plan }: Story) => plan.deployments.filter(({ role }) => role === "router").map((r) => r.address);

  async function govern(): Promise<GovernedChain> {
    const registry = await governModule(chain, {
      name: MODULE,
      kind: ModuleKind.Beacon,
      account: bridge.beacon,
      invariants: ["token-backed", "token-gateway-unchanged"],
      addresses: {
        l2StandardToken: bridge.tokens[0]!,
        l1StandardToken: bridge.l1Tokens[0]!,
        standardCounterpart: bridge.counterpart,
      },
      handOver: async (timelock) => {
        const owner = new JsonRpcSigner(chain.provider, chain.people.deployer);
        const beacon = new Contract(bridge.beacon, proxyArtifact("UpgradeableBeacon").abi, owner);
        await (await beacon.getFunction("transferOwnership")(timelock)).wait();
      },
    });
    return { ...chain, registry };
  }

  const numberOf = (salt: string, token: string) => Number(cohortNumber(salt, keyOf(token)));

  /** Draws the first token into the first step, and some of the others into the second. */
  function saltOf(): string {
    for (let n = 0; ; ++n) {
      const salt = toBeHex(n, 32);
      const inSecond = bridge.tokens.slice(0, COUNT).filter((token) => numberOf(salt, token) < 5_000).length;
      if (numberOf(salt, bridge.tokens[0]!) < 1_000 && inSecond >= 3 && inSecond <= 5) return salt;
    }
  }

  function planFile(change: (text: string) => string = (text) => text): string {
    const file = join(deploymentsDir, "plan.yaml");
    writeFileSync(file, change(TEXT.replace("  cohort: proxy", `  cohort: proxy\n  salt: "${saltOf()}"`)));
    return file;
  }

  async function broken(): Promise<(text: string) => string> {
    const signer = new JsonRpcSigner(chain.provider, chain.people.deployer);
    const published = await (await deployArtifact(signer, bridgeArtifact("1.2.5", TOKEN))).getAddress();
    writeAddresses(deploymentsDir, { publishedToken: published });
    const dead = "0x000000000000000000000000000000000000dEaD";
    const nothing = AbiCoder.defaultAbiCoder().encode(["bytes", "bytes", "bytes"], ["0x", "0x", "0x"]);
    return (text) =>
      text
        .replace(
          /upgrade:\n {2}artifact: (.*)\n/,
          'pins: ["${publishedToken}"]\n\nupgrade:\n  contract: contracts/examples/DoubleMintToken.sol:DoubleMintToken\n' +
            `  abi: $1\n  args: ["\${publishedToken}"]\n  lock: { function: "bridgeInit(address,bytes)", args: ["${dead}", "${nothing}"] }\n`,
        )
        .replace(/ {2}replaces: .*\n/, "");
  }

  it("BCN-40 promotes 1.2.5 through 10%, 50% and 100% of the tokens, one router a step, and takes the last one out", async () => {
    const world = await govern();
    const { registry } = world;
    const story = await untilScheduled(silent, world, planFile());
    const { proposalId } = story;
    const salt = saltOf();
    expect(routersOf(story)).to.have.length(3);
    const shares: number[] = [];
    for (const stage of story.plan.plan.stages.keys()) {
      await waitFor(silent, world, proposalId, "the next stage");
      expect(exitOf(await revalidate(keeper(), registry, proposalId))).to.equal(0);
      await advance(keeper(), registry, { proposalId, stage });
      await traffic.run(1, stage === 0 ? COUNT : COUNT + 1);
      expect(await traffic.surprises()).to.deep.equal([]);
      const status = await readCanary(keeper(), registry, MODULE);
      if (status === undefined) continue;
      shares.push(status.share);
      expect([status.proxy, status.router]).to.deep.equal([bridge.beacon, routersOf(story)[stage]]);
      for (const proxy of bridge.tokens.slice(0, COUNT)) {
        const own = await readCanaryAt(keeper(), { module: MODULE, proxy });
        const isIn = numberOf(salt, proxy) < status.share;
        expect(own!.candidateCalls > 0n, `${proxy} at ${status.share}`).to.equal(isIn);
        expect([own!.breaks, own!.fallbacks, own!.isFrozen]).to.deep.equal([0n, 0n, false]);
      }
    }
    expect(shares).to.deep.equal([1_000, 5_000, 10_000]);
    expect(traffic.failed).to.equal(0);
    expect((await readStatus(registry, proposalId)).state).to.equal("Completed");
    expect(await implementation()).to.equal(candidateOf(story));
    // A token that was bridged in the middle of the canary is as good as any.
    const name = new Contract(bridge.tokens[COUNT]!, ["function name() view returns (string)"], chain.provider);
    expect(await name.getFunction("name")()).to.equal(`Token ${COUNT}`);
  });

  it("BCN-41 a token that mints twice is undone and served by 1.1.2, freezes itself, and the council goes back", async () => {
    const world = await govern();
    const { registry, people } = world;
    const story = await untilScheduled(silent, world, planFile(await broken()));
    const { proposalId } = story;
    await waitFor(silent, world, proposalId, "the timelock");
    await advance(keeper(), registry, { proposalId, stage: 0 });
    for (let n = 0; n < 4; ++n) await traffic.deposit(0, chain.users[n]!, 50n);
    await traffic.transfer(0, chain.users[0]!, chain.users[1]!, 5n);
    const own = await readCanaryAt(keeper(), { module: MODULE, proxy: bridge.tokens[0]! });
    expect([own!.isFrozen, own!.breaks]).to.deep.equal([true, 3n]);
    const all = await canaryStatus(keeper(), registry, MODULE);
    expect([all.isFrozen, all.epoch]).to.deep.equal([false, 1]);
    expect([traffic.failed, await traffic.surprises()]).to.deep.equal([0, []]);

    // One key stops it for every token, and the step that waits in the timelock does not undo that.
    await freeze(chain.as(people.incident), registry, { module: MODULE });
    expect((await canaryStatus(keeper(), registry, MODULE)).isFrozen).to.equal(true);
    await waitFor(silent, world, proposalId, "the dwell");
    expect((await refusalOf(advance(keeper(), registry, { proposalId, stage: 1 })))?.errorName).to.equal("StalePolicy");
    for (const member of people.council.slice(0, 3)) {
      await rollbackByCouncil(chain.as(member), registry, { proposalId, reason: "tokens are minted twice" });
    }
    expect((await readStatus(registry, proposalId)).state).to.equal("RolledBack");
    expect(await implementation()).to.equal(bridge.implementation);
    expect(await readCanary(keeper(), registry, MODULE)).to.equal(undefined);
    await traffic.run(1, COUNT);
    expect([traffic.failed, await traffic.surprises()]).to.deep.equal([0, []]);
  });
});
