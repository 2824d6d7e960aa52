import { join } from "node:path";
import { readAddressBook } from "../../src/chain/addressBook";
import { listInvariants } from "../../src/invariants/listInvariants";
import { connectRegistry } from "../../src/registry/connect";
import { renderInvariantList } from "../../src/report/renderInvariants";
import { withOutput, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { invariantScope } from "../support/scopes";

withOutput(invariantScope.task("list", "Catalogue files and the registry's catalogue, side by side")).setAction(
  (args: OutputArgs, hre) =>
    runTask(hre, args, async (client) => {
      const registry = await connectRegistry(client);
      const book = readAddressBook(client.deploymentsDir);
      const rows = await listInvariants(client, registry, join(hre.config.paths.root, "invariants"), book);
      const isOpen = rows.some((row) => row.state === "not defined");
      const next = `npx hardhat invariant ${isOpen ? "define" : "check"}`;
      return { report: { invariants: rows }, text: renderInvariantList(rows), next };
    }),
);
