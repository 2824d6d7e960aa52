import { COMMON } from "./abis";
import { callsHash } from "./callsText";
import { noFacts } from "./noFacts";
import type { CallsFile, Driver, Ground } from "./types";

/** Plain calls of one account, each in a transaction of its own: nothing decides about them but that account. */
export function callsDriver(ground: Ground, file: CallsFile, from: string): Driver {
  const facts = noFacts();
  facts.people.set(from, "the account that calls");
  return {
    governance: {
      kind: "account",
      account: from,
      executor: from,
      state: "new",
      told: "calls of one account",
      calls: file.calls,
      identifiers: [{ name: "calls", value: callsHash(file.calls) }],
    },
    facts,
    title: file.title,
    batches: file.calls.map((call, i) => ({ label: `call ${i}`, calls: [call] })),
    books: [],
    abis: [COMMON],
    claimed: () => file.abis,
    timeline: [{ after: 0n, text: "called as soon as it is sent" }],
    prepare: async () => {
      const { provider } = ground.session.fork;
      facts.counters.push(`${from}: nonce ${await provider.getTransactionCount(from)}`);
    },
    batch: (index) => {
      const { target, value, data } = file.calls[index]!;
      const actor = { account: from, role: "the account that calls" };
      return Promise.resolve({ actor, verb: `call ${index}`, to: target, data, value });
    },
    after: () => Promise.resolve(),
  };
}
