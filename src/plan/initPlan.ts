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
import { contractAt } from "./contractAt";
import { readDiamond } from "./diamond/readDiamond";
import { loadArtifact } from "./loadArtifact";
import { modulesOf, type RegisteredModule } from "./moduleOf";
import { ModuleKind } from "./types";

export interface InitOptions {
  proxy: string;
  /** `path:Name`, or a JSON file, or `npm:package/file.json`. */
  contract?: string;
  /** The same for a diamond: its new facets. */
  facets?: readonly string[];
  root: string;
  invariantsDir: string;
}

export interface InitiatedPlan {
  /** The plan file's text. */
  text: string;
  module?: RegisteredModule;
  proxy: ProxyInspection;
}

/** Writes a plan file for a proxy or a diamond from the chain as it is, with what a person still has to decide in comments. */
export async function initPlan(
  client: Client,
  registry: Registry | undefined,
  options: InitOptions,
): Promise<InitiatedPlan> {
  await codeAt(client.provider, options.proxy, "--proxy");
  const proxy = await inspectProxy(client.provider, options.proxy);
  const isBeacon = proxy.kind === ModuleKind.Beacon;
  const modules = registry === undefined ? [] : await modulesOf(registry);
  const account = isBeacon ? proxy.beacon : options.proxy;
  const module = modules.find((entry) => entry.account === account);
  const upgrade = await upgradeOf(client, proxy, options);
  const { chainId } = await client.provider.getNetwork();
  const names = [...catalogueFiles(options.invariantsDir).keys()];
  const text = [
    `title: ${upgrade.names.join(" and ")}, what changes`,
    "# class: standard            # critical or emergency take other thresholds and delays",
    `chain: ${chainId}`,
    ...targetLines(options.proxy, proxy, module),
    "",
    "upgrade:",
    ...upgrade.lines,
    "",
    ...upgrade.serves,
    "canary:                       # or: none; a canary is no protection for a security fix",
    isBeacon
      ? "  cohort: proxy               # all users of one proxy meet one version"
      : "  cohort: sender              # or { function, arg } for a selector whose users share one sender",
    "  steps:",
    "    - { share: 5%, dwell: 6h }",
    "    - { share: 25%, dwell: 12h }",
    "    - { share: 100%, dwell: 24h }",
    ...budgetLines(upgrade.abis),
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

/** What a plan file says of the new code. */
interface UpgradeText {
  names: string[];
  abis: Interface[];
  lines: string[];
  /** What serves now. */
  serves: string[];
}

async function upgradeOf(client: Client, proxy: ProxyInspection, options: InitOptions): Promise<UpgradeText> {
  const { contract, facets, proxy: account } = options;
  const isDiamond = proxy.kind === ModuleKind.Diamond;
  if (isDiamond && facets !== undefined && facets.length > 0) return facetsText(client, account, facets, options.root);
  const kinds: readonly (ModuleKind | undefined)[] = [
    ModuleKind.Uups,
    ModuleKind.Transparent,
    ModuleKind.OwnAdmin,
    ModuleKind.Beacon,
  ];
  if (contract !== undefined && facets === undefined && kinds.includes(proxy.kind)) {
    return contractText(client, proxy, contract, options.root);
  }
  if (isDiamond || kinds.includes(proxy.kind)) {
    throw new SlipwayError("OptionInvalid", {
      where: isDiamond ? "--facets" : "--contract",
      expected: isDiamond ? `the new facets of the diamond ${account}` : `the new code of the proxy ${account}`,
      found: isDiamond ? "none" : contract === undefined ? "none" : "--facets too, which are a diamond's",
    });
  }
  throw new SlipwayError("KindUnsupported", {
    where: "--proxy",
    expected: "a UUPS proxy, a transparent one, one that is its own admin, one of a beacon, or a diamond",
    found: `${kindText(proxy.kind)} at ${account}`,
  });
}

/** The key of the plan file that names code, and its ABI. */
async function namedCode(client: Client, name: string, where: string, root: string) {
  const isFile = name.startsWith("npm:") || name.endsWith(".json");
  const artifact = await loadArtifact(client, isFile ? { artifact: name } : { contract: name }, { where, root });
  return { key: isFile ? "artifact" : "contract", name: artifact.contractName, abi: new Interface(artifact.abi) };
}

async function contractText(
  client: Client,
  proxy: ProxyInspection,
  contract: string,
  root: string,
): Promise<UpgradeText> {
  const { key, name, abi } = await namedCode(client, contract, "--contract", root);
  const isBeacon = proxy.kind === ModuleKind.Beacon;
  const serves = isBeacon ? await beaconImplementation(client.provider, proxy.beacon) : proxy.implementation;
  return {
    names: [name],
    abis: [abi],
    lines: [
      `  ${key}: ${contract}`,
      ...constructorLines(abi),
      ...(isBeacon
        ? ["  # A beacon's stages initialise nothing: one call could not reach every proxy."]
        : initLines(abi)),
    ],
    serves: [`# Serves now: ${serves}`],
  };
}

/** Each facet beside the one that serves most of its functions, and what that one serves and no new facet has. */
async function facetsText(
  client: Client,
  account: string,
  facets: readonly string[],
  root: string,
): Promise<UpgradeText> {
  const { live, routes } = await readDiamond(client.provider, account, "--proxy");
  const found = await Promise.all(facets.map((name) => namedCode(client, name, "--facets", root)));
  const has = new Set(found.flatMap(({ abi }) => functionsOf(abi).map(({ selector }) => selector)));
  const replaced = new Set<string>();
  const lines: string[] = [];
  for (const [i, { key, abi }] of found.entries()) {
    const served = functionsOf(abi).flatMap(({ selector }) => routes.get(selector) ?? []);
    const [old] = [...new Set(served)].sort(
      (a, b) => served.filter((facet) => facet === b).length - served.filter((facet) => facet === a).length,
    );
    lines.push(`    - ${key}: ${facets[i]}`);
    lines.push(...constructorLines(abi).map((line) => `    ${line}`));
    if (old === undefined) {
      lines.push("      # the diamond has none of its functions yet");
      continue;
    }
    replaced.add(old);
    const built = await contractAt(client, old);
    lines.push(
      built === undefined ? `      # replaces: the contract that ${old} was compiled from` : `      replaces: ${built}`,
    );
  }
  const gone = live
    .filter(({ facetAddress }) => replaced.has(facetAddress))
    .flatMap(({ functionSelectors }) => functionSelectors.filter((selector) => !has.has(selector)));
  return {
    names: found.map(({ name }) => name),
    abis: found.map(({ abi }) => abi),
    lines: [
      "  facets:",
      ...lines,
      ...(gone.length === 0
        ? []
        : [
            "  # Served by the old facets, and no function of the new ones. Named here, they go with the promotion; else the old ones serve on.",
            `  # remove: [${gone.map((selector) => `"${selector}"`).join(", ")}]`,
          ]),
      ...found.flatMap(({ abi }) => initLines(abi)).filter((line, i, all) => all.indexOf(line) === i),
    ],
    serves: [...replaced].map((facet) => `# Serves now: ${facet}`),
  };
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
function budgetLines(abis: readonly Interface[]): string[] {
  const writes = abis.flatMap(functionsOf).filter((fragment) => !fragment.constant);
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
