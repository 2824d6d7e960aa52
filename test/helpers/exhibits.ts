import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expectSnapshot } from "./snapshot";

/** What came of one exhibit: `docs/incidents.md` is written from these. */
export interface Exhibit {
  /** As the catalogue of incidents numbers it; the page is in this order. */
  id: string;
  incident: string;
  year: number;
  /** What it cost in life, as it was reported. */
  reported: string;
  /** What failed, in a few words. */
  cause: string;
  outcome: "stopped" | "bounded" | "not stopped";
  /** What ends it, each alone: the id of a check, "plan:Error", or a rule of the contracts ("vote", "timelock", "canary:cap"). */
  layers: string[];
  /** Those of them without which it passes; the only one, where there is one, unless stated. */
  needs?: string[];
  /** The miniature's loss, in its own units: as it happened, through Slipway, of how much. */
  loss: { unit: string; of: bigint; asItHappened: bigint; withSlipway: bigint };
  /** Why it is not stopped, or what is left. */
  because?: string;
}

/** Keeps the result of an exhibit; one that comes out otherwise than the page says fails. */
export function record(exhibit: Exhibit): void {
  mkdirSync(join(__dirname, "..", "snapshots", "incidents"), { recursive: true });
  const { loss, ...given } = exhibit;
  const rest = { ...given, needs: given.needs ?? (given.layers.length === 1 ? given.layers : []) };
  const { unit, of, asItHappened, withSlipway } = loss;
  const numbers = { unit, of: String(of), asItHappened: String(asItHappened), withSlipway: String(withSlipway) };
  expectSnapshot(join("incidents", exhibit.id), { ...rest, loss: numbers });
}
