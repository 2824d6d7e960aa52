import type { HardhatRuntimeEnvironment } from "hardhat/types";
import type { Client } from "../../src/client";
import { SlipwayError } from "../../src/errors";
import { attest, attestRehearsal, ATTESTATIONS, reportToAttest } from "../../src/registry/attest";
import type { Registry } from "../../src/registry/connect";
import { readCited } from "../../src/registry/facts";
import type { SendOptions } from "../../src/registry/perform";
import { submitAttestations } from "../../src/registry/statements/submit";
import { shortId } from "../../src/registry/words";
import { choiceOf, type SigningArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { signOutcome } from "../support/sign";

interface AttestArgs extends SigningArgs {
  proposal: string;
  kind: string;
  report?: string;
  completed?: string;
}

export const action = (args: AttestArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runVerb(hre, args, async ({ client, registry, options, proposalId }) => {
    const kind = choiceOf("kind", args.kind, ATTESTATIONS);
    if (kind === "rehearsal") return onRehearsal(client, registry, { proposalId, args, options });
    const reportHash = args.report ?? (await reportToAttest(registry, proposalId, kind));
    const statement = { verb: "attest", proposalId, kind, reportHash } as const;
    if (args.submit !== undefined) {
      return submitAttestations(client, registry, { statement, files: args.submit, ...options });
    }
    if (args.sign === undefined) return attest(client, registry, { proposalId, kind, reportHash, ...options });
    const again = `upgrade attest ${shortId(proposalId)} --kind ${kind}`;
    return signOutcome(client, registry, { statement, file: args.sign, again });
  });

async function onRehearsal(
  client: Client,
  registry: Registry,
  { proposalId, args, options }: { proposalId: string; args: AttestArgs; options: SendOptions },
) {
  const completedAt = timeOf(args.completed);
  const { rehearsalChainId, rehearsalProposal } = await readCited(registry, proposalId);
  const chainId = Number(rehearsalChainId);
  const statement = { verb: "rehearsal", proposalId, chainId, rehearsalProposal, completedAt } as const;
  if (args.submit !== undefined) {
    return submitAttestations(client, registry, { statement, files: args.submit, ...options });
  }
  if (args.sign === undefined) return attestRehearsal(client, registry, { proposalId, completedAt, ...options });
  const again = `upgrade attest ${shortId(proposalId)} --kind rehearsal --completed ${completedAt}`;
  return signOutcome(client, registry, { statement, file: args.sign, again });
}

/** Seconds since the epoch, or a time as ISO 8601 writes it. */
function timeOf(text: string | undefined): number {
  const seconds = text === undefined || /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (Number.isSafeInteger(seconds) && seconds > 0) return seconds;
  throw new SlipwayError("OptionInvalid", {
    where: "--completed",
    expected: "when the rehearsal ended: seconds since the epoch, or 2026-01-31T12:00:00Z",
    found: text ?? "none",
  });
}
