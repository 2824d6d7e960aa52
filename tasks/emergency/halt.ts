import { halt, scopeOf } from "../../src/emergency/acts";
import { runAct, withAct, type ActArgs } from "../support/councilAct";
import { emergencyScope } from "../support/scopes";

withAct(emergencyScope.task("halt", "Stops schedule and advance, and freezes canaries, for a time (council)"))
  .addPositionalParam("scope", "A module, or all")
  .addParam("reason", "Kept on chain")
  .setAction((args: ActArgs & { scope: string; reason: string }, hre) =>
    runAct(hre, args, async (client, registry) => ({
      kind: "halt",
      subject: scopeOf(args.scope),
      command: `emergency halt ${args.scope} --reason ${JSON.stringify(args.reason)}`,
      send: (params) => halt(client, registry, { scope: args.scope, reason: args.reason, ...params }),
    })),
  );
