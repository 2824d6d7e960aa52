import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { expect } from "chai";
import { parse } from "yaml";
import { METRICS, type MetricName } from "../../../src/metrics/metrics";

interface Rule {
  alert: string;
  expr: string;
  annotations: Record<string, string>;
}

const FOLDER = join(__dirname, "..", "..", "..", "alerts");
const rulesIn = (file: string) =>
  (parse(readFileSync(join(FOLDER, file), "utf8")) as { groups: { rules: Rule[] }[] }).groups.flatMap(
    (group) => group.rules,
  );

/** Metric names in a PromQL expression, by Prometheus' own grammar; throws where it is none. */
function metricsIn(expression: string): string[] {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${expression}`);
      // In a vector selector a name stands alone; in `by` and `on` lists it is a LabelName.
      if (type.name === "Identifier") names.push(expression.slice(from, to));
    },
  });
  return names;
}

describe("alerts", () => {
  const rules = rulesIn("upgrade.yml");

  it("MET-10 ask only for metrics that are written", () => {
    expect(rules.map(({ alert }) => alert)).to.include.members([
      "UpgradeProposalCreated",
      "ValidatorNotReady",
      "UpgradeHaltImminent",
      "UpgradeRollback",
    ]);
    for (const { alert, expr } of rules) {
      const names = metricsIn(expr);
      expect(names, alert).not.to.deep.equal([]);
      for (const name of names) expect(METRICS, alert).to.have.property(name);
    }
  });

  it("MET-10 sees a metric that nobody writes, and a rule that is no PromQL", () => {
    expect(metricsIn("ipc_upgrade_validators_ready / ipc_validators < 0.67")).to.include("ipc_validators");
    expect(() => metricsIn("ipc_current_height <")).to.throw("not PromQL");
  });

  it("MET-11 print only labels that the metric has, and a ratio only as a percentage", () => {
    for (const { alert, expr, annotations } of rules) {
      const names = metricsIn(expr) as MetricName[];
      const labels = new Set(names.flatMap((name) => [...METRICS[name].labels] as string[]));
      for (const text of Object.values(annotations)) {
        for (const [, label] of text.matchAll(/\$labels\.(\w+)/g)) {
          expect([...labels], `${alert}: ${text}`).to.include(label);
        }
        // "{{ $value }}%" of a ratio says 0.58% where 58% is meant.
        expect(text, alert).not.to.match(/\$value\s*\}\}\s*%/);
        if (names.some((name) => name.endsWith("_ratio")) && text.includes("$value")) {
          expect(text, alert).to.include("$value | humanizePercentage");
        }
      }
    }
  });

  it("MET-12 watch live proposals, or what only ever grows: a rule that lacks a proposal needs an increase", () => {
    for (const { alert, expr } of rules) {
      const names = metricsIn(expr) as MetricName[];
      const isLive = names.some((name) => (METRICS[name].labels as readonly string[]).includes("proposal_id"));
      if (!isLive) expect(expr, alert).to.match(/^increase\(/);
    }
  });

  it("MET-13 each have a unit test for promtool", () => {
    const text = readFileSync(join(FOLDER, "upgrade.test.yml"), "utf8");
    const { tests } = parse(text) as { tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown }[] }[] };
    const cases = tests.flatMap((test) => test.alert_rule_test);
    for (const { alert } of rules) {
      const mine = cases.filter(({ alertname }) => alertname === alert);
      expect(
        mine.some(({ exp_alerts: fired }) => fired !== undefined),
        `${alert} fires`,
      ).to.equal(true);
      expect(
        mine.some(({ exp_alerts: fired }) => fired === undefined),
        `${alert} stays silent`,
      ).to.equal(true);
    }
  });
});
