import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Contract, encodeBytes32String, getAddress, JsonRpcSigner, type JsonRpcProvider } from "ethers";
import { writeAddresses } from "../../src/chain/addressBook";
import { startAnvil } from "../../src/chain/anvil";
import type { LocalNode } from "../../src/chain/localNode";
import { devProvider } from "../../src/chain/devChain";
import type { ArtifactSource, Client, Log } from "../../src/client";
import { loadInvariants } from "../../src/invariants/loadInvariants";
import { ModuleKind } from "../../src/plan/types";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { writeDeployment } from "../../src/registry/deploymentRecord";
import { deployRegistry } from "../../src/registry/deployRegistry";
import { perform } from "../../src/registry/perform";
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

/** The remote chain with the bridge on it, and everything that the steps need. */
export interface World {
  node: LocalNode;
  provider: JsonRpcProvider;
  bridge: Bridge;
  traffic: Traffic;
  people: People;
  /** A client that acts as one of the accounts. */
  as(account: string): Client;
  close(): Promise<void>;
}

export interface WorldOptions {
  artifacts: ArtifactSource;
  deploymentsDir: string;
  log?: Log;
}

/** Starts anvil as the remote chain and deploys the bridge on it. What an earlier run left in the folder is gone. */
export async function openWorld({ artifacts, deploymentsDir, log = () => undefined }: WorldOptions): Promise<World> {
  rmSync(deploymentsDir, { recursive: true, force: true });
  const node = await startAnvil({ root: ROOT, chainId: ARBITRUM, accounts: 100 });
  const provider = devProvider(node.url);
  try {
    const bridge = await deployBridge(provider);
    const traffic = new Traffic(provider, bridge);
    const accounts = ((await provider.send("eth_accounts", [])) as string[]).map((account) => getAddress(account));
    const at = (from: number, count: number) => accounts.slice(from, from + count);
    const [deployer = "", release = "", risk = "", incident = ""] = accounts;
    return {
      node,
      provider,
      bridge,
      traffic,
      people: { deployer, release, risk, incident, attesters: at(4, 3), council: at(7, 5), electors: at(12, 12) },
      as: (account) => ({
        provider,
        signer: new JsonRpcSigner(provider, account),
        artifacts,
        clock: { now: () => Math.floor(Date.now() / 1000) },
        log,
        deploymentsDir,
      }),
      close: async () => {
        provider.destroy();
        await node.stop();
      },
    };
  } catch (thrown) {
    provider.destroy();
    await node.stop();
    throw thrown;
  }
}

/** Deploys the registry, hands the ProxyAdmin to its timelock, registers the module and defines the invariants. */
export async function governBridge(world: World): Promise<Registry> {
  const { bridge, people, provider } = world;
  const client = world.as(people.deployer);
  const deployment = await deployRegistry(client, parametersOf(people));
  const book = writeAddresses(client.deploymentsDir, {
    registry: deployment.registry,
    timelock: deployment.timelock,
    l2Gateway: bridge.gateway,
    proxyAdmin: bridge.proxyAdmin,
    l1Token: bridge.l1Token,
    l2Token: bridge.l2Token,
    l1Counterpart: bridge.counterpart,
  });
  const { registry: address, timelock, block } = deployment;
  writeDeployment(client.deploymentsDir, { registry: address, timelock, block });
  const registry = await connectRegistry(client);

  const admin = new Contract(
    bridge.proxyAdmin,
    proxyArtifact("ProxyAdmin").abi,
    new JsonRpcSigner(provider, people.deployer),
  );
  const handed = await admin.getFunction("transferOwnership")(timelock);
  await handed.wait();
  const send = (account: string, verb: string, method: string, args: unknown[]) =>
    perform(world.as(account), registry, {
      verb,
      to: registry.address,
      data: registry.iface.encodeFunctionData(method, args),
      isDone: () => Promise.resolve(false),
    });
  const module = [encodeBytes32String(MODULE), ModuleKind.Transparent, bridge.gateway, bridge.proxyAdmin];
  await send(people.release, "register module", "registerModule", module);
  for (const { name, invariant } of loadInvariants(INVARIANTS, BRIDGE_INVARIANTS, book)) {
    await send(people.risk, `define ${name}`, "defineInvariant", [invariant]);
  }
  return registry;
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
