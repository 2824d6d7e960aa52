import type { HardhatRuntimeEnvironment } from "hardhat/types";
import type { Client } from "../../src/client";
import {
  executeRecovery,
  readRecovery,
  startRecovery,
  vetoRecovery,
  withdrawRecovery,
  type RecoveryReport,
} from "../../src/emergency/recovery";
import { Exit, SlipwayError, type ExitCode } from "../../src/errors";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { renderRecovery } from "../../src/report/renderRecovery";
import { runAct, type ActArgs } from "../support/councilAct";
import { choiceOf, sendOptions } from "../support/options";
import { runTask } from "../support/runTask";
import { outcomeOf } from "../support/runVerb";

interface RecoveryArgs extends ActArgs {
  verb: string;
  successor?: string;
  recovery?: string;
}

const VERBS = ["status", "start", "execute", "withdraw", "veto"] as const;
const STATUS = "npx hardhat emergency recovery status";

export const action = async (args: RecoveryArgs, hre: HardhatRuntimeEnvironment): Promise<void> => {
  if (args.verb === "veto") {
    return runAct(hre, args, async (client, registry) => {
      const report = await readRecovery(client, args.recovery);
      return {
        kind: "veto",
        subject: report.operation,
        command: "emergency recovery veto",
        send: (params) => vetoRecovery(client, registry, { report, ...params }),
      };
    });
  }
  await runTask(hre, args, async (client) => {
    const verb = choiceOf("verb", args.verb, VERBS);
    const registry = await connectRegistry(client);
    if (verb === "status") {
      const report = await readRecovery(client, args.recovery);
      return { report, text: renderRecovery(report), next: nextOf(report), exit: exitOf(report) };
    }
    return outcomeOf(await send(client, registry, verb, args), STATUS);
  });
};

function send(client: Client, registry: Registry, verb: "start" | "execute" | "withdraw" | "veto", args: RecoveryArgs) {
  const params = { recovery: args.recovery, ...sendOptions(args) };
  if (verb === "execute") return executeRecovery(client, registry, params);
  if (verb === "withdraw") return withdrawRecovery(client, registry, params);
  if (args.successor === undefined) {
    throw new SlipwayError("OptionInvalid", {
      where: "--successor",
      expected: "the address of a registry made for this timelock",
      found: "nothing",
    });
  }
  return startRecovery(client, registry, { successor: args.successor, ...params });
}

function nextOf({ status }: RecoveryReport): string | undefined {
  if (status === "Waiting") return "npx hardhat emergency recovery veto --as MEMBER";
  return status === "Ready" ? "npx hardhat emergency recovery execute --as OWNER" : undefined;
}

function exitOf({ status }: RecoveryReport): ExitCode {
  return status === "Waiting" || status === "Ready" ? Exit.waiting : Exit.pass;
}
