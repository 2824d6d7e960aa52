import { id } from "ethers";
import { ipfsHash } from "../../bytecode/ipfsHash";
import { splitMetadata } from "../../bytecode/metadata";
import type { Deployment } from "../../plan/deployments";
import type { Answer } from "../types";
import { concluding, fail, pass, skip, unknown, type Evidence } from "./types";

/** No explorer is asked: a verified badge is another's word, and this needs none. */
const EXPLORERS = "Sourcify and block explorers were not asked: the rehearsal asks no host but the chain's endpoint";

/** Not required: code of others comes without its build, and then the evidence says so. */
export const source = concluding(
  {
    number: 16,
    id: "source",
    name: "the sources at hand are those that the code was compiled from",
    isRequired: false,
  },
  async (evidence) => {
    const found = await Promise.all(evidence.built.deployments.map((deployment) => sourceOf(evidence, deployment)));
    if (found.length === 0) return skip("the plan deploys nothing");
    const lines = [...found.flatMap((one) => one.evidence), EXPLORERS];
    if (found.some(({ status }) => status === "fail")) return fail(lines, "compile anew, then build the plan anew");
    return found.some(({ status }) => status !== "pass")
      ? unknown(lines, "name a contract that is compiled here, so that reviewers read what will run")
      : pass(...lines);
  },
);

async function sourceOf({ remote, loaded }: Evidence, deployment: Deployment): Promise<Answer> {
  const { contractName, code, role } = deployment;
  const { upgrade } = loaded.plan;
  const facet = upgrade.facets?.find(
    ({ contract }) => contract === contractName || contract?.endsWith(`:${contractName}`),
  );
  const name =
    (role === "candidate" ? (facet?.contract ?? upgrade.contract ?? upgrade.artifact) : undefined) ?? contractName;
  const stated = splitMetadata(code).metadata?.ipfs;
  if (stated === undefined) {
    return unknown([`${contractName}: its code ends without the hash of its metadata`], "");
  }
  const build = await remote.artifacts.sources?.(name).catch(() => undefined);
  if (build === undefined) return unknown([`${contractName}: no build at hand, so no source (${name})`], "");
  const { metadata, sources, edited } = build;
  const hash = ipfsHash(metadata);
  if (hash === undefined) return unknown([`${contractName}: its metadata is larger than one block of IPFS`], "");
  if (hash !== stated) {
    return fail([`${contractName}: its code names the metadata ${stated}, the build at hand makes ${hash}`], "");
  }
  const claimed = (JSON.parse(metadata) as { sources: Record<string, { keccak256: string }> }).sources;
  const other = Object.entries(claimed).filter(([path, { keccak256 }]) => id(sources[path] ?? "") !== keccak256);
  if (other.length > 0) {
    return fail([`${contractName}: ${other.map(([path]) => path).join(", ")} is not the source that was compiled`], "");
  }
  if (edited.length > 0) {
    return fail([`${contractName}: edited since it was compiled: ${edited.join(", ")}`], "");
  }
  return pass(
    `${contractName}: metadata ${stated}, ${Object.keys(claimed).length} sources, each with the hash it names`,
  );
}
