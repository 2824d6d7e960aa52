import { BreachClass } from "./types";

/** "asset": a class of breach, or the category of an invariant, which are the same five. */
export function breachText(breach: BreachClass): string {
  return (Object.keys(BreachClass)[breach] ?? "").toLowerCase();
}
