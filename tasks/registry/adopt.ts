import { isAddress } from "ethers";
import { SlipwayError } from "../../src/errors";
import { renderAdopt } from "../../src/report/renderRegistry";
import { adopt } from "../../src/registry/adopt";
import { connectRegistry } from "../../src/registry/connect";
import { withOutput, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { registryScope } from "../support/scopes";

interface AdoptArgs extends OutputArgs {
  timelock: string;
  acceptRisk?: string;
}

withOutput(
  registryScope.task("adopt", "Who has power over an existing timelock, and what its admin must call; sends nothing"),
)
  .addPositionalParam("timelock", "A TimelockController of OpenZeppelin")
  .addOptionalParam("acceptRisk", "Accounts whose power beside the registry is known and accepted, separated by commas")
  .setAction((args: AdoptArgs, hre) =>
    runTask(hre, args, async (client) => {
      const timelock = addressOf("TIMELOCK", args.timelock);
      const accepted = (args.acceptRisk ?? "").split(",").filter((entry) => entry !== "");
      for (const account of accepted) addressOf("--accept-risk", account);
      const report = await adopt(client, await connectRegistry(client), { timelock, accepted });
      return { report, text: renderAdopt(report), next: "npx hardhat registry module --help" };
    }),
  );

function addressOf(where: string, value: string): string {
  if (isAddress(value)) return value;
  throw new SlipwayError("OptionInvalid", { where, expected: "an address", found: value });
}
