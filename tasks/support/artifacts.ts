import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import type { Artifact, ArtifactSource, Build, CompiledSources, Immutable } from "../../src/client";
import { SlipwayError } from "../../src/errors";
import { readInitializers, type NumberedInitializer } from "../../src/layout/readInitializers";
import { readLayout, type LayoutOutput } from "../../src/layout/readLayout";
import type { Namespaces } from "../../src/layout/readNamespaces";

interface FoundryBytecode {
  object: string;
  linkReferences?: Artifact["linkReferences"];
  immutableReferences?: Artifact["immutableReferences"];
}

/** Hardhat's own artifacts by name, `npm:package/path.json` from node_modules, and JSON files of Hardhat or Foundry. */
export function artifactsOf(hre: HardhatRuntimeEnvironment): ArtifactSource {
  return {
    async read(name: string): Promise<Artifact> {
      if (name.startsWith("npm:")) return parseArtifact(resolveNpm(name), name);
      if (name.endsWith(".json")) return parseArtifact(name, name);
      if (!(await hre.artifacts.artifactExists(name))) {
        throw new SlipwayError("ArtifactUnknown", {
          where: name,
          expected: "a compiled contract, npm:package/file.json or a JSON file",
          found: "nothing of that name",
        });
      }
      return (await hre.artifacts.readArtifact(name)) as unknown as Artifact;
    },
    async layout(name: string): Promise<Namespaces | undefined> {
      if (name.startsWith("npm:") || name.endsWith(".json") || !(await hre.artifacts.artifactExists(name))) {
        return undefined;
      }
      const { sourceName, contractName } = await hre.artifacts.readArtifact(name);
      const output = (await buildOf(hre, `${sourceName}:${contractName}`))?.output;
      return output === undefined ? undefined : readLayout(output, sourceName, contractName);
    },
    async initializers(name: string): Promise<NumberedInitializer[] | undefined> {
      if (name.startsWith("npm:") || name.endsWith(".json") || !(await hre.artifacts.artifactExists(name))) {
        return undefined;
      }
      const { sourceName, contractName } = await hre.artifacts.readArtifact(name);
      const output = (await buildOf(hre, `${sourceName}:${contractName}`))?.output;
      return output === undefined ? undefined : readInitializers(output, sourceName, contractName);
    },
    async build(name: string): Promise<Build | undefined> {
      if (name.startsWith("npm:") || name.endsWith(".json") || !(await hre.artifacts.artifactExists(name))) {
        return undefined;
      }
      const { sourceName, contractName } = await hre.artifacts.readArtifact(name);
      const build = await buildOf(hre, `${sourceName}:${contractName}`);
      return build === undefined ? undefined : readBuild(build, sourceName, contractName);
    },
    async sources(name: string): Promise<CompiledSources | undefined> {
      if (name.startsWith("npm:") || name.endsWith(".json") || !(await hre.artifacts.artifactExists(name))) {
        return undefined;
      }
      const { sourceName, contractName } = await hre.artifacts.readArtifact(name);
      const build = await buildOf(hre, `${sourceName}:${contractName}`);
      const metadata = build?.output.contracts?.[sourceName]?.[contractName]?.metadata;
      if (build === undefined || metadata === undefined) return undefined;
      const paths = Object.keys((JSON.parse(metadata) as { sources: Record<string, unknown> }).sources);
      const sources = Object.fromEntries(paths.map((path) => [path, build.sources[path]?.content ?? ""]));
      const onDisk = (path: string) => join(hre.config.paths.root, path);
      const edited = paths.filter((path) => {
        return existsSync(onDisk(path)) && readFileSync(onDisk(path), "utf8") !== sources[path];
      });
      return { metadata, sources, edited };
    },
    async find(bytes: number, isLike: (code: string) => boolean): Promise<string[]> {
      const all = (compiledCodes ??= readCodes(hre));
      return (await all).filter(({ code }) => code.length === 2 + 2 * bytes && isLike(code)).map(({ name }) => name);
    },
  };
}

/** Runtime code of every compiled contract: hundreds of files, so they are read once. */
let compiledCodes: Promise<{ name: string; code: string }[]> | undefined;

async function readCodes(hre: HardhatRuntimeEnvironment): Promise<{ name: string; code: string }[]> {
  const names = await hre.artifacts.getAllFullyQualifiedNames();
  return Promise.all(
    names.map(async (name) => ({ name, code: (await hre.artifacts.readArtifact(name)).deployedBytecode })),
  );
}

/** What is kept of a build. */
interface KeptBuild {
  output: BuildOutput;
  compiler: string;
  sources: Record<string, { content: string }>;
  settings: { optimizer?: { enabled?: boolean; runs?: number }; viaIR?: boolean; evmVersion?: string };
}

interface Node {
  id?: number;
  nodeType?: string;
  name?: string;
  nodes?: Node[];
  typeDescriptions?: { typeString?: string };
}

type BuildOutput = LayoutOutput & {
  sources: Record<string, { ast?: Node }>;
  contracts?: Record<
    string,
    Record<
      string,
      {
        metadata?: string;
        evm?: { deployedBytecode?: { immutableReferences?: Artifact["immutableReferences"] } };
      }
    >
  >;
};

const builds = new Map<string, KeptBuild>();

function readBuild({ output, compiler, settings }: KeptBuild, source: string, name: string): Build {
  const { optimizer, viaIR = false, evmVersion } = settings;
  const places = output.contracts?.[source]?.[name]?.evm?.deployedBytecode?.immutableReferences ?? {};
  const variables = Object.keys(places).length === 0 ? new Map<number, Node>() : stateVariables(output);
  const immutables = Object.entries(places).map(([id, at]): Immutable => {
    const variable = variables.get(Number(id));
    return { name: variable?.name ?? id, type: variable?.typeDescriptions?.typeString, places: at };
  });
  const runs = optimizer?.enabled === true ? optimizer.runs : undefined;
  return { compiler, optimizerRuns: runs, viaIR, evmVersion, immutables };
}

function stateVariables(output: BuildOutput): Map<number, Node> {
  const found = new Map<number, Node>();
  for (const { ast } of Object.values<{ ast?: Node }>(output.sources)) {
    for (const contract of ast?.nodes ?? []) {
      for (const node of contract.nodes ?? []) if (node.nodeType === "VariableDeclaration") found.set(node.id!, node);
    }
  }
  return found;
}

/** The build that a contract's present artifact comes from: tens of megabytes, so each is read once. */
async function buildOf(hre: HardhatRuntimeEnvironment, name: string): Promise<KeptBuild | undefined> {
  const debug = hre.artifacts.formArtifactPathFromFullyQualifiedName(name).replace(/\.json$/, ".dbg.json");
  if (!existsSync(debug)) return undefined;
  const { buildInfo } = JSON.parse(readFileSync(debug, "utf8")) as { buildInfo: string };
  const known = builds.get(buildInfo);
  if (known !== undefined) return known;
  const info = await hre.artifacts.getBuildInfo(name);
  if (info === undefined) return undefined;
  const kept: KeptBuild = {
    output: info.output as unknown as BuildOutput,
    sources: info.input.sources,
    compiler: info.solcLongVersion.replace(/\.Emscripten\.clang$|\.Linux\.g\+\+$/, ""),
    settings: info.input.settings as KeptBuild["settings"],
  };
  builds.set(buildInfo, kept);
  return kept;
}

function resolveNpm(name: string): string {
  try {
    return require.resolve(name.slice("npm:".length));
  } catch (cause) {
    throw new SlipwayError("ArtifactUnknown", {
      where: name,
      expected: "a file of an installed package",
      found: "nothing there",
      cause,
    });
  }
}

function parseArtifact(path: string, where: string): Artifact {
  if (!existsSync(path)) {
    throw new SlipwayError("ArtifactUnknown", { where, expected: "a JSON file", found: "no file there" });
  }
  const json = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  const bytecode = json["bytecode"] as string | FoundryBytecode | undefined;
  const deployed = json["deployedBytecode"] as string | FoundryBytecode | undefined;
  if (bytecode === undefined || deployed === undefined || !Array.isArray(json["abi"])) {
    throw new SlipwayError("ArtifactUnknown", {
      where,
      expected: "abi, bytecode and deployedBytecode",
      found: Object.keys(json).slice(0, 8).join(", "),
    });
  }
  const contractName = String(
    json["contractName"] ??
      path
        .split("/")
        .pop()
        ?.replace(/\.json$/, ""),
  );
  const abi = json["abi"] as Artifact["abi"];
  if (typeof bytecode === "string" && typeof deployed === "string") {
    return { ...(json as unknown as Artifact), contractName, abi, bytecode, deployedBytecode: deployed };
  }
  const creation = bytecode as FoundryBytecode;
  const runtime = deployed as FoundryBytecode;
  return {
    contractName,
    abi,
    bytecode: creation.object,
    deployedBytecode: runtime.object,
    linkReferences: creation.linkReferences,
    immutableReferences: runtime.immutableReferences,
  };
}
