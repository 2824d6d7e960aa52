import { readFileSync } from "node:fs";
import { expect } from "chai";
import { incidentsPage, matrix, results, trials } from "../../../scripts/docs/incidents";
import { layerOf } from "../../helpers/layers";

/** Layers whose every exhibit another one ends as well; the page says which. */
const DOUBLED: readonly string[] = ["delegate chain"];

describe("docs/incidents.md", () => {
  it("INC-90 says what the tests of the exhibits found", () => {
    expect(readFileSync("docs/incidents.md", "utf8")).to.equal(incidentsPage(results(), trials()));
  });

  it("INC-91 says why, wherever something is not stopped", () => {
    for (const { id, outcome, because, layers, loss } of results()) {
      if (outcome === "stopped") expect(loss.withSlipway, id).to.equal("0");
      else expect(because, id).to.be.a("string");
      expect(layers.length === 0, id).to.equal(outcome === "not stopped");
      expect(BigInt(loss.withSlipway) <= BigInt(loss.asItHappened), id).to.equal(true);
    }
  });

  it("INC-92 every layer that ends or bounds an exhibit was switched off in it, and lets something pass that no other layer ends", () => {
    const rows = new Map(matrix(trials()).map((row) => [row.layer, row]));
    for (const { id, layers } of results()) {
      for (const told of layers) {
        const row = rows.get(layerOf(told).name);
        expect(row, `${id}: ${told} was never switched off`).to.not.equal(undefined);
        const all = [...row!.passes, ...row!.ended].map(({ name }) => name.split(" ")[0]);
        expect(all, `${told} was not switched off there`).to.include(id);
      }
    }
    const idle = [...rows.values()].filter(({ passes }) => passes.every(({ lost }) => lost === "0"));
    expect(idle.map(({ layer }) => layer)).to.deep.equal(DOUBLED);
  });
});
