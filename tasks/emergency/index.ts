import { lazy } from "../support/lazy";
import { withAct, withOutput } from "../support/options";
import { emergencyScope } from "../support/scopes";

withAct(emergencyScope.task("halt", "Stops schedule and advance, and freezes canaries, for a time (council)"))
  .addPositionalParam("scope", "A module, or all")
  .addParam("reason", "Kept on chain")
  .setAction(lazy(() => import("./halt")));

withAct(emergencyScope.task("lift", "Ends a halt early (council)"))
  .addPositionalParam("scope", "A module, or all")
  .setAction(lazy(() => import("./lift")));

withAct(emergencyScope.task("rollback", "Takes a plan in progress back at once (council); needs no file"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction(lazy(() => import("./rollback")));

withOutput(
  emergencyScope.task("status", "Every action possible now, by whom, with what effect, and the command"),
).setAction(lazy(() => import("./status")));

withAct(
  emergencyScope.task(
    "veto",
    "Ends a plan that has not begun; stalls one that has, so that anyone may roll it back (council)",
  ),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addParam("reason", "Kept on chain")
  .setAction(lazy(() => import("./veto")));
