import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { AddressBook } from "../chain/addressBook";
import { SlipwayError } from "../errors";
import { addressField, durationField, fractionField, integerField, list, record, scalar } from "../plan/fields";
import { EXPECTED, parseFraction } from "../plan/units";
import { readYaml } from "../plan/yamlFile";
import { UNAVAILABLE, type ClassPolicy, type RegistryParameters } from "./registryParameters";

const countField = integerField.transform(Number);
const secondsField = durationField.transform(Number);
const addressesField = list(addressField, "a list of addresses");
/** A quorum may be zero: then any number of votes will do. */
const quorumField = scalar(`${EXPECTED.fraction}, or 0`, (text) =>
  text === "0" ? { numerator: 0, denominator: 1 } : parseFraction(text),
);

const classField = record({
  approval: fractionField,
  quorum: quorumField,
  minVoters: countField,
  votingPeriod: secondsField,
  delay: secondsField,
  attestations: record({ integrity: countField, simulation: countField }),
});
const optionalClassField = z.union([z.literal("none"), classField], { error: () => "none, or a class's thresholds" });

const registryFileSchema = record(
  {
    roles: record({
      release: addressesField,
      risk: addressesField,
      incident: addressesField,
      attesters: addressesField,
    }),
    council: record({
      members: list(addressField, "a list of at least one address", 1),
      halt: countField,
      lift: countField,
      veto: countField,
      rollback: countField,
      haltDuration: secondsField,
      haltBudget: secondsField,
    }),
    electorate: record({
      maxPower: fractionField,
      seats: list(record({ account: addressField, power: integerField }), "a list of accounts with their power", 1),
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
    roles: value.roles,
    council: {
      members: council.members,
      haltThreshold: council.halt,
      liftThreshold: council.lift,
      vetoThreshold: council.veto,
      rollbackThreshold: council.rollback,
      haltDuration: council.haltDuration,
      haltBudget: council.haltBudget,
    },
    policies: {
      standard: policyOf(classes.standard),
      critical: policyOf(classes.critical),
      emergency: policyOf(classes.emergency),
    },
    maxPower: electorate.maxPower,
    seats: electorate.seats,
    timelock: value.timelock.address,
    timelockMinDelay: value.timelock.minDelay,
    recoveryOwner: value.timelock.recovery,
  };
}

function policyOf(stated: z.output<typeof optionalClassField>): ClassPolicy {
  if (stated === "none") return UNAVAILABLE;
  const { attestations, ...rest } = stated;
  return {
    ...rest,
    integrityAttestations: attestations.integrity,
    simulationAttestations: attestations.simulation,
  };
}
