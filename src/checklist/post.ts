import { existsSync } from "node:fs";
import { getAddress, id, Interface, keccak256, ZeroAddress, type FunctionFragment, type Log } from "ethers";
import { readAddressBook } from "../chain/addressBook";
import { decodeRevert } from "../chain/decodeRevert";
import { readSlots } from "../chain/erc1967";
import { simulateSequence } from "../chain/simulateSequence";
import type { Client } from "../client";
import { deployedSide } from "../diff/codeSide";
import { encodeCall, functionOf, functionsOf, looseFunction } from "../plan/abi";
import { modulesOf, type RegisteredModule } from "../plan/moduleOf";
import { lastUpgrade } from "../plan/pointerAfter";
import type { LoadedPlanFile } from "../plan/readPlanFile";
import type { Plan } from "../plan/types";
import { formatShare } from "../plan/units";
import type { Registry } from "../registry/connect";
import { readFacts } from "../registry/facts";
import { registryLogs } from "../registry/registryLogs";
import { readStatus } from "../registry/state";
import { readJourneys } from "../simulate/journeys/readJourneys";
import { readReport } from "../simulate/readReport";
import { refusalOf } from "../simulate/sendAs";
import { checkAbi, checkOpenRpc, isPlainView, NEVER_THROUGH_A_PROXY, readAbi } from "./api";
import { addDecommissioned, readDecommissioned, type Decommissioned } from "./decommissioned";
import { rateText, readErrorRate, readKeptRate } from "./errorRate";
import { baselineFile } from "./pre";
import { askRpc, readHttp } from "./readHttp";
import type { Checklist } from "./schema";
import { servingCodes } from "./servingCodes";
import { fail, inconclusive, pass, type Finding, type ItemKind } from "./types";

export interface PostWorld {
  client: Client;
  registry: Registry;
  checklist: Checklist;
  loaded: LoadedPlanFile;
  /** As it was proposed. */
  plan: Plan;
  proposalId: string;
  subject: string;
  /** The plan's modules, as they are now. */
  modules: readonly RegisteredModule[];
  /** What users call. */
  accounts: readonly string[];
  /** The project's folder. */
  root: string;
  folder: string;
  reportFile: string;
  /** Endpoint that users have, where the checklist states none. */
  apiUrl?: string;
  /** Note what no longer serves. */
  isDecommissioning: boolean;
}

const DEFAULT_TOLERANCE = 100;

export const POST: readonly ItemKind<PostWorld>[] = [
  { id: "completed", name: "the plan is completed, and its code serves", run: completed },
  { id: "views", name: "views answer what they should", run: views },
  { id: "transaction", name: "a user's transaction goes through", run: transaction },
  { id: "backends", name: "backends are connected", run: backends },
  { id: "errors", name: "no more transactions fail than before", run: errors },
  { id: "events", name: "stages logged what was expected and rehearsed", run: events },
  { id: "metrics", name: "metrics and dashboards show the new version", run: metrics },
  { id: "decommissioned", name: "what served before is written off, and nothing leads to it", run: decommissioned },
  { id: "api", name: "the published API is served as it is published", run: api },
];

async function completed({ client, registry, plan, proposalId, modules }: PostWorld): Promise<Finding> {
  const { state, nextStage, stageCount } = await readStatus(registry, proposalId);
  const wrong = state === "Completed" ? [] : [`the plan is ${state}, ${nextStage} of ${stageCount} stages ran`];
  const evidence = [`proposal ${proposalId}: ${state}`];
  const calls = plan.stages.flatMap((stage) => stage.calls);
  for (const { name, account, version, word } of modules) {
    const base = plan.targets.find(({ module }) => module === word)!.baseVersion;
    (version > base ? evidence : wrong).push(`${name}: version ${version}, ${base} before the plan`);
    const expected = lastUpgrade(calls, account);
    if (expected === undefined) continue;
    const serving = await servingCodes(client.provider, account);
    const isServing = serving.includes(expected);
    (isServing ? evidence : wrong).push(
      `${name}: served by ${serving.join(", ")}${isServing ? "" : `, not by ${expected}`}`,
    );
  }
  return wrong.length === 0
    ? pass(...evidence)
    : fail([...wrong, ...evidence], `npx hardhat upgrade status ${proposalId}`);
}

/** ABI of what serves the module: the one that is named, or that of the build which made the code. */
async function liveAbi({ client, checklist, modules, root }: PostWorld): Promise<Interface | undefined> {
  if (checklist.abi !== undefined) return readAbi(client, checklist.abi, root);
  const fragments = [];
  for (const code of await servingCodes(client.provider, modules[0]!.account)) {
    const { abi } = await deployedSide(client, code);
    if (abi === undefined) return undefined;
    fragments.push(...abi.fragments);
  }
  return new Interface(fragments);
}

async function views(world: PostWorld): Promise<Finding> {
  const { client, checklist, modules } = world;
  const abi = await liveAbi(world);
  const module = modules[0]!.account;
  const stated = checklist.views?.map(({ call, account = module, args = [], expect }) => {
    const where = `views, ${call}`;
    const fragment =
      /\)\s*\(/.test(call) || abi === undefined ? looseFunction(call, where) : functionOf(abi, call, where);
    return { account, fragment, data: encodeCall(fragment, args, where), expect };
  });
  if (stated === undefined && abi === undefined) {
    return inconclusive(["no build at hand makes the code that serves"], "name its contract: abi, or list views");
  }
  const asked =
    stated ??
    functionsOf(abi!)
      .filter((fragment) => isPlainView(fragment) && fragment.format("sighash") !== NEVER_THROUGH_A_PROXY)
      .map((fragment) => ({ account: module, fragment, data: fragment.selector, expect: undefined }));
  if (asked.length === 0) return inconclusive(["no view without arguments"], "list views, with their arguments");
  const wrong: string[] = [];
  const evidence: string[] = [];
  for (const { account, fragment, data, expect } of asked) {
    const { isOk, text } = await answerOf(client, { account, fragment, data });
    const isExpected = expect === undefined || text.toLowerCase() === expect.toLowerCase();
    const line = `${fragment.format("sighash")} ${text}`;
    if (isOk && isExpected) evidence.push(line);
    else wrong.push(isOk ? `${line}, expected ${expect}` : line);
  }
  return wrong.length === 0
    ? pass(...evidence)
    : fail([...wrong, ...evidence], "users read something else than they should");
}

async function answerOf(
  { provider }: Client,
  { account, fragment, data }: { account: string; fragment: FunctionFragment; data: string },
): Promise<{ isOk: boolean; text: string }> {
  let answer: string;
  try {
    answer = await provider.call({ to: account, data });
  } catch (thrown) {
    if ((thrown as { code?: string }).code !== "CALL_EXCEPTION") throw thrown;
    return { isOk: false, text: "reverts" };
  }
  if (fragment.outputs.length === 0) return { isOk: answer !== "0x", text: answer };
  try {
    const values = new Interface([fragment]).decodeFunctionResult(fragment, answer);
    return { isOk: true, text: [...values].map(String).join(", ") };
  } catch {
    return {
      isOk: false,
      text: `answers ${answer}, which is no (${fragment.outputs.map(({ type }) => type).join(",")})`,
    };
  }
}

interface UserCall {
  of: string;
  text: string;
  sender: string;
  target: string;
  value: bigint;
  data: string;
  /** "ok", or the name of an error. */
  expect: string;
}

async function transaction(world: PostWorld): Promise<Finding> {
  const { client, checklist, loaded, modules } = world;
  const abi = await liveAbi(world);
  const module = modules[0]!.account;
  const waits: string[] = [];
  const runs: UserCall[][] = [];
  if (checklist.transaction !== undefined) {
    runs.push(
      checklist.transaction.map(({ call, as, target = module, args = [], value = 0n }) => {
        const where = `transaction, ${call}`;
        const fragment =
          abi === undefined || target !== module ? looseFunction(call, where) : functionOf(abi, call, where);
        const data = encodeCall(fragment, args, where);
        return { of: "transaction", text: call, sender: as, target, value, data, expect: "ok" };
      }),
    );
  } else {
    for (const { name, users, steps } of readJourneys(loaded, module, abi === undefined ? [] : [abi])) {
      if (steps.some(({ wait }) => wait > 0n)) {
        waits.push(`journey ${name} waits, and time cannot be simulated here`);
        continue;
      }
      runs.push(
        ...users.map((sender) =>
          steps.map(({ text, target, value, dataFor, expect = "ok" }) => ({
            ...{ of: name, text, sender, target, value, expect },
            data: dataFor(sender),
          })),
        ),
      );
    }
  }
  if (runs.every((steps) => steps.length === 0)) {
    return inconclusive([...waits, "nothing to try"], "state transaction, or journeys without waits in the plan file");
  }
  const wrong: string[] = [];
  const evidence: string[] = [...waits];
  for (const steps of runs) {
    const outcomes = await simulateSequence(client, steps);
    for (const [i, { isOk, result }] of outcomes.entries()) {
      const { of, text, sender, expect } = steps[i]!;
      const error = isOk ? undefined : refusalOf(result, abi === undefined ? [] : [abi]);
      const isRight = isOk ? expect === "ok" : error?.name === expect;
      const came = isOk ? "ok" : (error?.text ?? decodeRevert(result));
      (isRight ? evidence : wrong).push(`${of}: ${text} by ${sender}: ${came}${isRight ? "" : `, expected ${expect}`}`);
    }
  }
  return wrong.length === 0 ? pass(...evidence) : fail([...wrong, ...evidence], "users cannot do this any more");
}

async function backends({ checklist }: PostWorld): Promise<Finding> {
  const asked = checklist.backends ?? [];
  if (asked.length === 0) return inconclusive(["the checklist names none"], "state backends, or waive them");
  const wrong: string[] = [];
  const evidence: string[] = [];
  for (const { url, status = 200n, contains } of asked) {
    const answer = await readHttp(url);
    const isThere = answer.status === Number(status);
    const isRight = isThere && (contains === undefined || answer.text.includes(contains));
    const came = answer.status === undefined ? answer.text : `HTTP ${answer.status}`;
    (isRight ? evidence : wrong).push(
      `${url}: ${came}${isRight ? "" : isThere ? `, without ${JSON.stringify(contains)}` : `, expected ${status}`}`,
    );
  }
  return wrong.length === 0 ? pass(...evidence) : fail([...wrong, ...evidence], "connect them before users come back");
}

/** Blocks and transactions of the plan's stages, in order. */
async function stagesOf({ client, registry, proposalId }: PostWorld) {
  const logs = await registryLogs(client, registry, "StageAdvanced", [proposalId]);
  return logs.map(({ args, blockNumber, transactionHash }) => ({
    stage: Number(args["stage"]),
    block: blockNumber,
    hash: transactionHash,
  }));
}

async function errors(world: PostWorld): Promise<Finding> {
  const { client, checklist, folder, accounts } = world;
  const { tolerance = DEFAULT_TOLERANCE, least = 1n } = checklist.errorRate ?? {};
  const file = baselineFile(folder);
  const before = readKeptRate(file);
  if (before === undefined) {
    return inconclusive(
      [`no baseline: ${file}`],
      "it is recorded before an upgrade: npx hardhat upgrade checklist pre",
    );
  }
  const stages = await stagesOf(world);
  const [first, last] = [stages[0], stages.at(-1)];
  if (first === undefined || last === undefined) return inconclusive(["no stage ran"], "run it after the upgrade");
  const evidence = [`before: ${rateText(before)}`];
  const kept = await client.provider.getBlock(before.to);
  const { chainId } = await client.provider.getNetwork();
  if (before.chainId !== chainId.toString() || kept?.hash !== before.blockHash) {
    return fail([...evidence, "the baseline was taken on another chain"], "record it on this one, before an upgrade");
  }
  if (before.to >= first.block) {
    return fail([...evidence, `the first stage ran in block ${first.block}`], "a baseline is from before the upgrade");
  }
  const to = await client.provider.getBlockNumber();
  const after = await readErrorRate(client, { accounts, from: last.block + 1, to });
  evidence.push(`since: ${rateText(after)}`, ...after.examples.map((hash) => `failed: ${hash}`));
  if (after.accounts.join() !== before.accounts.join()) {
    return fail([...evidence, `counted to ${before.accounts.join()} before`], "count the same accounts");
  }
  if (after.total < Number(least))
    return inconclusive([...evidence, `at least ${least} make a rate`], "wait for users");
  // after / total <= before / total + tolerance, in whole numbers.
  const [a, n, b, m] = [after.failed, after.total, before.failed, before.total].map(BigInt) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const isNominal = m > 0n && a * m * 10_000n <= b * n * 10_000n + BigInt(tolerance) * n * m;
  evidence.push(`${formatShare(tolerance)} more are tolerated`);
  return isNominal ? pass(...evidence) : fail(evidence, "find out why they fail; the runbook tells how to stop");
}

async function events(world: PostWorld): Promise<Finding> {
  const { client, registry, checklist, loaded, plan, proposalId, reportFile, subject } = world;
  if (!existsSync(reportFile)) return inconclusive([`no rehearsal: ${reportFile}`], "name its report.json: --report");
  const { report, reportHash } = readReport(reportFile);
  const cited = (await readFacts(registry, proposalId)).reportHash;
  if (report.subject !== subject)
    return fail([`the rehearsal is about plan ${report.subject}`], "name this plan's report");
  if (BigInt(cited) !== 0n && cited !== reportHash) {
    return fail([`the proposal cites another report, ${cited}`], "name the report that was voted on");
  }
  const timelock = (await registry.contract.getFunction("timelock")()) as string;
  const books = new Set([registry.address, timelock].map((account) => getAddress(account)));
  const vary = new Set((checklist.events?.vary ?? []).map((event) => id(event)));
  const abi = await liveAbi(world);
  const nameOf = (topic = "") =>
    abi?.getEvent(topic)?.format("sighash") ?? (topic === "" ? "an anonymous event" : topic);
  const keyOf = ({ account, topics, data }: { account: string; topics: readonly string[]; data: string }) =>
    [getAddress(account), ...(vary.has(topics[0] ?? "") ? [topics[0]] : [...topics, data])].join(" ");
  const wrong: string[] = [];
  const evidence: string[] = [];
  const ran = await stagesOf(world);
  const logged: Log[] = [];
  for (const { stage, hash } of ran) {
    const receipt = await client.provider.getTransactionReceipt(hash);
    if (receipt === null) throw new Error(`the node has no receipt of ${hash}`);
    const real = receipt.logs.filter(({ address }) => !books.has(getAddress(address)));
    logged.push(...real);
    const left = real.map(({ address, topics, data }) => ({ account: address, topics, data }));
    const total = left.length;
    for (const expected of report.stages.find(({ index }) => index === stage)?.events ?? []) {
      const at = left.findIndex((log) => keyOf(log) === keyOf(expected));
      if (at === -1) wrong.push(`stage ${stage}: no ${nameOf(expected.topics[0])} of ${expected.account} as rehearsed`);
      else left.splice(at, 1);
    }
    for (const { account, topics } of left)
      wrong.push(`stage ${stage}: ${nameOf(topics[0])} of ${account} was not rehearsed`);
    evidence.push(`stage ${stage}: ${total} events in ${hash}`);
  }
  for (const { event, account } of loaded.plan.expect?.events ?? []) {
    const isThere = logged.some(
      ({ topics, address }) => topics[0] === id(event) && (account === undefined || getAddress(address) === account),
    );
    if (!isThere) wrong.push(`no ${event}, which the plan file expects`);
  }
  if (ran.length !== plan.stages.length) wrong.push(`${ran.length} of ${plan.stages.length} stages ran`);
  return wrong.length === 0
    ? pass(...evidence)
    : fail([...wrong, ...evidence], "the chain was not as in the rehearsal");
}

async function metrics({ client, checklist, modules, proposalId }: PostWorld): Promise<Finding> {
  const asked = checklist.metrics;
  if (asked === undefined) return inconclusive(["the checklist names none"], "state metrics, or waive them");
  const { status, text } = await readHttp(asked.url);
  if (status !== 200) {
    return fail(
      [`${asked.url}: ${status === undefined ? text : `HTTP ${status}`}`],
      "npx hardhat upgrade metrics --listen 9464",
    );
  }
  const wrong: string[] = [];
  const evidence: string[] = [];
  for (const { name, version } of modules) {
    const [, shown] =
      new RegExp(`^slipway_module_version\\{module="${literal(name)}"\\} (\\S+)$`, "m").exec(text) ?? [];
    const isRight = shown !== undefined && BigInt(Math.trunc(Number(shown))) === version;
    (isRight ? evidence : wrong).push(
      `${name}: version ${shown ?? "not shown"}${isRight ? "" : `, ${version} on chain`}`,
    );
  }
  const [, height] = /^ipc_current_height (\d+)$/m.exec(text) ?? [];
  const now = await client.provider.getBlockNumber();
  evidence.push(`height ${height ?? "not shown"} of ${now}`);
  if (text.includes(`slipway_proposal_state{proposal_id="${proposalId}"`))
    wrong.push("the plan is still shown as live");
  for (const query of asked.queries ?? []) {
    if (asked.prometheus === undefined) return inconclusive(["queries, and no prometheus"], "state metrics.prometheus");
    const answer = await readHttp(`${asked.prometheus}/api/v1/query?query=${encodeURIComponent(query)}`);
    const rows = rowsOf(answer.text);
    if (answer.status === 200 && rows > 0) evidence.push(`${query}: ${rows} series`);
    else
      wrong.push(
        `${query}: ${answer.status === undefined ? answer.text : answer.status === 200 ? "no series" : `HTTP ${answer.status}`}`,
      );
  }
  return wrong.length === 0
    ? pass(...evidence)
    : fail([...wrong, ...evidence], "what watches the module looks elsewhere");
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function rowsOf(text: string): number {
  try {
    const { status, data } = JSON.parse(text) as { status?: string; data?: { result?: unknown[] } };
    return status === "success" ? (data?.result?.length ?? 0) : 0;
  } catch {
    return 0;
  }
}

async function decommissioned(world: PostWorld): Promise<Finding> {
  const { client, registry, modules, proposalId, isDecommissioning } = world;
  const { provider, deploymentsDir } = client;
  const stages = await stagesOf(world);
  const [first, last] = [stages[0], stages.at(-1)];
  if (first === undefined || last === undefined) return inconclusive(["no stage ran"], "run it after the upgrade");
  const old: Decommissioned[] = [];
  for (const { name, account } of modules) {
    const now = new Set(await servingCodes(provider, account));
    for (const address of await servingCodes(provider, account, first.block - 1)) {
      if (now.has(address)) continue;
      const codeHash = keccak256(await provider.getCode(address));
      old.push({ address, codeHash, module: name, proposalId, block: last.block });
    }
  }
  if (old.length === 0) return fail(["what served before the plan still serves"], "the plan has not taken effect");
  const wrong: string[] = [];
  const evidence = old.map(({ address, module }) => `${address} served ${module} before`);
  const named = Object.entries(readAddressBook(deploymentsDir).addresses);
  const known = [...(await modulesOf(registry)).map(({ name, account }) => [name, account] as const), ...named];
  for (const [name, account] of known) {
    if ((await provider.getCode(account)) === "0x") continue;
    const { implementation, beacon } = await readSlots(provider, account);
    const leads = implementation !== ZeroAddress || beacon !== ZeroAddress ? await servingCodes(provider, account) : [];
    for (const { address } of old)
      if (leads.includes(address)) wrong.push(`${name} ${account} still points to ${address}`);
  }
  const rate = await readErrorRate(client, {
    accounts: old.map(({ address }) => address),
    from: last.block + 1,
    to: await provider.getBlockNumber(),
  });
  if (rate.total > 0) wrong.push(`${rate.total} transactions were sent to it since`);
  if (isDecommissioning) addDecommissioned(deploymentsDir, old);
  const kept = readDecommissioned(deploymentsDir);
  for (const { address, codeHash, module } of old) {
    const isKept = kept.some((one) => one.address === address && one.module === module && one.codeHash === codeHash);
    if (isKept) evidence.push(`${address} stands in decommissioned.json`);
    else wrong.push(`${address} is not written off`);
  }
  if (wrong.length === 0) return pass(...evidence);
  return fail([...wrong, ...evidence], "tell who still uses it; --decommission writes it off in decommissioned.json");
}

async function api(world: PostWorld): Promise<Finding> {
  const { client, checklist, modules, root } = world;
  const stated = checklist.api ?? {};
  const url = stated.url ?? world.apiUrl;
  if (url === undefined) return inconclusive(["no endpoint"], "state api.url, or API_BASE_URL in the environment");
  const { chainId } = await client.provider.getNetwork();
  const answer = await askRpc(url, "eth_chainId", []);
  if (typeof answer.result !== "string" || BigInt(answer.result) !== chainId) {
    return fail([`${url} answers for chain ${String(answer.result)}, not ${chainId}`], "name this chain's endpoint");
  }
  const height = Number((await askRpc(url, "eth_blockNumber", [])).result);
  const stages = await stagesOf(world);
  const upgraded = stages.at(-1)?.block ?? 0;
  if (!(height >= upgraded)) {
    return fail([`${url} is at block ${height}, the upgrade is in block ${upgraded}`], "the endpoint lags behind");
  }
  const drifts: string[] = [];
  const unknown: string[] = [];
  const evidence = [`${url}: chain ${chainId}, block ${height}`];
  const abi = stated.abi === undefined ? await liveAbi(world) : await readAbi(client, stated.abi, root);
  if (abi === undefined) unknown.push("no published ABI: state api.abi");
  const account = modules[0]!.account;
  const parts = [
    ...(abi === undefined ? [] : [await checkAbi(client, { url, account, abi })]),
    ...(stated.openrpc === undefined ? [] : [await checkOpenRpc(client, { url, file: stated.openrpc })]),
  ];
  for (const part of parts) {
    drifts.push(...part.drifts);
    unknown.push(...part.unknown);
    evidence.push(...part.evidence);
  }
  if (drifts.length > 0)
    return fail([...drifts, ...unknown, ...evidence], "publish what is served, or serve what is published");
  return unknown.length > 0
    ? inconclusive([...unknown, ...evidence], "say what is missing in the checklist")
    : pass(...evidence);
}
