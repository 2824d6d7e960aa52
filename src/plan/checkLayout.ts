import { getBytes, Interface } from "ethers";
import type { Artifact, Client } from "../client";
import { SlipwayError } from "../errors";
import type { StorageImpact } from "../impact/types";
import { compareUpgrade, type LayoutFinding } from "../layout/compareUpgrade";
import { loadArtifact, type ArtifactOrigin } from "./loadArtifact";
import type { LoadedPlanFile } from "./readPlanFile";

const PUSH20 = 0x73;
const PUSH32 = 0x7f;
const PUSH1 = 0x60;

export interface LayoutCheck extends StorageImpact {
  /** ABI of the code that serves, where the plan file names it. */
  abi?: Interface;
}

/**
 * Compares how the code that serves and the candidate lay out their storage. The plan file names the former (`upgrade.replaces`), and it must be
 * what is deployed. What the candidate would misread ends it with `StorageLayoutBroken`, unless the file accepts that very field.
 */
export async function checkLayout(
  client: Client,
  { plan: { upgrade }, where }: LoadedPlanFile,
  { root, stable }: { root: string; stable: string },
): Promise<LayoutCheck> {
  if (upgrade.replaces === undefined) {
    requireKnown(upgrade.acceptLayout ?? [], [], where);
    return notCompared("the plan file does not name the code that serves (upgrade.replaces)");
  }
  const at = where("upgrade", "replaces");
  const replaced = await loadReplaced(client, upgrade.replaces, { where: at, root });
  if (!isDeployed(await client.provider.getCode(stable), replaced.deployedBytecode)) {
    throw new SlipwayError("CandidateMismatch", {
      where: at,
      expected: `the code of ${stable}, which serves`,
      found: `${replaced.contractName}, which builds other code`,
      meaning: "the artifact is not the one that serves, so its storage says nothing about what is stored",
    });
  }
  const abi = new Interface(replaced.abi);
  const layoutOf = (name: string) => client.artifacts.layout?.(name) ?? Promise.resolve(undefined);
  const next = upgrade.contract ?? upgrade.artifact!;
  const [before, after] = await Promise.all([layoutOf(upgrade.replaces), layoutOf(next)]);
  if (before === undefined || after === undefined) {
    const unknown = before === undefined ? upgrade.replaces : next;
    return { ...notCompared(`no layout in the build of ${unknown}`), abi };
  }
  const findings = compareUpgrade(before, after);
  const accepted = upgrade.acceptLayout ?? [];
  requireKnown(accepted, findings, where);
  const broken = findings.filter(({ isBroken, where: place }) => isBroken && !accepted.includes(place));
  const [first] = broken;
  if (first !== undefined) {
    throw new SlipwayError("StorageLayoutBroken", {
      where: `${where("upgrade")}, ${first.where}`,
      expected: first.before,
      found: `${first.after} (${first.kind}${broken.length === 1 ? "" : `, and ${broken.length - 1} more`})`,
      next: `append new fields behind the old ones; or, where this is meant, for voters to see: upgrade.acceptLayout: [${broken
        .map(({ where: place }) => place)
        .join(", ")}]`,
    });
  }
  const isAccepted = findings.some(({ isBroken }) => isBroken);
  return {
    abi,
    verdict: isAccepted ? "accepted" : "compatible",
    findings: findings.map((finding) => textOf(finding)),
  };
}

/** Code without room for libraries' addresses is compared, not deployed: it may have holes. */
async function loadReplaced(client: Client, name: string, origin: ArtifactOrigin): Promise<Artifact> {
  const isFile = name.startsWith("npm:") || name.endsWith(".json");
  return loadArtifact(client, isFile ? { artifact: name } : { contract: name }, origin);
}

/** Whether code is what an artifact deploys, but for immutables and libraries, which the artifact leaves at zero or open. */
export function isDeployed(code: string, artifact: string): boolean {
  const filled = artifact.replace(/__(\$[0-9a-fA-F]{34}\$|.{36})__/g, "0".repeat(40));
  if (code.length !== filled.length) return false;
  const [actual, expected] = [getBytes(code), getBytes(filled)];
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] !== expected[i]) return false;
    const op = expected[i]!;
    if (op < PUSH1 || op > PUSH32) continue;
    const size = op - PUSH1 + 1;
    const word = expected.subarray(i + 1, i + 1 + size);
    const isHole = (op === PUSH32 || op === PUSH20) && word.every((byte) => byte === 0);
    const isSame = word.every((byte, j) => byte === actual[i + 1 + j]);
    if (!isHole && !isSame) return false;
    i += size;
  }
  return true;
}

function requireKnown(
  accepted: readonly string[],
  findings: readonly LayoutFinding[],
  where: LoadedPlanFile["where"],
): void {
  const places = findings.filter(({ isBroken }) => isBroken).map((finding) => finding.where);
  const index = accepted.findIndex((place) => !places.includes(place));
  if (index === -1) return;
  throw new SlipwayError("PlanFileInvalid", {
    where: where("upgrade", "acceptLayout", index),
    expected: places.length === 0 ? "nothing: no field is misread" : `one of ${places.join(", ")}`,
    found: accepted[index],
    meaning: "what is accepted is a field that the candidate would misread, and no other",
  });
}

function notCompared(why: string): LayoutCheck {
  return { verdict: "not compared", findings: [why] };
}

function textOf({ kind, where, before, after, isBroken }: LayoutFinding): string {
  return `${where}: ${kind}, ${before} → ${after}${isBroken ? ", ACCEPTED by the plan file" : ""}`;
}
