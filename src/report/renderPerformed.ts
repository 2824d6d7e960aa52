import type { Performed } from "../registry/perform";

/** One line about what a verb did, or would do. */
export function renderPerformed(performed: Performed): string {
  const subject = performed.proposalId === undefined ? "" : ` ${performed.proposalId.slice(2, 8)}`;
  const name = `${performed.verb}${subject}`;
  switch (performed.status) {
    case "already":
      return `${name}: already done${performed.hash === undefined ? "" : ` by ${performed.hash}, which an earlier run sent`}`;
    case "confirmed":
      return `${name}: done in block ${performed.block}, gas ${performed.gasUsed}, ${performed.hash}`;
    case "would-send": {
      const { from, to, value, data } = performed.transaction;
      const bytes = (data.length - 2) / 2;
      return [
        `${name}: simulated, nothing sent`,
        `  from   ${from}`,
        `  to     ${to}`,
        `  value  ${value} wei`,
        `  data   ${data.length > 138 ? `${data.slice(0, 138)}… (${bytes} bytes)` : data}`,
      ].join("\n");
    }
    case "raw":
    case "safe":
      return `${name}: written out, nothing sent`;
  }
}
