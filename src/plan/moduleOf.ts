import { ZeroHash } from "ethers";
import { SlipwayError } from "../errors";
import type { Registry } from "../registry/connect";
import { readRequirements, type Requirements } from "../registry/flags";
import { moduleName } from "./moduleName";
import { nearest } from "./nearest";
import type { ModuleKind } from "./types";

/** A registered upgrade target, as the registry holds it. */
export interface RegisteredModule {
  name: string;
  /** The name as it stands in a plan: left-aligned ASCII in a word. */
  word: string;
  kind: ModuleKind;
  account: string;
  authority: string;
  version: bigint;
  lockedBy?: string;
  isRetired: boolean;
  /** What plans on it wait for; undefined: nothing. */
  requires?: Requirements;
}

/** Every module of the registry. */
export async function modulesOf(registry: Registry): Promise<RegisteredModule[]> {
  const words = (await registry.contract.getFunction("moduleNames").staticCall()) as string[];
  return Promise.all(
    words.map(async (word) => {
      const module = await registry.contract.getFunction("moduleOf").staticCall(word);
      return {
        name: moduleName(word),
        word,
        kind: Number(module.kind) as ModuleKind,
        account: module.account as string,
        authority: module.authority as string,
        version: module.version as bigint,
        lockedBy: module.lockedBy === ZeroHash ? undefined : (module.lockedBy as string),
        isRetired: module.isRetired as boolean,
        requires: module.hasRequirements === true ? await readRequirements(registry, word) : undefined,
      };
    }),
  );
}

/** The module of a name, or of the account users call. */
export async function moduleOf(
  registry: Registry,
  wanted: { name: string; account?: undefined } | { name?: undefined; account: string },
  where: string,
): Promise<RegisteredModule> {
  const all = await modulesOf(registry);
  const found = all.find((module) =>
    wanted.name === undefined ? module.account === wanted.account : module.name === wanted.name,
  );
  if (found !== undefined) return found;
  const names = all.map((module) => module.name);
  const near = wanted.name === undefined ? undefined : nearest(wanted.name, names);
  throw new SlipwayError("ModuleUnknown", {
    where,
    expected: near ?? (names.length === 0 ? "a registered module" : `one of ${names.join(", ")}`),
    found: wanted.name ?? wanted.account,
    next: near === undefined ? "register it: npx hardhat registry module --help" : `write ${near}`,
  });
}
