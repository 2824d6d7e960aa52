import { lazy } from "../support/lazy";
import { withOutput, withSender, withSigning } from "../support/options";
import { upgradeScope } from "../support/scopes";

withSender(upgradeScope.task("advance", "Runs the next stage, or completes the plan after the last dwell (anyone)"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addOptionalParam("stage", "Index of the stage that is meant; nothing happens if it has run")
  .setAction(lazy(() => import("./advance")));

withSigning(upgradeScope.task("advertise", "States which version an elector's own node runs"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addOptionalParam("node", "Version that the node runs; the plan's own unless given")
  .addOptionalParam("protocol", "Protocol version that the node runs; the plan's own unless given")
  .setAction(lazy(() => import("./advertise")));

withSigning(upgradeScope.task("attest", "A reviewer's statement about a plan"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addParam(
    "kind",
    "integrity (calls, code, roles), simulation (the rehearsal's report), artifact (the node's binary), audit, or rehearsal (on another network)",
  )
  .addOptionalParam("report", "Hash of the report attested; the plan's own evidence unless given")
  .addOptionalParam("completed", "When the rehearsal on another network ended: seconds since the epoch, or ISO 8601")
  .setAction(lazy(() => import("./attest")));

withSender(upgradeScope.task("cancel", "Withdraws a proposal that is still voted on (its proposer)"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction(lazy(() => import("./cancel")));

withOutput(
  upgradeScope.task(
    "checklist",
    "Carries out what is to be done before an upgrade, or after it: pass or fail, item by item",
  ),
)
  .addPositionalParam("phase", "pre, post")
  .addPositionalParam("file", "Plan file (YAML)")
  .addOptionalParam("checklist", "What this project runs, asks and expects", "checklist.yaml")
  .addOptionalParam("report", "report.json of the plan's rehearsal; where simulate writes it unless given")
  .addOptionalParam("maxAge", "How old the rehearsal may be", "7d")
  .addOptionalParam("as", "Account that would propose")
  .addFlag("decommission", "After an upgrade: write off what served before, in decommissioned.json")
  .setAction(lazy(() => import("./checklist")));

withOutput(upgradeScope.task("diff", "What a candidate is against the code that serves: functions, storage, sizes"))
  .addPositionalParam("candidate", "Plan file, proposal, address, or path:Name of a compiled contract")
  .addOptionalPositionalParam("against", "What serves: an account or its proxy; what the plan replaces unless given")
  .addOptionalParam("functions", "Show the instructions that differ in these changed functions, or in all: '*'")
  .setAction(lazy(() => import("./diff")));

withOutput(
  upgradeScope.task("guard", "Puts a revalidation before a batch of any governance, and its invariants behind it"),
)
  .addOptionalParam("calls", "The batch: JSON list of target, value and data; without it the guard's address is told")
  .addOptionalParam(
    "plan",
    "Instead: a plan file, or a plan in JSON: one stage of it with its own pins, gates and invariants",
  )
  .addOptionalParam("stage", "With --plan: index of the stage; the only one unless given")
  .addOptionalParam("terms", "Gates, invariants and further pins (YAML); code that the calls name is pinned anyway")
  .addOptionalParam("for", "oz-governor, compound, safe, or calls", "calls")
  .addOptionalParam("write", "File to write; without it the batch goes to stdout")
  .addFlag("deploy", "Deploy the guard first, where it is not there yet")
  .addOptionalParam("as", "Account that deploys")
  .setAction(lazy(() => import("./guard")));

withOutput(upgradeScope.task("init", "Writes a commented plan file for a proxy or a diamond, from the chain as it is"))
  .addParam("proxy", "Address that users call: a proxy, or a diamond")
  .addOptionalParam("contract", "The new code: path:Name, a JSON file, or npm:package/file.json")
  .addOptionalParam("facets", "The new facets of a diamond, with commas between them")
  .addOptionalParam("write", "File to write; without it the plan goes to stdout")
  .setAction(lazy(() => import("./init")));

withSender(
  upgradeScope.task("invalidate", "Shows the registry a pin that broke, which ends the plan or stalls it (anyone)"),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction(lazy(() => import("./invalidate")));

withOutput(upgradeScope.task("keep", "Sends whatever anyone may send and is due: schedule, advance, poke, invalidate"))
  .addFlag("once", "One round, then stop")
  .addOptionalParam("every", "Seconds between two rounds", "15")
  .addOptionalParam("as", "Account that pays")
  .addFlag("dryRun", "Say what is due; send nothing")
  .setAction(lazy(() => import("./keep")));

withOutput(upgradeScope.task("list", "Every proposal of this registry, with where it stands"))
  .addFlag("live", "Leave out what has ended")
  .addFlag("watch", "Live ones alone, again and again: who is ready since when, who is not, when it goes on")
  .addOptionalParam("every", "With --watch: seconds between two rounds", "15")
  .addFlag("once", "With --watch: one round, then stop")
  .setAction(lazy(() => import("./list")));

withOutput(upgradeScope.task("metrics", "Where every proposal stands, for Prometheus (alerts/upgrade.yml)"))
  .addOptionalParam("listen", "PORT or HOST:PORT: answer GET /metrics there until interrupted")
  .setAction(lazy(() => import("./metrics")));

withSigning(
  upgradeScope.task("override", "Votes to keep an upgrade although too few may report success, before their deadline"),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction(lazy(() => import("./override")));

withOutput(upgradeScope.task("plan", "Shows what a plan file would do: every call, default, time and way back"))
  .addPositionalParam("file", "Plan file (YAML)")
  .addOptionalParam("as", "Account that would propose")
  .addFlag("deploy", "Deploy the candidate and its router first, where they are not there yet")
  .addOptionalParam("write", "Write the built plan to this JSON file, for a rehearsal or for proposing it as it is")
  .setAction(lazy(() => import("./plan")));

withSender(upgradeScope.task("propose", "Builds a plan from its file and puts it to the electorate (release role)"))
  .addPositionalParam("file", "Plan file (YAML), or a plan in JSON")
  .addOptionalParam("report", "keccak256 of the rehearsal's report, for a plan class that asks for one")
  .setAction(lazy(() => import("./propose")));

withOutput(
  upgradeScope.task("prove", "Whether a plan stayed within its policy, from the chain alone; or checks such a bundle"),
)
  .addOptionalPositionalParam("proposal", "Plan file, id, six digits of it, or slug; the only live one unless given")
  .addOptionalParam("write", "Write the bundle to this JSON file")
  .addOptionalParam("check", "Replay this bundle: every field is read from the chain again and compared")
  .addOptionalParam("block", "Read everything as of this block; where the plan ended unless given")
  .setAction(lazy(() => import("./prove")));

withSigning(upgradeScope.task("ready", "States that an elector's own systems are ready"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction(lazy(() => import("./ready")));

withOutput(
  upgradeScope.task("render", "Writes a rehearsal's report.json as a page, or as the notes that are published"),
)
  .addPositionalParam("report", "report.json of a rehearsal")
  .addOptionalParam("form", "text, markdown, html, junit, or notes", "text")
  .addOptionalParam("write", "File to write; without it the page goes to stdout")
  .setAction(lazy(() => import("./render")));

withSigning(upgradeScope.task("report", "States how the upgrade went on an elector's own systems"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addParam("outcome", "success, failure")
  .addOptionalParam("stage", "Index of the stage that is meant; the one that ran last unless given")
  .setAction(lazy(() => import("./report")));

withOutput(upgradeScope.task("revalidate", "Compares every pin, gate and pointer of the stages to come with the chain"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addFlag("quick", "Makes the calls of these stages too, in one eth_simulateV1 request that sends nothing")
  .setAction(lazy(() => import("./revalidate")));

withSender(
  upgradeScope.task("rollback", "Takes a stalled plan back (anyone); the council's own way is emergency rollback"),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction(lazy(() => import("./rollback")));

withSender(
  upgradeScope.task("schedule", "Schedules every stage and rollback of an approved, attested and ready plan (anyone)"),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction(lazy(() => import("./schedule")));

withOutput(
  upgradeScope.task(
    "simulate",
    "Rehearses a plan, or what another governance is to run, on a fork: its whole life and every way back (sends nothing)",
  ),
)
  .addOptionalPositionalParam("file", "Plan file (YAML); nothing for another governance than Slipway's")
  .addOptionalParam("governor", "Governor whose proposal is rehearsed: OpenZeppelin's, GovernorBravo, GovernorAlpha")
  .addOptionalParam("proposal", "Its id, decimal or hex")
  .addOptionalParam("timelock", "Timelock whose operation is rehearsed: OpenZeppelin's or Compound's")
  .addOptionalParam("operation", "Its id, or the hash of the queued transaction")
  .addOptionalParam("safe", "Batch of Safe's Transaction Builder (JSON)")
  .addOptionalParam("calls", "Calls (JSON): of --from, or not yet proposed to --governor or --timelock")
  .addOptionalParam("from", "Account that makes the calls; the Safe, where the batch names none")
  .addOptionalParam("nonce", "Nonce of the Safe's transaction; the next one unless stated")
  .addOptionalParam("multisend", "Contract that the Safe delegates a batch to; Safe's own unless stated")
  .addOptionalParam(
    "expect",
    "What another governance's batch does besides what its calls say (YAML, as in a plan file)",
  )
  .addOptionalParam("as", "Account that would deploy and propose")
  .addOptionalParam("block", "Block to fork at; the latest unless stated")
  .addOptionalParam("engine", "What runs the fork: anvil or hardhat", "anvil")
  .addOptionalParam("replay", "Recorded transactions to run on stable and candidate: a number of blocks, or a file")
  .addOptionalParam("fuzz", "Random calls under the invariants after the last stage; 0 for none", "200")
  .addOptionalParam("seed", "What the random calls follow from; the plan unless stated")
  .addOptionalParam("earlier", "Plan files that came before, by commas: their journeys are made too")
  .addFlag("twice", "Rehearses a second time: both reports must be the same")
  .addFlag("strict", "Takes no warning, and nothing that is not committed (so does CI=true for the latter)")
  .addOptionalParam("maxAge", "How old the pinned block may be without a warning", "1d")
  .addFlag("quick", "A first look in one eth_simulateV1 request, without a fork and without the lifecycle")
  .addOptionalParam(
    "delegates",
    "Holders of a token's votes who vote, separated by commas; found in its events unless named",
  )
  .setAction(lazy(() => import("./simulate")));

withSender(
  upgradeScope.task("snapshot", "Lists the delegates of a proposal's token, so that they vote by seat (anyone, once)"),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addOptionalParam("delegates", "Accounts to list, separated by commas; the strongest 512 unless given")
  .setAction(lazy(() => import("./snapshot")));

withOutput(
  upgradeScope.task("status", "Where a plan stands, what comes next, who does it, what blocks it, how to stop it"),
)
  .addOptionalPositionalParam("proposal", "Plan file, id, six digits of it, or slug; the only live one unless given")
  .setAction(lazy(() => import("./status")));

withSigning(upgradeScope.task("vote", "Votes from the account's seat, or with collected signatures"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addParam("choice", "against, for, abstain")
  .addOptionalParam("reason", "Why, for the event; with a vote from a seat")
  .setAction(lazy(() => import("./vote")));
