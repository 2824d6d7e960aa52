import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import type { Namespaces } from "../../src/layout/readNamespaces";
import { EXPECTED, parseDuration } from "../../src/plan/units";
import { connectRegistry } from "../../src/registry/connect";
import { upgradeRegistry } from "../../src/registry/upgradeRegistry";
import { renderImpact } from "../../src/report/renderImpact";
import { toJson } from "../../src/report/toJson";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface UpgradeArgs extends OutputArgs {
  as?: string;
  title: string;
  nonce: string;
  dwell: string;
  remove?: string;
  layout?: string;
  write?: string;
  report?: string;
  deploy: boolean;
}

export const action = (args: UpgradeArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const dwell = parseDuration(args.dwell);
    if (dwell === undefined) throw invalid("--dwell", EXPECTED.duration, args.dwell);
    if (!/^\d+$/.test(args.nonce)) throw invalid("--nonce", "a number", args.nonce);
    if (args.report !== undefined && !/^0x[0-9a-fA-F]{64}$/.test(args.report)) {
      throw invalid("--report", "32 bytes (0x and 64 digits)", args.report);
    }
    const { write } = args;
    if (write !== undefined && existsSync(write)) {
      throw new SlipwayError("FileExists", { where: "--write", expected: "a new file", found: write });
    }
    const upgrade = await upgradeRegistry(client, await connectRegistry(client), {
      title: args.title,
      nonce: BigInt(args.nonce),
      dwell,
      // Signatures have commas of their own: between two of them stands one behind a parenthesis.
      removals: (args.remove ?? "").split(/(?<=\)|^0x[0-9a-f]{8}),\s*/).filter((text) => text !== ""),
      layout: args.layout === undefined ? undefined : readLayoutFile(args.layout),
      reportHash: args.report,
      deploys: args.deploy,
    });
    const { plan, proposalId, facets, impact } = upgrade;
    if (write !== undefined) writeFileSync(write, `${toJson({ proposalId, plan })}\n`);
    const text = [
      plan.title,
      `  proposal   ${proposalId}`,
      "",
      "Facets",
      ...facets.map(({ name, before, address }) => `  ${name}: ${before ?? "new"} → ${address}`),
      ...renderImpact(impact),
    ].join("\n");
    const next = write === undefined ? undefined : `npx hardhat upgrade propose ${write}`;
    return { report: { ...upgrade, write }, text, next };
  });

function readLayoutFile(file: string): Namespaces {
  try {
    const layout = JSON.parse(readFileSync(file, "utf8")) as Namespaces;
    if (Object.values(layout).every(({ fields, types }) => Array.isArray(fields) && typeof types === "object")) {
      return layout;
    }
  } catch {
    // Said below.
  }
  throw invalid("--layout", "a snapshot of namespaces in JSON", file);
}

function invalid(where: string, expected: string, found: string): SlipwayError {
  return new SlipwayError("OptionInvalid", { where, expected, found });
}
