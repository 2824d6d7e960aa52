import { z } from "zod";
import {
  addressField,
  amountField,
  argumentsField,
  booleanField,
  durationField,
  eventField,
  fractionField,
  functionField,
  integerField,
  list,
  nameField,
  record,
  scalar,
  shareField,
  textField,
  toleranceField,
  weightField,
  word,
  word32Field,
} from "./fields";
import { EXPECTED, parseShare } from "./units";

/** As many as a router keeps times for. */
const MAX_LANES = 4;

const callField = record({ function: functionField, args: argumentsField.optional() }, "a call");

/** `arg` counts from zero, as people count ABI parameters, or is the parameter's name. */
const wordOfField = { function: functionField, arg: textField };

/** A sender, or whatever word a function's cohort goes by. */
const keyField = scalar("an address or a 32-byte word", (text) =>
  /^0x([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/.test(text) ? text : undefined,
);

/** Takes part whatever the share. */
const segmentField = record({ segment: list(keyField, "a list of addresses or words", 1) }, "a segment");

const cohortField = z.union(
  [
    word("sender", "proxy"),
    record(wordOfField, "a cohort"),
    segmentField,
    list(z.union([record(wordOfField, "a cohort"), segmentField]), "a list of cohorts", 1),
  ],
  { error: () => "sender, or { function, arg }, or { segment }, or a list of these; proxy for a beacon" },
);

const budgetField = record({
  per: durationField,
  cap: amountField,
  meters: list(record({ ...wordOfField, weight: weightField.optional() }, "a meter"), "a list of meters").optional(),
  free: list(functionField, "a list of functions").optional(),
  /** A word whose fall across a call of the candidate is charged. Asks the proxy, unless a target is named. */
  probe: record({
    target: addressField.optional(),
    call: functionField,
    args: argumentsField.optional(),
    gas: integerField.optional(),
    weight: weightField.optional(),
  }).optional(),
  /** Weight of native value; 1 unless stated, 0 to leave it unmetered. */
  value: weightField.optional(),
});

const laneNameField = textField.refine((name) => /^[\x21-\x7e]{1,31}$/.test(name), {
  error: () => "a name of at most 31 printable characters, without spaces",
});

/** Functions that are closed together. What nobody names is in `other`, or in no lane. */
const lanesField = record({
  /** How long the incident key or the council closes a lane, and leaves it open after. */
  pause: durationField,
  groups: list(
    record({
      name: laneNameField,
      functions: list(functionField, "a list of functions"),
      exit: booleanField.optional(),
    }),
    "a list of at least one lane",
    1,
  ),
  other: laneNameField.optional(),
  /** Counts what is in flight: the proxy is drained at zero. Asks the proxy, unless a target is named. */
  inFlight: record({
    target: addressField.optional(),
    call: functionField,
    args: argumentsField.optional(),
    gas: integerField.optional(),
  }).optional(),
}).superRefine(({ groups, other }, context) => {
  const names = groups.map(({ name }) => name);
  const issue = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
  if (groups.length > MAX_LANES) issue(["groups"], `at most ${MAX_LANES} lanes`);
  names.forEach((name, i) => {
    if (names.indexOf(name) !== i) issue(["groups", i, "name"], "a name that no lane before has");
  });
  if (other !== undefined && !names.includes(other)) issue(["other"], `one of ${names.join(", ")}`);
});

const stepField = record(
  {
    share: shareField,
    dwell: durationField,
    /** For so long from this step on nobody enters: lanes that are no exit are closed. */
    drain: durationField.optional(),
    /** Opens the lanes that an earlier step closed. */
    resume: booleanField.optional(),
  },
  "a step",
);

const canaryField = z.union(
  [
    word("none"),
    record({
      cohort: cohortField.optional(),
      steps: list(stepField, "a list of at least one step", 1),
      budget: budgetField.optional(),
      expectedErrors: list(textField, "a list of errors").optional(),
      errorBudget: integerField.optional(),
      candidateGas: integerField.optional(),
      lanes: lanesField.optional(),
      /** Privileged functions that the incident key may lock. */
      lockable: list(functionField, "a list of functions").optional(),
      count: booleanField.optional(),
      salt: word32Field.optional(),
    }),
  ],
  { error: () => "none, or a mapping with steps" },
);

const targetedCallField = record(
  {
    target: addressField,
    function: functionField,
    args: argumentsField.optional(),
    value: amountField.optional(),
  },
  "a call",
);

const rollbackField = z.union(
  [
    word("auto"),
    record({
      calls: list(targetedCallField, "a list of at least one call", 1),
      kind: word("clean", "lossy").optional(),
    }),
  ],
  { error: () => "auto, or a mapping with calls" },
);

/** The name of a batch: it is kept in one word. */
const labelField = scalar("a label of at most 31 ASCII characters", (text) =>
  /^[\x20-\x7e]{1,31}$/.test(text) ? text : undefined,
);

const containmentField = record(
  {
    label: labelField,
    /** The category of the invariants whose break opens it to anyone. */
    breach: word("asset", "authorization", "pricing", "upgrade", "liveness"),
    calls: list(
      record({ target: addressField, function: functionField, args: argumentsField.optional() }, "a call"),
      "a list of at least one call",
      1,
    ),
    minGas: integerField.optional(),
  },
  "a containment",
);

/** One call more of one stage, behind its own. */
const stageCallField = record(
  {
    /** Label or index of the stage. */
    stage: textField,
    /** Left out for the proxy that is upgraded. */
    target: addressField.optional(),
    function: functionField,
    args: argumentsField.optional(),
    value: amountField.optional(),
  },
  "a call",
);

/** What a rehearsal should see happen besides what the calls say. It is no part of the plan that is hashed. */
export const expectField = record(
  {
    /** Accounts whose storage stages may write, besides the modules and the accounts that are called. */
    writes: list(addressField, "a list of addresses").optional(),
    /** Every event of the stages; with this list, one more is a warning, and one less fails. */
    events: list(
      record({ stage: textField, event: eventField, account: addressField.optional() }, "an event"),
      "a list of events",
    ).optional(),
    /** Payments that stages make. */
    flows: list(
      record(
        {
          /** Left out for ether. */
          token: addressField.optional(),
          from: addressField,
          to: addressField,
          /** At most; no bound unless stated. */
          most: amountField.optional(),
        },
        "a payment",
      ),
      "a list of payments",
    ).optional(),
    allowances: list(
      record({ token: addressField, owner: addressField, spender: addressField }, "an allowance"),
      "a list of allowances",
    ).optional(),
    /** Price functions, and how far their answers may go. */
    quotes: list(
      record(
        {
          /** Left out for the module. */
          target: addressField.optional(),
          /** The first word that it answers is the quote. */
          call: functionField,
          /** `size` stands for each of the sizes; that alone unless stated. */
          args: argumentsField.optional(),
          /** From the smallest on. */
          sizes: list(amountField, "a list of at least one amount", 1),
          /** How far from the quote before the plan, up or down. */
          within: shareField.optional(),
          least: amountField.optional(),
          most: amountField.optional(),
          /** How much less for each unit than the smallest size gets. */
          slippage: shareField.optional(),
        },
        "an envelope of prices",
      ),
      "a list of envelopes",
    ).optional(),
    /** Sums that a migration leaves as they are, wherever it moves their parts. */
    conserved: list(
      record(
        {
          name: textField,
          sum: list(
            record(
              {
                /** Left out for the module. */
                target: addressField.optional(),
                /** The first word that it answers is the reading. */
                call: functionField,
                args: argumentsField.optional(),
              },
              "a reading",
            ),
            "a list of at least one reading",
            1,
          ),
          /** How far from the sum before the plan, up or down; nothing unless stated. */
          tolerance: toleranceField.optional(),
        },
        "a sum",
      ),
      "a list of sums",
    ).optional(),
    /** Fields that the candidate adds and that hold something already, left there by earlier code: "storage.limit". */
    left: list(textField, "a list of fields").optional(),
    /** Who gains a role or becomes an owner or admin without a call of the plan that says so. */
    power: list(
      record({ on: addressField, to: addressField }, "a contract and who gains power over it"),
      "a list of gains of power",
    ).optional(),
  },
  "what is expected",
);

const gateField = record(
  {
    /** Label or index of the stage. */
    stage: textField,
    /** Left out for the gates that the registry answers itself. */
    target: addressField.optional(),
    call: functionField,
    args: argumentsField.optional(),
    op: word("==", "!=", "<", "<=", ">", ">="),
    value: integerField,
    gas: integerField.optional(),
  },
  "a gate",
);

const artifactField = record({
  version: textField.optional(),
  protocolVersion: integerField.optional(),
  sha256: word32Field.optional(),
  uri: textField.optional(),
  migration: word("none", "compiled", "standard", "wasm").optional(),
  grace: record({ blocks: integerField, readOnly: booleanField.optional() }).optional(),
  /** The plan of the parent that opens this one's window. */
  parent: word32Field.optional(),
  /** The share of power that must report success, and by when after the last stage. */
  success: record({ threshold: fractionField, deadline: durationField }).optional(),
}).superRefine((artifact, context) => {
  const { version, sha256, uri } = artifact;
  const issue = (message: string) => context.addIssue({ code: "custom", path: [], message });
  const named = [version, sha256, uri].filter((field) => field !== undefined).length;
  if (named !== 0 && named !== 3) issue("version, sha256 and uri: they name a node program together");
  if (artifact.success !== undefined && version === undefined) issue("success only with the node program reported on");
});

/** One switch, turned by one stage. */
const flagField = record(
  {
    /** Label or index of the stage. */
    stage: textField,
    enable: nameField.optional(),
    clear: nameField.optional(),
  },
  "a flag",
).refine((flag) => (flag.enable === undefined) !== (flag.clear === undefined), {
  error: () => "either enable or clear, with the flag's name",
});

/** What plans on the module wait for once this one has run its last stage; it replaces what was required before. */
const requiresField = record({
  flag: nameField.optional(),
  modules: list(record({ module: textField, version: integerField }, "a module"), "a list of modules").optional(),
});

/** A candidate's code: which, where, and how it is made. */
const codeFields = {
  contract: textField.optional(),
  artifact: textField.optional(),
  /** Whose ABI tells the functions, where the candidate hands calls on to code it was not compiled with. */
  abi: textField.optional(),
  address: addressField.optional(),
  args: argumentsField.optional(),
  /** Where the libraries are that the code is linked with, by name. */
  libraries: z.record(z.string(), addressField, { error: () => "libraries with their addresses" }).optional(),
  /** The code that serves today, by name or file: its storage is compared with the candidate's. */
  replaces: textField.optional(),
  /** Fields that the candidate reads otherwise than they were stored, and that are meant so: "storage.count". */
  acceptLayout: list(textField, "a list of fields").optional(),
  /** Called on the implementation right after it is deployed, so that nobody else can initialise it. */
  lock: callField.optional(),
};

/** One new facet of a diamond. */
const facetField = record(
  {
    ...codeFields,
    /** Those it shall serve; all of its own unless said, but for the ones that initialise it. */
    functions: list(functionField, "a list of functions").optional(),
  },
  "a facet",
).refine((facet) => (facet.contract === undefined) !== (facet.artifact === undefined), {
  error: () => "either contract or artifact",
});

/** One call of a journey. */
const journeyStepField = record(
  {
    call: functionField,
    /** Left out for the module. */
    target: addressField.optional(),
    /** An address written `self` is that of who makes the journey. */
    args: argumentsField.optional(),
    value: amountField.optional(),
    /** Left out: what it did before the plan. */
    expect: scalar("ok, or the name of an error", (text) =>
      /^[A-Za-z_$][\w$]*$/.test(text) ? text : undefined,
    ).optional(),
    /** Before the call. */
    wait: durationField.optional(),
  },
  "a step",
);

/** What a user does, from beginning to end. Only rehearsals read it: it is no part of the plan that is hashed. */
const journeyField = record(
  {
    name: textField,
    as: z.union([addressField, list(addressField, "a list of at least one address", 1)], {
      error: () => "an address, or a list of addresses",
    }),
    steps: list(journeyStepField, "a list of at least one step", 1),
    /** How much less than before the plan a user may get, of each amount. */
    tolerance: scalar(EXPECTED.share, (text) => (/^0\s*%?$/.test(text) ? 0 : parseShare(text))).optional(),
  },
  "a journey",
);

/** What a proposer types: one YAML file a plan. Every key that has a default is optional, and every default is shown. */
export const planFileSchema = record(
  {
    title: textField,
    uri: textField.optional(),
    class: word("standard", "critical", "emergency").optional(),
    chain: integerField.optional(),
    proposer: addressField.optional(),
    nonce: integerField.optional(),
    module: textField.optional(),
    baseVersion: integerField.optional(),
    target: record({
      kind: word("uups", "transparent", "beacon", "diamond", "redeploy", "own-admin"),
      proxy: addressField,
      admin: addressField.optional(),
    }).optional(),
    /** Of a beacon: proxies on which the checks are made. */
    proxies: list(addressField, "a list of addresses").optional(),
    upgrade: record({
      ...codeFields,
      init: callField.optional(),
      /** Of a diamond: every facet that changes. A function that the diamond has not is added. */
      facets: list(facetField, "a list of at least one facet", 1).optional(),
      /** Of a diamond: functions or selectors that nobody serves after the promotion. */
      remove: list(textField, "a list of functions").optional(),
    })
      .refine(
        ({ contract, artifact, facets }) =>
          [contract, artifact, facets].filter((field) => field !== undefined).length === 1,
        { error: () => "either contract or artifact" },
      )
      .refine(({ facets, remove }) => remove === undefined || facets !== undefined, {
        error: () => "remove only beside facets, of a diamond",
      }),
    canary: canaryField.optional(),
    promote: record({ dwell: durationField }).optional(),
    invariants: list(textField, "a list of names").optional(),
    readiness: record({
      threshold: fractionField.optional(),
      deadline: durationField.optional(),
      window: durationField.optional(),
    }).optional(),
    rollback: rollbackField.optional(),
    /** What may be done at once about a breach, besides the way back. */
    containments: list(containmentField, "a list of containments").optional(),
    gates: list(gateField, "a list of gates").optional(),
    /** What stages do besides the upgrade. */
    calls: list(stageCallField, "a list of calls").optional(),
    flags: list(flagField, "a list of flags").optional(),
    requires: requiresField.optional(),
    /** Further accounts whose code the plan relies on. */
    pins: list(addressField, "a list of addresses").optional(),
    executionWindow: durationField.optional(),
    minGas: integerField.optional(),
    artifact: artifactField.optional(),
    /** What users do, to be rehearsed before the first stage, after every stage and at the end. */
    journeys: list(journeyField, "a list of journeys")
      .refine((journeys) => new Set(journeys.map(({ name }) => name)).size === journeys.length, {
        error: () => "journeys with different names",
      })
      .optional(),
    /** Where the same upgrade was carried out before, and for how long it was watched there. */
    rehearsal: record({ chain: integerField, proposal: word32Field, age: durationField.optional() }).optional(),
    expect: expectField.optional(),
  },
  "a plan",
).superRefine((plan, context) => {
  if ((plan.module === undefined) === (plan.target === undefined)) {
    context.addIssue({
      code: "custom",
      path: plan.target === undefined ? [] : ["target"],
      message: "either module or target",
    });
  }
  for (const key of ["flags", "requires"] as const) {
    if (plan[key] === undefined || (plan.class !== undefined && plan.class !== "standard")) continue;
    const message = "class: critical, since flags and requirements are kept by the registry";
    context.addIssue({ code: "custom", path: [key], message });
  }
  if (plan.canary === undefined || plan.canary === "none") return;
  const { lanes } = plan.canary;
  plan.canary.steps.forEach((step, i, steps) => {
    if ((step.drain !== undefined || step.resume === true) && lanes === undefined) {
      const key = step.drain === undefined ? "resume" : "drain";
      const message = `canary.lanes with ${key}: without lanes there is nothing to close`;
      context.addIssue({ code: "custom", path: ["canary", "steps", i, key], message });
    }
    if (i > 0 && step.share <= steps[i - 1]!.share) {
      context.addIssue({
        code: "custom",
        path: ["canary", "steps", i, "share"],
        message: "a larger share than the step before: a canary only widens, and narrowing it is a freeze",
      });
    }
  });
});

export type PlanFile = z.output<typeof planFileSchema>;
export type ExpectFile = NonNullable<PlanFile["expect"]>;
export type CanaryFile = Exclude<NonNullable<PlanFile["canary"]>, "none">;
