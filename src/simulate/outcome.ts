import { SlipwayError } from "../errors";
import type { Outcome, StageRun } from "./checks/types";
import type { ForkSession } from "./forkSession";
import type { Fork } from "./openFork";
import type { Provenance } from "./types";

/** A refusal of the contracts is a finding; anything else is a fault of the tool, and no verdict on what is rehearsed. */
export async function refusalOf(run: () => Promise<void>): Promise<SlipwayError | undefined> {
  try {
    await run();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof SlipwayError && !thrown.code.startsWith("SLIP-9")) return thrown;
    throw thrown;
  }
}

/** What is known once a rehearsal has ended. */
export async function outcomeOf(
  { fork, steps, overrides }: ForkSession,
  { runs, failure, state }: { runs: StageRun[]; failure: SlipwayError | undefined; state: string },
): Promise<Outcome> {
  const latest = await fork.provider.getBlock("latest");
  return {
    runs,
    steps,
    overrides,
    failure: failure && { name: failure.errorName, text: failure.toString().replaceAll(/\s*\n\s*/g, " · ") },
    state,
    blockGasLimit: latest?.gasLimit ?? 0n,
  };
}

/** Where a report comes from. */
export async function provenanceOf(
  { provider, block, blockHash, blockTime, engine }: Fork,
  tool: string,
): Promise<Provenance> {
  const { chainId } = await provider.getNetwork();
  return { chainId, block, blockHash, blockTime, engine, tool };
}
