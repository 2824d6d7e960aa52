import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import hre from "hardhat";
import { aimResults } from "../../../bench/traffic/aims";
import { trafficRows, type TrafficRow } from "../../../bench/traffic/measure";
import { SNAPSHOT, snapshotOf } from "../../../bench/traffic/snapshot";

describe("TrafficRouter > what a call costs [gas]", () => {
  let rows: TrafficRow[];
  before(async () => {
    rows = await trafficRows(hre);
  });

  it("RTR-40 adds to a call what bench/snapshots/traffic.json says, cold and warm, for every kind of proxy", () => {
    const found = snapshotOf(rows);
    const isUpdate = process.env.SLIPWAY_UPDATE_SNAPSHOTS !== undefined || !existsSync(SNAPSHOT);
    if (isUpdate) writeFileSync(SNAPSHOT, `${JSON.stringify(found, null, 2)}\n`);
    expect(found).to.deep.equal(JSON.parse(readFileSync(SNAPSHOT, "utf8")));
  });

  it("RTR-40 meets its aims for calls that are idle, stable's and the candidate's", () => {
    const missed = aimResults(rows).filter(({ isMet }) => !isMet);
    expect(missed).to.deep.equal([]);
  });
});
