import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Contract, Interface, JsonRpcSigner } from "ethers";
import hre from "hardhat";
import { governModule, INVARIANTS, openChain, ROOT, type Chain } from "../../scripts/demo/openWorld";
import { deployArtifact } from "../../scripts/remote/artifact";
import { readAddressBook } from "../../src/chain/addressBook";
import type { Artifact } from "../../src/client";
import { parsePlanText } from "../../src/plan/readPlanFile";
import { ModuleKind } from "../../src/plan/types";
import type { Registry } from "../../src/registry/connect";
import type { OpenFork } from "../../src/simulate/openFork";
import { simulate } from "../../src/simulate/simulate";
import type { Check, RehearsalReport } from "../../src/simulate/types";
import { artifactsOf } from "../../tasks/support/artifacts";

/** A treasury with ether and coins behind a UUPS proxy, governed by a registry, on a node that plays the remote chain. */
export interface TreasuryWorld {
  chain: Chain;
  registry: Registry;
  treasury: string;
  coin: string;
  ledger: string;
  /** Nobody in particular. */
  outsider: string;
  deploymentsDir: string;
  /** Rehearses the upgrade to the next version, whose migration does `deed` besides; `more` is added to the plan file. */
  rehearse(deed: number, more?: string, openFork?: OpenFork, contract?: string): Promise<RehearsalReport>;
  close(): Promise<void>;
}

export async function openTreasuryWorld(): Promise<TreasuryWorld> {
  const deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-treasury-"));
  const chain = await openChain({ artifacts: artifactsOf(hre), deploymentsDir });
  const { people, provider } = chain;
  const signer = new JsonRpcSigner(provider, people.deployer);
  const deploy = async (name: string, args: unknown[] = []) => {
    const artifact = await artifactsOf(hre).read(name);
    return (await deployArtifact(signer, artifact as Artifact & { deployedBytecode: string }, args)).getAddress();
  };
  const abi = new Interface((await artifactsOf(hre).read("TreasuryV2__MockForRehearsal")).abi);
  const coin = await deploy("Coin__MockForRehearsal", [people.deployer]);
  const ledger = await deploy("Ledger__MockForRehearsal");
  const stable = await deploy("TreasuryV1__MockForRehearsal");
  const init = abi.encodeFunctionData("initialize", [people.deployer, coin, ledger]);
  const treasury = await deploy("ERC1967Proxy", [stable, init]);
  await (await signer.sendTransaction({ to: treasury, value: 1_000n })).wait();
  const token = new Contract(coin, ["function transfer(address,uint256)"], signer);
  await (await token.getFunction("transfer")(treasury, 1_000)).wait();
  const registry = await governModule(chain, {
    name: "treasury",
    kind: ModuleKind.Uups,
    account: treasury,
    invariants: [],
    addresses: { treasury, coin, ledger },
    handOver: async (timelock) => {
      await (await new Contract(treasury, abi, signer).getFunction("transferOwnership")(timelock)).wait();
    },
  });
  const outsider = chain.users[7]!;
  const block = await provider.getBlockNumber();
  return {
    chain,
    registry,
    treasury,
    coin,
    ledger,
    outsider,
    deploymentsDir,
    rehearse: (deed, more = "", openFork, contract = "TreasuryV2__MockForRehearsal") => {
      const text = `title: Treasury v2
module: treasury
upgrade:
  contract: contracts/mocks/Treasury__MockForRehearsal.sol:${contract}
  replaces: contracts/mocks/Treasury__MockForRehearsal.sol:TreasuryV1__MockForRehearsal
  init: { function: "migrate(uint8,address)", args: ["${deed}", "${outsider}"] }
canary: none
readiness: { threshold: 2/3, deadline: 7d, window: 24h }
rollback: auto
${more}`;
      const loaded = parsePlanText(text, join(ROOT, "treasury.yaml"), readAddressBook(deploymentsDir));
      return simulate(chain.as(people.release), registry, loaded, {
        root: ROOT,
        invariantsDir: INVARIANTS,
        url: chain.node.url,
        block,
        tool: "slipway test",
        openFork,
      });
    },
    close: async () => {
      await chain.close();
      rmSync(deploymentsDir, { recursive: true, force: true });
    },
  };
}

export function checkOf(report: RehearsalReport, id: string): Check {
  const found = report.checks.find((check) => check.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return found;
}
