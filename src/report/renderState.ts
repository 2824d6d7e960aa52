import type { StateVerification } from "../state/verifySnapshot";
import type { Snapshot } from "../state/types";

export function renderSnapshot(file: string, { accounts, calls, block, unread, hash }: Snapshot): string {
  const slots = Object.values(accounts).reduce((sum, state) => sum + Object.keys(state.slots).length, 0);
  return [
    `${Object.keys(accounts).length} accounts, ${slots} slots and ${calls.length} calls at block ${block.number} written to ${file}`,
    `hash ${hash}`,
    ...unreadLines(unread),
  ].join("\n");
}

export function renderVerification(report: StateVerification): string {
  const { from, to, differences, compared, ignored } = report;
  const left = ignored.length === 0 ? "" : `, ${ignored.join(" and ")} left out`;
  return [
    `${differences.length === 0 ? "EQUAL" : "DRIFT"}  block ${to.number} against block ${from.number}: ${compared} values compared, ${differences.length} differ${left}`,
    ...differences.flatMap(({ account, what, before, after }) => [
      `  ${account}  ${what}`,
      `    was  ${before}`,
      `    is   ${after}`,
    ]),
    ...unreadLines(report.unread),
  ].join("\n");
}

function unreadLines(unread: Snapshot["unread"]): string[] {
  return Object.entries(unread).map(([account, names]) => `not in it  ${account}  ${names.join(", ")}`);
}
