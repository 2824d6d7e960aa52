import type { DrillReport } from "./types";

/** What an incident statement has to say, each under a heading of its own. */
export const FIELDS = ["Breach class", "Affected scope", "Mitigation status", "What to do", "Next update"] as const;

/** Words that sound like an answer and are none, and what to write. */
const VAGUE: readonly [RegExp, string][] = [
  [/\bsome (users?|funds?|transactions?|accounts?)\b/i, "say how many, or which"],
  [/\ba (small|limited) (number|amount|subset)\b/i, "say how many"],
  [/\b(may|might|could) (have|be)\b/i, "say what is known and what is not"],
  [/\b(possibly|potentially|probably|apparently|likely)\b/i, "say what is known and what is not"],
  [/\b(appears?|seems?) to\b/i, "say what was measured"],
  [/\bwe believe\b/i, "say what was measured"],
  [/\b(soon|shortly|in due course|as soon as possible)\b/i, "say when, with time and zone"],
  [/\bfunds are (safe|safu)\b/i, "say which balances were compared, and at which block"],
  [/\babundance of caution\b/i, "say what happened"],
  [/\b(an|the) (issue|incident|situation)\b/i, "name the class of the breach"],
  [/\b(unusual|suspicious) activity\b/i, "name the class of the breach"],
  [/\b(working|looking) (hard|into)\b/i, "say what is done and by when"],
];
const CLASS = /\b(asset|authorization|pricing|upgrade|liveness)\b/;
const STATUS = /\b(contained|not contained|partly contained)\b/i;
const ADDRESS = /0x[0-9a-fA-F]{40}\b/;
const TIME = /\b\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{3})?)?\s?(Z|UTC)/;

/** What is missing in a statement, or says nothing; empty where it can be published. */
export function lintStatement(text: string): string[] {
  const sections = sectionsOf(text);
  const found: string[] = [];
  for (const field of FIELDS)
    if ((sections.get(field) ?? "").trim() === "") found.push(`no "## ${field}", or nothing under it`);
  const want = (field: (typeof FIELDS)[number], pattern: RegExp, what: string) => {
    const section = sections.get(field);
    if (section !== undefined && section.trim() !== "" && !pattern.test(section)) found.push(`${field}: ${what}`);
  };
  want("Breach class", CLASS, "name asset, authorization, pricing, upgrade or liveness");
  want("Affected scope", ADDRESS, "name the affected accounts by address");
  want("Mitigation status", STATUS, "say contained, partly contained or not contained");
  want("Next update", TIME, "say when, as 2030-01-31 12:00 UTC");
  text.split("\n").forEach((line, i) => {
    for (const [pattern, advice] of VAGUE) {
      const [words] = pattern.exec(line) ?? [];
      if (words !== undefined) found.push(`line ${i + 1}: "${words}": ${advice}`);
    }
  });
  return found;
}

function sectionsOf(text: string): Map<string, string> {
  const sections = new Map<string, string>();
  let current: string | undefined;
  for (const line of text.split("\n")) {
    const [, heading] = /^##\s+(.*?)\s*$/.exec(line) ?? [];
    if (heading !== undefined) current = heading;
    else if (current !== undefined) sections.set(current, `${sections.get(current) ?? ""}${line}\n`);
  }
  return sections;
}

const HOUR = 3_600;
const utc = (seconds: number) => `${new Date(seconds * 1_000).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** The statement that would be published of the same break on the chain: with what was measured, and nothing else. */
export function statementOf(report: DrillReport): string {
  const {
    invariant,
    broken,
    modules,
    atRisk,
    steps,
    blocksToContain,
    isFrozen,
    state,
    containments,
    humans,
    time,
    title,
  } = report;
  const contained = calledAt(report, "contained");
  return `# Statement: ${report.class} breach in "${title}"

DRILL. Made of a drill on a copy of chain ${report.chainId} at block ${report.block}; nothing of it happened on the chain.

## Breach class

${report.class}: invariant "${invariant.name}" does not hold (${broken.left} against ${broken.right}). ${invariant.owner} answers for it.

## Affected scope

${modules.map(({ name, account }) => `- ${name}, ${account}`).join("\n")}
${atRisk === undefined ? "- no budget bounds what calls may move" : `- ${atRisk.share / 100}% of the keys met the new code; ${atRisk.used} of at most ${atRisk.cap} units were spent of its budget`}

## Mitigation status

${blocksToContain === undefined ? "Not contained." : `Contained ${blocksToContain} blocks after the break.`} The canary is ${isFrozen ? "frozen: every call is served by the code from before the upgrade" : "not frozen"}. Plan ${report.proposalId} is ${state}.
${containments.length === 0 ? "No containment ran." : `Containments that ran: ${containments.join(", ")}.`}
${steps
  .filter(({ by }) => by === "anyone")
  .map(({ blocks, by, what }) => `- ${blocks} blocks after the break ${by} ${what}`)
  .join("\n")}
${humans.length === 0 ? "Nothing of it waits for people." : `What waits for people: the council decides whether the plan is taken back (${humans.length} members have to approve).`}

## What to do

${contained === undefined || contained.served + contained.refused === 0 ? "No call of users was tried in this drill." : `${contained.served} of ${contained.served + contained.refused} calls of the plan's journeys are served now${contained.errors.length === 0 ? "" : `; the others are refused with ${contained.errors.join(", ")}`}.`}

## Next update

${utc(time + HOUR)}
`;
}

function calledAt({ calls }: DrillReport, moment: DrillReport["calls"][number]["moment"]) {
  return calls.find((one) => one.moment === moment);
}

/** A script to play it through at a table: who sees what when, what he decides, and what really happened. */
export function tabletopOf(report: DrillReport): string {
  const { invariant, broken, steps, calls, humans, modules } = report;
  const slug = report.proposalId.slice(2, 8);
  const rows = calls.map(
    ({ moment, served, refused, errors }) => `| ${moment} | ${served} | ${refused} | ${errors.join(", ")} |`,
  );
  return `# Tabletop: a break of class ${report.class} in "${report.title}"

For four people: one watches, one holds the incident role, one sits in the council, one speaks to users. The one who leads reads aloud what is indented, and waits.

## 1. Block 0

> The invariant "${invariant.name}" of ${modules.map(({ name }) => name).join(", ")} reads ${broken.left} against ${broken.right}. Nobody has told you.

- Who sees it first, and where? ("npx hardhat invariant check ${slug}")
- What does it name: asset, authorization, pricing, upgrade or liveness? Here: ${report.class}.
- Who answers for it? Here: ${invariant.owner}.

## 2. The first minutes

> Users go on. Nobody of the council is reachable.

- What can somebody do who holds no office? ("npx hardhat invariant poke ${slug} --as ACCOUNT", twice)
- What happens by itself, as the plan says? Here: ${invariant.action}.

What the drill measured:

${steps.map(({ blocks, by, what }) => `- ${blocks} blocks after the break: ${by} ${what}`).join("\n")}

## 3. Users meanwhile

| moment | served | refused | errors |
| --- | --- | --- | --- |
${rows.join("\n")}

- Who tells them, and what can they do themselves?

## 4. What takes a person

${humans.length === 0 ? "Nothing did in this drill: every step was anyone's." : humans.map((line) => `- ${line}`).join("\n")}

- Who is asleep? Who is the second? How long does it take until a threshold of the council has signed?

## 5. The statement

- Write it in ten minutes, without the generated one. Check it: "npx hardhat drill lint FILE". Compare.
`;
}
