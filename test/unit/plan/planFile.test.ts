import { expect } from "chai";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { nodeArtifact } from "../../../src/plan/statedParts";
import { expectError } from "../../helpers/expectError";

const VAULT = "0x0000000000000000000000000000000000000001";
const BOOK = { file: "deployments/x/addresses.json", addresses: { vault: VAULT } };

const GOOD = `title: Vault v2
module: vault
upgrade:
  contract: contracts/examples/VaultV2.sol:VaultV2
  init: { function: "migrateV2(uint256)", args: [1000] }
canary:
  cohort: sender
  steps:
    - { share: 5%,   dwell: 6h }
    - { share: 100%, dwell: 24h }
  budget: { per: 1h, cap: "10 ether", meters: [{ function: "withdraw(uint256)", arg: 0 }], free: ["approve"] }
invariants: [vault-solvent]
readiness: { threshold: 2/3, deadline: 7d, window: 24h }
rollback: auto
`;

const parse = (text: string) => parsePlanText(text, "plan.yaml", BOOK);
const edited = (from: string, to: string) => {
  expect(GOOD).to.contain(from);
  return GOOD.replace(from, to);
};

describe("readPlanFile", () => {
  it("PLN-20 reads durations, shares, amounts and fractions exactly", () => {
    const { plan } = parse(GOOD);
    if (plan.canary === undefined || plan.canary === "none") throw new Error("no canary");
    expect(plan.canary.steps).to.deep.equal([
      { share: 500, dwell: 21_600n },
      { share: 10_000, dwell: 86_400n },
    ]);
    expect(plan.canary.budget?.cap).to.equal(10n * 10n ** 18n);
    expect(plan.canary.budget?.per).to.equal(3_600n);
    expect(plan.readiness).to.deep.equal({
      threshold: { numerator: 2, denominator: 3 },
      deadline: 604_800n,
      window: 86_400n,
    });
  });

  for (const [text, cap] of [
    ["1000 units 18", 1000n * 10n ** 18n],
    ["1.5 gwei", 1_500_000_000n],
    ["2500000", 2_500_000n],
    ["0.000000000000000001 ether", 1n],
  ] as const) {
    it(`PLN-20 reads the amount ${text}`, () => {
      const { plan } = parse(edited('"10 ether"', text));
      if (plan.canary === undefined || plan.canary === "none") throw new Error("no canary");
      expect(plan.canary.budget?.cap).to.equal(cap);
    });
  }

  it("PLN-21 keeps a bare address whole, where YAML alone would round it to a number", () => {
    const address = "0x1234567890123456789012345678901234567890";
    expect(parse(edited("module: vault", `target: { kind: uups, proxy: ${address} }`)).plan.target?.proxy).to.equal(
      address,
    );
  });

  it("PLN-22 fills a placeholder from the address book", () => {
    const { plan } = parse(edited("module: vault", 'target: { kind: uups, proxy: "${vault}" }'));
    expect(plan.target?.proxy).to.equal(VAULT);
  });

  it("PLN-22 refuses a placeholder that the address book does not hold, and tells the nearest name", () =>
    expectError(
      () => parse(edited("module: vault", 'target: { kind: uups, proxy: "${valt}" }')),
      "AddressNameUnknown",
      { where: "plan.yaml:2:30", expected: "vault", found: "${valt}", next: "write ${vault}" },
    ));

  const unknownKeys = [
    ["at the top", "rollback: auto", "rollbak: auto", "plan.yaml:14:1, key rollbak", "rollback"],
    ["in the canary", "  steps:", "  stpes:", "plan.yaml:8:3, key canary.stpes", "steps"],
    ["in a step", "share: 5%,", "shar: 5%,", "plan.yaml:9:9, key canary.steps.0.shar", "share"],
    ["in the budget", "cap:", "cup:", "plan.yaml:11:22, key canary.budget.cup", "cap"],
    ["in a meter", "arg: 0", "agr: 0", "key canary.budget.meters.0.agr", "arg"],
    ["in the cohort", "cohort: sender", "cohort: { function: a, argg: 1 }", "key canary.cohort.argg", "arg"],
  ] as const;
  for (const [place, from, to, where, nearest] of unknownKeys) {
    it(`PLN-23 refuses an unknown key ${place} with file, line, column and the nearest key`, () =>
      expectError(() => parse(edited(from, to)), "PlanFileInvalid", {
        where,
        expected: new RegExp(`^${nearest} \\(nearest of `),
        next: `write ${nearest} instead of`,
      }));
  }

  const wrongValues = [
    ["a share without a sign", "share: 5%,", "share: 5,", "canary.steps.0.share", '"5%"', '"5"'],
    ["a share above the whole", "share: 100%", "share: 101%", "canary.steps.1.share", "at most 100%", '"101%"'],
    ["a duration in words", "dwell: 6h", "dwell: 6 hours", "canary.steps.0.dwell", '"6h"', '"6 hours"'],
    ["a share that shrinks", "share: 100%", "share: 4%", "canary.steps.1.share", "larger share", '"4%"'],
    [
      "an unknown class",
      "module: vault",
      "module: vault\nclass: urgent",
      "class",
      "standard, critical, emergency",
      '"urgent"',
    ],
    ["an improper fraction", "2/3", "4/3", "readiness.threshold", '"2/3"', '"4/3"'],
    ["a cap in an unknown unit", '"10 ether"', "10 eth", "canary.budget.cap", '"10 ether"', '"10 eth"'],
    ["a cohort that is neither", "cohort: sender", "cohort: receiver", "canary.cohort", "sender, or {", '"receiver"'],
    [
      "no steps",
      "    - { share: 5%,   dwell: 6h }\n    - { share: 100%, dwell: 24h }\n",
      "    []\n",
      "canary.steps",
      "at least one step",
      "a list",
    ],
    [
      "a wrong checksum",
      "module: vault",
      "proposer: 0x52908400098527886E0F7030069857D2E4169Ee7\nmodule: vault",
      "proposer",
      "checksum",
      "0x5290",
    ],
    ["an empty rollback", "rollback: auto", "rollback: { calls: [] }", "rollback.calls", "at least one call", "a list"],
  ] as const;
  for (const [what, from, to, key, expected, found] of wrongValues) {
    it(`PLN-24 refuses ${what}, with what was expected and found`, () =>
      expectError(() => parse(edited(from, to)), "PlanFileInvalid", { where: `key ${key}`, expected, found }));
  }

  it("PLN-24 refuses a plan that names neither module nor target", () =>
    expectError(() => parse(edited("module: vault\n", "")), "PlanFileInvalid", {
      expected: "either module or target",
    }));

  const NODE = `  version: v0.3.0
  protocolVersion: 3
  sha256: 0x${"ab".repeat(32)}
  uri: https://releases.example/v0.3.0
`;

  it("ART-34 reads a node program with its parent, its grace period and the reports it asks for", () => {
    const parent = `0x${"12".repeat(32)}`;
    const text = `${GOOD}artifact:\n${NODE}  grace: { blocks: 1000, readOnly: true }\n  parent: ${parent}\n  success: { threshold: 95/100, deadline: 12h }\n`;
    expect(nodeArtifact(parse(text).plan.artifact)).to.deep.include({
      version: "v0.3.0",
      protocolVersion: 3n,
      graceBlocks: 1_000n,
      isGraceReadOnly: true,
      parentPlan: parent,
      successDeadline: 43_200n,
      successThreshold: { numerator: 95, denominator: 100 },
    });
    const follower = nodeArtifact(parse(`${GOOD}artifact: { parent: ${parent} }\n`).plan.artifact);
    expect(follower).to.deep.include({ version: "", parentPlan: parent, successDeadline: 0n });
  });

  it("ART-35 refuses half a node program, and reports about none", async () => {
    for (const artifact of ["{ version: v0.3.0 }", "{ success: { threshold: 95/100, deadline: 12h } }"]) {
      await expectError(() => parse(`${GOOD}artifact: ${artifact}\n`), "PlanFileInvalid", {
        where: "plan.yaml:15:11, key artifact",
      });
    }
  });

  it("PLN-24 refuses a plan that names both contract and artifact", () =>
    expectError(() => parse(edited("  init:", "  artifact: a.json\n  init:")), "PlanFileInvalid", {
      where: "key upgrade",
      expected: "either contract or artifact",
    }));

  it("PLN-25 refuses a key that is written twice", () =>
    expectError(() => parse(`${GOOD}title: again\n`), "PlanFileInvalid", {
      where: "plan.yaml:15:1",
      expected: "valid YAML",
      found: "unique",
    }));

  it("PLN-25 refuses what is not YAML", () =>
    expectError(() => parse(edited("module: vault", "module: [a")), "PlanFileInvalid", { expected: "valid YAML" }));

  it("PLN-25 refuses what is not a mapping", () =>
    expectError(() => parse("just text"), "PlanFileInvalid", { expected: "a plan with the keys", found: "just text" }));
});
