import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { AddressBook } from "../chain/addressBook";
import { SlipwayError } from "../errors";
import {
  addressField,
  amountField,
  argumentsField,
  durationField,
  eventField,
  functionField,
  integerField,
  list,
  record,
  scalar,
  shareField,
  textField,
} from "../plan/fields";
import { readYaml } from "../plan/yamlFile";

/** Items that not every project can have. All others are for every upgrade, and nothing waives them. */
export const WAIVABLE = ["baseline", "transaction", "backends", "errors", "metrics", "api"] as const;

const urlField = scalar("an http or https address", (text) => (/^https?:\/\/\S+$/.test(text) ? text : undefined));
const callText = scalar('a call such as "totalAssets()(uint256)"', (text) =>
  /^[A-Za-z_$][\w$]*(\(.*\))?$/.test(text) ? text : undefined,
);

/** The list that is gone through before and after an upgrade: what this project runs, where it asks, and what must come back. */
export const checklistSchema = record(
  {
    /** Shell commands, run in the project's folder; what is not 0 fails. */
    commands: record({ tests: textField, lint: textField, format: textField }),
    coverage: record({
      command: textField,
      /** What the command writes: lcov, or Istanbul's coverage-summary.json. */
      file: textField,
      least: shareField.optional(),
    }),
    /** How long a command may take; 30 minutes unless stated. */
    timeout: durationField.optional(),
    /** Bytes of runtime code that one contract of the plan may have. */
    budgets: z.record(z.string(), integerField, { error: () => "contracts, each with its bytes" }).optional(),
    /** Further files of the configuration, from the project's folder. */
    backup: list(textField, "a list of files").optional(),
    errorRate: record({
      /** How many blocks are counted; 500 unless stated. */
      blocks: integerField.optional(),
      /** Fewest transactions that make a rate; 1 unless stated. */
      least: integerField.optional(),
      /** How much higher than before it may be; 1% unless stated. */
      tolerance: shareField.optional(),
      /** Accounts besides the modules' that users call. */
      accounts: list(addressField, "a list of addresses").optional(),
    }).optional(),
    /** Name of a compiled contract whose ABI users rely on; found by the code where it is not stated. */
    abi: textField.optional(),
    /** What views must answer; without a list, every one without arguments is asked and must answer. */
    views: list(
      record({
        call: callText,
        account: addressField.optional(),
        args: argumentsField.optional(),
        expect: textField.optional(),
      }),
      "a list of views",
    ).optional(),
    /** Calls of a user, one after another on the state of now; nothing is sent. */
    transaction: list(
      record({
        call: functionField,
        as: addressField,
        target: addressField.optional(),
        args: argumentsField.optional(),
        value: amountField.optional(),
      }),
      "a list of calls",
    ).optional(),
    backends: list(
      record({ url: urlField, status: integerField.optional(), contains: textField.optional() }),
      "a list of backends",
    ).optional(),
    events: record({
      /** Events whose arguments follow from when they are logged. */
      vary: list(eventField, "a list of events"),
    }).optional(),
    metrics: record({
      /** What `upgrade metrics --listen` serves. */
      url: urlField,
      /** Prometheus, and what its dashboards ask. */
      prometheus: urlField.optional(),
      queries: list(textField, "a list of PromQL queries").optional(),
    }).optional(),
    api: record({
      /** JSON-RPC endpoint that users have; API_BASE_URL unless stated. */
      url: urlField.optional(),
      /** The published ABI: a compiled contract, or a JSON file. */
      abi: textField.optional(),
      /** An OpenRPC document, whose methods are called with their examples. */
      openrpc: textField.optional(),
    }).optional(),
    /** Items that do not apply here, each with the reason. */
    waive: record(
      Object.fromEntries(WAIVABLE.map((id) => [id, textField.optional()])) as Record<
        (typeof WAIVABLE)[number],
        z.ZodOptional<typeof textField>
      >,
    ).optional(),
  },
  "a checklist",
);

export type Checklist = z.output<typeof checklistSchema>;

export function readChecklist(file: string, addresses: AddressBook): Checklist {
  if (!existsSync(file)) {
    throw new SlipwayError("ChecklistInvalid", {
      where: file,
      expected: "a checklist (YAML)",
      found: "no file there",
      next: "start from upgrades/checklist.yaml",
    });
  }
  const text = readFileSync(file, "utf8");
  return readYaml(text, file, checklistSchema, addresses, { invalid: "ChecklistInvalid" }).value;
}
