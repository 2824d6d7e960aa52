import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { AddressBook } from "../chain/addressBook";
import { SlipwayError } from "../errors";
import { addressField, durationField, fractionField, integerField, list, record, scalar } from "../plan/fields";
import { EXPECTED, parseFraction } from "../plan/units";
import { readYaml } from "../plan/yamlFile";
import type { Seat } from "./seats";
import { UNAVAILABLE, type ClassPolicy, type RegistryParameters } from "./registryParameters";

/** Seconds that a vote lasts unless the file says otherwise: seven days. */
const VOTING_PERIOD = 604_800;

const countField = integerField.transform(Number);
const secondsField = durationField.transform(Number);
const addressesField = list(addressField, "a list of addresses");
/** A quorum may be zero: then any number of votes will do. */
const quorumField = scalar(`${EXPECTED.fraction}, or 0`, (text) =>
  text === "0" ? { numerator: 0, denominator: 1 } : parseFraction(text),
);

/** What one unit of power is, in words that fit one of the contract's. */
export const unitField = scalar("1 to 31 bytes of text", (text) =>
  text !== "" && Buffer.byteLength(text) <= 31 ? text : undefined,
);

const classField = record({
  approval: fractionField,
  quorum: quorumField,
  minVoters: countField,
  votingPeriod: secondsField.optional(),
  delay: secondsField,
  attestations: record({
    integrity: countField,
    simulation: countField,
    artifact: countField.optional(),
    audit: countField.optional(),
  }),
  rehearsal: record({ age: secondsField, attestations: countField }).optional(),
});
const optionalClassField = z.union([z.literal("none"), classField], { error: () => "none, or a class's thresholds" });

const registryFileSchema = record(
  {
    roles: record({
      release: addressesField,
      risk: addressesField,
      incident: addressesField,
      attesters: addressesField,
      maintainers: addressesField.optional(),
      auditors: addressesField.optional(),
    }),
    council: record({
      members: list(addressField, "a list of at least one address", 1),
      halt: countField,
      lift: countField,
      veto: countField,
      rollback: countField,
      haltDuration: secondsField,
      haltBudget: secondsField,
      coSign: countField,
      vetoBudget: countField,
      pause: countField,
    }),
    electorate: record({
      maxPower: fractionField,
      maxPowerOf: record({
        standard: fractionField.optional(),
        critical: fractionField.optional(),
        emergency: fractionField.optional(),
      }).optional(),
      unit: unitField.optional(),
      seats: list(
        record({ account: addressField, power: integerField }),
        "a list of accounts with their power",
        1,
      ).optional(),
      token: record({ address: addressField, unit: integerField }).optional(),
    }),
    timelock: record({
      minDelay: secondsField,
      address: addressField.optional(),
      recovery: addressField.optional(),
    }),
    classes: record({ standard: classField, critical: optionalClassField, emergency: optionalClassField }),
  },
  "a registry",
);

/** Reads `registry.yaml`: everything a registry starts with. */
export function readRegistryFile(file: string, addresses: AddressBook): RegistryParameters {
  if (!existsSync(file)) {
    throw new SlipwayError("PlanFileMissing", {
      where: file,
      expected: "a registry's configuration",
      found: "nothing",
      next: "copy deployments/registry.example.yaml",
    });
  }
  const { value } = readYaml(readFileSync(file, "utf8"), file, registryFileSchema, addresses, {
    invalid: "ConfigInvalid",
  });
  const { council, classes, electorate } = value;
  return {
    roles: { ...value.roles, maintainers: value.roles.maintainers ?? [], auditors: value.roles.auditors ?? [] },
    council: {
      members: council.members,
      haltThreshold: council.halt,
      liftThreshold: council.lift,
      vetoThreshold: council.veto,
      rollbackThreshold: council.rollback,
      haltDuration: council.haltDuration,
      haltBudget: council.haltBudget,
      coSignThreshold: council.coSign,
      vetoBudget: council.vetoBudget,
      pauseThreshold: council.pause,
    },
    policies: {
      standard: policyOf(classes.standard),
      critical: policyOf(classes.critical),
      emergency: policyOf(classes.emergency),
    },
    maxPower: electorate.maxPower,
    ...(electorate.maxPowerOf === undefined ? {} : { maxPowerOf: present(electorate.maxPowerOf) }),
    ...(electorate.unit === undefined ? {} : { unit: electorate.unit }),
    ...votersOf(file, electorate),
    timelock: value.timelock.address,
    timelockMinDelay: value.timelock.minDelay,
    recoveryOwner: value.timelock.recovery,
  };
}

/** Accounts with seats, or a token whose delegates vote: one of the two. */
function votersOf(
  file: string,
  { seats, token }: { seats?: Seat[]; token?: { address: string; unit: bigint } },
): Pick<RegistryParameters, "seats" | "token"> {
  if (token !== undefined && seats === undefined) {
    return { seats: [], token: { token: token.address, tokenUnit: token.unit } };
  }
  if (seats !== undefined && token === undefined) return { seats };
  throw new SlipwayError("ConfigInvalid", {
    where: `${file}, electorate`,
    expected: "seats, or a token",
    found: seats === undefined ? "neither" : "both",
  });
}

function present<T extends object>(stated: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined)) as never;
}

function policyOf(stated: z.output<typeof optionalClassField>): ClassPolicy {
  if (stated === "none") return UNAVAILABLE;
  const { attestations, rehearsal, ...rest } = stated;
  return {
    ...rest,
    votingPeriod: rest.votingPeriod ?? VOTING_PERIOD,
    integrityAttestations: attestations.integrity,
    simulationAttestations: attestations.simulation,
    artifactAttestations: attestations.artifact ?? 0,
    auditAttestations: attestations.audit ?? 0,
    rehearsalAge: rehearsal?.age ?? 0,
    rehearsalAttestations: rehearsal?.attestations ?? 0,
  };
}
