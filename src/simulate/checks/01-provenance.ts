import { splitMetadata } from "../../bytecode/metadata";
import type { Client } from "../../client";
import type { Fork } from "../openFork";
import type { Answer } from "../types";
import { fail, pass, starting, unknown, type World } from "./types";

const KIND = { number: 1, id: "provenance" };

/** Everything that a rehearsal rests on comes from one chain, one block and one build. When and where it ran is in `run.json`. */
export const provenance = starting(
  { ...KIND, name: "plan file, registry, chain and fork are of one chain, and the fork is of one of its blocks" },
  ({ session, remote, registry, loaded, built, options }: World) => {
    const compilers = built.deployments.map(({ contractName, code }) => {
      const solc = splitMetadata(code).metadata?.solc;
      return `${contractName}: ${solc === undefined ? "its code does not tell its compiler" : `solc ${solc}`}`;
    });
    return compare(session.fork, remote, {
      stated: [
        ["the registry's domain", BigInt(registry.domain.chainId ?? 0)],
        ["the plan file", loaded.plan.chain],
      ],
      tool: options.tool,
      further: [...new Set(compilers)],
      remedy: "a plan for another chain has other ids: use the network that the plan file names",
    });
  },
);

/** The same where a file of calls may state its chain, and no registry does. */
export const provenanceOfCalls = starting<
  Pick<World, "session" | "remote"> & { stated?: { chainId?: bigint }; tool: string },
  unknown
>(
  { ...KIND, name: "what is given, chain and fork are of one chain, and the fork is of one of its blocks" },
  ({ session, remote, stated, tool }) =>
    compare(session.fork, remote, {
      stated: [["the file", stated?.chainId]],
      tool,
      further: [],
      remedy: "the file was made for another chain: use the network that it names",
    }),
);

interface Told {
  /** What else names a chain. */
  stated: [string, bigint | undefined][];
  tool: string;
  /** Lines of evidence. */
  further: string[];
  /** Where chains differ. */
  remedy: string;
}

async function compare(fork: Fork, remote: Client, { stated, tool, further, remedy }: Told): Promise<Answer> {
  const [there, here, pinned, copied] = await Promise.all([
    remote.provider.getNetwork(),
    fork.provider.getNetwork(),
    remote.provider.getBlock(fork.block),
    fork.provider.getBlock(fork.block),
  ]);
  const chains: [string, bigint | undefined][] = [["the chain", there.chainId], ["the fork", here.chainId], ...stated];
  const named = chains.flatMap(([where, chainId]) => (chainId === undefined ? [] : [`${where}: ${chainId}`]));
  const evidence = [
    `chain id of ${named.join(", of ")}`,
    `block ${fork.block}, ${fork.blockHash}`,
    `${tool} on ${fork.engine}`,
    ...further,
  ];
  if (new Set(chains.flatMap(([, chainId]) => chainId ?? [])).size > 1) return fail(evidence, remedy);
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
