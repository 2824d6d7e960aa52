import { existsSync, writeFileSync } from "node:fs";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import type { Client } from "../../src/client";
import { Exit, SlipwayError, type ExitCode } from "../../src/errors";
import { checkBundle, readBundle } from "../../src/prove/checkBundle";
import { prove } from "../../src/prove/prove";
import type { Answer } from "../../src/prove/types";
import { connectRegistry } from "../../src/registry/connect";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { renderMismatches, renderProof } from "../../src/report/renderProof";
import { canonicalJson } from "../../src/simulate/canonicalJson";
import { blockOf, type OutputArgs } from "../support/options";
import { runTask, type Outcome } from "../support/runTask";

interface ProveArgs extends OutputArgs {
  proposal?: string;
  check?: string;
  write?: string;
  block?: string;
}

const EXITS: Record<Answer, ExitCode> = { yes: Exit.pass, no: Exit.checkFailed, "cannot tell": Exit.waiting };

export const action = (args: ProveArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    if (args.check !== undefined) return check(client, args.check);
    const { write } = args;
    if (write !== undefined && existsSync(write)) {
      throw new SlipwayError("FileExists", { where: "--write", expected: "a new file", found: write });
    }
    const registry = await connectRegistry(client);
    const proposalId = await resolveProposal(client, registry, args.proposal);
    const bundle = await prove(client, registry, proposalId, { block: blockOf(args.block) });
    if (write !== undefined) writeFileSync(write, canonicalJson(bundle));
    const next = write === undefined ? undefined : `npx hardhat upgrade prove --check ${write}`;
    return { report: bundle, text: renderProof(bundle), exit: EXITS[bundle.verdict], next };
  });

async function check(client: Client, file: string): Promise<Outcome> {
  const bundle = readBundle(file);
  const mismatches = await checkBundle(client, bundle);
  const [first] = mismatches;
  if (first === undefined) {
    const { verdict, hash, proposalId } = bundle;
    const text = `${renderProof(bundle)}\n\n${file} is what the chain says`;
    return { report: { isGenuine: true, proposalId, verdict, hash, mismatches }, text, exit: EXITS[verdict] };
  }
  const error = new SlipwayError("BundleMismatch", {
    where: first.field,
    expected: first.expected,
    found: first.found,
  });
  return {
    report: { isGenuine: false, mismatches, error },
    text: `${renderMismatches(file, mismatches)}\n\n${error.toString()}`,
    exit: error.exit,
  };
}
