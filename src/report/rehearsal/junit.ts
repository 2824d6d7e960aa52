import type { RehearsalReport } from "../../simulate/types";

/** The checks as a JUnit file, for the systems that build pull requests: an open required check is a failure there. */
export function junitOf(report: RehearsalReport): string {
  const cases = report.checks.map((check) => {
    const { number, id, name, status, isRequired } = check;
    const found = [...check.evidence, check.remedy].filter((line) => line !== "").join("\n");
    const isFailed = status === "fail" || (status === "inconclusive" && isRequired);
    const inside = isFailed
      ? `<failure type="${status}" message="${escape(check.evidence[0] ?? status)}">${escape(found)}</failure>`
      : status === "skip"
        ? `<skipped message="${escape(check.evidence[0] ?? "")}"/>`
        : `<system-out>${escape(`${status}\n${found}`)}</system-out>`;
    return { isFailed, isSkipped: status === "skip", xml: testcase(`${number} ${name}`, id, inside) };
  });
  const failures = cases.filter(({ isFailed }) => isFailed).length;
  const skipped = cases.filter(({ isSkipped }) => isSkipped).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="slipway" tests="${cases.length}" failures="${failures}" errors="0">`,
    `<testsuite name="${escape(report.title)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}">`,
    ...cases.map(({ xml }) => xml),
    "</testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testcase(name: string, id: string, inside: string): string {
  return `<testcase classname="rehearsal.${id}" name="${escape(name)}">${inside}</testcase>`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/** Text that XML 1.0 allows. */
function escape(content: string): string {
  return content
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!)
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
}
