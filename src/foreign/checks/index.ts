import { CHECKS } from "../../simulate/checks";
import { provenanceOfCalls } from "../../simulate/checks/01-provenance";
import { overrides } from "../../simulate/checks/04-overrides";
import { lifecycle } from "../../simulate/checks/05-lifecycle";
import { negatives as refusals } from "../../simulate/checks/06-negatives";
import { calldata } from "../../simulate/checks/12-calldata";
import { existenceAmong } from "../../simulate/checks/13-existence";
import { state } from "../../simulate/checks/21-state";
import { power } from "../../simulate/checks/22-power";
import { events } from "../../simulate/checks/23-events";
import { value } from "../../simulate/checks/24-value";
import { migration } from "../../simulate/checks/27-migration";
import { gas } from "../../simulate/checks/30-gas";
import { drift } from "../../simulate/checks/35-drift";
import { quotes } from "../../simulate/checks/50-quotes";
import { skip, type CheckKind } from "../../simulate/checks/types";
import type { ForeignEvidence, ForeignWorld } from "../types";
import * as code from "./code";
import * as governance from "./governance";

type Kind = CheckKind<ForeignWorld, ForeignEvidence>;

/** Those that ask for what only a plan of Slipway's states. */
export const WITHOUT: Readonly<Record<string, string>> = {
  readiness: "no electors signal that they are ready: only plans of Slipway's have that",
  invariants: "invariants are cited by a plan, and there is none",
  journeys: "journeys are stated in a plan file, and there is none",
  rollbacks: "no way back is bound to it: taking it back is another proposal",
  containments: "no containment is bound to it",
  messages: "one chain is rehearsed",
  replay: "recorded transactions are replayed on the candidate of a plan",
  fuzz: "random calls run under the invariants of a plan",
  reached: "no plan pins what runs",
  retired: "there is no register of modules to look up",
  planted: "what is new is told from the code that a module's plan replaces",
  continuity: "what is skipped is told from the code that a module's plan replaces",
};

/** An account that calls has no rules that could be broken. */
const negatives: Kind = {
  ...refusals,
  begin: () => ({
    conclude: (evidence) =>
      evidence.driver.books.length === 0
        ? skip("one account calls: there is no rule that somebody could break")
        : refusals.begin().conclude(evidence),
  }),
};

const own: Kind[] = [
  provenanceOfCalls as Kind,
  governance.integrity,
  governance.onChain,
  overrides,
  lifecycle,
  negatives,
  governance.quorum,
  governance.delays,
  governance.nonces,
  governance.funds,
  calldata,
  existenceAmong<ForeignEvidence>(({ driver, timelock }) =>
    Promise.resolve(new Map([...driver.facts.people, [timelock, "executor"]])),
  ),
  code.pointers,
  code.code,
  code.source,
  code.initializers,
  code.storage,
  code.opcodes,
  code.selectors,
  state,
  power,
  events,
  value,
  migration,
  gas,
  code.size,
  governance.stack,
  governance.determinism,
  drift,
  code.access,
  code.admins,
  code.exposure,
  code.toolchain,
  governance.rules,
  quotes,
];

/** Every check by its number, as it is asked of somebody else's governance. */
export const FOREIGN_CHECKS: readonly Kind[] = CHECKS.map(({ number, id, name, isRequired }): Kind => {
  const found = own.find((kind) => kind.number === number);
  if (found !== undefined) return found;
  const why = WITHOUT[id] ?? "it is asked of plans alone";
  return { number, id, name, isRequired, begin: () => ({ conclude: () => skip(why) }) };
});
