import { Interface } from "ethers";
import { FACETS } from "../../src/registry/registryAbi";
import { artifacts } from "../fixtures/registry";
import { expectSnapshot } from "../helpers/snapshot";

describe("selectors", () => {
  it("DIA-18 are those of the committed snapshot, facet by facet", async () => {
    const actual: Record<string, Record<string, string>> = {};
    for (const name of FACETS) {
      const functions: [string, string][] = [];
      Interface.from((await artifacts.read(name)).abi).forEachFunction((f) => functions.push([f.selector, f.format()]));
      actual[name] = Object.fromEntries(functions.sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    expectSnapshot("selectors", actual);
  });
});
