import { existsSync, readFileSync } from "node:fs";
import type { AddressBook } from "../chain/addressBook";
import { expectField, type ExpectFile } from "../plan/schema";
import { readYaml } from "../plan/yamlFile";
import { invalid } from "./readCallsFile";

/** Reads `--expect`: what stands under `expect:` in a plan file. */
export function readExpectFile(file: string, addresses: AddressBook): ExpectFile {
  if (!existsSync(file)) throw invalid(file, "a file of what is expected", "no such file");
  return readYaml(readFileSync(file, "utf8"), file, expectField, addresses, { invalid: "GovernanceInputInvalid" })
    .value;
}
