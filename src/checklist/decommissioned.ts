import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { toJson } from "../report/toJson";

/** Code that served a module once, and is not to be called any more. */
export interface Decommissioned {
  address: string;
  codeHash: string;
  module: string;
  proposalId: string;
  /** Block of the stage after which it no longer served. */
  block: number;
}

const schema = z.array(
  z.strictObject({
    address: z.string(),
    codeHash: z.string(),
    module: z.string(),
    proposalId: z.string(),
    block: z.int(),
  }),
);

/** `decommissioned.json` of the network's folder: addresses are kept, for nobody should deploy or point to them again. */
export function readDecommissioned(deploymentsDir: string): Decommissioned[] {
  const file = fileOf(deploymentsDir);
  return existsSync(file) ? schema.parse(JSON.parse(readFileSync(file, "utf8"))) : [];
}

/** Adds to the list. The file is replaced in one step. */
export function addDecommissioned(deploymentsDir: string, added: readonly Decommissioned[]): void {
  const kept = readDecommissioned(deploymentsDir).filter(
    ({ address, module }) => !added.some((one) => one.address === address && one.module === module),
  );
  mkdirSync(deploymentsDir, { recursive: true });
  const file = fileOf(deploymentsDir);
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, `${toJson([...kept, ...added])}\n`);
  renameSync(draft, file);
}

function fileOf(deploymentsDir: string): string {
  return join(deploymentsDir, "decommissioned.json");
}
