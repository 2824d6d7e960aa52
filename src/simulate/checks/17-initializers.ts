import { Interface } from "ethers";
import { CALLCODE, DELEGATECALL, reachable, SELFDESTRUCT } from "../../bytecode/reachable";
import { delegateTargets } from "../../chain/delegateTargets";
import { deployedSide } from "../../diff/codeSide";
import { dispatchedSelectors } from "../../impact/selectors";
import { SlipwayError } from "../../errors";
import { checkInitializers, initializersOf } from "../../plan/checkInitializers";
import { fail, pass, skip, unknown, warn, type CheckKind, type World } from "./types";

/** A stranger calls every initialiser, at every address, before, between and after the stages. */
export const initializers: CheckKind = {
  number: 17,
  id: "initializers",
  name: "no stranger can initialise implementation or proxy, at any moment of the plan",
  isRequired: true,
  begin: () => {
    const before = new Set<string>();
    const during: string[] = [];
    let tries = 0;
    const tryAll = async (world: World, when: string, hasBegun: boolean) => {
      for (const one of await placesOf(world)) {
        if (initializersOf(one.abi).length === 0) continue;
        tries++;
        const open = await openAt(world, one);
        if (open === undefined) continue;
        // What is open today is not this plan's doing; what it deploys is, and where it leaves the proxy.
        if (one.isNew || (hasBegun && one.place === "the proxy")) during.push(`${when}: ${open}`);
        else before.add(`today already: ${open}`);
      }
    };
    return {
      start: (world) => tryAll(world, "before the plan", false),
      afterStage: (world, { stage }) => tryAll(world, `after stage ${stage.index} "${stage.label}"`, true),
      end: (world) => tryAll(world, "at the end", world.notes.stages.length > 0),
      conclude: ({ built, notes, plan }) => {
        const locked = built.deployments.filter(({ lock }) => lock !== undefined);
        const racing = locked.map(
          ({ contractName }) =>
            `${contractName} is locked by a second transaction: whoever comes between the two initialises it first`,
        );
        const lines = [
          `${tries} times all initialisers of an account were called by two strangers, with what they might take`,
          ...during,
          ...before,
          ...racing,
        ];
        if (during.length > 0) {
          return fail(
            lines,
            "disable initialisers in the constructor, and initialise in upgrade.init: one transaction",
          );
        }
        if (before.size + racing.length > 0) {
          return warn(lines, "call _disableInitializers in the constructor; what is open today, close with this plan");
        }
        if (tries === 0) return skip("no ABI at hand has a function that initialises");
        return notes.stages.length === plan.stages.length
          ? pass(...lines)
          : unknown(lines, "the rehearsal ended before it could tell; mend what ended it");
      },
    };
  },
};

interface Place {
  target: string;
  place: string;
  abi: Interface;
  /** The plan deploys it. */
  isNew: boolean;
}

async function placesOf(world: World): Promise<Place[]> {
  const { built, registry, plan, notes } = world;
  const { candidate, stable = candidate } = built.abis;
  const modules = await Promise.all(
    plan.targets.map(async ({ module }) => (await registry.contract.getFunction("moduleOf")(module)).account as string),
  );
  const created = built.deployments.filter(({ role }) => role === "candidate").map(({ address }) => address);
  const hasRun = notes.stages.length > 0;
  return [
    ...created.map((target) => ({ target, place: "the implementation", abi: candidate, isNew: true })),
    ...(await librariesOf(world)),
    ...modules.map((target) => ({ target, place: "the proxy", abi: hasRun ? candidate : stable, isNew: false })),
    ...[built.explain.stable]
      .filter((target) => !created.includes(target) && !modules.includes(target))
      .map((target) => ({ target, place: "the implementation", abi: stable, isNew: false })),
  ];
}

/**
 * What candidates delegate to by a constant, where it can end itself or run foreign code: whoever initialises that owns it, and with it every
 * module that relies on it. Its functions are known where it was compiled here, or where they are the candidate's.
 */
async function librariesOf({ built, session, plan }: World): Promise<Place[]> {
  const pinned = new Set(plan.stages.flatMap(({ pins }) => pins.map(({ account }) => account)));
  const own = new Set(built.deployments.map(({ address }) => address));
  const targets = built.deployments
    .filter(({ role }) => role === "candidate")
    .flatMap(({ code }) => delegateTargets(code))
    .filter((target) => pinned.has(target) && !own.has(target) && target !== built.explain.stable);
  const places: Place[] = [];
  for (const target of new Set(targets)) {
    const side = await deployedSide(session.client, target).catch(() => undefined);
    if (side === undefined || !reachable(side.code).ops.some(({ op }) => DANGEROUS.includes(op))) continue;
    const served = new Set(dispatchedSelectors(side.code));
    const abi = side.abi ?? built.abis.candidate;
    const known = initializersOf(abi).filter(({ selector }) => served.has(selector));
    places.push({ target, place: "a library of the candidate,", abi: new Interface(known), isNew: true });
  }
  return places;
}

const DANGEROUS = [SELFDESTRUCT, CALLCODE, DELEGATECALL];

async function openAt(
  { session, built }: World,
  { target, place, abi }: Omit<Place, "isNew">,
): Promise<string | undefined> {
  const known = built.deployments.flatMap(({ lock }) => lock ?? []);
  try {
    await checkInitializers(session.client, {
      abi,
      knownCalls: known.filter((data) => abi.getFunction(data.slice(0, 10)) !== null),
      target,
      someContract: built.explain.module.account,
      before: [],
      place,
      where: "upgrade",
    });
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError) || thrown.errorName !== "InitializerOpen") throw thrown;
    return `${thrown.facts.expected ?? ""}, but ${thrown.facts.found ?? ""}`;
  }
}
