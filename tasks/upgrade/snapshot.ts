import { isAddress } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import { snapshot } from "../../src/registry/snapshot";
import type { SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";

export const action = (
  args: SenderArgs & { proposal: string; delegates?: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> =>
  runVerb(hre, args, ({ client, registry, options, proposalId }) =>
    snapshot(client, registry, { proposalId, delegates: accountsOf(args.delegates), ...options }),
  );

function accountsOf(stated: string | undefined): string[] | undefined {
  const accounts = stated?.split(",").map((account) => account.trim());
  const wrong = accounts?.find((account) => !isAddress(account));
  if (wrong === undefined) return accounts;
  throw new SlipwayError("OptionInvalid", {
    where: "--delegates",
    expected: "addresses, separated by commas",
    found: wrong,
  });
}
