import { z } from "zod";
import { KINDS } from "./replay/compareSent";
import type { RehearsalReport } from "./types";

/** JSON has no integers beyond 2^53: decimal text in the file, a bigint in the program. */
const integer = z
  .string()
  .regex(/^-?(0|[1-9]\d*)$/, "a decimal integer as text")
  .transform((digits) => BigInt(digits));
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, "an address of 20 bytes");
const word = z.string().regex(/^0x[0-9a-fA-F]{64}$/, "a word of 32 bytes");
const bytes = z.string().regex(/^0x([0-9a-fA-F]{2})*$/, "bytes in hex");
const count = z.int().min(0);
const record = z.strictObject;
const list = z.array;

const fraction = record({ numerator: count, denominator: count });
const call = record({ target: address, value: integer, data: bytes });
const pin = record({ account: address, codeHash: word });
const probe = record({ target: address, data: bytes, gas: integer });
const gate = record({
  probe,
  op: z.union([0, 1, 2, 3, 4, 5].map((op) => z.literal(op as 0 | 1 | 2 | 3 | 4 | 5))),
  bound: integer,
});
const batch = { calls: list(call), pins: list(pin), minGas: integer };

const plan = record({
  title: z.string(),
  uri: z.string(),
  proposer: address,
  nonce: integer,
  planClass: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  targets: list(record({ module: word, baseVersion: integer })),
  stages: list(record({ ...batch, label: word, gates: list(gate), invariants: list(word), dwell: integer })),
  rollbacks: list(
    record({
      ...batch,
      from: count,
      to: count,
      kind: z.union([z.literal(0), z.literal(1)]),
      invariants: list(word),
    }),
  ),
  containments: list(
    record({
      ...batch,
      breach: z.union([0, 1, 2, 3, 4].map((breach) => z.literal(breach as 0 | 1 | 2 | 3 | 4))),
      label: word,
    }),
  ),
  readiness: record({ threshold: fraction, deadline: integer, schedulingWindow: integer }),
  artifact: record({
    version: z.string(),
    protocolVersion: integer,
    sha256Hash: word,
    uri: z.string(),
    migration: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
    graceBlocks: integer,
    isGraceReadOnly: z.boolean(),
    parentPlan: word,
    successDeadline: integer,
    successThreshold: fraction,
  }),
  executionWindow: integer,
  evidence: record({ reportHash: word, rehearsalChainId: integer, rehearsalProposal: word, minAge: integer }),
});

interface Argument {
  name: string;
  type: string;
  value: string;
  parts?: Argument[];
  inner?: { signature: string; args: Argument[] };
}
const argument: z.ZodType<Argument> = z.lazy(() =>
  record({
    name: z.string(),
    type: z.string(),
    value: z.string(),
    parts: list(argument).optional(),
    inner: explained.optional(),
  }),
);
const explained = record({ signature: z.string(), args: list(argument) });
const explainedCall = record({ target: address, name: z.string(), value: z.string().optional(), data: explained });
const explainedPin = record({ account: address, name: z.string(), codeHash: word });
const explainedBatch = { calls: list(explainedCall), pins: list(explainedPin) };

const slots = record({ implementation: address, admin: address, beacon: address });
const moduleState = record({
  module: z.string(),
  account: address,
  slots,
  codeHash: word,
  version: count,
  lockedBy: word,
});
const write = record({ account: address, slot: word, before: word, after: word });
const named = record({
  account: address,
  slot: word,
  before: word,
  after: word,
  label: z.string().optional(),
  type: z.string().optional(),
  beforeText: z.string().optional(),
  afterText: z.string().optional(),
  isAmbiguous: z.literal(true).optional(),
});
const pinRow = { account: address, expected: z.string(), actual: z.string(), isOk: z.boolean() };
const invariantRow = record({
  id: word,
  name: z.string(),
  isAvailable: z.boolean(),
  isOk: z.boolean(),
  left: integer,
  right: integer,
});
const status = z.enum(["pass", "warn", "fail", "skip", "inconclusive"]);
const selector = record({ selector: bytes, signature: z.string().optional() });

const quantiles = record({ p50: count, p90: count, p99: count, max: count });
const broken = { invariant: z.string(), left: integer, right: integer };

/** `report.json`, as a program reads it: decimal text becomes bigints. `docs/schema/rehearsal.json` is made from it. */
export const reportSchema = record({
  schema: z.literal("slipway.rehearsal.v2"),
  verdict: z.enum(["pass", "warn", "fail", "inconclusive"]),
  title: z.string(),
  subject: word,
  proposalId: word,
  plan: plan.optional(),
  governance: record({
    kind: z.string(),
    account: address,
    executor: address,
    state: z.enum(["new", "proposed", "executed"]),
    told: z.string(),
    proposal: z.string().optional(),
    calls: list(call),
    identifiers: list(record({ name: z.string(), value: z.string() })),
    execution: record({ transaction: word, block: count }).optional(),
  }).optional(),
  provenance: record({
    chainId: integer,
    block: count,
    blockHash: word,
    blockTime: count,
    engine: z.string(),
    tool: z.string(),
    registry: address.optional(),
    timelock: address.optional(),
  }),
  overrides: list(
    z.discriminatedUnion("kind", [
      record({ kind: z.literal("impersonation"), account: address, as: z.string() }),
      record({ kind: z.literal("balance"), account: address, as: z.string(), wei: integer }),
      record({ kind: z.literal("crowd"), count, as: z.string(), wei: integer }),
      record({ kind: z.literal("blocks"), count }),
      record({ kind: z.literal("time"), seconds: count }),
    ]),
  ),
  checks: list(
    record({
      number: count,
      id: z.string(),
      name: z.string(),
      isRequired: z.boolean(),
      status,
      evidence: list(z.string()),
      remedy: z.string(),
    }),
  ),
  what: record({
    stages: list(
      record({
        ...explainedBatch,
        index: count,
        label: z.string(),
        gates: list(record({ text: z.string(), now: z.string().optional() })),
        invariants: list(z.string()),
        dwell: z.string(),
      }),
    ),
    rollbacks: list(
      record({
        ...explainedBatch,
        from: count,
        to: count,
        kind: z.enum(["clean", "lossy"]),
        invariants: list(z.string()),
      }),
    ),
    containments: list(record({ ...explainedBatch, index: count, label: z.string(), breach: z.string() })),
    policy: list(z.string()).optional(),
    warnings: list(z.string()),
    defaults: list(record({ key: z.string(), value: z.string(), why: z.string() })),
  }),
  beforeAfter: list(
    record({
      group: z.enum(["proxies", "roles", "parameters", "balances"]),
      what: z.string(),
      before: z.string(),
      after: z.string(),
    }),
  ),
  flows: list(
    record({ stage: count, asset: z.string(), token: address.optional(), from: address, to: address, amount: integer }),
  ),
  timeline: list(record({ after: integer, text: z.string() })),
  worstRollback: record({ afterStages: count, by: z.string(), seconds: count, transactions: count }).optional(),
  diffHash: word,
  unexplained: list(z.string()),
  impact: record({
    selectors: list(
      record({
        module: z.string(),
        account: address,
        from: z.string(),
        to: z.string(),
        added: list(selector),
        removed: list(selector),
        changed: list(record({ before: selector, after: selector, note: z.string() })),
        basis: z.enum(["dispatch tables", "ABI", "loupe and cut", "unknown"]),
      }),
    ),
    roles: list(
      record({ where: z.string(), account: address, what: z.string(), before: z.string(), after: z.string() }),
    ),
    storage: record({
      verdict: z.enum(["compatible", "accepted", "not compared"]),
      findings: list(z.string()),
    }).optional(),
  }),
  deployments: list(
    record({
      role: z.string(),
      contractName: z.string(),
      address,
      codeHash: word,
      isOnChain: z.boolean(),
    }),
  ),
  steps: list(record({ verb: z.string(), by: z.string(), account: address, gasUsed: integer })),
  stages: list(
    record({
      index: count,
      label: z.string(),
      gasUsed: integer,
      pins: list(record(pinRow)),
      gates: list(record({ ...pinRow, isAvailable: z.boolean() })),
      invariants: list(invariantRow),
      before: list(moduleState),
      after: list(moduleState),
      writes: list(named),
      events: list(record({ account: address, topics: list(word), data: bytes })),
    }),
  ),
  rollbacks: list(
    record({
      afterStages: count,
      index: z.int(),
      by: z.string(),
      gasUsed: integer,
      transactions: count,
      seconds: count,
      state: z.string(),
      after: list(moduleState),
      isRestored: z.boolean(),
      residue: list(write),
      invariants: list(invariantRow),
    }),
  ),
  containments: list(
    record({
      afterStages: count,
      index: count,
      label: z.string(),
      by: z.string(),
      gasUsed: integer,
      isRestored: z.boolean(),
      state: z.string(),
    }),
  ),
  negatives: list(
    record({
      name: z.string(),
      by: z.string(),
      expected: z.string(),
      found: z.string(),
      isRefused: z.boolean(),
    }),
  ),
  journeys: record({
    stated: list(record({ name: z.string(), users: list(address), steps: list(z.string()), tolerance: count })),
    differences: list(
      record({
        journey: z.string(),
        user: address,
        moment: z.string(),
        kind: z.enum(["revert", "loss", "unexpected", "gas", "returned", "events"]),
        text: z.string(),
        isExpected: z.boolean(),
      }),
    ),
    runs: list(record({ moment: z.string(), journeys: count, users: count, reverted: count })),
    load: list(
      record({
        journey: z.string(),
        moment: z.string(),
        users: count,
        failed: count,
        firstGas: integer,
        lastGas: integer,
        error: z.string().optional(),
      }),
    ),
    idle: list(z.string()),
  }).optional(),
  traffic: list(
    record({
      stage: count,
      gate: z.string(),
      senders: count,
      transactions: count,
      failed: count,
      isOpen: z.boolean(),
    }),
  ).optional(),
  replay: record({
    source: z.string(),
    base: count,
    applied: count,
    transactions: count,
    leftOut: count,
    same: count,
    kinds: record({
      revert: count.optional(),
      value: count.optional(),
      accepts: count.optional(),
      reason: count.optional(),
      returned: count.optional(),
      events: count.optional(),
      expected: count.optional(),
    }),
    rows: list(
      record({
        transaction: z.string(),
        from: address,
        to: address,
        selector: bytes,
        differences: list(record({ kind: z.enum(KINDS), text: z.string(), isExpected: z.boolean() })),
      }),
    ),
    more: count,
    senders: count,
    gas: record({ stable: quantiles, candidate: quantiles }),
    words: list(record({ slot: word, stable: word, candidate: word })).optional(),
    moreWords: count,
    failure: z.string().optional(),
  }).optional(),
  fuzz: record({
    seed: z.string(),
    calls: count,
    succeeded: count,
    functions: count,
    invariants: list(z.string()),
    found: record({ ...broken, sequence: list(z.string()), length: count }).optional(),
    known: list(record(broken)),
  }).optional(),
  failure: z.record(z.string(), z.unknown()).optional(),
}).refine(({ plan: own, governance }) => (own === undefined) !== (governance === undefined), {
  path: ["plan"],
  message: "either a plan, or what another governance is to run",
}) satisfies z.ZodType<RehearsalReport>;

/** The form of the file, for programs in other languages: JSON Schema, draft 2020-12. */
export function reportJsonSchema(): unknown {
  return {
    title: "Report of a rehearsal",
    description:
      "What `upgrade simulate` found. keccak256 of the file's bytes is the plan's evidence. Wei, gas, powers and seconds of the plan are decimal text; hashes and addresses are hex.",
    ...(z.toJSONSchema(reportSchema, { io: "input" }) as object),
    oneOf: ["plan", "governance"].map((key) => ({ type: "object", properties: { [key]: {} }, required: [key] })),
  };
}

// What the program writes has a place in the schema, and the schema asks for nothing that it does not write.
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
true satisfies Same<z.output<typeof reportSchema>, RehearsalReport>;
