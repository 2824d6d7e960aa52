import { Interface, ZeroAddress } from "ethers";
import { beaconImplementation } from "../chain/beacon";
import { codeAt } from "../chain/codeAt";
import { inspectProxy, kindText, type ProxyInspection } from "../chain/inspectProxy";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { catalogueFiles } from "../invariants/loadInvariants";
import type { Registry } from "../registry/connect";
import { functionsOf } from "./abi";
import { initializersOf } from "./checkInitializers";
import { loadArtifact } from "./loadArtifact";
import { modulesOf, type RegisteredModule } from "./moduleOf";
import { ModuleKind } from "./types";

export interface InitOptions {
  proxy: string;
  /** `path:Name`, or a JSON file, or `npm:package/file.json`. */
  contract: string;
  root: string;
  invariantsDir: string;
}

export interface InitiatedPlan {
  /** The plan file's text. */
  text: string;
  module?: RegisteredModule;
  proxy: ProxyInspection;
}

/** Writes a plan file for a proxy from the chain as it is, with what a person still has to decide in comments. */
export async function initPlan(
  client: Client,
  registry: Registry | undefined,
  options: InitOptions,
): Promise<InitiatedPlan> {
  await codeAt(client.provider, options.proxy, "--proxy");
  const proxy = await inspectProxy(client.provider, options.proxy);
  const isBeacon = proxy.kind === ModuleKind.Beacon;
  const kinds: readonly (ModuleKind | undefined)[] = [ModuleKind.Uups, ModuleKind.Transparent, ModuleKind.OwnAdmin];
  if (!kinds.includes(proxy.kind) && !isBeacon) {
    throw new SlipwayError("KindUnsupported", {
      where: "--proxy",
      expected: "a UUPS proxy, a transparent one, one that is its own admin, or one of a beacon",
      found: `${kindText(proxy.kind)} at ${options.proxy}`,
    });
  }
  const isFile = options.contract.startsWith("npm:") || options.contract.endsWith(".json");
  const artifact = await loadArtifact(
    client,
    isFile ? { artifact: options.contract } : { contract: options.contract },
    { where: "--contract", root: options.root },
  );
  const abi = new Interface(artifact.abi);
  const modules = registry === undefined ? [] : await modulesOf(registry);
  const account = isBeacon ? proxy.beacon : options.proxy;
  const module = modules.find((entry) => entry.account === account);
  const serves = isBeacon ? await beaconImplementation(client.provider, proxy.beacon) : proxy.implementation;
  const { chainId } = await client.provider.getNetwork();
  const key = isFile ? "artifact" : "contract";
  const names = [...catalogueFiles(options.invariantsDir).keys()];
  const text = [
    `title: ${artifact.contractName}, what changes`,
    "# class: standard            # critical or emergency take other thresholds and delays",
    `chain: ${chainId}`,
    ...targetLines(options.proxy, proxy, module),
    "",
    "upgrade:",
    `  ${key}: ${options.contract}`,
    ...constructorLines(abi),
    ...(isBeacon
      ? ["  # A beacon's stages initialise nothing: one call could not reach every proxy."]
      : initLines(abi)),
    "",
    `# Serves now: ${serves}`,
    "canary:                       # or: none; a canary is no protection for a security fix",
    isBeacon
      ? "  cohort: proxy               # all users of one proxy meet one version"
      : "  cohort: sender              # or { function, arg } for a selector whose users share one sender",
    "  steps:",
    "    - { share: 5%, dwell: 6h }",
    "    - { share: 25%, dwell: 12h }",
    "    - { share: 100%, dwell: 24h }",
    ...budgetLines(abi),
    "",
    ...invariantLines(names),
    "",
    "readiness: { threshold: 2/3, deadline: 7d, window: 24h }",
    "executionWindow: 3d",
    "rollback: auto                # the inverse, derived from the chain",
    "",
  ].join("\n");
  return { text, module, proxy };
}

function targetLines(account: string, proxy: ProxyInspection, module: RegisteredModule | undefined): string[] {
  if (module !== undefined) {
    const named = [`module: ${module.name}`, `baseVersion: ${module.version}`];
    return proxy.kind === ModuleKind.Beacon ? [...named, `proxies: ["${account}"]`] : named;
  }
  const admin = proxy.admin === ZeroAddress ? "" : `, admin: "${proxy.admin}"`;
  return [
    "# Not a registered module yet: register it (npx hardhat registry module), then this target is found by its proxy.",
    `target: { kind: ${kindText(proxy.kind)}, proxy: "${account}"${admin} }`,
  ];
}

function constructorLines(abi: Interface): string[] {
  const { inputs } = abi.deploy;
  if (inputs.length === 0) return [];
  return [`  # constructor(${inputs.map((input) => input.format("full")).join(", ")})`, "  args: []"];
}

/** Initialisers are the commonest way to lose an upgrade, so each is shown. */
function initLines(abi: Interface): string[] {
  const initialisers = initializersOf(abi);
  if (initialisers.length === 0) return ["  # no initialiser found in the ABI"];
  return [
    "  # Run by the upgrade itself, before any traffic. What nobody runs must be locked:",
    '  # lock: { function: "…", args: […] } is called on the implementation right after it is deployed.',
    ...initialisers.map((fragment) => {
      const args = fragment.inputs.map((input) => input.format("full")).join(", ");
      return `  # init: { function: "${fragment.format("sighash")}", args: [${args}] }`;
    }),
  ];
}

/** Candidates for meters: every call that takes an amount. Without a meter or `free`, a selector stays on stable. */
function budgetLines(abi: Interface): string[] {
  const writes = functionsOf(abi).filter((fragment) => !fragment.constant);
  const metered = writes.flatMap((fragment) => {
    const index = fragment.inputs.findIndex((input) => /^uint(256|128)?$/.test(input.type));
    return index === -1 ? [] : [`      # - { function: "${fragment.format("sighash")}", arg: ${index} }`];
  });
  return [
    "  budget:                     # the only bound on loss: a share is none",
    "    per: 1h",
    "    cap: 10 ether",
    "    # While there is a cap, a call without a meter and not free is served by stable.",
    ...(metered.length === 0 ? [] : ["    # meters:", ...metered]),
    '    # free: ["approve(address,uint256)"]',
  ];
}

function invariantLines(names: readonly string[]): string[] {
  if (names.length === 0) return ["# invariants: []           # define some: npx hardhat invariant define"];
  return ["invariants: []", `# in the catalogue: ${names.join(", ")}`];
}
