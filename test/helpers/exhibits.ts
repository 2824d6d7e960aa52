import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "../../scripts/docs/incidents";
import { expectSnapshot } from "./snapshot";

/** What came of one exhibit: `docs/incidents.md` is written from these. */
export interface Exhibit extends Omit<Result, "loss"> {
  loss: { unit: string; of: bigint; asItHappened: bigint; withSlipway: bigint };
}

/** Keeps the result of an exhibit; one that comes out otherwise than the page says fails. */
export function record({ loss, ...rest }: Exhibit): void {
  mkdirSync(join(__dirname, "..", "snapshots", "incidents"), { recursive: true });
  const { unit, of, asItHappened, withSlipway } = loss;
  const numbers = { unit, of: String(of), asItHappened: String(asItHappened), withSlipway: String(withSlipway) };
  expectSnapshot(join("incidents", rest.id), { ...rest, loss: numbers });
}
