import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getAddress, isAddress } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import { initPlan } from "../../src/plan/initPlan";
import { connectRegistry } from "../../src/registry/connect";
import { readAddressBook } from "../../src/chain/addressBook";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface InitArgs extends OutputArgs {
  proxy: string;
  contract?: string;
  facets?: string;
  write?: string;
}

export const action = (args: InitArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    if (!isAddress(args.proxy)) {
      throw new SlipwayError("OptionInvalid", { where: "--proxy", expected: "an address", found: args.proxy });
    }
    if (args.write !== undefined && existsSync(args.write)) {
      throw new SlipwayError("FileExists", { where: "--write", expected: "a new file", found: args.write });
    }
    const { root } = hre.config.paths;
    const hasRegistry = readAddressBook(client.deploymentsDir).addresses["registry"] !== undefined;
    const { text, module } = await initPlan(client, hasRegistry ? await connectRegistry(client) : undefined, {
      proxy: getAddress(args.proxy),
      contract: args.contract,
      facets: args.facets?.split(",").map((name) => name.trim()),
      root,
      invariantsDir: join(root, "invariants"),
    });
    if (args.write !== undefined) writeFileSync(args.write, text);
    return {
      report: { file: args.write, module: module?.name, text },
      text: args.write === undefined ? text : `written to ${args.write}`,
      next: args.write === undefined ? undefined : `npx hardhat upgrade plan ${args.write}`,
    };
  });
