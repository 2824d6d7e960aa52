import type { HardhatRuntimeEnvironment } from "hardhat/types";
import type { Client } from "../../src/client";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { readDashboard } from "../../src/registry/dashboard";
import { listWithStatus } from "../../src/registry/listProposals";
import { renderDashboard } from "../../src/report/renderDashboard";
import { renderList } from "../../src/report/renderList";
import type { OutputArgs } from "../support/options";
import { pause, secondsOf, stopSignal } from "../support/repeat";
import { runTask, type Outcome } from "../support/runTask";

interface ListArgs extends OutputArgs {
  live: boolean;
  watch: boolean;
  every: string;
  once: boolean;
}

/** To the upper left corner, and nothing below it. */
const CLEAR = "\u001b[H\u001b[J";

export const action = (args: ListArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    if (args.watch) return watch(client, registry, args);
    const proposals = await listWithStatus(client, registry, { isLive: args.live });
    const last = proposals.at(-1);
    return {
      report: { registry: registry.address, proposals },
      text: renderList(proposals),
      next: last === undefined ? undefined : `npx hardhat upgrade status ${last.proposalId.slice(2, 8)}`,
    };
  });

/** A terminal is redrawn; a pipe gets one text a round, or with `--json` one line. */
async function watch(client: Client, registry: Registry, { every, once, json }: ListArgs): Promise<Outcome> {
  const seconds = secondsOf(every);
  const isStopped = stopSignal();
  for (;;) {
    const board = await readDashboard(client, registry);
    if (json) process.stdout.write(`${JSON.stringify(board)}\n`);
    else process.stdout.write(`${process.stdout.isTTY ? CLEAR : ""}${renderDashboard(board)}\n`);
    if (once || isStopped()) return { report: board, text: "", isPrinted: true };
    await pause(seconds, isStopped);
    if (isStopped()) return { report: board, text: "", isPrinted: true };
  }
}
