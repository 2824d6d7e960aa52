import { existsSync, readFileSync } from "node:fs";
import { id as hashText } from "ethers";
import { parseDocument } from "yaml";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { readStoredPlan, readStoredPlans } from "../journal/storedPlan";
import { hashPlan } from "../plan/eip712";
import type { Registry } from "./connect";
import { listProposals, listWithStatus, type ListedProposal } from "./listProposals";
import { readStatus } from "./state";
import { shortId, slugOf } from "./words";

/** Fewest digits of an id that name a proposal. */
const LEAST_DIGITS = 6;

/**
 * The proposal that a person means: by plan file, id, at least six digits of the id, or its title's slug. Without a name
 * it is the only one that is live. A name that fits more than one lists them all and decides nothing.
 */
export async function resolveProposal(client: Client, registry: Registry, name: string | undefined): Promise<string> {
  if (name === undefined) return onlyLive(client, registry);
  if (/\.(ya?ml|json)$/.test(name)) return fromFile(client, registry, name);
  if (/^0x[0-9a-fA-F]{64}$/.test(name)) {
    const proposalId = name.toLowerCase();
    if ((await readStatus(registry, proposalId)).state === "Unknown") throw unknown(name, []);
    return proposalId;
  }
  const all = await listProposals(client, registry);
  const digits = name.replace(/^0x/, "").toLowerCase();
  const isPrefix = /^[0-9a-f]+$/.test(digits) && digits.length >= LEAST_DIGITS;
  const byId = isPrefix ? all.filter((listed) => listed.proposalId.slice(2).startsWith(digits)) : [];
  const bySlug = all.filter((listed) => listed.slug === slugOf(name));
  return only(name, unique([...byId, ...bySlug]), all);
}

async function onlyLive(client: Client, registry: Registry): Promise<string> {
  const live = await listWithStatus(client, registry, { isLive: true });
  if (live.length === 0) {
    throw new SlipwayError("ProposalUnknown", {
      where: "PROPOSAL",
      expected: "the name of a proposal",
      found: "none given, and no proposal is live",
      next: "npx hardhat upgrade list",
    });
  }
  return only("(none given)", live, live);
}

/** The plan a file holds, or the one that was built from it; a file that changed since it was proposed is refused. */
async function fromFile(client: Client, registry: Registry, file: string): Promise<string> {
  if (!existsSync(file)) {
    throw new SlipwayError("PlanFileMissing", { where: file, expected: "a plan file", found: "nothing" });
  }
  if (file.endsWith(".json")) {
    const proposalId = hashPlan(readStoredPlan(file).plan, registry.domain);
    const { state } = await readStatus(registry, proposalId);
    if (state !== "Unknown") return proposalId;
    throw await editedOrUnknown(client, registry, file, readStoredPlan(file).proposalId, proposalId);
  }
  const text = readFileSync(file, "utf8");
  const title = titleOf(text);
  const all = await listProposals(client, registry);
  const titled = all.filter((listed) => title !== undefined && listed.slug === slugOf(title));
  const stored = readStoredPlans(client.deploymentsDir).filter(({ proposalId }) =>
    all.some((listed) => listed.proposalId === proposalId),
  );
  const same = stored.filter(({ source }) => source?.textHash === hashText(text));
  if (same.length > 0) {
    return only(
      file,
      all.filter((listed) => same.some(({ proposalId }) => proposalId === listed.proposalId)),
      all,
    );
  }
  const older = stored.find(({ source }) => source?.file === file);
  if (older?.source !== undefined) {
    throw new SlipwayError("PlanEdited", {
      where: file,
      expected: `the text that proposal ${shortId(older.proposalId)} was built from (keccak256 ${older.source.textHash})`,
      found: hashText(text),
      next: `npx hardhat upgrade status ${shortId(older.proposalId)}, or propose the file anew`,
    });
  }
  return only(file, titled, all);
}

async function editedOrUnknown(
  client: Client,
  registry: Registry,
  file: string,
  claimed: string,
  proposalId: string,
): Promise<SlipwayError> {
  const isClaimed = claimed !== "" && (await readStatus(registry, claimed)).state !== "Unknown";
  if (!isClaimed) return unknown(file, await listProposals(client, registry));
  return new SlipwayError("PlanEdited", { where: file, expected: claimed, found: proposalId });
}

function only(name: string, found: ListedProposal[], all: ListedProposal[]): string {
  const [first] = found;
  if (first === undefined) throw unknown(name, all);
  if (found.length === 1) return first.proposalId;
  throw new SlipwayError("ProposalAmbiguous", {
    where: name,
    expected: "one proposal",
    found: found.map((listed) => `${shortId(listed.proposalId)} ${listed.slug}`).join(", "),
    next: `npx hardhat upgrade status ${shortId(first.proposalId)}`,
  });
}

function unknown(name: string, all: ListedProposal[]): SlipwayError {
  const known = all.slice(-6).map((listed) => `${shortId(listed.proposalId)} ${listed.slug}`);
  return new SlipwayError("ProposalUnknown", {
    where: name,
    expected: `a plan file, an id, at least ${LEAST_DIGITS} digits of one, or the slug of a title`,
    found: known.length === 0 ? "no proposals in this registry" : `the latest are ${known.join(", ")}`,
    next: "npx hardhat upgrade list",
  });
}

function titleOf(text: string): string | undefined {
  const title: unknown = parseDocument(text, { schema: "failsafe" }).get("title");
  return typeof title === "string" ? title : undefined;
}

function unique(listed: ListedProposal[]): ListedProposal[] {
  return listed.filter((entry, index) => listed.findIndex((other) => other.proposalId === entry.proposalId) === index);
}
