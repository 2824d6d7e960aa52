import { lazy } from "../support/lazy";
import { withOutput, withSender } from "../support/options";
import { canaryScope } from "../support/scopes";

withSender(canaryScope.task("freeze", "Sends all of a module's traffic to stable, for the rest of the plan"))
  .addPositionalParam("module", "Name of the module")
  .setAction(lazy(() => import("./freeze")));

withOutput(canaryScope.task("status", "Share, calls, budget and breaks of the routers that serve now"))
  .addOptionalPositionalParam("module", "Name of a module; all of them unless given")
  .setAction(lazy(() => import("./status")));
