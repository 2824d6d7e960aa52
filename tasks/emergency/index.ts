import { lazy } from "../support/lazy";
import { withAct, withOutput, withSender } from "../support/options";
import { emergencyScope } from "../support/scopes";

withAct(emergencyScope.task("halt", "Stops schedule and advance, and freezes canaries, for a time (council)"))
  .addPositionalParam("scope", "A module, or all")
  .addParam("reason", "Kept on chain")
  .setAction(lazy(() => import("./halt")));

withAct(
  emergencyScope.task(
    "cosign",
    "The council's yes to an emergency plan, without which it cannot be scheduled (council)",
  ),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction(lazy(() => import("./cosign")));

withSender(
  emergencyScope.task(
    "contain",
    "Runs one of a plan's containments (anyone once the breach is proven; incident role, council member)",
  ),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addParam("containment", "Label or index")
  .setAction(lazy(() => import("./contain")));

withAct(emergencyScope.task("lift", "Ends a halt early (council)"))
  .addPositionalParam("scope", "A module, or all")
  .setAction(lazy(() => import("./lift")));

withAct(
  emergencyScope.task(
    "recovery",
    "Gives the roles of a bricked registry to another one, thirty days later (owner); veto: council",
  ),
)
  .addOptionalPositionalParam("verb", "status, start, execute, withdraw or veto", "status")
  .addOptionalParam("successor", "Of start: a registry that was made for the same timelock")
  .addOptionalParam("recovery", "The recovery proposer, where the address book names none")
  .setAction(lazy(() => import("./recovery")));

withAct(emergencyScope.task("rollback", "Takes a plan in progress back at once (council); needs no file"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addParam("reason", "Kept on chain")
  .setAction(lazy(() => import("./rollback")));

withOutput(
  emergencyScope.task("status", "Every action possible now, by whom, with what effect, and the command"),
).setAction(lazy(() => import("./status")));

withAct(emergencyScope.task("stop", "Vetoes a plan where it can be, and halts its modules, in one act (council)"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addParam("reason", "Kept on chain")
  .setAction(lazy(() => import("./stop")));

withAct(
  emergencyScope.task(
    "veto",
    "Ends a plan that has not begun; stalls one that has, so that anyone may roll it back (council)",
  ),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addParam("reason", "Kept on chain")
  .setAction(lazy(() => import("./veto")));
