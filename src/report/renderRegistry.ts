import { kindText } from "../chain/inspectProxy";
import type { RegisteredModule } from "../plan/moduleOf";
import type { AdoptReport } from "../registry/adopt";
import type { DeployReport } from "../registry/deploy";
import type { FlagFacts, Requirements } from "../registry/flags";
import type { ElectorateReport } from "../registry/readElectorate";
import type { StoredDraft } from "../registry/storeDraft";
import type { RolesReport } from "../registry/roles";
import { table } from "./table";

export function renderDeploy(report: DeployReport): string {
  const facets = table(Object.entries(report.facets).map(([name, address]) => [`  ${name}`, address]));
  if (report.status === "would-deploy") {
    return ["nothing sent; to be deployed:", ...report.missing.map((name) => `  ${name}`), ...facets].join("\n");
  }
  const verb = report.status === "already" ? "already deployed" : `deployed in block ${report.block}`;
  return [
    `registry ${report.registry} (${verb})`,
    `timelock ${report.timelock}`,
    ...(report.recovery === undefined ? [] : [`recovery proposer ${report.recovery}`]),
    ...facets,
    `addresses in ${report.addresses}`,
  ].join("\n");
}

export function renderModules(modules: readonly RegisteredModule[]): string {
  if (modules.length === 0) return "no modules";
  const rows = modules.map((module) => [
    module.name,
    kindText(module.kind),
    module.account,
    `upgraded by ${module.authority}`,
    `version ${module.version}`,
    module.isRetired ? "retired" : module.lockedBy === undefined ? "free" : `held by ${module.lockedBy.slice(2, 8)}`,
  ]);
  const lines = table(rows);
  return modules
    .flatMap(({ requires }, i) => [
      lines[i]!,
      ...(requires === undefined ? [] : [`  requires ${requiresText(requires)}`]),
    ])
    .join("\n");
}

/** "flag dial-v2 (off), other from version 1 on (now 0)". */
function requiresText({ flag, modules }: Requirements): string {
  return [
    ...(flag === undefined ? [] : [`flag ${flag.name} (${flag.isEnabled ? "on" : "off"})`]),
    ...modules.map(({ name, minVersion, version }) => `${name} from version ${minVersion} on (now ${version})`),
  ].join(", ");
}

export function renderFlags(flags: readonly FlagFacts[]): string {
  if (flags.length === 0) return "no flag was ever turned on or cleared";
  return table(
    flags.map(({ name, isEnabled, epoch }) => [name, isEnabled ? "on" : "off", `cleared ${epoch} times`]),
  ).join("\n");
}

export function renderElectorate(report: ElectorateReport): string {
  const { seats, seatCount, token } = report;
  const more = seatCount - seats.length;
  return [
    `electorate ${report.pointer}, epoch ${report.epoch}`,
    token === undefined
      ? `${seatCount} seats, power ${report.total}${report.unit === "" ? "" : `, each ${report.unit}`}`
      : `delegates of ${token.token}, with the votes they hold when a plan is proposed, counted by ${token.tokenUnit}${report.unit === "" ? "" : ` (${report.unit})`}`,
    ...(token === undefined
      ? report.clips.map(({ planClass, maxPower: { numerator, denominator }, cap, clippedTotal }) => {
          return `  ${planClass}: ${clippedTotal} after clipping each to ${cap} (${numerator}/${denominator})`;
        })
      : []),
    ...table(seats.map(({ seat, account, power }) => [`  ${seat}`, account, power.toString()])),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join("\n");
}

export function renderDraft({ draft, chunks, stored, activation }: StoredDraft): string {
  const lines = [
    `${stored} of ${draft.seats} seats stored, in ${chunks} ${chunks === 1 ? "chunk" : "chunks"}, root ${draft.root}`,
  ];
  if (stored === draft.seats) {
    lines.push(
      "a plan of class Critical takes the list into use with this call:",
      `  ${activation.target}`,
      `  ${activation.data}`,
    );
  }
  return lines.join("\n");
}

export function renderRoles({ timelock, roles, council }: RolesReport): string {
  const needs = Object.entries(council.need).map(([act, need]) => `${act} ${need}`);
  const rows = [
    ...Object.entries(roles).map(([role, holders]) => [role.toLowerCase(), holders.join(", ") || "nobody"]),
    ["council", `${council.members.join(", ")} (of ${council.members.length}: ${needs.join(", ")})`],
    ["timelock", timelock],
  ];
  return table(rows).join("\n");
}

export function renderAdopt(report: AdoptReport): string {
  const holders = report.holders.map(({ role, account, power, isRegistry, isAccepted }) => [
    `  ${role}`,
    account,
    isRegistry ? "the registry" : isAccepted ? `ACCEPTED RISK: ${power}` : power,
  ]);
  const calls =
    report.calls.length === 0
      ? ["the registry holds every role it needs"]
      : [
          "the timelock's admin has to call:",
          ...report.calls.map(({ to, data, what }) => `  ${what}\n    to ${to}\n    data ${data}`),
        ];
  return [`timelock ${report.timelock}, delay ${report.minDelay} s`, ...table(holders), ...calls].join("\n");
}
