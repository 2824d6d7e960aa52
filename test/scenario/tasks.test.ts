import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { Contract, id, ContractFactory, Interface, type JsonRpcProvider } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { startAnvil } from "../../src/chain/anvil";
import { devProvider, warp, warpTo } from "../../src/chain/devChain";
import { readSlots } from "../../src/chain/erc1967";
import type { LocalNode } from "../../src/chain/localNode";
import { historyOf } from "../../src/journal/history";
import { readJournal } from "../../src/journal/journal";
import { FACETS } from "../../src/registry/registryAbi";
import { artifacts } from "../fixtures/registry";
import { spawnKilled, spawnTask } from "../helpers/spawnTask";
import { remoteEnvironment, runJson, runTask, temporaryDeployments, type TaskRun } from "../helpers/tasks";

const ROOT = join(__dirname, "..", "..");
const EXAMPLE = join(ROOT, "deployments", "registry.example.yaml");
const REPORT = `0x${"5a".repeat(32)}`;
const HOUR = 3_600;
const DAY = 24 * HOUR;

const PLAN = `
title: Vault v2 by tasks
module: vault
upgrade:
  contract: contracts/examples/VaultV2.sol:VaultV2
  init: { function: migrateV2(uint256), args: ["1000"] }
canary:
  cohort: sender
  steps:
    - { share: 100%, dwell: 1h }
  errorBudget: 3
  lanes:
    pause: 6h
    groups:
      - { name: deposits, functions: [deposit] }
      - { name: withdrawals, functions: [withdraw], exit: true }
  lockable: [transferOwnership]
readiness: { threshold: 2/3, deadline: 7d, window: 1d }
rollback: auto
`;

/*
 * One UUPS vault from V1 to V2 by nothing but task commands, on a node of its own. Three of them are killed half-way in
 * processes of their own and run again; the others run in this process, as what they do is the point and not how they start.
 */
describe("scenario: a plan by task commands", function () {
  this.timeout(180_000);

  let node: LocalNode;
  let provider: JsonRpcProvider;
  let remote: HardhatRuntimeEnvironment;
  let folder: string;
  let remove: () => void;
  /** By index of the development mnemonic: release, risk, incident, attester, council 4-6, electors 7-9, users from 10. */
  let accounts: string[];
  let proxy: string;
  let proposalId: string;

  before(async () => {
    node = await startAnvil({ root: ROOT, accounts: 20 });
    provider = devProvider(node.url);
    remote = await remoteEnvironment(node.url);
    ({ folder, remove } = temporaryDeployments());
    accounts = (await provider.send("eth_accounts", [])) as string[];
  });
  after(async () => {
    provider?.destroy();
    await node?.stop();
    remove?.();
  });

  const network = () => join(folder, "remote");
  const ok = async (command: string, args: Record<string, string | boolean> = {}): Promise<TaskRun> => {
    const run = await runTask(command, args, remote);
    expect(run.exitCode, `${command}\n${run.stderr}`).to.equal(0);
    return run;
  };
  const state = async () => {
    const { json } = await runJson<{ status: { state: string; nextStage: number; notBefore: number } }>(
      "upgrade status",
      { proposal: proposalId },
      remote,
    );
    return json.status;
  };
  const sentBy = (account: string) => provider.getTransactionCount(account);
  const journal = () => {
    const name = readdirSync(join(network(), "plans")).find((entry) => entry.endsWith(".jsonl"));
    return readJournal(join(network(), "plans", name!)).entries;
  };

  it("CLI-50 registry deploy, killed after its fifth contract was sent, goes on and creates each contract once", async () => {
    const args = ["registry", "deploy", EXAMPLE];
    const killed = await spawnKilled(node.url, args, { count: 5, when: "after" });
    expect(killed.signal).to.equal("SIGKILL");
    expect(await sentBy(accounts[0]!)).to.equal(5);
    const run = await ok("registry deploy", { file: EXAMPLE });
    expect(run.stderr).to.include("was sent by an earlier run");
    expect(await sentBy(accounts[0]!)).to.equal(FACETS.length + 1);
  });

  it("CLI-51 a plan is built, deployed and proposed from its file; a mistake in it is one error and sends nothing", async () => {
    proxy = await deployVault();
    const module = { name: "vault", kind: "uups", account: proxy, as: accounts[0]! };
    await ok("registry module", module);
    const file = join(folder, "vault-v2.yaml");
    writeFileSync(file, PLAN.replace("errorBudget", "errorBudgt"));
    const before = await sentBy(accounts[0]!);
    const bad = await spawnTask(node.url, ["upgrade", "propose", file]);
    expect(bad).to.deep.include({ exitCode: 1, stdout: "" });
    expect(bad.stderr).to.match(
      /^error PlanFileInvalid \(SLIP-101\)\n {2}where {5}.*vault-v2\.yaml:\d+:\d+, key canary\.errorBudgt\n/,
    );
    expect(bad.stderr).not.to.match(/\n {4}at /);
    expect(await sentBy(accounts[0]!)).to.equal(before);

    writeFileSync(file, PLAN);
    await ok("upgrade propose", { file, report: REPORT, as: accounts[0]! });
    const again = await ok("upgrade propose", { file, report: REPORT, as: accounts[0]! });
    expect(again.stdout).to.include("already done");
    const list = await runJson<{ proposals: { proposalId: string }[] }>("upgrade list", {}, remote);
    expect(list.json.proposals).to.have.length(1);
    proposalId = list.json.proposals[0]!.proposalId;

    writeFileSync(file, `${PLAN}# edited\n`);
    const edited = await runTask("upgrade status", { proposal: file }, remote);
    expect(edited.exitCode).to.equal(3);
    expect(edited.stderr).to.include("error PlanEdited (SLIP-302)");
  });

  it("CLI-52 electors and an attester agree, and schedule, killed before the node got it, is sent once by the next run", async () => {
    for (const elector of accounts.slice(7, 10)) {
      await ok("upgrade vote", { proposal: "vault-v2-by-tasks", choice: "for", as: elector });
      await ok("upgrade ready", { proposal: proposalId, as: elector });
    }
    for (const kind of ["integrity", "simulation"]) {
      await ok("upgrade attest", { proposal: proposalId, kind, as: accounts[3]! });
    }
    await warp(provider, 7 * DAY);
    const keeper = accounts[15]!;
    const args = ["upgrade", "schedule", proposalId.slice(2, 8), "--as", keeper];
    const killed = await spawnKilled(node.url, args, { count: 1, when: "before" });
    expect(killed.signal).to.equal("SIGKILL");
    expect(journal().at(-1)).to.include({ kind: "sending", verb: "schedule" });
    expect(await sentBy(keeper)).to.equal(0);
    await ok("upgrade schedule", { proposal: proposalId, as: keeper });
    expect(await sentBy(keeper)).to.equal(1);
    expect((await state()).state).to.equal("Scheduled");
  });

  it("CLI-53 advance, killed after the node got it, is not repeated, and the stage after it does not run", async () => {
    await warpTo(provider, (await state()).notBefore);
    const revalidated = await ok("upgrade revalidate", { proposal: proposalId });
    expect(revalidated.stdout).to.include("are what was voted on");
    const keeper = accounts[16]!;
    const args = ["upgrade", "advance", proposalId.slice(2, 8), "--as", keeper];
    const killed = await spawnKilled(node.url, args, { count: 1, when: "after" });
    expect(killed.signal).to.equal("SIGKILL");
    // Past the dwell, so that a second advance would run the next stage.
    await warpTo(provider, (await state()).notBefore);
    const resumed = await ok("upgrade advance", { proposal: proposalId, as: keeper });
    expect(resumed.stdout).to.match(/advance 0 \w+: already done by 0x\w{64}, which an earlier run sent/);
    expect(await sentBy(keeper)).to.equal(1);
    expect((await state()).nextStage).to.equal(1);
  });

  it("CLI-54 canary status tells who serves, and a frozen canary ends with exit 5 and cannot be promoted", async () => {
    const user = accounts[12]!;
    const vault = new Contract(proxy, (await artifacts.read("VaultV1")).abi, await provider.getSigner(user));
    await (await vault.getFunction("deposit")(100n, user)).wait();
    const canary = await runJson<{ canaries: { share: number; candidateCalls: string; isFrozen: boolean }[] }>(
      "canary status",
      {},
      remote,
    );
    expect(canary.json.canaries[0]).to.include({ share: 10_000, isFrozen: false });
    expect(Number(canary.json.canaries[0]!.candidateCalls)).to.be.greaterThan(0);

    const healthy = await provider.send("evm_snapshot", []);
    await ok("canary freeze", { module: "vault", as: accounts[2]! });
    expect((await runTask("canary status", { module: "vault" }, remote)).exitCode).to.equal(5);
    expect((await runTask("upgrade status", { proposal: proposalId }, remote)).exitCode).to.equal(5);
    const refused = await runTask("upgrade advance", { proposal: proposalId }, remote);
    expect(refused.exitCode).to.equal(5);
    expect(refused.stderr).to.include("error StalePolicy (SLIP-402)").and.to.include("expected 1, actual 2");
    expect((await state()).nextStage).to.equal(1);
    await provider.send("evm_revert", [healthy]);
  });

  it("CLI-78 canary tighten closes a lane, locks a function and lowers the share by the incident key; an exit takes the council", async () => {
    const [, , incident = "", , ...rest] = accounts;
    const council = rest.slice(0, 2);
    const user = await provider.getSigner(accounts[12]!);
    const vault = new Contract(proxy, (await artifacts.read("VaultV1")).abi, user);
    const healthy = await provider.send("evm_snapshot", []);
    const tighten = (args: Record<string, string | boolean>) => ok("canary tighten", { module: "vault", ...args });

    const refused = async (args: Record<string, string>, said: RegExp) => {
      const run = await runTask("canary tighten", { module: "vault", as: incident, ...args }, remote);
      expect(run.exitCode, run.stderr).to.equal(1);
      expect(run.stderr).to.match(said);
    };
    await refused({}, /expected {2}just one of --pause, --drain, --lock, --cap and --share/);
    await refused({ pause: "deposits", drain: "1h" }, /found {5}--pause, --drain/);
    await refused({ pause: "deposit" }, /where {5}--pause\n {2}expected {2}one of deposits, withdrawals/);
    await refused({ share: "100%" }, /expected {2}less than 100%/);
    await refused({ drain: "soon" }, /expected {2}a time such as 2h/);
    expect((await runTask("canary status", { module: "vault" }, remote)).stdout).to.include(
      "lane       deposits: open\n  lane       withdrawals, exit: open",
    );

    await tighten({ pause: "deposits", as: incident });
    // Once more finds it done, and sends nothing.
    const sent = await sentBy(incident);
    await tighten({ pause: "deposits", as: incident });
    expect(await sentBy(incident)).to.equal(sent);
    await tighten({ lock: "transferOwnership(address)", as: incident });
    await tighten({ share: "50%", as: incident });
    const status = (await runTask("canary status", { module: "vault" }, remote)).stdout;
    expect(status)
      .to.match(/lane {7}deposits: closed until 20/)
      .and.to.match(/locked {5}0xf2fde38b/);
    expect(status).to.include("50%");
    const refusal = await vault
      .getFunction("deposit")
      .staticCall(100n, accounts[12]!)
      .catch((thrown: { data?: string }) => thrown.data);
    expect(refusal).to.match(new RegExp(`^${id("LanePaused(uint256,uint256)").slice(0, 10)}`));

    await tighten({ pause: "withdrawals", as: council[0]! });
    expect((await runTask("canary status", { module: "vault" }, remote)).stdout).to.include("withdrawals, exit: open");
    await tighten({ pause: "withdrawals", as: council[1]! });
    expect((await runTask("canary status", { module: "vault" }, remote)).stdout).to.include(
      "withdrawals, exit: closed",
    );
    await provider.send("evm_revert", [healthy]);
  });

  it("CLI-55 a process of its own prints JSON and nothing else to stdout, and the way to stop at the end", async () => {
    const run = await spawnTask(node.url, ["upgrade", "status", "--json"]);
    expect(run.stderr.replace(/^npm warn.*\n/gm, "")).to.equal("");
    const report = JSON.parse(run.stdout) as { proposalId: string; next: string; stop: { command: string }[] };
    expect(report.proposalId).to.equal(proposalId);
    expect(report.next).to.equal(`npx hardhat --network remote upgrade advance ${proposalId.slice(2, 8)}`);
    expect(report.stop[0]!.command).to.equal(
      `npx hardhat --network remote emergency rollback ${proposalId.slice(2, 8)} --reason "…"`,
    );
  });

  it("CLI-56 keep promotes the candidate when its time has come, and the journal holds the whole story", async () => {
    for (let round = 0; round < 3 && (await state()).state !== "Completed"; ++round) {
      await warpTo(provider, (await state()).notBefore);
      await ok("upgrade keep", { once: true, as: accounts[17]! });
    }
    expect((await state()).state).to.equal("Completed");
    const { implementation } = await readSlots(provider, proxy);
    const version = new Contract(proxy, new Interface(["function version() view returns (uint256)"]), provider);
    expect(await version.getFunction("version")()).to.equal(2n);
    const book = JSON.parse(readFileSync(join(network(), "addresses.json"), "utf8")) as Record<string, string>;
    expect(Object.values(book)).to.include(implementation);
    expect((await runTask("canary status", {}, remote)).stdout).to.include("no canary");

    const steps = historyOf(journal());
    expect(steps.filter(({ outcome }) => outcome === "open")).to.deep.equal([]);
    expect(steps.filter(({ verb, outcome }) => verb === "schedule" && outcome === "confirmed")).to.have.length(1);
    for (const verb of ["propose", "vote", "ready", "attest integrity", "schedule", "advance 0"]) {
      const gas = steps.find((step) => step.verb === verb && step.outcome === "confirmed")?.gasUsed;
      expect(gas, verb).to.be.a("bigint");
    }
  });

  it("CLI-57 a node that does not answer is one clear error", async () => {
    const port = await freePort();
    const run = await runTask("upgrade list", {}, await remoteEnvironment(`http://127.0.0.1:${port}`));
    expect(run.exitCode).to.equal(1);
    expect(run.stderr).to.match(/^error NodeUnreachable \(SLIP-236\)/);
  });

  /** A port that nobody listens on. */
  async function freePort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    return port;
  }

  /** A vault that the registry's timelock owns, with some assets in users' hands. */
  async function deployVault(): Promise<string> {
    const signer = await provider.getSigner(accounts[11]!);
    const deploy = async (name: string, args: unknown[]) => {
      const { abi, bytecode } = await artifacts.read(name);
      const contract = await new ContractFactory(abi, bytecode, signer).deploy(...args);
      await contract.waitForDeployment();
      return new Contract(await contract.getAddress(), abi, signer);
    };
    const { timelock } = JSON.parse(readFileSync(join(network(), "addresses.json"), "utf8")) as { timelock: string };
    const token = await deploy("HookToken__MockForRouter", []);
    const vault = await deploy("VaultV1", []);
    const init = vault.interface.encodeFunctionData("initialize", [await token.getAddress(), timelock]);
    const address = await (await deploy("ERC1967Proxy", [await vault.getAddress(), init])).getAddress();
    const user = accounts[12]!;
    await (await token.getFunction("mint")(user, 10_000n)).wait();
    const asUser = token.connect(await provider.getSigner(user)) as Contract;
    await (await asUser.getFunction("approve")(address, 10_000n)).wait();
    return address;
  }
});
