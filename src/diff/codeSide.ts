import { dataLength, dataSlice, Interface, keccak256, stripZerosLeft, getAddress } from "ethers";
import { splitMetadata, type Metadata } from "../bytecode/metadata";
import { Program } from "../bytecode/program";
import type { Artifact, Build, Client, Immutable } from "../client";
import { SlipwayError } from "../errors";
import { isDeployed } from "../plan/checkLayout";

/** One of the two codes that are compared. */
export interface CodeSide {
  /** Where it is deployed; absent for a candidate that is not yet. */
  account?: string;
  /** What it was compiled from; absent where no compiled contract builds it. */
  contract?: string;
  abi?: Interface;
  /** Runtime code as it is, metadata included. */
  code: string;
  /** Code that creates it, without arguments, where its artifact is at hand. */
  creation?: string;
  metadata?: Metadata;
  build?: Build;
  immutables: readonly Immutable[];
  /** Places of immutables and libraries. */
  masked: readonly { start: number; length: number }[];
  program: Program;
}

const HOLE = /__(\$[0-9a-fA-F]{34}\$|.{36})__/g;

/** The code of an account, and the compiled contract that builds it: `contract` where it is named, else whichever fits. */
export async function deployedSide(client: Client, account: string, contract?: string): Promise<CodeSide> {
  const code = await client.provider.getCode(account);
  if (code === "0x") {
    throw new SlipwayError("AddressWithoutCode", {
      where: account,
      expected: "a contract",
      found: "no code there",
    });
  }
  const isLike = (compiled: string) => isBuiltFrom(code, compiled);
  const [found] =
    contract === undefined ? ((await client.artifacts.find?.(dataLength(code), isLike)) ?? []) : [contract];
  if (found === undefined) return side({ account, code });
  const artifact = await client.artifacts.read(found);
  if (!isLike(artifact.deployedBytecode)) {
    throw new SlipwayError("CandidateMismatch", {
      where: account,
      expected: `the code that ${found} builds`,
      found: "other code",
      meaning: "the contract named is not the one that is deployed, so it says nothing about it",
    });
  }
  return side({ account, code, artifact, contract: found, build: await client.artifacts.build?.(found) });
}

/** Whether code is what an artifact deploys, but for immutables, libraries and metadata. */
function isBuiltFrom(code: string, compiled: string): boolean {
  const filled = compiled.replace(HOLE, "0".repeat(40));
  return isDeployed(splitMetadata(code).code, splitMetadata(filled).code);
}

/** Code that is compiled and not deployed: immutables have no value yet, libraries no place. */
export async function compiledSide(client: Client, contract: string, artifact: Artifact): Promise<CodeSide> {
  const code = artifact.deployedBytecode.replace(HOLE, "0".repeat(40));
  return side({ code, artifact, contract, build: await client.artifacts.build?.(contract) });
}

function side(known: {
  account?: string;
  code: string;
  artifact?: Artifact;
  contract?: string;
  build?: Build;
}): CodeSide {
  const { account, code, artifact, contract, build } = known;
  const { code: bare, metadata } = splitMetadata(code);
  const immutables = build?.immutables ?? immutablesOf(artifact);
  const libraries = holesOf(artifact?.deployedBytecode ?? "0x");
  const masked = [...immutables.flatMap(({ places }) => places), ...libraries];
  return {
    ...(account === undefined ? {} : { account }),
    ...(artifact === undefined
      ? {}
      : { contract: contract ?? artifact.contractName, abi: new Interface(artifact.abi) }),
    code,
    ...(artifact === undefined ? {} : { creation: artifact.bytecode.replace(HOLE, "0".repeat(40)) }),
    metadata,
    build,
    immutables,
    masked,
    program: new Program(bare, masked),
  };
}

function immutablesOf(artifact: Artifact | undefined): Immutable[] {
  return Object.entries(artifact?.immutableReferences ?? {}).map(([name, places]) => ({ name, places }));
}

function holesOf(code: string): { start: number; length: number }[] {
  return [...code.matchAll(HOLE)].map(({ index }) => ({ start: (index - 2) / 2, length: 20 }));
}

/** The value of an immutable in code that is deployed, as its type reads. */
export function valueOf({ code, account }: CodeSide, { places, type }: Immutable): string | undefined {
  const [first] = places;
  if (account === undefined || first === undefined) return undefined;
  const word = dataSlice(code, first.start, first.start + first.length);
  if (type === "address" || type === "address payable" || type?.startsWith("contract ") === true) {
    return getAddress(dataSlice(word, word.length === 66 ? 12 : 0));
  }
  if (type === "bool") return String(BigInt(word) !== 0n);
  if (/^uint\d+$/.test(type ?? "")) return BigInt(word).toString();
  return type === undefined ? stripZerosLeft(word) : word;
}

/** keccak256 of the runtime code without metadata, immutables and libraries set to zero: what the source alone decides. */
export function maskedHash({ code, masked }: CodeSide): string {
  let { code: bare } = splitMetadata(code);
  for (const { start, length } of masked) {
    bare = `${bare.slice(0, 2 + 2 * start)}${"00".repeat(length)}${bare.slice(2 + 2 * (start + length))}`;
  }
  return keccak256(bare);
}
