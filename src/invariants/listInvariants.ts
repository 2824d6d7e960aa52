import type { AddressBook } from "../chain/addressBook";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "../registry/connect";
import { registryLogs } from "../registry/registryLogs";
import { catalogueTimes } from "./catalogueTimes";
import { catalogueFiles, loadInvariantFile } from "./loadInvariants";

/** One row of the catalogue: of its files, of the registry, or of both. */
export interface ListedInvariant {
  name: string;
  /** Absent where this network's address book lacks a name that the file uses. */
  id?: string;
  file?: string;
  state: "live" | "retired" | "not defined" | "address unknown";
  isInline?: boolean;
  owner?: string;
  /** Why an id could not be told. */
  note?: string;
}

/** Files and registry side by side: what is written down and not enforced, and what is enforced and not written down. */
export async function listInvariants(
  client: Client,
  registry: Registry,
  folder: string,
  addresses: AddressBook,
): Promise<ListedInvariant[]> {
  const rows: ListedInvariant[] = [];
  for (const [name, file] of catalogueFiles(folder)) rows.push(await fileRow(registry, name, file, addresses));
  const listed = new Set(rows.map((row) => row.id));
  for (const { args } of await registryLogs(client, registry, "InvariantDefined")) {
    const id = args["id"] as string;
    if (listed.has(id)) continue;
    rows.push({ name: args["name"] as string, id, state: await stateOf(registry, id), owner: args["invariant"].owner });
  }
  return rows;
}

async function fileRow(
  registry: Registry,
  name: string,
  file: string,
  addresses: AddressBook,
): Promise<ListedInvariant> {
  try {
    const { id, isInline, invariant } = loadInvariantFile(file, addresses);
    return { name, id, file, isInline, owner: invariant.owner, state: await stateOf(registry, id) };
  } catch (error) {
    // The row of a protocol that this network does not hold is no fault; every other fault of a file is.
    if (!(error instanceof SlipwayError) || error.errorName !== "AddressNameUnknown") throw error;
    return { name, file, state: "address unknown", note: error.facts.found };
  }
}

async function stateOf(registry: Registry, id: string): Promise<ListedInvariant["state"]> {
  const times = await catalogueTimes(registry, id);
  if (times === undefined) return "not defined";
  return times.retiredAt === 0n ? "live" : "retired";
}
