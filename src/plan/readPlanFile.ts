import { existsSync, readFileSync } from "node:fs";
import { id } from "ethers";
import type { AddressBook } from "../chain/addressBook";
import { SlipwayError } from "../errors";
import { planFileSchema, type PlanFile } from "./schema";
import { readYaml } from "./yamlFile";

/** `file:line:column, key …` of a value. */
export type Where = (...path: (string | number)[]) => string;

/** A plan file that has the form of one, with where each value stands, for errors that the chain finds later. */
export interface LoadedPlanFile {
  file: string;
  plan: PlanFile;
  where: Where;
  /** keccak256 of the text: the journal keeps it, so that an edit after proposing is seen. */
  textHash: string;
}

/** Reads and checks the form of a plan file. Nothing here asks the chain. */
export function readPlanFile(file: string, addresses: AddressBook): LoadedPlanFile {
  if (!existsSync(file)) {
    throw new SlipwayError("PlanFileMissing", {
      where: file,
      expected: "a plan file",
      found: "nothing",
      next: "npx hardhat upgrade init --proxy 0x… --contract <Name> writes one",
    });
  }
  return parsePlanText(readFileSync(file, "utf8"), file, addresses);
}

/** The same for a text at hand. */
export function parsePlanText(text: string, file: string, addresses: AddressBook): LoadedPlanFile {
  const { value, locate } = readYaml(text, file, planFileSchema, addresses, { invalid: "PlanFileInvalid" });
  const where: Where = (...path) => `${locate(path)}, key ${path.join(".")}`;
  return { file, plan: value, where, textHash: id(text) };
}
