import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Contract, getAddress, JsonRpcSigner, type JsonRpcProvider } from "ethers";
import { writeAddresses } from "../../src/chain/addressBook";
import { startAnvil } from "../../src/chain/anvil";
import type { LocalNode } from "../../src/chain/localNode";
import { devProvider } from "../../src/chain/devChain";
import type { ArtifactSource, Client, Log } from "../../src/client";
import { defineInvariants } from "../../src/invariants/defineInvariants";
import { loadInvariants } from "../../src/invariants/loadInvariants";
import { ModuleKind } from "../../src/plan/types";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { writeDeployment } from "../../src/registry/deploymentRecord";
import { deployRegistry } from "../../src/registry/deployRegistry";
import { registerModule } from "../../src/registry/registerModule";
import { UNAVAILABLE, type RegistryParameters } from "../../src/registry/registryParameters";
import { deployBridge, type Bridge } from "../remote/arbitrumBridge";
import { proxyArtifact } from "../remote/artifact";
import { Traffic } from "../remote/traffic";

export const ROOT = resolve(__dirname, "../..");
export const INVARIANTS = join(ROOT, "invariants");
export const PLAN_FILE = join(ROOT, "upgrades", "arbitrum-gateway-1.2.5.yaml");
export const MODULE = "l2-custom-gateway";
export const BRIDGE_INVARIANTS = [
  "bridge-backed",
  "counterpart-unchanged",
  "router-unchanged",
  "token-map-unchanged",
  "proxy-admin-owner-unchanged",
];
const ARBITRUM = 42161;
const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Who is who among the node's accounts. */
export interface People {
  deployer: string;
  release: string;
  risk: string;
  incident: string;
  attesters: string[];
  council: string[];
  electors: string[];
}

/** A chain of its own, and who acts on it. */
export interface Chain {
  node: LocalNode;
  provider: JsonRpcProvider;
  people: People;
  /** Accounts that hold no office. */
  users: string[];
  /** A client that acts as one of the accounts. */
  as(account: string): Client;
  close(): Promise<void>;
}

/** The remote chain with the bridge on it, and everything that the steps need. */
export interface World extends Chain {
  bridge: Bridge;
  traffic: Traffic;
}

export interface WorldOptions {
  artifacts: ArtifactSource;
  deploymentsDir: string;
  log?: Log;
}

/** Starts anvil as the remote chain. What an earlier run left in the folder is gone. */
export async function openChain({ artifacts, deploymentsDir, log = () => undefined }: WorldOptions): Promise<Chain> {
  rmSync(deploymentsDir, { recursive: true, force: true });
  const node = await startAnvil({ root: ROOT, chainId: ARBITRUM, accounts: 100 });
  const provider = devProvider(node.url);
  const close = async () => {
    provider.destroy();
    await node.stop();
  };
  try {
    const accounts = ((await provider.send("eth_accounts", [])) as string[]).map((account) => getAddress(account));
    const at = (from: number, count: number) => accounts.slice(from, from + count);
    const [deployer = "", release = "", risk = "", incident = ""] = accounts;
    return {
      node,
      provider,
      people: { deployer, release, risk, incident, attesters: at(4, 3), council: at(7, 5), electors: at(12, 12) },
      users: at(24, 76),
      as: (account) => ({
        provider,
        signer: new JsonRpcSigner(provider, account),
        artifacts,
        clock: { now: () => Math.floor(Date.now() / 1000) },
        log,
        deploymentsDir,
      }),
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** The remote chain with the bridge deployed on it. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const chain = await openChain(options);
  try {
    const bridge = await deployBridge(chain.provider);
    return { ...chain, bridge, traffic: new Traffic(chain.provider, bridge) };
  } catch (thrown) {
    await chain.close();
    throw thrown;
  }
}

/** What a registry is to govern, once it is there. */
export interface Governed {
  name: string;
  kind: ModuleKind;
  account: string;
  invariants: readonly string[];
  /** Names for plan and catalogue files. */
  addresses: Record<string, string>;
  /** Gives the protocol into the timelock's hands. */
  handOver(timelock: string): Promise<unknown>;
}

/** Deploys the registry, hands the protocol to its timelock, registers the module and defines the invariants. */
export async function governModule(chain: Chain, governed: Governed): Promise<Registry> {
  const { people } = chain;
  const client = chain.as(people.deployer);
  const { registry: address, timelock, block } = await deployRegistry(client, parametersOf(people));
  const book = writeAddresses(client.deploymentsDir, { registry: address, timelock, ...governed.addresses });
  writeDeployment(client.deploymentsDir, { registry: address, timelock, block });
  const registry = await connectRegistry(client);
  await governed.handOver(timelock);
  const { name, kind, account } = governed;
  await registerModule(chain.as(people.release), registry, { name, kind, account });
  await defineInvariants(chain.as(people.risk), registry, loadInvariants(INVARIANTS, governed.invariants, book));
  return registry;
}

/** The registry that governs the bridge, through its ProxyAdmin. */
export function governBridge(world: World): Promise<Registry> {
  const { bridge, people, provider } = world;
  return governModule(world, {
    name: MODULE,
    kind: ModuleKind.Transparent,
    account: bridge.gateway,
    invariants: BRIDGE_INVARIANTS,
    addresses: {
      l2Gateway: bridge.gateway,
      proxyAdmin: bridge.proxyAdmin,
      l1Token: bridge.l1Token,
      l2Token: bridge.l2Token,
      l1Counterpart: bridge.counterpart,
    },
    handOver: async (timelock) => {
      const owner = new JsonRpcSigner(provider, people.deployer);
      const admin = new Contract(bridge.proxyAdmin, proxyArtifact("ProxyAdmin").abi, owner);
      const handed = await admin.getFunction("transferOwnership")(timelock);
      await handed.wait();
    },
  });
}

/** Twelve equal seats, a council of five, and thresholds as a careful team starts with. */
export function parametersOf(people: People): RegistryParameters {
  const standard = {
    approval: { numerator: 2, denominator: 3 },
    quorum: { numerator: 1, denominator: 2 },
    minVoters: 3,
    votingPeriod: 3 * DAY,
    delay: DAY,
    integrityAttestations: 1,
    simulationAttestations: 1,
    artifactAttestations: 0,
    auditAttestations: 0,
    rehearsalAge: 0,
    rehearsalAttestations: 0,
  };
  return {
    roles: {
      release: [people.release],
      risk: [people.risk],
      incident: [people.incident],
      attesters: people.attesters,
      maintainers: [],
      auditors: [],
    },
    policies: {
      standard,
      critical: { ...standard, approval: { numerator: 3, denominator: 4 }, delay: 2 * DAY },
      emergency: UNAVAILABLE,
    },
    council: {
      members: people.council,
      haltThreshold: 2,
      liftThreshold: 3,
      vetoThreshold: 3,
      rollbackThreshold: 3,
      haltDuration: 2 * DAY,
      haltBudget: 5 * DAY,
      coSignThreshold: 2,
      vetoBudget: 3,
      pauseThreshold: 2,
    },
    maxPower: { numerator: 1, denominator: 4 },
    seats: people.electors.map((account) => ({ account, power: 100n })),
    timelockMinDelay: HOUR,
  };
}
