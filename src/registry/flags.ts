import { encodeBytes32String, ZeroHash } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { moduleName } from "../plan/moduleName";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";
import { registryLogs } from "./registryLogs";

/** A switch of the registry. */
export interface FlagFacts {
  name: string;
  isEnabled: boolean;
  /** How often it was cleared. */
  epoch: number;
}

/** What must be true before a plan on a module may advance. */
export interface Requirements {
  flag?: { name: string; isEnabled: boolean };
  modules: { name: string; minVersion: number; version: number }[];
}

const LONGEST_NAME = 31;

/** Every flag that was ever turned on or cleared: names from the events, the rest from the chain. */
export async function readFlags(client: Client, registry: Registry): Promise<FlagFacts[]> {
  const logs = [
    ...(await registryLogs(client, registry, "FlagEnabled")),
    ...(await registryLogs(client, registry, "FlagCleared")),
  ];
  const words = [...new Set(logs.map(({ args }) => String(args["flag"])))];
  const flags = await Promise.all(words.map((word) => readFlag(registry, word)));
  return flags.sort((a, b) => a.name.localeCompare(b.name));
}

export async function readFlag(registry: Registry, word: string): Promise<FlagFacts> {
  const [isEnabled, epoch] = await Promise.all([
    registry.contract.getFunction("isEnabled").staticCall(word) as Promise<boolean>,
    registry.contract.getFunction("flagEpoch").staticCall(word) as Promise<bigint>,
  ]);
  return { name: moduleName(word), isEnabled, epoch: Number(epoch) };
}

/** What a module requires, with what is the case; undefined where it requires nothing. */
export async function readRequirements(registry: Registry, module: string): Promise<Requirements | undefined> {
  const { flag, dependencies } = await registry.contract.getFunction("requirementsOf").staticCall(module);
  if (flag === ZeroHash && dependencies.length === 0) return undefined;
  const modules: Requirements["modules"] = [];
  for (const { module: word, minVersion } of dependencies as { module: string; minVersion: bigint }[]) {
    const { version } = await registry.contract.getFunction("moduleOf").staticCall(word);
    modules.push({ name: moduleName(word), minVersion: Number(minVersion), version: Number(version) });
  }
  const facts = flag === ZeroHash ? undefined : await readFlag(registry, flag as string);
  return { flag: facts && { name: facts.name, isEnabled: facts.isEnabled }, modules };
}

/** What keeps a plan on the module from its next stage, a line each; versions count before the first stage only. */
export function unmetRequirements({ flag, modules }: Requirements, isFirst: boolean): string[] {
  return [
    ...(flag === undefined || flag.isEnabled ? [] : [`flag ${flag.name} is off`]),
    ...modules
      .filter(({ minVersion, version }) => isFirst && version < minVersion)
      .map(({ name, minVersion, version }) => `${name} is at version ${version}, needs ${minVersion}`),
  ];
}

/** Turns a flag off, and voids every plan's call to turn it on that was agreed before. */
export async function clearFlag(
  client: Client,
  registry: Registry,
  params: { name: string } & SendOptions,
): Promise<Performed> {
  const { name } = params;
  if (name === "" || Buffer.byteLength(name) > LONGEST_NAME) {
    throw new SlipwayError("OptionInvalid", { where: "NAME", expected: `1 to ${LONGEST_NAME} bytes`, found: name });
  }
  const flag = encodeBytes32String(name);
  const { epoch } = await readFlag(registry, flag);
  return perform(client, registry, {
    ...params,
    verb: `clear flag ${name}`,
    to: registry.address,
    data: registry.iface.encodeFunctionData("clearFlag", [flag]),
    isDone: async () => (await readFlag(registry, flag)).epoch > epoch,
  });
}
