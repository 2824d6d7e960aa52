import type { InterfaceAbi, Provider, Signer } from "ethers";
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

/** Where compiled contracts come from; a task injects Hardhat's. */
export interface ArtifactSource {
  /** By contract name or `path:Name`, or by a path to a JSON file of Hardhat or Foundry. */
  read(name: string): Promise<Artifact>;
  /** How the contract lays out its storage; undefined where its build does not tell. */
  layout?(name: string): Promise<Namespaces | undefined>;
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
