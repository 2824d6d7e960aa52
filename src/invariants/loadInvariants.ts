import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { AddressBook } from "../chain/addressBook";
import { SlipwayError } from "../errors";
import { nearest } from "../plan/nearest";
import { readYaml } from "../plan/yamlFile";
import { buildInvariant } from "./buildInvariant";
import { invariantIdOf } from "./invariantIdOf";
import { invariantFileSchema } from "./schema";
import type { Invariant } from "./types";

/** One row of the catalogue, ready to define or to cite. */
export interface LoadedInvariant {
  name: string;
  id: string;
  file: string;
  description?: string;
  isInline: boolean;
  invariant: Invariant;
}

/**
 * Reads the named rows of a catalogue folder. Only their addresses have to be known: a catalogue may serve several
 * protocols, and not every network holds all of them.
 */
export function loadInvariants(folder: string, names: readonly string[], addresses: AddressBook): LoadedInvariant[] {
  const files = catalogueFiles(folder);
  return names.map((name) => {
    const file = files.get(name);
    if (file !== undefined) return loadInvariantFile(file, addresses);
    const known = [...files.keys()];
    const near = nearest(name, known);
    throw new SlipwayError("InvariantUnknown", {
      where: folder,
      expected: near ?? (known.length === 0 ? "a catalogue file" : `one of ${known.join(", ")}`),
      found: name,
      next: near === undefined ? `write ${join(folder, `${name}.yaml`)}` : `write ${near}`,
    });
  });
}

/** Reads one catalogue file. A row without an action is refused: it would say something and do nothing. */
export function loadInvariantFile(file: string, addresses: AddressBook): LoadedInvariant {
  const { value } = readYaml(readFileSync(file, "utf8"), file, invariantFileSchema, addresses, {
    invalid: "InvariantFileInvalid",
  });
  const { action } = value;
  if (action === undefined) {
    throw new SlipwayError("InvariantWithoutAction", {
      where: `${file}, invariant ${value.name}`,
      expected: "action: freeze or rollback",
      found: "no action",
      next: `add "action: freeze" to ${file}`,
    });
  }
  const invariant = buildInvariant({ ...value, action }, file);
  return {
    name: value.name,
    id: invariantIdOf(invariant),
    file,
    description: value.description,
    isInline: value.inline ?? false,
    invariant,
  };
}

/** File of each row, by name. Two rows of one name would make a citation ambiguous. */
export function catalogueFiles(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  if (!existsSync(folder)) return files;
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.ya?ml$/.test(path))
    .sort();
  for (const path of paths) {
    const file = join(folder, path);
    const name: unknown = parseDocument(readFileSync(file, "utf8"), { schema: "failsafe" }).get("name");
    if (typeof name !== "string") {
      throw new SlipwayError("InvariantFileInvalid", { where: file, expected: "a key name", found: "none" });
    }
    const other = files.get(name);
    if (other !== undefined) {
      throw new SlipwayError("InvariantFileInvalid", {
        where: file,
        expected: "a name that no other file has",
        found: `${name}, also in ${other}`,
      });
    }
    files.set(name, file);
  }
  return files;
}
