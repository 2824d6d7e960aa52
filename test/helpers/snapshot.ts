import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

const FOLDER = join(__dirname, "..", "snapshots");

/**
 * Compares with the committed `test/snapshots/NAME.json`. `SLIPWAY_UPDATE_SNAPSHOTS=1` writes it anew; the commit that
 * does so explains why it moved.
 */
export function expectSnapshot(name: string, actual: unknown): void {
  const file = join(FOLDER, `${name}.json`);
  const text = `${JSON.stringify(actual, null, 2)}\n`;
  if (process.env["SLIPWAY_UPDATE_SNAPSHOTS"] === "1") writeFileSync(file, text);
  expect(existsSync(file), `${file} is missing; run with SLIPWAY_UPDATE_SNAPSHOTS=1`).to.equal(true);
  expect(JSON.parse(text), `${name} moved`).to.deep.equal(JSON.parse(readFileSync(file, "utf8")));
}
