import type { Check, Verdict } from "../types";

/** The worst answer: what failed, then what is not known, then what passed with or without a warning. */
export function verdictOf(checks: readonly Pick<Check, "status" | "isRequired">[]): Verdict {
  const has = (status: Check["status"]) => checks.some((check) => check.status === status);
  if (has("fail")) return "fail";
  const isOpen = checks.some(({ status, isRequired }) => status === "inconclusive" && isRequired);
  return isOpen ? "inconclusive" : has("warn") || has("inconclusive") ? "warn" : "pass";
}
