import { readFileSync } from "node:fs";
import { expect } from "chai";
import { incidentsPage, results } from "../../../scripts/docs/incidents";

describe("docs/incidents.md", () => {
  it("INC-90 says what the tests of the exhibits found", () => {
    expect(readFileSync("docs/incidents.md", "utf8")).to.equal(incidentsPage(results()));
  });

  it("INC-91 says why, wherever something is not stopped", () => {
    for (const { id, outcome, because, layers, loss } of results()) {
      if (outcome === "stopped") expect(loss.withSlipway, id).to.equal("0");
      else expect(because, id).to.be.a("string");
      expect(layers.length === 0, id).to.equal(outcome === "not stopped");
      expect(BigInt(loss.withSlipway) <= BigInt(loss.asItHappened), id).to.equal(true);
    }
  });
});
