import { lazy } from "../support/lazy";
import { withOutput } from "../support/options";
import { drillScope } from "../support/scopes";

withOutput(
  drillScope.task("run", "Breaks an invariant on a fork, and measures what the plan committed to (sends nothing)"),
)
  .addPositionalParam("class", "asset, authorization, pricing, upgrade, liveness")
  .addOptionalPositionalParam("proposal", "Plan file, id, six digits of it, or slug; the only live one unless given")
  .addOptionalParam("within", "Most blocks until it is contained", "3")
  .addOptionalParam("block", "Block to fork at; the latest unless stated")
  .addOptionalParam("write", "Folder for drill.json, statement.md and tabletop.md")
  .setAction(lazy(() => import("./run")));

withOutput(
  drillScope.task("lint", "Whether an incident statement says what it must, and nothing that could mean anything"),
)
  .addPositionalParam("file", "Statement (Markdown)")
  .setAction(lazy(() => import("./lint")));
