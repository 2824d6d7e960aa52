import type { EmergencyReport, PossibleAction } from "../emergency/status";
import { table } from "./table";
import { utc } from "./time";

/** What can be done now, module by module, with the command for each. */
export function renderEmergency(report: EmergencyReport): string {
  const lines = [
    report.haltedUntil === 0
      ? `nothing is halted as a whole; budget ${report.haltBudget} s`
      : `EVERYTHING IS HALTED until ${utc(report.haltedUntil)}`,
    `vetoes left ${report.vetoBudget}`,
    ...recovery(report),
    ...actions(report.actions),
  ];
  for (const module of report.modules) {
    const halted = module.haltedUntil === 0 ? "" : `, HALTED until ${utc(module.haltedUntil)}`;
    const plan = module.proposalId === undefined ? "no plan" : `plan ${module.proposalId.slice(2, 8)} ${module.state}`;
    lines.push("", `${module.module}  ${module.account}  ${plan}${halted}`);
    if (module.canary !== undefined) {
      const { share, isFrozen, breaks, errorBudget } = module.canary;
      lines.push(`  canary at ${share / 100}%${isFrozen ? ", FROZEN" : ""}, breaks ${breaks} of ${errorBudget}`);
    }
    lines.push(...actions(module.actions));
  }
  return lines.join("\n");
}

function recovery({ recovery: report }: EmergencyReport): string[] {
  if (report === undefined) return [];
  const { successor, notBefore, owner } = report;
  return [`RECOVERY UNDER WAY: ${owner} gives the timelock to registry ${successor} from ${utc(notBefore)}`];
}

function actions(list: readonly PossibleAction[]): string[] {
  return table(
    list.map((entry) => [
      `  ${entry.action}`,
      entry.need > 1 ? `${entry.who}, ${entry.have} of ${entry.need} so far` : entry.who,
      entry.effect,
      entry.command,
    ]),
  );
}
