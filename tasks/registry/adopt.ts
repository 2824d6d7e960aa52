import { isAddress } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import { renderAdopt } from "../../src/report/renderRegistry";
import { adopt } from "../../src/registry/adopt";
import { connectRegistry } from "../../src/registry/connect";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface AdoptArgs extends OutputArgs {
  timelock: string;
  acceptRisk?: string;
}

export const action = (args: AdoptArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const timelock = addressOf("TIMELOCK", args.timelock);
    const accepted = (args.acceptRisk ?? "").split(",").filter((entry) => entry !== "");
    for (const account of accepted) addressOf("--accept-risk", account);
    const report = await adopt(client, await connectRegistry(client), { timelock, accepted });
    return { report, text: renderAdopt(report), next: "npx hardhat registry module --help" };
  });

function addressOf(where: string, value: string): string {
  if (isAddress(value)) return value;
  throw new SlipwayError("OptionInvalid", { where, expected: "an address", found: value });
}
