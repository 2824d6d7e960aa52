import { SlipwayError } from "../../src/errors";
import { connectRegistry } from "../../src/registry/connect";
import { keepOnce } from "../../src/registry/keep";
import { renderDecisions } from "../../src/report/renderDecisions";
import { withOutput, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { upgradeScope } from "../support/scopes";

interface KeepArgs extends OutputArgs {
  once: boolean;
  every: string;
  as?: string;
  dryRun: boolean;
}

withOutput(upgradeScope.task("keep", "Sends whatever anyone may send and is due: schedule, advance, poke, invalidate"))
  .addFlag("once", "One round, then stop")
  .addOptionalParam("every", "Seconds between two rounds", "15")
  .addOptionalParam("as", "Account that pays")
  .addFlag("dryRun", "Say what is due; send nothing")
  .setAction((args: KeepArgs, hre) =>
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
    }),
  );

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
