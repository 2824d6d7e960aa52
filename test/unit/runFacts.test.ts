import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { judgeRun, readRunFacts, writeRunFacts } from "../../src/simulate/runFacts";
import type { Provenance } from "../../src/simulate/types";

describe("facts of a run", () => {
  let root: string;
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", root, "-c", "user.name=test", "-c", "user.email=test@example.org", ...args]);
  const report = { provenance: { block: 7, blockTime: 1_000 } as Provenance };
  const facts = (started = 1_060) => readRunFacts(root, report, { started, now: started + 12 });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "slipway-test-"));
    git("init", "-q");
    writeFileSync(join(root, "plan.yaml"), "title: one\n");
    git("add", ".");
    git("commit", "-q", "-m", "One");
  });

  afterEach(() => rmSync(root, { recursive: true }));

  it("CHK-50 names commit, machine, time and the block's age, beside the report and not in it", () => {
    const found = facts();
    expect(found.commit).to.match(/^[0-9a-f]{40}$/);
    expect(found).to.deep.include({ changed: [], seconds: 12, block: 7, blockAge: 60, node: process.version });
    const findings = judgeRun(found, { isStrict: true, maxAge: 60 });
    expect(findings).to.deep.equal({ warnings: [], failures: [] });
    const file = writeRunFacts(root, { ...found, ...findings });
    expect(JSON.parse(readFileSync(file, "utf8"))).to.deep.include({ commit: found.commit, seconds: 12 });
  });

  it("CHK-51 fails a strict run of what is not committed, and warns else; what the tool keeps is no change", () => {
    mkdirSync(join(root, "deployments"));
    writeFileSync(join(root, "deployments", "addresses.json"), "{}");
    expect(facts().changed).to.deep.equal([]);
    writeFileSync(join(root, "plan.yaml"), "title: two\n");
    expect(facts().changed).to.deep.equal(["plan.yaml"]);
    const strict = judgeRun(facts(), { isStrict: true, maxAge: 60 });
    expect(strict.failures.join()).to.include("1 files are not as commit").and.to.include("plan.yaml");
    expect(judgeRun(facts(), { isStrict: false, maxAge: 60 })).to.deep.equal({
      warnings: strict.failures,
      failures: [],
    });
  });

  it("CHK-52 warns of a block that is older than it may be, and of a folder that is no repository", () => {
    const { warnings } = judgeRun(facts(1_000 + 90_000), { isStrict: true, maxAge: 86_400 });
    expect(warnings).to.deep.equal(["block 7 is 1d 1h old, more than 1d"]);
    rmSync(join(root, ".git"), { recursive: true });
    expect(judgeRun(facts(), { isStrict: true, maxAge: 60 }).failures).to.have.length(1);
  });
});
