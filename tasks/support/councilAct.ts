import type { HardhatRuntimeEnvironment } from "hardhat/types";
import type { Client } from "../../src/client";
import { readAct, type ActKind, type Collected } from "../../src/emergency/acts";
import { actStatement } from "../../src/emergency/statement";
import { SlipwayError } from "../../src/errors";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import type { Performed, SendOptions } from "../../src/registry/perform";
import { firstStatement, namedSignature, readSigned } from "../../src/registry/statements/readSigned";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { shortId } from "../../src/registry/words";
import { sendOptions, type SigningArgs } from "./options";
import { runTask, type Outcome } from "./runTask";
import { outcomeOf } from "./runVerb";
import { signOutcome } from "./sign";

export interface ActArgs extends SigningArgs {
  deadline?: string;
}

interface Act {
  kind: ActKind;
  /** Scope or proposal, as the contract names it. */
  subject: string;
  /** The command of this act, without `npx hardhat`. */
  command: string;
  /** Where its effect shows, without `npx hardhat`. */
  status?: string;
  send(params: Collected & SendOptions): Promise<Performed>;
}

/** An act of the council: sent by a member, signed for later, or submitted with collected signatures. */
export async function runAct(
  hre: HardhatRuntimeEnvironment,
  args: ActArgs,
  actOf: (client: Client, registry: Registry) => Promise<Act>,
): Promise<void> {
  await runTask(hre, args, async (client): Promise<Outcome> => {
    const registry = await connectRegistry(client);
    const { kind, subject, command, status = "emergency status", send } = await actOf(client, registry);
    const deadline = args.deadline === undefined ? undefined : secondsOf(args.deadline);
    if (args.sign !== undefined) {
      const statement = await actStatement(client, registry, { kind, subject, deadline });
      return signOutcome(client, registry, { statement, file: args.sign, again: command });
    }
    const collected = args.submit === undefined ? {} : await collect(client, registry, args.submit, { kind, subject });
    const outcome = outcomeOf(await send({ ...collected, ...sendOptions(args) }));
    const { have, need } = await readAct(registry, kind, subject);
    // Once it ran, the act's next occasion has no approvals yet.
    const isPending = have > 0 && have < need;
    return {
      ...outcome,
      text: isPending ? `${outcome.text}\n${have} of ${need} members have approved` : outcome.text,
      next: isPending ? `npx hardhat ${command} --as ANOTHER_MEMBER` : `npx hardhat ${status}`,
    };
  });
}

/** An act on one plan, with a reason that is kept on chain. */
export function runPlanAct(
  hre: HardhatRuntimeEnvironment,
  args: ActArgs & { proposal: string; reason: string },
  kind: "stop" | "veto" | "rollback",
  send: (
    client: Client,
    registry: Registry,
    params: { proposalId: string; reason: string } & Collected & SendOptions,
  ) => Promise<Performed>,
): Promise<void> {
  return runAct(hre, args, async (client, registry) => {
    const { reason } = args;
    const proposalId = await resolveProposal(client, registry, args.proposal);
    return {
      kind,
      subject: proposalId,
      command: `emergency ${kind} ${shortId(proposalId)} --reason ${JSON.stringify(reason)}`,
      send: (params) => send(client, registry, { proposalId, reason, ...params }),
    };
  });
}

/** The signatures of one batch share a deadline: that of the first file. */
async function collect(
  client: Client,
  registry: Registry,
  files: string,
  params: { kind: ActKind; subject: string },
): Promise<Collected> {
  const first = firstStatement(files);
  const deadline = "deadline" in first ? first.deadline : undefined;
  const statement = await actStatement(client, registry, { ...params, deadline });
  const read = await readSigned(client, registry, files, statement);
  return {
    signatures: read.map(namedSignature),
    deadline: statement.deadline,
  };
}

function secondsOf(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new SlipwayError("OptionInvalid", {
    where: "--deadline",
    expected: "seconds since the epoch",
    found: text,
  });
}
