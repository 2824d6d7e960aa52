import { compareAccess, privilegedAccess, type AccessAttempt, type AccessChange, type Caller } from "../privileged";
import type { CheckKind, World } from "./types";
import { fail, unknown, wholeOr, warn } from "./types";

/** Which class of people gets past which function, before the plan and after it (seed row AUD-07). */
export const access: CheckKind = {
  number: 38,
  id: "access",
  name: "nobody gets past a privileged function who was refused before, and the timelock is refused nothing new",
  isRequired: true,
  begin: () => {
    let before: AccessAttempt[] = [];
    let after: AccessAttempt[] | undefined;
    return {
      async start(world) {
        before = await ask(world);
      },
      async end(world) {
        if (world.notes.final.length > 0) after = await ask(world);
      },
      conclude({ notes, loaded }) {
        if (after === undefined) return unknown(["the plan did not come to its end"], "mend what ended it");
        const account = notes.initial[0]?.account;
        const expected = new Set(
          (loaded.plan.expect?.power ?? []).filter(({ on }) => on === account).map(({ to }) => to),
        );
        const changes = compareAccess(before, after, (change) => expected.has(change.account));
        const gained = changes.filter((change) => change.before === "refused" && change.after === "allowed");
        const lost = changes.filter((change) => change.role === TIMELOCK && change.before === "allowed");
        // Refused before, and now stopped by something else than a refusal, if at all.
        const unclear = changes.filter((change) => change.before === "refused" && change.after === "reverted");
        const privileged = new Set(
          after.flatMap(({ outcome, signature }) => (outcome === "refused" ? [signature] : [])),
        );
        const evidence = [
          `${before.length} calls asked before, ${after.length} after; ${privileged.size} functions refuse somebody`,
          ...[...gained, ...lost, ...unclear].map(text),
        ];
        if (gained.length + lost.length > 0) {
          return fail(evidence, "find out which guard was lost; if it is meant, state the account under expect.power");
        }
        if (unclear.length > 0)
          return warn(evidence, "what refuses them now is no refusal by name: read that function");
        return wholeOr(true, evidence);
      },
    };
  },
};

const TIMELOCK = "timelock";

function text({ signature, role, account, before, after }: AccessChange): string {
  return `${signature} by the ${role} ${account}: ${before}, then ${after}`;
}

/** One of each class: what it may do, all of its class may. */
async function ask({ session, registry, plan, timelock, actors, built }: World): Promise<AccessAttempt[]> {
  const callers: (Caller | undefined)[] = [
    { role: TIMELOCK, account: timelock },
    { role: "proposer", account: actors.proposer },
    actors.incident[0] === undefined ? undefined : { role: "incident role", account: actors.incident[0] },
    { role: "stranger", account: actors.stranger },
  ];
  const entry = await registry.contract.getFunction("moduleOf")(plan.targets[0]?.module);
  return privilegedAccess(session.client, {
    account: entry.account as string,
    abi: built.abis.candidate,
    callers: callers.filter((caller): caller is Caller => caller !== undefined),
  });
}
