import { concluding, pass, skip, unknown, warn } from "./types";

/**
 * What breaks ends `upgrade plan` already, and with it the rehearsal. Not required: code of others comes without its layout, and then the
 * warning says that nothing was compared.
 */
export const storage = concluding(
  { number: 18, id: "storage", name: "the candidate reads what stable stored as what it was", isRequired: false },
  ({ built }) => {
    const found = built.impact.storage;
    if (found === undefined) return skip("the plan replaces no code");
    const { verdict, findings } = found;
    if (verdict === "not compared") {
      return unknown(findings, "name the code that serves, with its build: upgrade.replaces");
    }
    if (verdict === "accepted") {
      return warn(findings, "voters accept with the plan what the candidate reads as something else");
    }
    return findings.length === 0
      ? pass("every field and every namespace where it was, under its name, of its type")
      : warn(findings, "see that each renamed field still means the same, and that nobody else counts on the gap");
  },
);
