import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "../errors";
import { toJson } from "../report/toJson";

/** What is known of a deployed registry beside its addresses: `registry.json` of the network's folder. */
export interface DeploymentRecord {
  registry: string;
  timelock: string;
  /** Block in which the registry was created: the first one that can hold its events. */
  block: number;
}

/** The record of this registry; undefined where the folder holds none, or another registry's. */
export function readDeployment(deploymentsDir: string, registry: string): DeploymentRecord | undefined {
  const file = join(deploymentsDir, "registry.json");
  if (!existsSync(file)) return undefined;
  const record = parse(file);
  return record.registry.toLowerCase() === registry.toLowerCase() ? record : undefined;
}

export function writeDeployment(deploymentsDir: string, record: DeploymentRecord): void {
  mkdirSync(deploymentsDir, { recursive: true });
  const file = join(deploymentsDir, "registry.json");
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, `${toJson(record)}\n`);
  renameSync(draft, file);
}

function parse(file: string): DeploymentRecord {
  const expected = "registry, timelock and block";
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as DeploymentRecord;
    if (typeof record.registry === "string" && Number.isInteger(record.block)) return record;
  } catch (cause) {
    throw new SlipwayError("AddressBookInvalid", { where: file, expected, found: "no JSON", cause });
  }
  throw new SlipwayError("AddressBookInvalid", { where: file, expected, found: "something else" });
}
