import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import { readCallsFile } from "../../src/foreign/readCallsFile";
import { batchFile, GOVERNANCES } from "../../src/guard/batchFile";
import { guarded, readTerms } from "../../src/guard/guardBatch";
import { deployGuard, guardOf, requireGuard } from "../../src/guard/guardContract";
import { toJson } from "../../src/report/toJson";
import { choiceOf, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface GuardArgs extends OutputArgs {
  calls?: string;
  terms?: string;
  for: string;
  write?: string;
  deploy: boolean;
  as?: string;
}

export const action = (args: GuardArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const guard = await guardOf(client);
    const governance = choiceOf("for", args.for, GOVERNANCES);
    if (args.write !== undefined && existsSync(args.write)) {
      throw new SlipwayError("FileExists", { where: "--write", expected: "a new file", found: args.write });
    }
    if (args.deploy) await deployGuard(client, guard);
    await requireGuard(client, guard);
    const here = `guard ${guard.address}, code hash ${guard.codeHash}`;
    if (args.calls === undefined) {
      return { report: { guard: guard.address, codeHash: guard.codeHash }, text: here };
    }
    const { title, calls } = readCallsFile(args.calls);
    const terms = await readTerms(client, calls, {
      file: args.terms,
      invariantsDir: join(hre.config.paths.root, "invariants"),
      guard,
    });
    const { chainId } = await client.provider.getNetwork();
    const batch = guarded(calls, terms, guard);
    const file = batchFile(governance, batch, { title, chainId, createdAt: client.clock.now() });
    if (args.write === undefined) return { report: file, text: "", isFile: true };
    writeFileSync(args.write, `${toJson(file)}\n`);
    return {
      report: {
        guard: guard.address,
        codeHash: guard.codeHash,
        file: args.write,
        calls: batch.length,
        terms: terms.text,
      },
      text: [here, ...terms.text, `${batch.length} calls written to ${args.write}`].join("\n"),
    };
  });
