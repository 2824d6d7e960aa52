import { join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import type { Client } from "../../src/client";
import { Exit } from "../../src/errors";
import { checkInvariants } from "../../src/invariants/checkInvariants";
import { listInvariants } from "../../src/invariants/listInvariants";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { readPlan } from "../../src/registry/readPlan";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { renderInvariantChecks } from "../../src/report/renderInvariants";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

export const action = (args: OutputArgs & { proposal?: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const proposalId = args.proposal === undefined ? undefined : await resolveProposal(client, registry, args.proposal);
    const ids =
      proposalId === undefined
        ? await liveIds(client, registry, join(hre.config.paths.root, "invariants"))
        : (await readPlan(client, registry, proposalId)).stages.flatMap((stage) => stage.invariants);
    const rows = await checkInvariants(registry, ids, proposalId);
    const isBroken = rows.some((row) => row.state === "broken");
    const isUnclear = rows.some((row) => row.state === "unavailable");
    return {
      report: { proposalId, invariants: rows },
      text: renderInvariantChecks(rows),
      exit: isBroken ? Exit.checkFailed : isUnclear ? Exit.waiting : Exit.pass,
      next: isBroken && proposalId !== undefined ? `npx hardhat invariant poke ${proposalId.slice(2, 8)}` : undefined,
    };
  });

async function liveIds(client: Client, registry: Registry, folder: string): Promise<string[]> {
  const rows = await listInvariants(client, registry, folder, readAddressBook(client.deploymentsDir));
  return rows.flatMap((row) => (row.state === "live" && row.id !== undefined ? [row.id] : []));
}
