import { Interface } from "ethers";
import { decodeRevert } from "../chain/decodeRevert";
import { simulateSequence, type SequenceStep } from "../chain/simulateSequence";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { dispatchedSelectors } from "../impact/selectors";
import { buildStages, type StageContext } from "./buildStages";
import { checkInitializers } from "./checkInitializers";
import { creationSteps, type Deployment } from "./deployments";
import type { Candidate } from "./findCandidate";
import type { Call, Plan } from "./types";

export interface CandidateCheck {
  candidate: Candidate;
  /** Of a diamond: each contract that the candidate consists of. */
  facets?: readonly Candidate[];
  context: StageContext;
  deployments: readonly Deployment[];
  deployer: string;
  plan: Plan;
  /** An ABI whose errors may come back. */
  errors: Interface;
}

/**
 * Runs what the plan would do, without sending: its first stage and the way back from it must succeed for the timelock, and no
 * stranger may initialise the candidate, neither at its own address nor through the proxy after the upgrade.
 */
export async function checkCandidate(client: Client, check: CandidateCheck, where: string): Promise<void> {
  const { candidate, context, deployments, deployer, plan } = check;
  const { abi, init, deployment } = candidate;
  const creations = creationSteps(deployments, deployer);
  const asTimelock = (call: Call): SequenceStep => ({ sender: context.timelock, ...call });
  const shared = {
    abi,
    knownCalls: [init, deployment.lock ?? "0x"].filter((data) => data !== "0x"),
    someContract: context.proxies[0]!,
    where,
  };
  for (const own of check.facets ?? [candidate]) {
    await checkInitializers(client, {
      ...shared,
      abi: own.abi,
      knownCalls: [init, own.deployment.lock ?? "0x"].filter((data) => data !== "0x"),
      target: own.deployment.address,
      before: creations,
      place: "the implementation",
    });
  }

  const [stage, rollback] = [plan.stages[0]!.calls, plan.rollbacks[0]!.calls];
  const errors = [abi, check.errors, ...(await routerErrors(client, context))];
  await checkCalls(client, creations, stage.map(asTimelock), errors, `${where}, stage 0`);
  await checkCalls(
    client,
    [...creations, ...stage.map(asTimelock)],
    rollback.map(asTimelock),
    errors,
    `${where}, rollback 0 after stage 0`,
  );

  // Straight to the candidate: what a canary leaves behind when it is promoted. Without one, the stage itself with all that it calls.
  const direct = context.canary === undefined ? plan.stages[0]! : buildStages({ ...context, canary: undefined })[0]!;
  for (const target of context.proxies) {
    await checkInitializers(client, {
      ...shared,
      knownCalls: await unshadowed(client, target, shared.knownCalls),
      target,
      before: [...creations, ...direct.calls.map(asTimelock)],
      place: "the proxy",
    });
  }
}

/** Calls that the proxy hands on: what it answers itself never reaches the code behind it. Axelar's do so with `setup`. */
async function unshadowed(client: Client, proxy: string, calls: readonly string[]): Promise<string[]> {
  const own = dispatchedSelectors(await client.provider.getCode(proxy));
  return calls.filter((data) => !own.includes(data.slice(0, 10)));
}

/** Every call of a batch must succeed after the steps before it. */
async function checkCalls(
  client: Client,
  before: readonly SequenceStep[],
  calls: readonly SequenceStep[],
  errors: readonly Interface[],
  where: string,
): Promise<void> {
  const outcomes = (await simulateSequence(client, [...before, ...calls])).slice(before.length);
  const failed = outcomes.findIndex((outcome) => !outcome.isOk);
  if (failed === -1) return;
  throw new SlipwayError("CallReverts", {
    where: `${where}, call ${failed}`,
    expected: `${calls[failed]!.target} to take the call of the timelock ${calls[failed]!.sender}`,
    found: decodeRevert(outcomes[failed]!.result, errors),
  });
}

async function routerErrors(client: Client, context: StageContext): Promise<Interface[]> {
  if (context.canary === undefined) return [];
  return [new Interface((await client.artifacts.read("TrafficErrors")).abi)];
}
