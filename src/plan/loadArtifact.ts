import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { isHexString } from "ethers";
import type { Artifact, Client } from "../client";
import { SlipwayError } from "../errors";
import { nearest } from "./nearest";

export interface ArtifactReference {
  /** `path:Name` of a contract compiled here. */
  contract?: string;
  /** A JSON file of Hardhat or Foundry, or `npm:package/path.json`. */
  artifact?: string;
  /** Addresses of the libraries that the code is linked with, by name. */
  libraries?: Readonly<Record<string, string>>;
}

/** Where a plan's artifact comes from, for an error. */
export interface ArtifactOrigin {
  where: string;
  /** Folder that relative paths and packages are resolved from. */
  root: string;
}

/**
 * A compiled contract with code to deploy. Code with holes where libraries belong is refused: deployed, it would call
 * into nothing.
 */
export async function loadArtifact(
  client: Client,
  reference: ArtifactReference,
  origin: ArtifactOrigin,
): Promise<Artifact> {
  const read =
    reference.contract !== undefined
      ? await compiled(client, reference.contract, origin.where)
      : readArtifactFile(reference.artifact!, origin);
  const artifact = linked(read, reference.libraries ?? {}, origin.where);
  const libraries = unlinkedLibraries(artifact);
  if (libraries.length > 0) {
    throw new SlipwayError("ArtifactUnlinked", {
      where: origin.where,
      expected: `${artifact.contractName} with its libraries linked`,
      found: `holes for ${libraries.join(", ")}`,
      next: `say where they are: upgrade.libraries: { ${libraries.map((name) => `${name}: "0x…"`).join(", ")} }`,
    });
  }
  if (!isHexString(artifact.bytecode) || artifact.bytecode === "0x") {
    throw new SlipwayError("ArtifactInvalid", {
      where: origin.where,
      expected: `${artifact.contractName} with code to deploy`,
      found: "no bytecode: an interface or an abstract contract",
    });
  }
  return artifact;
}

async function compiled(client: Client, name: string, where: string): Promise<Artifact> {
  try {
    return await client.artifacts.read(name);
  } catch (cause) {
    throw new SlipwayError("ArtifactUnknown", {
      where,
      expected: "path:Name of a compiled contract",
      found: name,
      next: "npx hardhat compile",
      meaning: cause instanceof Error ? cause.message.split("\n")[0] : undefined,
      cause,
    });
  }
}

function readArtifactFile(reference: string, origin: ArtifactOrigin): Artifact {
  const file = reference.startsWith("npm:") ? packageFile(reference, origin) : resolve(origin.root, reference);
  if (!existsSync(file)) {
    throw new SlipwayError("ArtifactUnknown", { where: origin.where, expected: "a JSON file", found: reference });
  }
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch (cause) {
    throw new SlipwayError("ArtifactInvalid", {
      where: origin.where,
      expected: "valid JSON",
      found: reference,
      cause,
    });
  }
  return toArtifact(json, reference, origin.where);
}

/** A file inside an installed package, found from the project's root as Node finds packages. */
function packageFile(reference: string, origin: ArtifactOrigin): string {
  const path = reference.slice("npm:".length);
  const name = path
    .split("/")
    .slice(0, path.startsWith("@") ? 2 : 1)
    .join("/");
  const paths = createRequire(join(origin.root, "package.json")).resolve.paths(name) ?? [];
  const folder = paths.map((base) => join(base, name)).find((candidate) => existsSync(candidate));
  if (folder === undefined) {
    throw new SlipwayError("ArtifactUnknown", {
      where: origin.where,
      expected: `the package ${name}`,
      found: "not installed",
      next: `npm install --save-dev ${name}`,
    });
  }
  return join(folder, path.slice(name.length + 1));
}

interface Code {
  object: string;
  linkReferences?: Artifact["linkReferences"];
  immutableReferences?: Artifact["immutableReferences"];
}

/** Hardhat writes code as text, Foundry as an object. */
function toArtifact(json: Record<string, unknown>, reference: string, where: string): Artifact {
  const { abi, bytecode, deployedBytecode } = json;
  const isHardhat = typeof bytecode === "string" && typeof deployedBytecode === "string";
  const isFoundry = isCode(bytecode) && isCode(deployedBytecode);
  if (!Array.isArray(abi) || (!isHardhat && !isFoundry)) {
    throw new SlipwayError("ArtifactInvalid", {
      where,
      expected: "abi, bytecode and deployedBytecode",
      found: `${reference} with ${Object.keys(json).join(", ")}`,
    });
  }
  const fallbackName = reference
    .split("/")
    .at(-1)!
    .replace(/\.json$/, "");
  const contractName = typeof json.contractName === "string" ? json.contractName : fallbackName;
  if (isHardhat) {
    return {
      contractName,
      sourceName: typeof json.sourceName === "string" ? json.sourceName : undefined,
      abi: abi as Artifact["abi"],
      bytecode,
      deployedBytecode,
      linkReferences: json.linkReferences as Artifact["linkReferences"],
    };
  }
  const [creation, runtime] = [bytecode as Code, deployedBytecode as Code];
  return {
    contractName,
    abi: abi as Artifact["abi"],
    bytecode: creation.object,
    deployedBytecode: runtime.object,
    linkReferences: creation.linkReferences,
    immutableReferences: runtime.immutableReferences,
  };
}

function isCode(value: unknown): value is Code {
  return typeof value === "object" && value !== null && typeof (value as Code).object === "string";
}

/** The artifact with these libraries in its holes. */
function linked(artifact: Artifact, libraries: Readonly<Record<string, string>>, where: string): Artifact {
  const references = Object.values(artifact.linkReferences ?? {}).flatMap((file) => Object.entries(file));
  const names = references.map(([name]) => name);
  const unknown = Object.keys(libraries).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new SlipwayError("ArtifactUnlinked", {
      where,
      expected: names.length === 0 ? `${artifact.contractName}, which links no library` : `one of ${names.join(", ")}`,
      found: `a library ${unknown}`,
      next: nearest(unknown, names),
    });
  }
  const bytecode = references.reduce((code, [name, holes]) => {
    const address = libraries[name];
    return address === undefined ? code : holes.reduce((text, hole) => fill(text, hole.start, address), code);
  }, artifact.bytecode);
  return { ...artifact, bytecode };
}

function fill(code: string, start: number, address: string): string {
  const at = 2 + 2 * start;
  return `${code.slice(0, at)}${address.slice(2).toLowerCase()}${code.slice(at + 40)}`;
}

/** Names of the libraries whose addresses the code still lacks. */
function unlinkedLibraries(artifact: Artifact): string[] {
  const holes = artifact.bytecode.match(/__(\$[0-9a-fA-F]{34}\$|.{36})__/g) ?? [];
  if (holes.length === 0) return [];
  const named = Object.values(artifact.linkReferences ?? {}).flatMap((libraries) => Object.keys(libraries));
  return named.length > 0 ? [...new Set(named)] : [...new Set(holes)];
}
