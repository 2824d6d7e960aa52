import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { modulesOf } from "../plan/moduleOf";
import { PlanClass, type Plan } from "../plan/types";
import type { Registry } from "../registry/connect";
import { callsOf, type LocatedCall } from "./innerCalls";
import { decodedChanges, type DecodedChange } from "./roleDiff";

/** Verbs after which the timelock is no longer who it was. */
const GIVES_AWAY = new Set(["transferOwnership", "renounceOwnership", "setOwner", "changeAdmin", "changeProxyAdmin"]);

/**
 * Reverts with `PlanClassTooLow` where a plan of class Standard calls the registry or its timelock, calls an authority without naming one of its
 * proxies, or gives a module or its authority away. The registry refuses the first two at `propose`; of the last it knows nothing.
 * For a plan of another class, each call after which later stages run under weaker rules is told as a warning.
 */
export async function checkAuthority(
  client: Client,
  registry: Registry,
  plan: Plan,
  where: (call: LocatedCall) => string = (call) => call.where,
): Promise<string[]> {
  const modules = await modulesOf(registry);
  const timelock = (await registry.contract.getFunction("timelock").staticCall()) as string;
  const changes = await decodedChanges(client, plan, registry);
  const own = new Set([registry.address, timelock]);
  const givesAway = changes.filter(
    ({ account, verb, after }) =>
      GIVES_AWAY.has(verb) &&
      after !== timelock &&
      modules.some((module) => module.account === account || module.authority === account),
  );
  if (plan.planClass !== PlanClass.Standard) return weakens(changes, plan, own, givesAway);

  const refuse = (call: LocatedCall, found: string, meaning: string): never => {
    throw new SlipwayError("PlanClassTooLow", {
      where: where(call),
      expected: "class: critical, or no such call",
      found,
      meaning,
      next: "class: critical",
    });
  };
  const authorities = new Set(modules.map(({ authority }) => authority));
  for (const call of callsOf(plan)) {
    const isInner = call.where.includes("inside");
    if (own.has(call.target)) {
      const name = call.target === timelock ? "timelock" : "registry";
      refuse(
        call,
        `class: standard, and a call of ${textOf(registry, call)} on the ${name} ${call.target}`,
        "whatever moves the registry's or the timelock's own rules needs the vote of a Critical plan",
      );
    }
    if (isInner || !authorities.has(call.target)) continue;
    const isScoped = modules.some(
      ({ account, authority }) =>
        authority === call.target && call.data.slice(34, 74) === account.slice(2).toLowerCase(),
    );
    if (!isScoped) {
      refuse(
        call,
        `class: standard, and a call of ${call.data.slice(0, 10)} on the authority ${call.target} that names none of its proxies`,
        "what changes an authority concerns every proxy that it upgrades",
      );
    }
  }
  const [given] = givesAway;
  if (given !== undefined) {
    refuse(
      given.call,
      `class: standard, and ${given.verb} of ${given.account}: from ${given.before} to ${given.after}`,
      "a module that the timelock gives away leaves governance, ways back included",
    );
  }
  return [];
}

/** What a later stage would run under. */
function weakens(
  changes: readonly DecodedChange[],
  plan: Plan,
  own: ReadonlySet<string>,
  givesAway: readonly DecodedChange[],
): string[] {
  const last = plan.stages.length - 1;
  return changes
    .filter((change) => own.has(change.account) || givesAway.includes(change))
    .map(({ call, what, account, before, after }) => {
      const { kind, index } = call.batch;
      const follows =
        kind === "rollback"
          ? "on the way back"
          : kind === "containment"
            ? "in an emergency"
            : index < last
              ? `before stages ${index + 1} to ${last}, which run under it`
              : plan.rollbacks.length > 0
                ? "before the way back, which runs under it"
                : "at the end";
      return `${call.where} moves power ${follows}: ${what} on ${account}, ${before} → ${after}`;
    });
}

function textOf(registry: Registry, { data }: LocatedCall): string {
  return registry.iface.getFunction(data.slice(0, 10))?.format("sighash") ?? data.slice(0, 10);
}
