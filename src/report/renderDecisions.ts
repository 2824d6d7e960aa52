import type { Decision } from "../registry/keep";
import { shortId } from "../registry/words";

/** One line a decision, with the reason. */
export function renderDecisions(decisions: readonly Decision[]): string {
  if (decisions.length === 0) return "nothing to keep: no live proposals";
  return decisions
    .map(({ proposalId, slug, verb, isSent, reason, hash }) => {
      const what =
        verb === undefined ? "waits" : isSent ? `${verb} sent ${hash ?? ""}`.trim() : `${verb} due, not sent`;
      return `${shortId(proposalId)} ${slug}: ${what}: ${reason}`;
    })
    .join("\n");
}
