import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import hre from "hardhat";
import { readSlots } from "../../src/chain/erc1967";
import { SlipwayError } from "../../src/errors";
import { journalOf } from "../../src/registry/perform";
import { readStatus } from "../../src/registry/state";
import { table } from "../../src/report/table";
import { artifactsOf } from "../../tasks/support/artifacts";
import { brokenPlan } from "./brokenPlan";
import { contain, expectThat, promote, sabotage, untilScheduled, type GovernedWorld, type Story } from "./lifecycle";
import { Show } from "./show";
import { BRIDGE_INVARIANTS, governBridge, openWorld, PLAN_FILE, ROOT, type World } from "./openWorld";

const USAGE = `npm run demo [-- --sabotage | --broken] [-- --keep]

  --sabotage  swap the candidate's code after the vote: revalidation must stop it
  --broken    ship a candidate that mints every deposit twice: the canary must catch it
  --keep      leave the chain running, to look around with the tasks`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sabotage: { type: "boolean", default: false },
      broken: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  if (values.sabotage && values.broken) throw new Error(`one of --sabotage and --broken\n\n${USAGE}`);

  const show = new Show();
  show.line(show.bold("Slipway: one upgrade of a real protocol, from a file to its end"));
  show.step("compiling the contracts (solc from npm; the first time takes longest)");
  await hre.run("compile", { quiet: true });

  show.chapter(1, "The remote chain, with a protocol that nobody here wrote");
  const ground = await openWorld({
    artifacts: artifactsOf(hre),
    deploymentsDir: join(ROOT, "deployments", "demo"),
    log: (line) => show.count(line),
  });
  let isKept = false;
  try {
    await useBridge(show, ground);
    show.chapter(2, "Registry, timelock, module, invariants");
    const registry = await governBridge(ground);
    const world = { ...ground, registry };
    await describeGovernance(show, world);
    const file = values.broken ? await brokenPlan(world) : PLAN_FILE;
    const story = await untilScheduled(show, world, file);
    if (values.sabotage) await sabotage(show, world, story);
    else if (values.broken) await contain(show, world, story);
    else await promote(show, world, story);
    await summary(show, world, story, values.sabotage ? "Invalidated" : values.broken ? "RolledBack" : "Completed");
    isKept = values.keep;
    next(show, world, story, isKept);
  } finally {
    if (!isKept) await ground.close();
  }
}

/** Users who used the bridge before anyone thought of an upgrade. */
async function useBridge(show: Show, { node, bridge, traffic }: World): Promise<void> {
  show.step(`anvil plays chain 42161 at ${node.url}`);
  show.step(`Arbitrum's token bridge 1.1.2 from npm: gateway proxy ${bridge.gateway}`);
  await traffic.prepare();
  traffic.paysExitsAtOnce = true;
  const round = await traffic.run(90, (done) => show.count(`traffic ${done}/90`));
  const books = await traffic.reconcile();
  expectThat(round.failed === 0 && books.isBalanced, "the bridge works and its books balance");
  show.step(`${bridge.users.length} users: ${round.deposits} deposits, ${round.withdrawals} withdrawals`);
  show.step(`escrow ${books.escrow} = supply ${books.supply} + exits ${books.exits}`);
}

async function describeGovernance(show: Show, { registry, bridge }: GovernedWorld): Promise<void> {
  const timelock = (await registry.contract.getFunction("timelock")()) as string;
  show.step(`registry ${registry.address}, timelock ${timelock}; the deployer has no power left`);
  show.step(`ProxyAdmin ${bridge.proxyAdmin} belongs to the timelock`);
  show.step(`module l2-custom-gateway registered; invariants ${BRIDGE_INVARIANTS.join(", ")}`);
}

async function summary(show: Show, world: GovernedWorld, story: Story, expected: string): Promise<void> {
  const { registry, provider, bridge } = world;
  const { state } = await readStatus(registry, story.proposalId);
  expectThat(state === expected, `the proposal ends ${expected}`);
  const { implementation } = await readSlots(provider, bridge.gateway);
  const candidate = story.plan.deployments.find(({ role }) => role === "candidate")?.address;
  const serves = implementation === candidate ? "the candidate" : "stable, as before";
  show.chapter(6, `${state}: ${bridge.gateway} is served by ${implementation} (${serves})`);
  expectThat((implementation === candidate) === (expected === "Completed"), "the right code serves at the end");
  if (story.rounds.length > 0) {
    const rows = story.rounds.map(({ after, status }) => [
      after,
      `${status.share / 100}%`,
      String(status.stableCalls),
      String(status.candidateCalls),
      String(status.fallbacks),
      `${status.usedPrevious + status.usedCurrent} of ${status.cap}`,
    ]);
    const head = ["after", "share", "calls on stable", "on candidate", "taken over", "budget used"];
    for (const line of table([head, ...rows])) show.step(line);
  }
  show.step("");
  for (const line of table(gasRows(story))) show.step(line);
}

/** One row a step; repeated steps with their number and range. */
function gasRows(story: Story): string[][] {
  const bySteps = new Map<string, bigint[]>();
  for (const { step, gas } of story.gas) bySteps.set(step, [...(bySteps.get(step) ?? []), gas]);
  return [...bySteps].map(([step, gas]) => {
    const sorted = [...gas].sort((a, b) => (a < b ? -1 : 1));
    const range = gas.length === 1 ? `${gas[0]}` : `${sorted[0]} to ${sorted.at(-1)}`;
    return [gas.length === 1 ? step : `${step} × ${gas.length}`, `${range} gas`];
  });
}

function next(show: Show, world: GovernedWorld, story: Story, isKept: boolean): void {
  const client = world.as(world.people.deployer);
  const path = (file: string): string => relative(ROOT, file);
  const short = story.proposalId.slice(2, 8);
  show.step("");
  show.step(`report   ${path(story.report.markdown)}`);
  show.step(`journal  ${path(journalOf(client, story.proposalId))}`);
  const command = `SLIPWAY_RPC_URL=${world.node.url} npx hardhat --network demo upgrade status ${short}`;
  if (isKept) {
    show.step(`next     ${command}`);
    show.step(`         the chain runs until you end it: kill ${world.node.pid}, or Ctrl-C here`);
  } else {
    show.step(
      "next     npm run demo -- --keep   then look around; or npm run demo -- --sabotage, npm run demo -- --broken",
    );
  }
}

main().catch((thrown: unknown) => {
  process.stderr.write(
    `\n${thrown instanceof SlipwayError ? thrown.toString() : ((thrown as Error).stack ?? String(thrown))}\n`,
  );
  process.exitCode = 1;
});
