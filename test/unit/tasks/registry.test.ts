import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { getCreateAddress, id, ZeroAddress } from "ethers";
import { ethers } from "hardhat";
import { readJournal, type JournalEntry } from "../../../src/journal/journal";
import { deployRegistry } from "../../../src/registry/deployRegistry";
import { FACETS } from "../../../src/registry/registryAbi";
import { readRegistryFile } from "../../../src/registry/registryFile";
import { artifacts, namedActors, registryFixture, registryParameters, silent } from "../../fixtures/registry";
import { asTimelock } from "../../helpers/asTimelock";
import { removeClients } from "../../helpers/client";
import { addModule, MODULE } from "../../helpers/plans";
import { runJson, runTask, temporaryDeployments } from "../../helpers/tasks";

const EXAMPLE = join(__dirname, "..", "..", "..", "deployments", "registry.example.yaml");
const PROPOSER = id("PROPOSER_ROLE");

describe("tasks of the registry", () => {
  let folder: string;
  let network: string;
  let remove: () => void;

  beforeEach(() => {
    ({ folder, remove } = temporaryDeployments());
    network = join(folder, "hardhat");
    mkdirSync(network);
  });
  afterEach(() => {
    remove();
    removeClients();
  });

  const useAddresses = (addresses: Record<string, string>) =>
    writeFileSync(join(network, "addresses.json"), JSON.stringify(addresses));
  const addresses = () => JSON.parse(readFileSync(join(network, "addresses.json"), "utf8")) as Record<string, string>;

  describe("deploy", () => {
    const deployer = async () => (await ethers.getSigners())[0]!.address;
    const sent = async () => ethers.provider.getTransactionCount(await deployer());

    it("CLI-30 deploys the example, and a second run sends nothing", async () => {
      await loadFixture(registryFixture);
      const before = await sent();
      const run = await runJson<{ status: string; registry: string; timelock: string }>("registry deploy", {
        file: EXAMPLE,
      });
      expect(run.exitCode, run.stderr).to.equal(0);
      expect(run.json.status).to.equal("deployed");
      expect(await sent()).to.equal(before + FACETS.length + 1);
      expect(addresses()).to.include({ registry: run.json.registry, timelock: run.json.timelock });

      const again = await runJson<{ status: string; registry: string }>("registry deploy", { file: EXAMPLE });
      expect(again.json).to.include({ status: "already", registry: run.json.registry });
      expect(await sent()).to.equal(before + FACETS.length + 1);

      const roles = await runJson<{ roles: Record<string, string[]>; council: { members: string[] } }>(
        "registry roles",
      );
      expect(roles.json.roles["RELEASE"]).to.deep.equal(["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"]);
      expect(roles.json.council.members).to.have.length(3);
      const electorate = await runTask("registry electorate");
      expect(electorate.stdout).to.include("3 seats, power 300");
      expect(electorate.stdout).to.include("Standard: 300 after clipping each to 150 (1/2)");
    });

    it("CLI-31 killed after each contract, it goes on and creates each of them once", async function () {
      this.timeout(60_000);
      await loadFixture(registryFixture);
      const first = await runTask("registry deploy", { file: EXAMPLE });
      expect(first.exitCode, first.stderr).to.equal(0);
      const book = addresses();
      const total = await sent();
      const journal = join(network, "registry.jsonl");
      const lines = readFileSync(journal, "utf8").split("\n").slice(0, -1);
      const firstSending = readJournal(journal).entries[0] as Extract<JournalEntry, { kind: "sending" }>;
      // A kill right after the last one was sent: neither the address book nor the journal's end tell of it.
      for (const kept of [lines.length, lines.length - 1, lines.length - 2]) {
        writeFileSync(
          journal,
          lines
            .slice(0, kept)
            .map((line) => `${line}\n`)
            .join(""),
        );
        useAddresses({ DiamondCutFacet: book["DiamondCutFacet"]! });
        const run = await runTask("registry deploy", { file: EXAMPLE });
        expect(run.exitCode, run.stderr).to.equal(0);
        expect(addresses(), `journal of ${kept} lines`).to.deep.equal(book);
        expect(await sent(), `journal of ${kept} lines`).to.equal(total);
      }
      expect(book["DiamondCutFacet"]).to.equal(
        getCreateAddress({ from: firstSending.from, nonce: firstSending.nonce }),
      );
    });

    it("CLI-32 --dry-run checks the file, says what is missing, and sends nothing", async () => {
      const before = await sent();
      const run = await runJson<{ status: string; missing: string[] }>("registry deploy", {
        file: EXAMPLE,
        dryRun: true,
      });
      expect(run.json.status).to.equal("would-deploy");
      expect(run.json.missing).to.deep.equal([...FACETS, "UpgradeRegistry"]);
      expect(await sent()).to.equal(before);
      expect(existsSync(join(network, "addresses.json"))).to.equal(false);
    });

    for (const [name, from, to, expected] of [
      ["a misspelt key", "votingPeriod: 7d", "votingPerod: 7d", "votingPeriod (nearest"],
      ["a duration without a unit", "minDelay: 1h", "minDelay: 3600", 'a duration such as "6h"'],
      ["a rounded fraction", "maxPower: 1/2", "maxPower: 50%", "a fraction such as"],
      ["a broken address", "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955", "0x14dC79", "an address (20 bytes"],
    ] as const) {
      it(`CLI-33 a configuration with ${name} names line and key, and sends nothing`, async () => {
        const before = await sent();
        const file = join(folder, "registry.yaml");
        const text = readFileSync(EXAMPLE, "utf8");
        expect(text).to.include(from);
        writeFileSync(file, text.replace(from, to));
        const run = await runTask("registry deploy", { file });
        expect(run.exitCode).to.equal(1);
        expect(run.stderr).to.include("error ConfigInvalid (SLIP-225)").and.to.include(expected);
        expect(run.stderr).to.match(/registry\.yaml:\d+:\d+, key/);
        expect(await sent()).to.equal(before);
      });
    }

    it("CLI-58 a vote lasts seven days in the example, and where a file does not say", () => {
      const text = readFileSync(EXAMPLE, "utf8");
      const { policies } = readRegistryFile(EXAMPLE, { file: "", addresses: {} });
      expect([policies.standard.votingPeriod, policies.critical.votingPeriod]).to.deep.equal([604_800, 604_800]);
      const file = join(folder, "registry.yaml");
      writeFileSync(file, text.replace(/ +votingPeriod: 7d.*\n/g, ""));
      expect(readFileSync(file, "utf8")).not.to.include("votingPeriod: 7d");
      expect(readRegistryFile(file, { file: "", addresses: {} }).policies).to.deep.equal(policies);
    });

    it("CLI-34 a configuration that the registry refuses ends with the contract's error", async () => {
      const file = join(folder, "registry.yaml");
      writeFileSync(file, readFileSync(EXAMPLE, "utf8").replace("rollback: 2", "rollback: 9"));
      const run = await runTask("registry deploy", { file });
      expect(run.exitCode).to.equal(2);
      expect(run.stderr).to.include("ThresholdInvalid").and.to.include("9, 3");
      expect(addresses()).not.to.have.property("registry");
    });

    it("CLI-35 an address book of another chain is refused, and nothing is deployed beside it", async () => {
      useAddresses({ registry: "0x00000000000000000000000000000000000000aa" });
      const before = await sent();
      const run = await runTask("registry deploy", { file: EXAMPLE });
      expect(run.exitCode).to.equal(1);
      expect(run.stderr).to.include("error RegistryMissing (SLIP-200)").and.to.include("another chain");
      expect(await sent()).to.equal(before);
    });
  });

  describe("module", () => {
    async function proxies() {
      const fixture = await registryFixture();
      const timelock = fixture.deployment.timelock;
      const stranger = fixture.stranger.address;
      const vault = await ethers.deployContract("VaultV1");
      const init = (owner: string) => vault.interface.encodeFunctionData("initialize", [timelock, owner]);
      const proxy = async (owner: string) =>
        (await ethers.deployContract("ERC1967Proxy", [await vault.getAddress(), init(owner)])).getAddress();
      const transparent = async (owner: string) =>
        (
          await ethers.deployContract("TransparentUpgradeableProxy", [await vault.getAddress(), owner, init(timelock)])
        ).getAddress();
      return {
        ...fixture,
        uups: await proxy(timelock),
        foreignUups: await proxy(stranger),
        transparent: await transparent(timelock),
        foreignTransparent: await transparent(stranger),
      };
    }
    /** `account` is one of the proxies above, or an address. */
    const register = async ({ account, ...args }: { name: string; kind: string; account: string }) => {
      const fixture = await loadFixture(proxies);
      useAddresses({ registry: fixture.deployment.registry });
      const address = (fixture as unknown as Record<string, string | undefined>)[account] ?? account;
      const run = await runTask("registry module", { as: fixture.release.address, account: address, ...args });
      return { fixture, run };
    };

    it("CLI-36 registers a UUPS proxy that the timelock owns, and a repeated run sends nothing", async () => {
      const { fixture, run } = await register({ name: "vault", kind: "uups", account: "uups" });
      expect(run.exitCode, run.stderr).to.equal(0);
      const module = await fixture.registry.moduleOf(ethers.encodeBytes32String("vault"));
      expect([module.account, module.authority]).to.deep.equal([fixture.uups, fixture.deployment.timelock]);
      const args = { name: "vault", kind: "uups", account: fixture.uups, as: fixture.release.address };
      expect((await runTask("registry module", args)).stdout).to.include("already done");
      const list = await runTask("registry module");
      expect(list.stdout).to.match(/^vault {2}uups {2}0x\w+ {2}upgraded by 0x\w+ {2}version 0 {2}free\n$/);
    });

    it("CLI-37 finds the ProxyAdmin of a transparent proxy, and that the timelock owns it", async () => {
      const { fixture, run } = await register({ name: "vault", kind: "transparent", account: "transparent" });
      expect(run.exitCode, run.stderr).to.equal(0);
      const { authority } = await fixture.registry.moduleOf(ethers.encodeBytes32String("vault"));
      const admin = await ethers.getContractAt("ProxyAdmin", authority);
      expect(await admin.owner()).to.equal(fixture.deployment.timelock);
    });

    for (const [name, args, error] of [
      [
        "a UUPS proxy that somebody else owns",
        { kind: "uups", account: "foreignUups" },
        "AuthorityMismatch (SLIP-126)",
      ],
      [
        "an admin that somebody else owns",
        { kind: "transparent", account: "foreignTransparent" },
        "AuthorityMismatch (SLIP-126)",
      ],
      ["a proxy of another kind", { kind: "transparent", account: "uups" }, "ProxyKindMismatch (SLIP-117)"],
      [
        "an account without code",
        { kind: "uups", account: "0x00000000000000000000000000000000000000aa" },
        "AddressWithoutCode (SLIP-115)",
      ],
      ["an unknown kind", { kind: "clone", account: "uups" }, "OptionInvalid (SLIP-228)"],
    ] as const) {
      it(`CLI-38 refuses ${name}, and registers nothing`, async () => {
        const { fixture, run } = await register({ name: "vault", ...args });
        expect(run.exitCode).to.equal(1);
        expect(run.stderr).to.include(`error ${error}`);
        expect(await fixture.registry.moduleNames()).to.deep.equal([]);
      });
    }
  });

  describe("flag", () => {
    it("FLG-16 lists flags, and the incident key turns one off; a module's line says what it waits for", async () => {
      const fixture = await loadFixture(registryFixture);
      useAddresses({ registry: fixture.deployment.registry });
      const { registry, incident, stranger } = fixture;
      expect((await runTask("registry flag")).stdout).to.include("no flag was ever");
      const [flag, other] = ["dial-v2", "other"].map(ethers.encodeBytes32String) as [string, string];
      await addModule(fixture);
      await addModule(fixture, other);
      const timelock = await asTimelock(fixture);
      await timelock.enableFlag(flag, 0);
      await timelock.setRequirements(MODULE, flag, [{ module: other, minVersion: 2 }]);
      expect((await runTask("registry flag")).stdout).to.include("dial-v2  on  cleared 0 times");
      const refused = await runTask("registry flag", { name: "dial-v2", clear: true, as: stranger.address });
      expect(refused.stderr).to.include("error Unauthorized (SLIP-216)");
      expect(await registry.isEnabled(flag)).to.equal(true);
      const run = await runTask("registry flag", { name: "dial-v2", clear: true, as: incident.address });
      expect(run.exitCode, run.stderr).to.equal(0);
      expect(await registry.isEnabled(flag)).to.equal(false);
      const listed = await runJson<{ flags: unknown }>("registry flag", { name: "dial-v2" });
      expect(listed.json.flags).to.deep.equal([{ name: "dial-v2", isEnabled: false, epoch: 1 }]);
      const modules = await runTask("registry module");
      expect(modules.stdout).to.include("requires flag dial-v2 (off), other from version 2 on (now 0)");
      expect((await runTask("registry flag", { clear: true })).stderr).to.include("OptionInvalid");
    });
  });

  describe("adopt", () => {
    async function adopted() {
      const actors = await namedActors();
      const { deployer, release, others } = actors;
      const [proposer, executor] = others;
      const timelock = await ethers.deployContract("TimelockController", [
        3600,
        [proposer!.address, release.address],
        [executor!.address],
        deployer.address,
      ]);
      await timelock.connect(deployer).revokeRole(PROPOSER, release.address);
      const address = await timelock.getAddress();
      const parameters = { ...registryParameters(actors), timelock: address };
      const { registry } = await deployRegistry({ artifacts, signer: deployer, log: silent }, parameters);
      return { timelock, address, registry, deployer, proposer: proposer!.address, release: release.address };
    }

    it("CLI-39 lists who else has power over the timelock, and refuses while one of them is not accepted", async () => {
      const { address, registry, proposer, deployer, release } = await loadFixture(adopted);
      useAddresses({ registry });
      const run = await runTask("registry adopt", { timelock: address });
      expect(run.exitCode).to.equal(2);
      expect(run.stderr).to.include("error TimelockRisk (SLIP-226)");
      expect(run.stderr).to.include(`PROPOSER ${proposer.toLowerCase()}`);
      expect(run.stderr).to.include(`ADMIN ${deployer.address.toLowerCase()}`);
      // Revoked as proposer, still canceller: the constructor gives both.
      expect(run.stderr).to.include(`CANCELLER ${release.toLowerCase()}`);
      expect(run.stderr).not.to.include(`PROPOSER ${release.toLowerCase()}`);
      const partly = await runTask("registry adopt", { timelock: address, acceptRisk: proposer });
      expect(partly.exitCode).to.equal(2);
    });

    it("CLI-40 gives the calls of the timelock's admin; once they are made, nothing is left to call", async () => {
      const { timelock, address, registry, proposer, deployer, release } = await loadFixture(adopted);
      useAddresses({ registry });
      const acceptRisk = [proposer, deployer.address, release].join(",");
      const run = await runJson<{ calls: { to: string; data: string; what: string }[] }>("registry adopt", {
        timelock: address,
        acceptRisk,
      });
      expect(run.exitCode, run.stdout).to.equal(0);
      expect(run.json.calls.map(({ what }) => what)).to.deep.equal([
        "grantRole(PROPOSER_ROLE, registry)",
        "grantRole(CANCELLER_ROLE, registry)",
        "grantRole(EXECUTOR_ROLE, registry)",
      ]);
      for (const { to, data } of run.json.calls) await deployer.sendTransaction({ to, data });
      expect(await timelock.hasRole(PROPOSER, registry)).to.equal(true);
      const done = await runTask("registry adopt", { timelock: address, acceptRisk });
      expect(done.stdout).to.include("the registry holds every role it needs").and.to.include("ACCEPTED RISK");
    });

    it("CLI-41 an open executor is no risk, and needs no grant", async () => {
      const { timelock, address, registry, proposer, deployer, release } = await loadFixture(adopted);
      await timelock.connect(deployer).grantRole(id("EXECUTOR_ROLE"), ZeroAddress);
      useAddresses({ registry });
      const run = await runJson<{ isOpenExecutor: boolean; calls: { what: string }[] }>("registry adopt", {
        timelock: address,
        acceptRisk: [proposer, deployer.address, release].join(","),
      });
      expect(run.json.isOpenExecutor).to.equal(true);
      expect(run.json.calls.map(({ what }) => what)).not.to.include("grantRole(EXECUTOR_ROLE, registry)");
    });

    it("CLI-66 knows a recovery proposer of this timelock by its code, and nothing that only looks like one", async () => {
      const { timelock, address, registry, proposer, deployer, release } = await loadFixture(adopted);
      useAddresses({ registry });
      const [owner] = await ethers.getSigners();
      const recoveryOf = async (bound: string) =>
        (await ethers.deployContract("RecoveryProposer", [bound, owner!.address])).getAddress();
      const own = await recoveryOf(address);
      const EXECUTOR = id("EXECUTOR_ROLE");
      for (const role of [PROPOSER, EXECUTOR]) await timelock.connect(deployer).grantRole(role, own);
      const acceptRisk = [proposer, deployer.address, release].join(",");
      const run = await runJson<{ holders: { account: string; role: string; isRecovery: boolean; power: string }[] }>(
        "registry adopt",
        { timelock: address, acceptRisk },
      );
      expect(run.exitCode, run.stdout).to.equal(0);
      const found = run.json.holders.filter(({ account }) => account === own.toLowerCase());
      expect(found.map(({ role, isRecovery }) => [role, isRecovery])).to.deep.equal([
        ["PROPOSER", true],
        ["EXECUTOR", true],
      ]);
      expect(found[0]!.power).to.include(owner!.address).and.to.include("after thirty days");
      const shown = await runTask("registry adopt", { timelock: address, acceptRisk });
      expect(shown.stdout).to.include("recovery proposer of");
      // One of another timelock, and one that may cancel as well, are risks like anybody else.
      const foreign = await recoveryOf(deployer.address);
      await timelock.connect(deployer).grantRole(PROPOSER, foreign);
      const refused = await runTask("registry adopt", { timelock: address, acceptRisk });
      expect(refused.exitCode).to.equal(2);
      expect(refused.stderr).to.include(`PROPOSER ${foreign.toLowerCase()}`).and.not.to.include(own.toLowerCase());
      await timelock.connect(deployer).revokeRole(PROPOSER, foreign);
      await timelock.connect(deployer).grantRole(id("CANCELLER_ROLE"), own);
      const cancels = await runTask("registry adopt", { timelock: address, acceptRisk });
      expect(cancels.exitCode).to.equal(2);
      expect(cancels.stderr).to.include(`CANCELLER ${own.toLowerCase()}`);
    });

    it("CLI-42 refuses a timelock that this registry was not made with", async () => {
      const { registry } = await loadFixture(adopted);
      const other = await ethers.deployContract("TimelockController", [1, [], [], ZeroAddress]);
      useAddresses({ registry });
      const run = await runTask("registry adopt", { timelock: await other.getAddress() });
      expect(run.exitCode).to.equal(2);
      expect(run.stderr).to.include("a registry keeps the timelock it was made with");
    });
  });
});
