import { lazy } from "../support/lazy";
import { withAct, withOutput, withSender } from "../support/options";
import { canaryScope } from "../support/scopes";

withSender(canaryScope.task("freeze", "Sends all of a module's traffic to stable, for the rest of the plan"))
  .addPositionalParam("module", "Name of the module")
  .setAction(lazy(() => import("./freeze")));

withAct(
  canaryScope.task(
    "tighten",
    "Closes a lane, drains, locks a function, or lowers cap or share (incident key, or council)",
  ),
)
  .addPositionalParam("module", "Name of the module")
  .addOptionalParam("pause", "Lane to close; by the incident key alone, no exit")
  .addOptionalParam("drain", "How long nothing new enters, such as 2h; exits stay open")
  .addOptionalParam("lock", "Privileged function to refuse: signature or selector")
  .addOptionalParam("cap", "What is left of the policy's cap, such as 50%")
  .addOptionalParam("share", "A smaller share, such as 1%")
  .setAction(lazy(() => import("./tighten")));

withOutput(canaryScope.task("status", "Share, calls, budget and breaks of the routers that serve now"))
  .addOptionalPositionalParam("module", "Name of a module; all of them unless given")
  .setAction(lazy(() => import("./status")));
