import { z } from "zod";
import {
  addressField,
  argumentsField,
  booleanField,
  integerField,
  record,
  scalar,
  textField,
  word,
} from "../plan/fields";
import { parseAmount, parseInteger, parseShare } from "../plan/units";

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

/** In the unit of the left side, or as a share of the right side. */
const toleranceField = scalar('an amount, or a share of the right side such as "0.5%"', (text) => {
  const share = parseShare(text);
  if (share !== undefined) return { amount: 0n, bps: share };
  const amount = parseAmount(text);
  return amount === undefined ? undefined : { amount, bps: 0 };
});

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
