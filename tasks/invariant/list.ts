import { join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import { listInvariants } from "../../src/invariants/listInvariants";
import { connectRegistry } from "../../src/registry/connect";
import { renderInvariantList } from "../../src/report/renderInvariants";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

export const action = (args: OutputArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const book = readAddressBook(client.deploymentsDir);
    const rows = await listInvariants(client, registry, join(hre.config.paths.root, "invariants"), book);
    const isOpen = rows.some((row) => row.state === "not defined");
    const next = `npx hardhat invariant ${isOpen ? "define" : "check"}`;
    return { report: { invariants: rows }, text: renderInvariantList(rows), next };
  });
