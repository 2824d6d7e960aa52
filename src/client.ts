import type { InterfaceAbi, Provider, Signer } from "ethers";
import type { NumberedInitializer } from "./layout/readInitializers";
import type { Namespaces } from "./layout/readNamespaces";

/** A compiled contract, whoever compiled it (Hardhat or Foundry). */
export interface Artifact {
  contractName: string;
  sourceName?: string;
  abi: InterfaceAbi;
  bytecode: string;
  deployedBytecode: string;
  /** Bytes to mask in `deployedBytecode`: the constructor writes them. */
  immutableReferences?: Record<string, { start: number; length: number }[]>;
  linkReferences?: Record<string, Record<string, { start: number; length: number }[]>>;
}

/** An immutable, and the places of its value in the runtime code. */
export interface Immutable {
  /** Its name and type, where the build tells; else the compiler's number for it. */
  name: string;
  type?: string;
  places: { start: number; length: number }[];
}

/** How a contract was compiled. */
export interface Build {
  /** "0.8.36+commit.8a079791". */
  compiler: string;
  optimizerRuns?: number;
  viaIR: boolean;
  evmVersion?: string;
  immutables: Immutable[];
}

/** What a compiler was given, and what it says it was given. */
export interface CompiledSources {
  /** The metadata file, whose hash stands at the end of the code. */
  metadata: string;
  /** Text of the sources as they were compiled, by path. */
  sources: Record<string, string>;
  /** Sources that now lie on disk with another text. */
  edited: string[];
}

/** Where compiled contracts come from; a task injects Hardhat's. */
export interface ArtifactSource {
  /** By contract name or `path:Name`, or by a path to a JSON file of Hardhat or Foundry. */
  read(name: string): Promise<Artifact>;
  /** How the contract lays out its storage; undefined where its build does not tell. */
  layout?(name: string): Promise<Namespaces | undefined>;
  /** Which versions its functions initialise; undefined where its build does not tell. */
  initializers?(name: string): Promise<NumberedInitializer[] | undefined>;
  /** How the contract was compiled; undefined where that was not kept. */
  build?(name: string): Promise<Build | undefined>;
  /** What the contract was compiled from; undefined where that was not kept. */
  sources?(name: string): Promise<CompiledSources | undefined>;
  /** The compiled contracts that `isLike` takes for runtime code of so many bytes. */
  find?(bytes: number, isLike: (deployedBytecode: string) => boolean): Promise<string[]>;
}

/** Seconds since the epoch, for messages only: what counts is the chain's clock. */
export interface Clock {
  now(): number;
}

/** Where progress lines go: stderr in a task. */
export type Log = (line: string) => void;

/** Everything an action may touch. No globals, no environment, no console in `src/`. */
export interface Client {
  provider: Provider & { send(method: string, params: unknown[]): Promise<unknown> };
  /** Absent for actions that only read. */
  signer?: Signer;
  artifacts: ArtifactSource;
  clock: Clock;
  log: Log;
  /** Folder of this network's addresses and journals: `deployments/<network>`. */
  deploymentsDir: string;
}
