import type { Board, Dashboard } from "../registry/dashboard";
import { shortId } from "../registry/words";
import { table } from "./table";
import { moment, span } from "./time";

/** What operators watch while an upgrade gathers: who is ready, who is not, and when it goes on. */
export function renderDashboard({ registry, block, now, boards }: Dashboard): string {
  const head = `registry ${registry}, block ${block}`;
  if (boards.length === 0) return `${head}\n\nno live proposals`;
  return [head, ...boards.map((board) => renderBoard(board, now))].join("\n\n");
}

function renderBoard(board: Board, now: number): string {
  const { ready, readyElectors, pending, next, nextHeight } = board;
  const percent = BigInt(ready.total) === 0n ? 0n : (BigInt(ready.power) * 100n) / BigInt(ready.total);
  const version = board.version === undefined ? "" : ` (${board.version})`;
  return [
    `${shortId(board.proposalId)}  ${board.title}${version}: ${board.state}${board.isHalted ? " (HALTED)" : ""}`,
    `ready     ${ready.power}/${ready.total} = ${percent}%, needs ${ready.threshold}: ${ready.isMet ? "met" : "not met"}`,
    ...table(
      readyElectors.map(({ account, version: runs = "", since }) => [
        `  ready   ${account}`,
        runs,
        `for ${span(now - since)}`,
      ]),
    ),
    ...table(
      pending.map(({ account, version: runs = "", lastSeen, lastDid }) => [
        `  pending ${account}`,
        runs,
        lastSeen === undefined ? "never seen" : `last seen ${span(now - lastSeen)} ago: ${lastDid}`,
      ]),
    ),
    ...(board.unnamed > 0 ? ["  … and more, which are not named"] : []),
    ...board.waitsFor.map((what) => `waits     ${what}`),
    ...(board.schedulesAt === undefined
      ? []
      : [`schedule  by the next keeper, from ${moment(board.schedulesAt, now)}`]),
    ...(next === undefined || next.earliest === 0
      ? []
      : [`next      ${next.what}, from ${moment(next.earliest, now)}`]),
    ...(nextHeight === undefined ? [] : [`height    ${nextHeight.block}, about ${moment(nextHeight.estimate, now)}`]),
  ].join("\n");
}
