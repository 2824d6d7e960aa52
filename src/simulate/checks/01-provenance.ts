import { splitMetadata } from "../../bytecode/metadata";
import type { Answer } from "../types";
import { fail, pass, starting, unknown, type World } from "./types";

/** Everything that a rehearsal rests on comes from one chain, one block and one build. When and where it ran is in `run.json`. */
export const provenance = starting(
  {
    number: 1,
    id: "provenance",
    name: "plan file, registry, chain and fork are of one chain, and the fork is of one of its blocks",
  },
  compare,
);

async function compare({ session, remote, registry, loaded, built, options }: World): Promise<Answer> {
  const { fork } = session;
  const [there, here, pinned, copied] = await Promise.all([
    remote.provider.getNetwork(),
    fork.provider.getNetwork(),
    remote.provider.getBlock(fork.block),
    fork.provider.getBlock(fork.block),
  ]);
  const chains: [string, bigint | undefined][] = [
    ["the chain", there.chainId],
    ["the fork", here.chainId],
    ["the registry's domain", BigInt(registry.domain.chainId ?? 0)],
    ["the plan file", loaded.plan.chain],
  ];
  const stated = chains.flatMap(([where, chainId]) => (chainId === undefined ? [] : [`${where}: ${chainId}`]));
  const compilers = built.deployments.map(({ contractName, code }) => {
    const solc = splitMetadata(code).metadata?.solc;
    return `${contractName}: ${solc === undefined ? "its code does not tell its compiler" : `solc ${solc}`}`;
  });
  const evidence = [
    `chain id of ${stated.join(", of ")}`,
    `block ${fork.block}, ${fork.blockHash}`,
    `${options.tool} on ${fork.engine}`,
    ...new Set(compilers),
  ];
  if (new Set(chains.flatMap(([, chainId]) => chainId ?? [])).size > 1) {
    return fail(evidence, "a plan for another chain has other ids: use the network that the plan file names");
  }
  if (pinned?.hash == null) {
    return unknown(
      [...evidence, `the chain does not know block ${fork.block}`],
      "use an endpoint that keeps that block",
    );
  }
  if (pinned.hash !== fork.blockHash || (copied?.hash ?? fork.blockHash) !== fork.blockHash) {
    return fail(
      [...evidence, `the chain's block ${fork.block}: ${pinned.hash}`, `the fork's: ${copied?.hash ?? "not kept"}`],
      "the chain was reorganised since, or the endpoint shows another one: fork a block that is final",
    );
  }
  return pass(...evidence);
}
