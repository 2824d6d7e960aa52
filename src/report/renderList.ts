import type { ListedProposal } from "../registry/listProposals";
import type { Status } from "../registry/state";
import { shortId } from "../registry/words";
import { table } from "./table";

/** One line a proposal, oldest first. */
export function renderList(proposals: readonly (ListedProposal & { status: Status })[]): string {
  if (proposals.length === 0) return "no proposals";
  return table(
    proposals.map(({ proposalId, slug, proposer, block, status }) => [
      shortId(proposalId),
      `${status.state}${status.isHalted ? " (HALTED)" : ""}`,
      `${status.nextStage}/${status.stageCount}`,
      slug,
      `by ${proposer} in block ${block}`,
    ]),
  ).join("\n");
}
