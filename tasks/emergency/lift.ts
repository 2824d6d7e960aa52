import { lift, scopeOf } from "../../src/emergency/acts";
import { runAct, withAct, type ActArgs } from "../support/councilAct";
import { emergencyScope } from "../support/scopes";

withAct(emergencyScope.task("lift", "Ends a halt early (council)"))
  .addPositionalParam("scope", "A module, or all")
  .setAction((args: ActArgs & { scope: string }, hre) =>
    runAct(hre, args, async (client, registry) => ({
      kind: "lift",
      subject: scopeOf(args.scope),
      command: `emergency lift ${args.scope}`,
      send: (params) => lift(client, registry, { scope: args.scope, ...params }),
    })),
  );
