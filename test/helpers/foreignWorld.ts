import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Contract, Interface, JsonRpcSigner, type InterfaceAbi } from "ethers";
import hre from "hardhat";
import { openChain, ROOT, type Chain } from "../../scripts/demo/openWorld";
import { deployArtifact } from "../../scripts/remote/artifact";
import type { Artifact } from "../../src/client";
import { simulateForeign, type ForeignOptions } from "../../src/foreign/simulateForeign";
import type { ForeignRequest } from "../../src/foreign/types";
import type { Check, RehearsalReport } from "../../src/simulate/types";
import { artifactsOf } from "../../tasks/support/artifacts";

const TREASURY = "contracts/mocks/Treasury__MockForRehearsal.sol";

/** A chain with a treasury that somebody else's governance owns. */
export interface ForeignWorld {
  chain: Chain;
  folder: string;
  deployer: JsonRpcSigner;
  coin: string;
  treasury: string;
  /** Of the treasury, not yet in use. */
  next: string;
  abi: Interface;
  deploy(name: string, args?: unknown[]): Promise<string>;
  deployFrom(artifact: { abi: InterfaceAbi; bytecode: string }, args?: unknown[]): Promise<string>;
  at(address: string, abi: Interface | InterfaceAbi, account?: string): Contract;
  /** Gives the treasury to whoever is to govern it. */
  handOver(owner: string): Promise<void>;
  /** The call that upgrades it, and does `deed` besides. */
  upgrade(deed?: number, to?: string): { target: string; value: bigint; data: string };
  write(name: string, content: unknown): string;
  rehearse(request: ForeignRequest, options?: Partial<ForeignOptions>): Promise<RehearsalReport>;
  close(): Promise<void>;
}

export async function openForeignWorld(): Promise<ForeignWorld> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-foreign-"));
  const chain = await openChain({ artifacts: artifactsOf(hre), deploymentsDir: join(folder, "deployments") });
  const { provider, people } = chain;
  const deployer = new JsonRpcSigner(provider, people.deployer);
  const deployFrom = async (artifact: { abi: InterfaceAbi; bytecode: string }, args: unknown[] = []) =>
    (await deployArtifact(deployer, artifact as Artifact & { deployedBytecode: string }, args)).getAddress();
  const deploy = async (name: string, args: unknown[] = []) => deployFrom(await artifactsOf(hre).read(name), args);
  const abi = new Interface((await artifactsOf(hre).read(`${TREASURY}:TreasuryV2__MockForRehearsal`)).abi);
  const coin = await deploy(`${TREASURY}:Coin__MockForRehearsal`, [people.deployer]);
  const ledger = await deploy(`${TREASURY}:Ledger__MockForRehearsal`);
  const first = await deploy(`${TREASURY}:TreasuryV1__MockForRehearsal`);
  const next = await deploy(`${TREASURY}:TreasuryV2__MockForRehearsal`);
  const init = abi.encodeFunctionData("initialize", [people.deployer, coin, ledger]);
  const treasury = await deploy("ERC1967Proxy", [first, init]);
  await (await deployer.sendTransaction({ to: treasury, value: 1_000n })).wait();
  const at = (address: string, of: Interface | InterfaceAbi, account = people.deployer) =>
    new Contract(address, of, new JsonRpcSigner(provider, account));
  return {
    chain,
    folder,
    deployer,
    coin,
    treasury,
    next,
    abi,
    deploy,
    deployFrom,
    at,
    handOver: async (owner) => {
      await (await at(treasury, abi).getFunction("transferOwnership")(owner)).wait();
    },
    upgrade: (deed = 0, to = chain.users[7]!) => ({
      target: treasury,
      value: 0n,
      data: abi.encodeFunctionData("upgradeToAndCall", [next, abi.encodeFunctionData("migrate", [deed, to])]),
    }),
    write: (name, content) => {
      const file = join(folder, name);
      const text = JSON.stringify(content, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
      writeFileSync(file, typeof content === "string" ? content : text);
      return file;
    },
    rehearse: (request, options = {}) =>
      simulateForeign(chain.as(people.deployer), request, {
        root: ROOT,
        url: chain.node.url,
        tool: "slipway test",
        ...options,
      }),
    close: async () => {
      await chain.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function checkOf(report: RehearsalReport, id: string): Check {
  const found = report.checks.find((check) => check.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return found;
}

/** "lifecycle pass", of every check. */
export function answersOf(report: RehearsalReport): string[] {
  return report.checks.map(({ id, status }) => `${id} ${status}`);
}
