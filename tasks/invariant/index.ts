import { lazy } from "../support/lazy";
import { withOutput, withSender } from "../support/options";
import { invariantScope } from "../support/scopes";

withOutput(invariantScope.task("check", "How invariants stand now; sends nothing"))
  .addOptionalPositionalParam("proposal", "Plan file, id, six digits of it, or slug; without one, the whole catalogue")
  .setAction(lazy(() => import("./check")));

withSender(invariantScope.task("define", "Adds rows of the catalogue to the registry (risk role)"))
  .addOptionalVariadicPositionalParam("names", "Names of catalogue files; without any, all that this network can hold")
  .setAction(lazy(() => import("./define")));

withOutput(invariantScope.task("list", "Catalogue files and the registry's catalogue, side by side")).setAction(
  lazy(() => import("./list")),
);

withSender(invariantScope.task("poke", "Shows the registry a broken invariant: anyone may, and it acts as agreed"))
  .addOptionalPositionalParam("proposal", "Plan file, id, six digits of it, or slug; without one, the only live one")
  .setAction(lazy(() => import("./poke")));
