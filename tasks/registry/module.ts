import { isAddress } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import { modulesOf } from "../../src/plan/moduleOf";
import { ModuleKind } from "../../src/plan/types";
import { renderModules } from "../../src/report/renderRegistry";
import { connectRegistry } from "../../src/registry/connect";
import { registerModule } from "../../src/registry/registerModule";
import { choiceOf, sendOptions, type SenderArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { outcomeOf } from "../support/runVerb";

interface ModuleArgs extends SenderArgs {
  name?: string;
  kind?: string;
  account?: string;
  authority?: string;
}

const KINDS = ["uups", "transparent", "beacon", "diamond", "redeploy", "own-admin"] as const;
type Kind = (typeof KINDS)[number];

const MODULE_KINDS: Record<Kind, ModuleKind> = {
  uups: ModuleKind.Uups,
  transparent: ModuleKind.Transparent,
  beacon: ModuleKind.Beacon,
  diamond: ModuleKind.Diamond,
  redeploy: ModuleKind.Redeploy,
  "own-admin": ModuleKind.OwnAdmin,
};

export const action = (args: ModuleArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    if (args.name === undefined) {
      const modules = await modulesOf(registry);
      return { report: { modules }, text: renderModules(modules) };
    }
    const kind = MODULE_KINDS[choiceOf("kind", args.kind ?? "", KINDS)];
    const account = addressOf("account", args.account);
    const authority = args.authority === undefined ? undefined : addressOf("authority", args.authority);
    const { name } = args;
    const performed = await registerModule(client, registry, {
      name,
      kind,
      account,
      authority,
      ...sendOptions(args),
    });
    return outcomeOf(performed, `npx hardhat upgrade init --proxy ${account} --contract CONTRACT`);
  });

function addressOf(option: string, value: string | undefined): string {
  if (value !== undefined && isAddress(value)) return value;
  throw new SlipwayError("OptionInvalid", { where: `--${option}`, expected: "an address", found: value ?? "nothing" });
}
