import { z } from "zod";
import {
  addressField,
  argumentsField,
  booleanField,
  integerField,
  record,
  scalar,
  textField,
  toleranceField,
  word,
} from "../plan/fields";
import { parseInteger } from "../plan/units";

const probeField = record(
  {
    target: addressField,
    /** A signature with its result, "balanceOf(address)(uint256)". */
    call: scalar('a signature such as "balanceOf(address)(uint256)"', (text) => (text === "" ? undefined : text)),
    args: argumentsField.optional(),
    gas: integerField.optional(),
  },
  "a probe",
);

const rightField = z.union(
  [
    scalar("a number, before or at-propose", (text) =>
      text === "before" || text === "at-propose" ? text : parseInteger(text),
    ),
    probeField,
  ],
  { error: () => "a number, a probe, before or at-propose" },
);

/** One row of the catalogue, one file. */
export const invariantFileSchema = record(
  {
    name: scalar("a name of lower-case letters, digits and dashes", (text) =>
      /^[a-z0-9][a-z0-9-]*$/.test(text) ? text : undefined,
    ),
    description: textField.optional(),
    category: word("asset", "authorization", "pricing", "upgrade", "liveness"),
    severity: word("low", "medium", "high", "critical"),
    owner: textField,
    // Optional here only so that its absence gets an error of its own.
    action: word("freeze", "rollback").optional(),
    irreversible: booleanField.optional(),
    /** Checked by the router in every call that the candidate serves, too. */
    inline: booleanField.optional(),
    left: probeField,
    op: word("==", "!=", "<", "<=", ">", ">="),
    right: rightField,
    tolerance: toleranceField.optional(),
  },
  "an invariant",
);

export type InvariantFile = z.output<typeof invariantFileSchema>;
export type ProbeFile = z.output<typeof probeField>;
