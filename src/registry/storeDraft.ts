import { existsSync, readFileSync } from "node:fs";
import type { AddressBook } from "../chain/addressBook";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { addressField, integerField, list, record } from "../plan/fields";
import { PlanClass, type Fraction } from "../plan/types";
import { readYaml } from "../plan/yamlFile";
import type { Registry } from "./connect";
import { CHUNK, draftElectorate, type ElectorateDraft } from "./electorateDraft";
import { perform, type Performed, type SendOptions } from "./perform";
import { unitField } from "./registryFile";
import type { Seat } from "./seats";

const draftFileSchema = record(
  {
    unit: unitField,
    seats: list(record({ account: addressField, power: integerField }), "a list of accounts with their power", 1),
  },
  "a list of validators",
);

/** What storing a list came to. */
export interface StoredDraft {
  draft: ElectorateDraft;
  chunks: number;
  /** Seats on chain, of `draft.seats`. */
  stored: number;
  /** The last transaction; absent where all had been stored before. */
  last?: Performed;
  /** The call that a plan makes for the list to take effect. */
  activation: { target: string; data: string };
}

/** Reads a list of validators: what a unit of power is, and accounts with power. */
export function readDraftFile(file: string, addresses: AddressBook): { unit: string; seats: Seat[] } {
  if (!existsSync(file)) {
    throw new SlipwayError("PlanFileMissing", { where: file, expected: "a list of validators", found: "nothing" });
  }
  return readYaml(readFileSync(file, "utf8"), file, draftFileSchema, addresses, { invalid: "ConfigInvalid" }).value;
}

/** Stores the chunks of a list that are not on chain yet, one transaction each; an interrupted run goes on. */
export async function storeDraft(
  client: Client,
  registry: Registry,
  { unit, seats, ...options }: { unit: string; seats: readonly Seat[] } & SendOptions,
): Promise<StoredDraft> {
  const maxPowerOf = async (planClass: PlanClass): Promise<Fraction> => {
    const { numerator, denominator } = await registry.contract.getFunction("maxPowerOf")(planClass);
    return { numerator: Number(numerator), denominator: Number(denominator) };
  };
  const maxPower = [
    await maxPowerOf(PlanClass.Standard),
    await maxPowerOf(PlanClass.Critical),
    await maxPowerOf(PlanClass.Emergency),
  ] as const;
  const { draft, chunks } = draftElectorate(seats, { unit, maxPower });
  const stored = async () => Number((await registry.contract.getFunction("draftOf")(draft)).seats);
  let last: Performed | undefined;
  for (let index = Math.floor((await stored()) / CHUNK); index < chunks.length; ++index) {
    const chunk = chunks[index];
    if (chunk === undefined || (await stored()) === draft.seats) break;
    const end = index * CHUNK + chunk.seats.length;
    last = await perform(client, registry, {
      ...options,
      verb: `chunk ${index + 1} of ${chunks.length}`,
      to: registry.address,
      data: registry.iface.encodeFunctionData("addChunk", [draft, chunk.seats, chunk.rest]),
      isDone: async () => (await stored()) >= end,
    });
    if (last.status !== "confirmed" && last.status !== "already") break;
    client.log(`chunk ${index + 1} of ${chunks.length}`);
  }
  return {
    draft,
    chunks: chunks.length,
    stored: await stored(),
    ...(last === undefined ? {} : { last }),
    activation: {
      target: registry.address,
      data: registry.iface.encodeFunctionData("activateElectorate", [draft]),
    },
  };
}
