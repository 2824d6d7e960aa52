import type { RehearsalReport } from "../../src/simulate/types";

/** What somebody writes into a plan who wants the page to say something else. */
export const HOSTILE = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "</title></style><b>bold</b>",
  "]]><!-- ",
  "| a | b |\n# heading\n- [x](javascript:alert(1)) `code` **strong** ~~gone~~",
  "\u202egpj.exe\u202c \u0007\u001b[2J\u0000",
  "```\nescaped\n```",
  "&lt;kept&gt; &amp;",
];

/** The report as if every text of its plan's author were hostile. */
export function hostile(report: RehearsalReport): RehearsalReport {
  const [all] = [HOSTILE.join(" ")];
  return {
    ...report,
    title: all,
    plan: { ...report.plan!, title: all, uri: HOSTILE[1]! },
    checks: report.checks.map((check, i) => {
      const words = HOSTILE[i % HOSTILE.length]!;
      return { ...check, status: i === 0 ? "fail" : check.status, evidence: [words], remedy: words };
    }),
    what: {
      ...report.what,
      warnings: [...HOSTILE],
      stages: report.what.stages.map((stage) => ({
        ...stage,
        label: all,
        calls: stage.calls.map((call) => ({ ...call, name: all })),
      })),
    },
    beforeAfter: HOSTILE.map((words) => ({ group: "parameters", what: words, before: words, after: words })),
    timeline: report.timeline.map(({ after }) => ({ after, text: all })),
    flows: [
      {
        stage: 0,
        asset: HOSTILE[0]!,
        from: report.provenance.registry!,
        to: report.provenance.timelock!,
        amount: 5n,
      },
    ],
    unexplained: [...HOSTILE],
  };
}
