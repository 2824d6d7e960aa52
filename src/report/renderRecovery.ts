import type { RecoveryReport } from "../emergency/recovery";
import { table } from "./table";
import { moment } from "./time";

/** Who may recover, and how far it is. */
export function renderRecovery(report: RecoveryReport): string {
  const { recovery, owner, timelock, status, successor, notBefore, notAfter, now } = report;
  const rows = [
    ["recovery proposer", recovery],
    ["owner", owner],
    ["timelock", timelock],
    ["status", successor === undefined ? "no recovery under way" : status.toLowerCase()],
  ];
  if (successor !== undefined) {
    rows.push(["successor", successor], ["from", moment(notBefore, now)], ["until", moment(notAfter, now)]);
  }
  return table(rows).join("\n");
}
