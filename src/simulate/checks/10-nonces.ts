import { Contract, decodeBytes32String, getAddress, Interface } from "ethers";
import { isEnded } from "../../registry/state";
import { logsOf } from "../../registry/registryLogs";
import { readDeployment } from "../../registry/deploymentRecord";
import { operationsOf } from "../../impact/readImpact";
import { knownProposals } from "../onChain";
import type { Answer } from "../types";
import { fail, pass, starting, warn, type World } from "./types";

const TIMELOCK = new Interface([
  "event CallScheduled(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data, bytes32 predecessor, uint256 delay)",
  "function isOperationPending(bytes32 id) view returns (bool)",
]);
const SAFE = new Interface([
  "function nonce() view returns (uint256)",
  "function getThreshold() view returns (uint256)",
  "function getOwners() view returns (address[])",
]);

/** Nothing else moves the same modules, and the plan's own numbers are not used up. */
export const nonces = starting(
  { number: 10, id: "nonces", name: "versions and nonces are current, and nothing queued moves the same accounts" },
  read,
);

async function read(world: World): Promise<Answer> {
  const { registry, plan, built } = world;
  const stale: string[] = [];
  const evidence: string[] = [];
  const modules = new Set(plan.targets.map(({ module }) => module));
  for (const { module, baseVersion } of plan.targets) {
    const { version, lockedBy } = await registry.contract.getFunction("moduleOf")(module);
    const name = decodeBytes32String(module);
    evidence.push(`${name}: version ${version}, which the plan starts from`);
    if (version !== baseVersion) stale.push(`${name} is at version ${version}, the plan starts from ${baseVersion}`);
    if (BigInt(lockedBy as string) !== 0n) stale.push(`${name} is held by ${lockedBy}, which is under way`);
  }
  const known = await knownProposals(world);
  const spent = known.filter(({ subject, status }) => subject === built.subject && isEnded(status.state));
  stale.push(
    ...spent.map(({ proposalId, status }) => `this plan with nonce ${plan.nonce} is ${status.state} as ${proposalId}`),
  );
  const others = known.filter(
    ({ subject, status, plan: other }) =>
      subject !== built.subject && !isEnded(status.state) && other.targets.some(({ module }) => modules.has(module)),
  );
  const lines = [
    ...others.map(
      ({ proposalId, plan: other, status }) =>
        `"${other.title}" is ${status.state}, on the same module, as ${proposalId}`,
    ),
    ...(await foreignOperations(world)),
  ];
  evidence.push(`${known.length} proposals read, ${others.length} of them live on the same modules`);
  evidence.push(...(await safeOf(world)));
  if (stale.length > 0) {
    return fail([...stale, ...lines, ...evidence], "build the plan anew on the present version, with the next nonce");
  }
  return lines.length > 0
    ? warn([...lines, ...evidence], "whichever runs first makes the other stale: agree on the order, or cancel one")
    : pass(...evidence);
}

/** Pending operations of the timelock that no proposal of the registry explains, and that touch an account of this plan. */
async function foreignOperations(world: World): Promise<string[]> {
  const { session, registry, plan, timelock } = world;
  const { client } = session;
  const from = readDeployment(client.deploymentsDir, registry.address)?.block ?? 0;
  const filter = { address: timelock, topics: [TIMELOCK.getEvent("CallScheduled")!.topicHash] };
  const logs = await logsOf(client, filter, from, await client.provider.getBlockNumber());
  const touched = new Set([
    ...plan.stages.flatMap(({ calls }) => calls.map(({ target }) => getAddress(target))),
    ...(await Promise.all(
      plan.targets.map(
        async ({ module }) => (await registry.contract.getFunction("moduleOf")(module)).account as string,
      ),
    )),
  ]);
  const own = new Set(
    (await knownProposals(world)).flatMap(({ plan: other, proposalId }) =>
      operationsOf(registry, other, proposalId).map((operation) => operation.id),
    ),
  );
  const contract = new Contract(timelock, TIMELOCK, client.provider);
  const found = new Map<string, string>();
  for (const log of logs) {
    const { args } = TIMELOCK.parseLog(log)!;
    const [operation, , target, , data] = args as unknown as [string, bigint, string, bigint, string];
    if (own.has(operation) || !touched.has(target) || found.has(operation)) continue;
    if (!(await contract.getFunction("isOperationPending")(operation))) continue;
    found.set(operation, `operation ${operation} is pending, and calls ${data.slice(0, 10)} on ${target}`);
  }
  return [...found.values()];
}

/** A proposer that is a Safe signs in the order of its nonces. */
async function safeOf({ session, plan }: World): Promise<string[]> {
  const { provider } = session.client;
  if ((await provider.getCode(plan.proposer)) === "0x") {
    return [`proposer ${plan.proposer}: nonce ${await provider.getTransactionCount(plan.proposer)}`];
  }
  const safe = new Contract(plan.proposer, SAFE, provider);
  try {
    const [nonce, threshold, owners] = (await Promise.all(
      ["nonce", "getThreshold", "getOwners"].map((name) => safe.getFunction(name)()),
    )) as [bigint, bigint, string[]];
    return [
      `proposer ${plan.proposer} is a Safe, ${threshold} of ${owners.length}: what waits for signatures under nonce ${nonce} comes first`,
    ];
  } catch {
    return [`proposer ${plan.proposer} is a contract`];
  }
}
