import { dataSlice, getBytes, hexlify, keccak256 } from "ethers";
import { delegateTargets } from "../../chain/delegateTargets";
import type { Artifact } from "../../client";
import { loadArtifact } from "../../plan/loadArtifact";
import type { Deployment } from "../../plan/deployments";
import { isDeployed } from "../../plan/checkLayout";
import { concluding, fail, pass, unknown, type Evidence } from "./types";

/** Prefix of an EIP-7702 delegation: code that a key moves. */
const DELEGATION = "0xef0100";
const PUSH1 = 0x60;
const PUSH32 = 0x7f;

export const code = concluding(
  {
    number: 15,
    id: "code",
    name: "what is deployed is what was built, and every pinned account runs the code that was voted on",
  },
  async (evidence) => {
    const { built } = evidence;
    const wrong: string[] = [];
    const open: string[] = [];
    const lines: string[] = [];
    for (const deployment of built.deployments) {
      const { address, contractName, codeHash } = deployment;
      const found = await evidence.session.client.provider.getCode(address);
      if (keccak256(found) !== codeHash) {
        wrong.push(`${contractName} at ${address}: its creation code returns ${codeHash}, found ${keccak256(found)}`);
      }
      const artifact = await artifactOf(evidence, deployment);
      if (artifact === undefined) {
        open.push(`${contractName}: no one artifact of that name to compare with`);
        continue;
      }
      if (!isDeployed(found, artifact.deployedBytecode)) {
        wrong.push(`${contractName} at ${address}: other code than the artifact's, constants of the constructor aside`);
        continue;
      }
      lines.push(
        `${contractName} at ${address}: the artifact's code, hash ${codeHash}${await constantsText(evidence, artifact, found)}`,
      );
    }
    const pins = await comparePins(evidence);
    wrong.push(...pins.wrong);
    lines.push(`${pins.accounts} pinned accounts, the delegate chain to its end, run the code they are pinned to`);
    if (wrong.length > 0) {
      return fail([...wrong, ...lines], "do not propose: compile anew, or find out who changed that account");
    }
    return open.length > 0
      ? unknown([...open, ...lines], "give the artifact as path:Name or as a JSON file")
      : pass(...lines);
  },
);

/** The artifact as the plan file names it, or the one of that name. */
async function artifactOf(evidence: Evidence, { contractName, role }: Deployment): Promise<Artifact | undefined> {
  const { loaded, remote, options } = evidence;
  const { upgrade } = loaded.plan;
  const where = loaded.where("upgrade");
  const facet = upgrade.facets?.find((one) => [one.contract, one.artifact].some((name) => isNamed(name, contractName)));
  const stated = role === "candidate" ? (facet ?? upgrade) : { contract: contractName };
  const isStated = stated.contract !== undefined || stated.artifact !== undefined;
  try {
    return await loadArtifact(remote, isStated ? stated : { contract: contractName }, { where, root: options.root });
  } catch {
    return undefined;
  }
}

function isNamed(reference: string | undefined, contractName: string): boolean {
  return reference !== undefined && new RegExp(`(^|[:/])${contractName}(\\.json)?$`).test(reference);
}

/** What the constructor wrote into the code: by name where the build tells, else each value once. */
async function constantsText({ remote }: Evidence, artifact: Artifact, found: string): Promise<string> {
  const { contractName, sourceName, deployedBytecode } = artifact;
  const name = sourceName === undefined ? contractName : `${sourceName}:${contractName}`;
  const build = await remote.artifacts.build?.(name).catch(() => undefined);
  const values =
    build === undefined
      ? constantsOf(found, deployedBytecode)
      : build.immutables.flatMap(({ name: label, places }) => {
          const [place] = places;
          return place === undefined
            ? []
            : [`${label} ${text(dataSlice(found, place.start, place.start + place.length))}`];
        });
  return values.length === 0 ? "" : `; constants of its constructor: ${values.join(", ")}`;
}

/** A word as an address where it looks like one. */
function text(word: string): string {
  return /^0x0{24}[1-9a-f]/.test(word) ? dataSlice(word, 12) : word;
}

/** Words that are zero in the artifact and something else in the code. */
export function constantsOf(found: string, artifact: string): string[] {
  const filled = artifact.replace(/__(\$[0-9a-fA-F]{34}\$|.{36})__/g, "0".repeat(40));
  if (filled.length !== found.length) return [];
  const [actual, expected] = [getBytes(found), getBytes(filled)];
  const values = new Set<string>();
  for (let i = 0; i < expected.length; i++) {
    const op = expected[i]!;
    if (op < PUSH1 || op > PUSH32) continue;
    const size = op - PUSH1 + 1;
    const word = actual.subarray(i + 1, i + 1 + size);
    const isHole = expected.subarray(i + 1, i + 1 + size).every((byte) => byte === 0);
    if (isHole && word.some((byte) => byte !== 0)) {
      values.add(text(hexlify(word)));
    }
    i += size;
  }
  return [...values];
}

async function comparePins({ plan, session, remote, built }: Evidence): Promise<{ accounts: number; wrong: string[] }> {
  const { block } = session.fork;
  const created = new Set(built.deployments.map(({ address }) => address));
  const pins = [...plan.stages, ...plan.rollbacks, ...plan.containments].flatMap((batch) => batch.pins);
  const unique = new Map(pins.map((pin) => [`${pin.account} ${pin.codeHash}`, pin]));
  const wrong: string[] = [];
  for (const { account, codeHash } of unique.values()) {
    // What the rehearsal deployed is on the fork alone.
    const found = created.has(account)
      ? await session.client.provider.getCode(account)
      : await remote.provider.getCode(account, block);
    if (found.startsWith(DELEGATION)) wrong.push(`${account} delegates to 0x${found.slice(8)}: its key moves its code`);
    if (keccak256(found) !== codeHash) wrong.push(`${account}: pinned to ${codeHash}, found ${keccak256(found)}`);
  }
  const pinned = new Set(pins.map(({ account }) => account));
  for (const { code: own, contractName, role } of built.deployments) {
    // A router knows candidate, stable and who governs it, and all that it delegates to is pinned.
    if (role !== "candidate") continue;
    for (const target of delegateTargets(own)) {
      if (pinned.has(target) || (await remote.provider.getCode(target, block)) === "0x") continue;
      wrong.push(`${contractName} may delegate to ${target}, which has code and no pin`);
    }
  }
  return { accounts: pinned.size, wrong };
}
