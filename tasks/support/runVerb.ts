import type { HardhatRuntimeEnvironment } from "hardhat/types";
import type { Client } from "../../src/client";
import { renderPerformed } from "../../src/report/renderPerformed";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import type { Performed, SendOptions } from "../../src/registry/perform";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { nextCommand, statusOf } from "../../src/registry/status";
import { sendOptions, type SenderArgs } from "./options";
import { runTask, type Outcome } from "./runTask";

export interface VerbContext {
  client: Client;
  registry: Registry;
  options: SendOptions;
}

/** Runs a verb on a proposal that a person named, and says what to type next. */
export async function runVerb(
  hre: HardhatRuntimeEnvironment,
  args: SenderArgs & { proposal?: string },
  verb: (context: VerbContext & { proposalId: string }) => Promise<Performed | Outcome>,
): Promise<void> {
  await runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const proposalId = await resolveProposal(client, registry, args.proposal);
    const done = await verb({ client, registry, options: sendOptions(args), proposalId });
    return "status" in done ? outcomeOf(done, await nextAfter(client, registry, proposalId)) : done;
  });
}

/** What a verb did, for its task to print. */
export function outcomeOf(performed: Performed, next?: string): Outcome {
  if (performed.status === "raw") return { report: performed.transaction, text: "", next, isFile: true };
  if (performed.status === "safe") return { report: performed.batch, text: "", next, isFile: true };
  return { report: performed, text: renderPerformed(performed), next };
}

export async function nextAfter(client: Client, registry: Registry, proposalId: string): Promise<string | undefined> {
  return nextCommand(await statusOf(client, registry, proposalId));
}
