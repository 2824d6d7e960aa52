import { SlipwayError } from "../../src/errors";
import { advance } from "../../src/registry/advance";
import { withSender, type SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { upgradeScope } from "../support/scopes";

withSender(upgradeScope.task("advance", "Runs the next stage, or completes the plan after the last dwell (anyone)"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addOptionalParam("stage", "Index of the stage that is meant; nothing happens if it has run")
  .setAction((args: SenderArgs & { proposal: string; stage?: string }, hre) =>
    runVerb(hre, args, ({ client, registry, options, proposalId }) => {
      const stage = args.stage === undefined ? undefined : stageOf(args.stage);
      return advance(client, registry, { proposalId, stage, ...options });
    }),
  );

function stageOf(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new SlipwayError("OptionInvalid", { where: "--stage", expected: "the index of a stage", found: text });
}
