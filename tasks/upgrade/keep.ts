import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import { connectRegistry } from "../../src/registry/connect";
import { keepOnce } from "../../src/registry/keep";
import { renderDecisions } from "../../src/report/renderDecisions";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface KeepArgs extends OutputArgs {
  once: boolean;
  every: string;
  as?: string;
  dryRun: boolean;
}

export const action = (args: KeepArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const seconds = secondsOf(args.every);
    const isStopped = stopSignal();
    for (;;) {
      const decisions = await keepOnce(client, registry, { isDryRun: args.dryRun });
      if (args.once || isStopped()) {
        return { report: { registry: registry.address, decisions }, text: renderDecisions(decisions) };
      }
      client.log(renderDecisions(decisions));
      await pause(seconds, isStopped);
    }
  });

/** True once the process was asked to stop: the step at hand is finished first. */
function stopSignal(): () => boolean {
  let isStopped = false;
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => (isStopped = true));
  return () => isStopped;
}

async function pause(seconds: number, isStopped: () => boolean): Promise<void> {
  for (let waited = 0; waited < seconds && !isStopped(); ++waited) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function secondsOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new SlipwayError("OptionInvalid", { where: "--every", expected: "a number of seconds", found: text });
}
