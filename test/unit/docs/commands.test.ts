import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { flawsOf, readCommands } from "../../helpers/commands";

const PAGES = ["README.md", "CONTRIBUTING.md", ...readdirSync("docs").map((name) => join("docs", name))].filter(
  (name) => name.endsWith(".md"),
);

describe("commands on the pages", () => {
  for (const page of PAGES) {
    it(`CLI-67 name tasks and options that exist: ${page}`, () => {
      const flaws = readCommands(page).flatMap(({ line, words }) =>
        flawsOf(words).map((flaw) => `${page}:${line}: ${words.join(" ")}: ${flaw}`),
      );
      expect(flaws).to.deep.equal([]);
    });
  }

  it("CLI-67 are found, and a wrong one is told", () => {
    expect(readCommands("docs/runbook.md").length).to.be.greaterThan(15);
    for (const wrong of [
      "emergency pause all",
      "emergency halt all",
      'emergency halt all module --reason "x"',
      "emergency status --loud",
      "emergency stop PROPOSAL --reason",
      "nothing at all",
    ]) {
      expect(flawsOf(wrong.split(" ")), wrong).not.to.deep.equal([]);
    }
    expect(flawsOf("emergency halt all --reason x --dry-run --json --as MEMBER".split(" "))).to.deep.equal([]);
  });

  it("CLI-67 README links the runbook", () => {
    expect(readFileSync("README.md", "utf8")).to.include("(docs/runbook.md)");
  });
});
