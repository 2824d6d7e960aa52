import { copyFileSync, cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import type { CodeDiff } from "../../../src/diff/diffCode";
import { readAddressBook } from "../../../src/chain/addressBook";
import { prepareDeployments } from "../../../src/plan/prepareDeployments";
import { readPlanFile } from "../../../src/plan/readPlanFile";
import { CATALOGUE, ROOT, withOwnFolder } from "../../fixtures/bridgeModule";
import { subnetFixture } from "../../fixtures/subnetModule";
import { vaultFixture, type VaultFixture } from "../../fixtures/vaultModule";
import { propose } from "../../helpers/lifecycle";
import { REPORT } from "../../helpers/plans";
import { runJson, runTask } from "../../helpers/tasks";

const FILE = join(ROOT, "upgrades", "vault-v2.yaml");
const CANDIDATE = "contracts/examples/VaultV2.sol:VaultV2";

type Diffs = { diffs: CodeDiff[] };

describe("upgrade diff", () => {
  const before = process.env["SLIPWAY_DEPLOYMENTS"];
  after(() => {
    if (before === undefined) delete process.env["SLIPWAY_DEPLOYMENTS"];
    else process.env["SLIPWAY_DEPLOYMENTS"] = before;
  });

  /** The fixture's books where tasks look for them. */
  function books(deploymentsDir: string): string {
    const folder = mkdtempSync(join(tmpdir(), "slipway-"));
    cpSync(deploymentsDir, join(folder, "hardhat"), { recursive: true });
    process.env["SLIPWAY_DEPLOYMENTS"] = folder;
    return folder;
  }
  async function vault(): Promise<VaultFixture & { folder: string }> {
    const fixture = withOwnFolder(await loadFixture(vaultFixture));
    return { ...fixture, folder: books(fixture.client.deploymentsDir) };
  }
  const names = (list: { signature?: string; selector: string }[]) =>
    list.map(({ signature, selector }) => signature ?? selector);

  it("TOO-10 tells of a plan file which functions change, come and go, what is stored, how large it is, and how it was compiled", async () => {
    const { vault: proxy, stable } = await vault();
    const { json, exitCode } = await runJson<Diffs>("upgrade diff", { candidate: FILE });
    expect(exitCode).to.equal(0);
    const [diff] = json.diffs;
    expect(diff!.before).to.include({ account: stable, contract: "contracts/examples/VaultV1.sol:VaultV1" });
    expect(names(diff!.functions.changed)).to.have.members([
      "version()",
      "maxWithdraw(address)",
      "maxRedeem(address)",
      "withdraw(uint256,address,address)",
      "redeem(uint256,address,address)",
    ]);
    expect(names(diff!.functions.added)).to.have.members(["withdrawalLimit()", "migrateV2(uint256)"]);
    expect([diff!.functions.removed, diff!.outside, diff!.isSame]).to.deep.equal([[], "same", false]);
    expect(diff!.functions.changed.find(({ signature }) => signature?.startsWith("withdraw("))!.counts).to.deep.equal({
      SLOAD: { before: 10, after: 13 },
    });
    expect(diff!.layout).to.deep.equal({ verdict: "compatible", findings: [] });
    expect(diff!.sizes.map(({ what, verdict }) => [what, verdict])).to.deep.equal([
      ["runtime", "pass"],
      ["creation", "pass"],
    ]);
    expect(diff!.after).to.include({ optimizerRuns: 200, viaIR: false, evmVersion: "cancun" });
    expect(diff!.after.solc).to.match(/^0\.8\.36\+commit\./);
    // The value that the constructor wrote, of what serves; the candidate has none yet.
    expect(diff!.immutables).to.deep.equal([{ name: "__self", type: "address", before: stable }]);

    const { stdout } = await runTask("upgrade diff", { candidate: FILE, against: proxy, functions: "version" });
    expect(stdout).to.include("VaultV1 → VaultV2").and.to.include("5 changed, 2 added, 0 removed, 28 the same");
    expect(stdout).to.match(
      /changed {3}0x54fd4d50 version\(\): 24 instructions\n {14}- .*PUSH1 0x01.*\n {14}\+ .*PUSH1 0x02/,
    );
    expect(stdout).to.include("Storage    compatible");
    expect(stdout.split("\n").length).to.be.lessThan(45);
  });

  it("TOO-11 compares what is deployed: immutables are masked and told, metadata does not count", async () => {
    const { vault: proxy, stable } = await vault();
    const twin = await (await ethers.deployContract("VaultV1")).getAddress();
    const { json } = await runJson<Diffs>("upgrade diff", { candidate: twin, against: proxy });
    const [diff] = json.diffs;
    expect(diff!.before!.codeHash).not.to.equal(diff!.after.codeHash);
    expect(diff).to.include({ isSame: true, outside: "same", data: "same" });
    expect(diff!.functions).to.deep.include({ changed: [], added: [], removed: [], same: 33 });
    expect(diff!.immutables).to.deep.equal([{ name: "__self", type: "address", before: stable, after: twin }]);

    // A comment in the source would change the metadata, and nothing else.
    const code = await ethers.provider.getCode(twin);
    await ethers.provider.send("hardhat_setCode", [twin, code.replace(/(64697066735822.{66})../, "$100")]);
    const commented = await runJson<Diffs>("upgrade diff", { candidate: twin, against: proxy });
    expect(commented.json.diffs[0]!.after.codeHash).not.to.equal(diff!.after.codeHash);
    expect(commented.json.diffs[0]).to.include({ isSame: true });
    expect(commented.json.diffs[0]!.after.maskedHash).to.equal(diff!.after.maskedHash);

    // One byte of code that no build has: it counts, and so do the immutables, which nobody knows now.
    await ethers.provider.send("hardhat_setCode", [twin, code.replace(/54(?=600101)|54(?=90)/, "5c")]);
    const forged = await runJson<Diffs>("upgrade diff", { candidate: twin, against: "vault" });
    expect(forged.json.diffs[0]!.isSame).to.equal(false);
    expect(forged.json.diffs[0]!.functions.changed.length).to.be.greaterThan(0);
    expect(forged.json.diffs[0]!.unmasked).to.deep.equal([twin]);
  });

  it("TOO-12 shows of a proposal what its modules ran before it and run after it, also once it has run", async () => {
    const fixture = await vault();
    const { client, connected, folder } = fixture;
    const file = join(folder, "plan.yaml");
    copyFileSync(FILE, file);
    const options = { root: ROOT, invariantsDir: CATALOGUE, reportHash: REPORT };
    const loaded = readPlanFile(file, readAddressBook(client.deploymentsDir));
    const { plan } = await prepareDeployments(client, connected, loaded, options);
    const proposalId = await propose(fixture, plan);
    const { json } = await runJson<Diffs>("upgrade diff", { candidate: proposalId.slice(2, 8) });
    const [diff] = json.diffs;
    expect(diff!.title).to.equal("vault: VaultV1 → VaultV2");
    expect(diff!.functions.changed).to.have.length(5);
    expect(diff!.after.account).to.equal(diff!.immutables[0]!.after);

    const stored = join(folder, "plan.json");
    writeFileSync(
      stored,
      JSON.stringify(plan, (_key, value: unknown) => (typeof value === "bigint" ? `${value}` : value)),
    );
    await ethers.provider.send("hardhat_setStorageAt", [
      fixture.vault,
      "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc",
      ethers.zeroPadValue(diff!.after.account!, 32),
    ]);
    expect((await runJson<Diffs>("upgrade diff", { candidate: stored })).json).to.deep.equal(json);
  });

  it("TOO-13 fails where the candidate would misread what is stored", async () => {
    const { folder } = await vault();
    const counter = await (await ethers.deployContract("CounterV1__MockForPlan")).getAddress();
    const contract = "contracts/mocks/Counters__MockForPlan.sol:CounterV2Signed__MockForPlan";
    const { exitCode, stdout } = await runTask("upgrade diff", { candidate: contract, against: counter });
    expect(exitCode, folder).to.equal(2);
    expect(stdout).to.match(/Storage {4}broken\n {2}BROKEN {2}storage\.\w+: /);
  });

  it("TOO-14 compares each facet of a diamond with the facet that serves most of its functions", async () => {
    const fixture = withOwnFolder(await loadFixture(subnetFixture));
    books(fixture.client.deploymentsDir);
    const { json, exitCode } = await runJson<Diffs>("upgrade diff", {
      candidate: join(ROOT, "upgrades", "subnet-v2.yaml"),
    });
    expect(exitCode).to.equal(0);
    expect(json.diffs.map(({ title }) => title)).to.deep.equal([
      "GatewayFacet → GatewayFacetV2",
      "SubnetActorFacet → SubnetActorFacetV2",
    ]);
    expect(json.diffs.map((diff) => diff.before!.account)).to.deep.equal([
      fixture.facets["GatewayFacet"],
      fixture.facets["SubnetActorFacet"],
    ]);
    expect(json.diffs.every(({ functions }) => functions.added.length > 0)).to.equal(true);
  });

  it("TOO-15 says what is wrong with what it was given", async () => {
    const { vault: proxy } = await vault();
    const stderrOf = async (candidate: string, against?: string) => {
      const run = await runTask("upgrade diff", { candidate, against });
      expect(run).to.include({
        exitCode: against === "EMPTY" ? 2 : 1,
        stdout: "",
      });
      return run.stderr;
    };
    expect(await stderrOf(proxy))
      .to.include("error OptionInvalid")
      .and.to.include("npx hardhat upgrade diff 0x");
    expect(await stderrOf(CANDIDATE, "nobody")).to.include("a name of addresses.json");
    expect(await stderrOf(CANDIDATE.replace("V2.sol", "V3.sol"), proxy)).to.include("error ArtifactUnknown");
    expect(await stderrOf("abcdef")).to.include("error ProposalUnknown");
    const empty = ethers.getAddress("0x00000000000000000000000000000000000000aa");
    expect(await stderrOf(CANDIDATE, empty)).to.include("error AddressWithoutCode");
  });

  it("TOO-16 registry layout tells where a contract keeps every field", async () => {
    const { vault: proxy } = await vault();
    interface Layout {
      contract: string;
      rows: { space: string; slot: string; offset: number; type: string; name: string }[];
    }
    const { json } = await runJson<Layout>("registry layout", { contract: "contracts/examples/VaultV2.sol:VaultV2" });
    expect(json.rows).to.deep.include({
      space: "slipway.examples.VaultV2",
      slot: "0x92b72a001fd788f94cf212d77fe89c4ccb15b826be630367a189fdefc6cacb00",
      offset: 0,
      bytes: 32,
      type: "uint256",
      name: "withdrawalLimit",
    });
    // By its address: the proxy's implementation is found, and the contract that builds it.
    const deployed = await runJson<Layout>("registry layout", { contract: proxy });
    expect(deployed.json.contract).to.equal("contracts/examples/VaultV1.sol:VaultV1");
    expect((await runTask("registry layout", { contract: "vault" })).stdout).to.include("openzeppelin.storage.ERC20");
    const unknown = await runTask("registry layout", { contract: await (await ethers.getSigners())[0]!.getAddress() });
    expect(unknown.stderr).to.include("error AddressWithoutCode");
  });
});
