import { join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import { defineInvariants } from "../../src/invariants/defineInvariants";
import { listInvariants } from "../../src/invariants/listInvariants";
import { loadInvariants } from "../../src/invariants/loadInvariants";
import { connectRegistry } from "../../src/registry/connect";
import { renderPerformed } from "../../src/report/renderPerformed";
import { sendOptions, type SenderArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { outcomeOf } from "../support/runVerb";

export const action = (args: SenderArgs & { names?: string[] }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const folder = join(hre.config.paths.root, "invariants");
    const book = readAddressBook(client.deploymentsDir);
    const names = args.names ?? (await openNames(listInvariants(client, registry, folder, book)));
    const done = await defineInvariants(client, registry, loadInvariants(folder, names, book), sendOptions(args));
    const next = "npx hardhat invariant list";
    const [first] = done;
    if (done.length === 1 && first !== undefined) return outcomeOf(first, next);
    const text = done.length === 0 ? "every row is defined already" : done.map(renderPerformed).join("\n");
    return { report: done, text, next };
  });

async function openNames(rows: ReturnType<typeof listInvariants>): Promise<string[]> {
  return (await rows).filter((row) => row.state === "not defined").map((row) => row.name);
}
